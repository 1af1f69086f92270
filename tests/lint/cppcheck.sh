#!/bin/sh
# cppcheck over our own sources, as the build compiles them.
#
# ALCOVE_BUILD  a configured build folder (default build/hooks).
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
build=${ALCOVE_BUILD:-$root/build/hooks}
[ -f "$build/compile_commands.json" ] || fail "no build in $build: sh tests/run.sh build"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# Of a failed allocation or fopen, tests and benchmarks end by must(), which it does not follow.
# It takes a pointer to a message's first member, or to what holds a stream that the network
# layer now owns, for the thing itself.
# uninitvar takes an array that a call fills for one that it reads; both
# compilers and clang-tidy look for the real thing.
check() {
    cppcheck --quiet --enable=warning,portability --std=c11 --inline-suppr --error-exitcode=1 \
        --suppress=missingIncludeSystem --suppress=unknownMacro --suppress=normalCheckLevelMaxBranches \
        --suppress=checkersReport --suppress=uninitvar --suppress=nullPointerOutOfMemory \
        --suppress=nullPointerOutOfResources --suppress=nullPointerArithmeticOutOfMemory \
        --suppress='objectIndex:*/tests/fuzz/world_bodies.c' --suppress='memleak:*/server/door/page.c' \
        --template='{file}:{line}: {severity}: {message} [{id}]' "$@"
}

printf 'int f(void);\nint f(void) { int a[2]; a[0] = 1; return a[2]; }\n' >"$tmp/planted.c"
if check "$tmp/planted.c" >/dev/null 2>&1; then
    fail "cppcheck accepts a read past the end of an array"
fi
check -j "$(nproc)" --project="$build/compile_commands.json" -i "$build/gen" \
    --suppress="*:*/gen/*" || exit 1
say "== cppcheck: $(grep -c '"file":' "$build/compile_commands.json") files"
