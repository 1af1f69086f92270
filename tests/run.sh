#!/bin/sh
# Everything that is checked before a change lands.
#
#   sh tests/run.sh              all stages, in order
#   sh tests/run.sh unit lint    only these (they build what they need)
#   sh tests/run.sh --list       the stages
#
# Needs no terminal and no input, leaves nothing outside build/ and its own
# temporary folder, and may run twice at once in two clones. The last line
# counts ctest tests, lints, fuzz targets and end-to-end scripts; a stage that
# breaks before it can count anything is one failure. The exit code is 0 only
# when nothing failed.
#
# ALCOVE_FUZZ_S  seconds for each fuzz target (default 6).
set -u
exec </dev/null
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1

# What each stage does, in the order of a full run.
stages='packages   install what is missing from tests/packages.txt
build      gcc, warnings are errors: all with hooks, and the release programs
clang      the same with clang
unit       ctest with gcc, optimised, hooks on
asan       ctest under AddressSanitizer and UBSan
tsan       tests of threads, and end-to-end scripts, under ThreadSanitizer
fuzz       every fuzz target for a few seconds on its corpus
sim        a whole practice in one process, from seeds (tests/sim)
lint       every script in tests/lint
e2e        every script in tests/e2e
clean-tree no file of the tree was changed or left behind'

case "${1-}" in
--list) say "$stages"; exit 0 ;;
-*) fail "unknown option $1; try --list" ;;
esac
names=$(say "$stages" | cut -d' ' -f1)
for name in "$@"; do
    say "$names" | grep -qxF -- "$name" || fail "no stage '$name'; try --list"
