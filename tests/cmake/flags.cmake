# Warnings and hardening for every target of ours, in one interface library.
include(CheckCCompilerFlag)
add_library(alcove_flags INTERFACE)
target_compile_definitions(alcove_flags INTERFACE _GNU_SOURCE)
target_compile_options(alcove_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wwrite-strings
  -Wpointer-arith -Wvla -Wundef -Wformat=2 -Wimplicit-fallthrough -Wswitch-enum
  -Wnull-dereference -Wdouble-promotion)
if(ALCOVE_WERROR)
  target_compile_options(alcove_flags INTERFACE -Werror)
endif()
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  target_compile_options(alcove_flags INTERFACE -Wlogical-op -Wduplicated-cond
    -Wduplicated-branches -Wjump-misses-init -Wtrampolines)
endif()
target_compile_options(alcove_flags INTERFACE -fstack-protector-strong -fstack-clash-protection
  -fno-strict-overflow -fno-delete-null-pointer-checks -fvisibility=hidden -fPIE -g)
target_link_options(alcove_flags INTERFACE -pie -Wl,--as-needed -Wl,-z,relro,-z,now,-z,noexecstack)
foreach(flag -fcf-protection=full -ftrivial-auto-var-init=zero -fstrict-flex-arrays=3)
  string(MAKE_C_IDENTIFIER "have${flag}" have)
  check_c_compiler_flag(${flag} ${have})
  if(${have})
    target_compile_options(alcove_flags INTERFACE ${flag})
  endif()
endforeach()
if(ALCOVE_SANITIZE)
  target_compile_options(alcove_flags INTERFACE -fsanitize=${ALCOVE_SANITIZE}
    -fno-sanitize-recover=all -fno-omit-frame-pointer -O1)
  target_link_options(alcove_flags INTERFACE -fsanitize=${ALCOVE_SANITIZE})
  # Its run-time library needs files and calls that a sandbox would refuse.
  target_compile_definitions(alcove_flags INTERFACE ALCOVE_SANITIZED=1)
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
  target_compile_options(alcove_flags INTERFACE -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()
# Nothing that CMake's own build types add (-O3 -DNDEBUG): the flags are here.
set(CMAKE_C_FLAGS_RELEASE "")
set(CMAKE_C_FLAGS_DEBUG "")
if(ALCOVE_FUZZ)
  target_compile_options(alcove_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(ALCOVE_TEST_HOOKS)
  target_compile_definitions(alcove_flags INTERFACE ALCOVE_TEST_HOOKS=1)
endif()
