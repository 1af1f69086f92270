#!/bin/sh
# Each mutant of tests/mutants still applies, and names a test that is there; so does each that is
# planted for the simulator. What they show is shown by sh tests/mutants.sh and
# sh tests/sim/planted.sh, which take longer.
#
# First planted mutants: what is none, and what does not apply any more, must be found.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
build=${ALCOVE_BUILD:-$root/build/hooks}
[ -f "$build/build.ninja" ] || fail "no build in $build: sh tests/run.sh build"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
mutant() { node tests/mutants/mutant.mjs "$@"; }

mkdir -p "$tmp/tree"
printf 'one\ntwo\n\ntwo\nthree\n' >"$tmp/tree/a.c"
bad=0
# planted WORDS TEXT: the mutant with this text must be refused with these words.
planted() {
    printf '%b' "$2" >"$tmp/planted.mutant"
    mutant check "$tmp/tree" "$tmp/planted.mutant" >"$tmp/said" && { say "not found: $1"; bad=1; return; }
    grep -q "$1" "$tmp/said" || { say "wanted '$1', found: $(cat "$tmp/said")"; bad=1; }
}
head='test: a\nwhy: b\n'
planted 'first line' 'why: b\n--- a.c\n-one\n+two\n'
planted 'second line' 'test: a\n--- a.c\n-one\n+two\n'
planted 'changes nothing' "$head"
planted 'begins with none' "$head--- a.c\n-one\ntwo\n"
planted 'begins with none' "${head}sim: many\n--- a.c\n-one\n+x\n"
planted 'not in a.c' "$head--- a.c\n-one\n-three\n+x\n"
planted 'not in a.c' "$head--- a.c\n-on\n+x\n"
planted 'more than once' "$head--- a.c\n-two\n+x\n"
planted 'no b.c' "$head--- b.c\n-one\n+x\n"
planted 'the same' "$head--- a.c\n=one\n"
planted 'not the project' "$head--- tests/lib.sh\n-one\n+x\n"
planted 'not steps and seeds' 'sim: many\nwhy: b\n--- a.c\n-one\n+x\n'
planted 'there is no x.sh' "script: x.sh\nwhy: b\n--- a.c\n-one\n+x\n"
printf '%b' "${head}sim: 12\n--- a.c\n=one\n-two\n+x\n=\n--- a.c\n-three\n" >"$tmp/planted.mutant"
mutant check "$tmp/tree" "$tmp/planted.mutant" || { say "a good mutant was refused"; bad=1; }
mutant put "$tmp/tree" "$tmp/planted.mutant"
[ "$(cat "$tmp/tree/a.c")" = "$(printf 'one\nx\n\ntwo\n')" ] || { say "a mutant was put in wrongly"; bad=1; }
[ "$bad" = 0 ] || exit 1

files=$(mutant names)
[ -n "$files" ] || fail "no mutant in tests/mutants"
# shellcheck disable=SC2086 # paths have no blanks
mutant check "$root" $files tests/sim/planted/*.mutant >"$tmp/found"
ctest --test-dir "$build" -N | sed -n 's/^ *Test *#[0-9]*: //p' >"$tmp/tests"
for file in $files; do
    head=$(mutant head "$file" 2>/dev/null | head -n 1)
    case $head in
    'test '*) grep -qE -- "${head#* }" "$tmp/tests" || say "${file##*/}: no test has the name ${head#* }" ;;
    esac
done >>"$tmp/found"
if [ -s "$tmp/found" ]; then
    cat "$tmp/found"
    fail "$(wc -l <"$tmp/found") findings"
fi
say "== mutants: $(say "$files" | wc -l) apply, and $(git ls-files -co --exclude-standard tests/sim/planted | wc -l) for the simulator"