done
[ $# -gt 0 ] || eval "set -- $(say "$names" | tr '\n' ' ')"

TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/alcove-run.XXXXXX") || exit 1
# Another user, whom a test plays, must be able to pass through.
chmod 711 "$TMPDIR"
export TMPDIR
trap 'rm -rf "$TMPDIR"' EXIT
trap 'exit 130' INT TERM HUP
tmp=$TMPDIR
jobs=$(nproc 2>/dev/null || echo 2)
: >"$tmp/passed"
: >"$tmp/failed"
tree_state() { git status --porcelain --untracked-files=all 2>/dev/null | sort; }
tree_state >"$tmp/tree"

passed() { say "$*" >>"$tmp/passed"; }
failed() { say "$*" >>"$tmp/failed"; say "FAILED: $*"; }

# quiet NAME COMMAND…: shows the output only when the command fails.
quiet() {
    log=$tmp/$1.log
    shift
    "$@" >"$log" 2>&1 && return 0
    status=$?
    # The compiler's command lines say nothing and fill the screen.
    grep -nE 'error|warning|FAILED|undefined' "$log" | awk 'length < 400' | head -n 40
    say "--- last lines of: $*"
    tail -n 60 "$log" | awk 'length < 400'
    return "$status"
}

# need PRESET [TARGET…]: configured and built; quick when it already is.
need() {
    preset=$1
    shift
    quiet "configure-$preset" cmake --preset "$preset" || return 1
    quiet "build-$preset" cmake --build --preset "$preset" -j "$jobs" ${1:+--target "$@"} -- -k 0
}

# The programs that the project has a target for, so far.
programs() {
    ninja -C "build/$1" -t targets all 2>/dev/null |
        sed -n 's/^\(alcoved\|alcove-signer\|alcove-tls-identity\|alcove\): .*/\1/p'
}

need_programs() {
    quiet "configure-$1" cmake --preset "$1" || return 1
    # shellcheck disable=SC2046 # names are words
    set -- "$1" $(programs "$1")
    [ $# -eq 1 ] || need "$@"
}

# ThreadSanitizer of gcc 12 needs its fixed memory layout: $fixed says whether.
fixed=no
under_personality() {
    if [ "$fixed" = yes ] && setarch "$(uname -m)" -R true 2>/dev/null; then
        setarch "$(uname -m)" -R "$@"
    else
        "$@"
    fi
}

# ctest_in PRESET CTEST-ARGUMENTS…: runs and counts.
ctest_in() {
    tested=$1
    shift
    under_personality ctest --test-dir "build/$tested" -j "$jobs" --output-on-failure --no-tests=error "$@" \
        >"$tmp/ctest.log" 2>&1
    status=$?
    summary=$(sed -n 's/^[0-9]*% tests passed, \([0-9]*\) tests failed out of \([0-9]*\)$/\1 \2/p' \
        "$tmp/ctest.log")
    bad=${summary% *}
    total=${summary#* }
    if [ -z "$summary" ]; then
        tail -n 30 "$tmp/ctest.log"
        return 1
    fi
    awk -v n=$((total - bad)) 'BEGIN { for (i = 0; i < n; i++) print "ctest" }' >>"$tmp/passed"
    if [ "$status" -ne 0 ]; then
        tail -n 120 "$tmp/ctest.log"
        sed -n 's/^\t *[0-9]* - \([^ ]*\) (\(.*\)).*/\1 (\2)/p' "$tmp/ctest.log" >"$tmp/bad"
        while read -r line; do failed "$tested: $line"; done <"$tmp/bad"
        [ -s "$tmp/bad" ] || return 1
    fi
    say "$tested: $total tests, $bad failed"
    return 0
}

# script_one KIND FILE: runs it; its output is shown when it fails.
script_one() {
    begun=$(now_s)
    if quiet "$1-${2##*/}" under_personality sh "$2"; then
        passed "$1 $2"
        say "ok   $2 ($(($(now_s) - begun)) s)$(sed -n 's/^== / - /p' "$tmp/$1-${2##*/}.log" | tail -n 1)"
    else
        failed "$1 $2"
    fi
}

# A worker takes the next script that no other has taken, until none is left.
script_worker() {
    kind=$1
    shift
    for script in "$@"; do
        # Making the folder is the claim: only one worker can.
        mkdir "$tmp/$kind-${script##*/}.taken" 2>/dev/null || continue
        # What is said at once goes out at once, so that lines of two workers do not mix.
        script_one "$kind" "$script" >"$tmp/$kind-${script##*/}.said"
        cat "$tmp/$kind-${script##*/}.said"
    done
}

# scripts KIND BUILD FILE…: runs each, as many at a time as there are processors.
scripts() {
    kind=$1
    ALCOVE_BUILD=$root/build/$2
    export ALCOVE_BUILD
    shift 2
    workers=0
    while [ "$workers" -lt "$jobs" ]; do
        script_worker "$kind" "$@" &
        workers=$((workers + 1))
    done
    wait
}

# lib.sh is what the scripts share, not one of them. A script that takes minutes says so on a line
# of its own and begins first, so that the others fill the time beside it:   # long
e2e_scripts() {
    for script in tests/e2e/*.sh; do
        [ ! -e "$script" ] || [ "${script##*/}" = lib.sh ] || say "$(grep -q '^# long$' "$script" || say 2) $script"
    done | sort -s -k1,1 | sed 's/^[^t]*//'
}

# An end-to-end script says on a line of its own which sanitizer builds it runs
# in besides the optimised one:   # also: asan tsan
e2e_also() {
    for script in $(e2e_scripts); do
        grep -q "^# also:.*\<$1\>" "$script" && say "$script"
    done
}

stage_packages() { packages_install all; }

stage_build() { need hooks && need_programs release; }

stage_clang() { need clang; }

stage_unit() { need hooks && ctest_in hooks; }

# A finding of a sanitizer ends the program, so that no test can pass over it.
export ASAN_OPTIONS=abort_on_error=1:detect_leaks=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export TSAN_OPTIONS="halt_on_error=1:second_deadlock_stack=1:suppressions=$root/tests/tsan.supp"

stage_asan() {
    need dev && ctest_in dev -LE release || return 1
    # shellcheck disable=SC2046 # paths have no blanks
    scripts asan dev $(e2e_also asan)
}

stage_tsan() {
    quiet configure-tsan cmake --preset tsan || return 1
    tests=$(ctest --test-dir build/tsan -N -L threads | sed -n 's/^ *Test *#[0-9]*: //p')
    need_programs tsan || return 1
    # shellcheck disable=SC2086 # names are words
    [ -z "$tests" ] || need tsan $tests || return 1
    fixed=yes
    [ -z "$tests" ] || ctest_in tsan -L threads || return 1
    # shellcheck disable=SC2046
    scripts tsan tsan $(e2e_also tsan)
    fixed=no
}

# Bounded by time and by input size; a corpus is read, never written, and new
# inputs go to the temporary folder.
fuzz_one() {
    name=${1##*/}
    mkdir -p "$tmp/fuzz/$name"
    corpus=$root/tests/fuzz/corpus/$name
    [ -d "$corpus" ] || corpus=
    "$1" -max_total_time="${ALCOVE_FUZZ_S:-6}" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="$tmp/fuzz/$name-" "$tmp/fuzz/$name" ${corpus:+"$corpus"} \
        >"$tmp/fuzz/$name.log" 2>&1 && : >"$tmp/fuzz/$name.ok"
}

stage_fuzz() {
    quiet configure-fuzz cmake --preset fuzz || return 1
    targets=$(sed -n 's/^fuzz //p' build/fuzz/fuzz-targets.txt 2>/dev/null)
    [ -n "$targets" ] || { say "no fuzz target"; return 1; }
    # shellcheck disable=SC2086
    need fuzz $targets || return 1
    running=0
    for target in $targets; do
        fuzz_one "build/fuzz/fuzz/$target" &
        running=$((running + 1))
        [ $((running % jobs)) -ne 0 ] || wait
    done
    wait
    for target in $targets; do
        if [ -e "$tmp/fuzz/$target.ok" ]; then
            passed "fuzz $target"
            say "ok   $target $(sed -n 's/^stat::number_of_executed_units: */runs /p' "$tmp/fuzz/$target.log")"
        else
            tail -n 40 "$tmp/fuzz/$target.log"
            failed "fuzz $target"
        fi
    done
}

stage_sim() {
    # With the sanitizers too, for a few seeds: the same seed must run the same way.
    need hooks alcove-sim && need dev alcove-sim && scripts sim hooks tests/sim/run.sh || return 1
    sed -n '/^sim hashes:/p' "$tmp/sim-run.sh.log"
}

stage_lint() {
    need hooks && need_programs release && need clang || return 1
    scripts lint hooks tests/lint/*.sh
}

stage_e2e() {
    need hooks && need_programs release || return 1
    # shellcheck disable=SC2046 # paths have no blanks
    set -- $(e2e_scripts)
    [ $# -gt 0 ] || { say "no script in tests/e2e"; return 1; }
    scripts e2e hooks "$@"
}

stage_clean_tree() {
    git rev-parse --git-dir >/dev/null 2>&1 || { say "not a git checkout"; return 1; }
    tree_state | comm -13 "$tmp/tree" - >"$tmp/left"
    [ -s "$tmp/left" ] || { passed clean-tree; return 0; }
    say "changed or left behind:"
    cat "$tmp/left"
    return 1
}

whole=$(now_s)
for stage in "$@"; do
    entered=$(now_s)
    say "== $stage"
    before=$(wc -l <"$tmp/failed")
    if ! "stage_$(say "$stage" | tr - _)"; then
        [ "$before" -ne "$(wc -l <"$tmp/failed")" ] || failed "$stage"
        broken=1
    else
        broken=0
    fi
    say "== $stage: $(($(now_s) - entered)) s"
    case "$broken $stage" in
    '1 packages' | '1 build') break ;; # nothing further can run
    esac
done
say "== all: $(($(now_s) - whole)) s"
[ ! -s "$tmp/failed" ] || sed 's/^/failed: /' "$tmp/failed"
good=$(wc -l <"$tmp/passed")
bad=$(wc -l <"$tmp/failed")
say "$good passed, $bad failed"
[ "$bad" -eq 0 ]
