#!/bin/sh
# Takes each fix out again, and wants the test that holds it to go red.
#
#   sh tests/mutants.sh [NAME…]     all mutants of tests/mutants, or those whose names hold a NAME
#   sh tests/mutants.sh --list [NAME…]
#
# For each mutant a copy of this tree (what is not committed included) gets the fault back, builds
# what its checks need, and runs them: a test, and for some the simulator. Each must fail, and the
# table says by what. A copy that does not build, or a test
# that does not come to an end, shows nothing and counts as failed. In the end each named test runs
# once without any fault and must pass: else its red said nothing either.
#
# Not part of tests/run.sh (tests/lint/mutants.sh is, which looks whether each mutant still applies).
#
# ALCOVE_MUTANTS_TREE  a folder for the copy and its build that is kept; else a temporary one.
set -u
exec </dev/null
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
mutant() { node "$root/tests/mutants/mutant.mjs" "$@"; }

list=no
[ "${1-}" != --list ] || { list=yes; shift; }
case "${1-}" in -*) fail "unknown option $1: --list, or names" ;; esac
files=$(mutant names "$@")
[ -n "$files" ] || fail "no mutant of this name in tests/mutants: try --list"
name_of() { basename "$1" .mutant; }
if [ "$list" = yes ]; then
    for file in $files; do
        printf '%s\n    %s\n' "$(name_of "$file")" "$(mutant head "$file" | tail -n 1)"
    done
    exit 0
fi

own=$(mktemp -d "${TMPDIR:-/tmp}/alcove-mutants.XXXXXX") || exit 1
chmod 711 "$own" # another user, whom a test plays, must be able to pass through
trap 'rm -rf "$own"' EXIT
trap 'exit 130' INT TERM HUP
tree=${ALCOVE_MUTANTS_TREE:-$own/tree}
mkdir -p "$tree" && tree=$(cd "$tree" && pwd) || exit 1
[ "$tree" != "$root" ] || fail "ALCOVE_MUTANTS_TREE is this tree itself"
build=$tree/build/hooks
limit_s=900
jobs=$(nproc 2>/dev/null || echo 2)
if command -v ccache >/dev/null 2>&1; then
    export CMAKE_C_COMPILER_LAUNCHER=ccache CCACHE_BASEDIR="$tree" CCACHE_NOHASHDIR=1
fi

passed=0
failed=0
# told NAME GOOD WORDS: a line of the table.
told() {
    printf '%-56s %s\n' "$1" "$3"
    if [ "$2" = yes ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

configure() {
    (cd "$tree" && cmake --preset hooks -DALCOVE_WERROR=OFF) >"$own/configure" 2>&1
}

# targets_of BY WHAT: what ninja must make for this test.
targets_of() {
    if [ "$1" = test ]; then
        ctest --test-dir "$build" -N -R "$2" | sed -n 's/^ *Test *#[0-9]*: //p' | mutant targets "$build"
        return
    fi
    [ "$1" = script ] || { say tests/alcove-sim; return; }
    say bin/alcoved bin/alcove-signer bin/alcove
    # Of all words of the script that look like a file in the build, those that ninja knows.
    ninja -C "$build" -t targets all | sed -n 's/^\([^:]*\): C_.*_LINKER__.*/\1/p' | sort -u >"$own/known"
    grep -ohE '\<(tests|bench)/[a-z_.]+' "$tree/$2" | sort -u | comm -12 - "$own/known"
}

build_for() {
    targets=$(targets_of "$1" "$2")
    [ -n "$targets" ] || { say "no test has the name $2" >"$own/build"; return 1; }
    # shellcheck disable=SC2086 # names are words
    ninja -C "$build" -j "$jobs" $targets >"$own/build" 2>&1
}

# run_test BY WHAT: 0 green, 1 red, 2 it shows nothing; the words for the table in $own/words.
run_test() {
    if [ "$1" = test ]; then
        timeout "$limit_s" ctest --test-dir "$build" -R "$2" --output-on-failure --no-tests=error \
            >"$own/out" 2>&1
    elif [ "$1" = sim ]; then
        ALCOVE_BUILD=$build ALCOVE_SIM_SEEDS=$2 timeout "$limit_s" sh "$tree/tests/sim/run.sh" >"$own/out" 2>&1
    else
        ALCOVE_BUILD=$build timeout "$limit_s" sh "$tree/$2" >"$own/out" 2>&1
    fi
    code=$?
    if [ "$code" = 0 ]; then
        say green >"$own/words"
        return 0
    fi
    if [ "$code" = 124 ] || grep -qE '\*\*\*(Timeout|Not Run)|No tests were found' "$own/out"; then
        say "did not come to an end, or did not run" >"$own/words"
        return 2
    fi
    # What failed first: a case of cmocka's, a check of a script, or how the program ended.
    {
        sed -n 's/^[0-9: ]*\[  FAILED  \] \([A-Za-z0-9_]*\).*/\1/p' "$own/out"
        sed -n 's/^\(FAILED: .*\)/\1/p; s/^\(simulator: .*\)/\1/p' "$own/out"
        sed -n 's/^.*\*\*\*\(Exception.*\|Failed\).*/\1/p' "$own/out"
        tail -n 1 "$own/out"
    } | cut -c1-90 | head -n 1 >"$own/words"
    return 1
}

# What is changed here meanwhile has no part in it.
mkdir "$own/clean" || exit 1
{ mutant same "$root" "$own/clean" && mutant same "$own/clean" "$tree"; } || fail "cannot copy the tree"
configure || { tail -n 20 "$own/configure"; fail "the copy cannot be configured"; }
: >"$own/tests"
for file in $files; do
    name=$(name_of "$file")
    if ! mutant check "$tree" "$file" >"$own/words"; then
        told "$name" no "FAILED: $(sed 's/^[^:]*: //' "$own/words")"
        continue
    fi
    # Each check is first built without the fault: what stands in the way then is no mutant's.
    mutant head "$file" | sed '$d' >"$own/checks"
    while read -r by what; do
        if build_for "$by" "$what"; then continue; fi
        say "$what cannot be built: $(tail -n 1 "$own/build")"
    done <"$own/checks" >"$own/cannot"
    if [ -s "$own/cannot" ]; then
        told "$name" no "FAILED: $(head -n 1 "$own/cannot")"
        continue
    fi
    cat "$own/checks" >>"$own/tests"
    mutant put "$tree" "$file"
    good=yes
    line=
    while read -r by what; do
        if ! build_for "$by" "$what"; then
            grep -m 3 -E 'error|undefined' "$own/build"
            good=no
            line="$line; FAILED: does not compile"
            continue
        fi
        run_test "$by" "$what"
        case $? in
        0) good=no; line="$line; FAILED: no test notices: $by $what stays green" ;;
        1) line="$line; red: $(cat "$own/words")" ;;
        *) good=no; line="$line; FAILED: $what: $(cat "$own/words")" ;;
        esac
    done <"$own/checks"
    told "$name" "$good" "${line#; }"
    mutant same "$own/clean" "$tree" || fail "cannot take $name out again"
done

sort -u "$own/tests" >"$own/once"
while read -r by what; do
    if build_for "$by" "$what" && run_test "$by" "$what"; then
        told "without a fault: $by $what" yes green
    else
        tail -n 20 "$own/out"
        told "without a fault: $by $what" no "FAILED: not green"
    fi
done <"$own/once"
say "$passed passed, $failed failed"
[ "$failed" = 0 ]
