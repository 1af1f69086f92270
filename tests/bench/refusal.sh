#!/bin/sh
# What a refused submit costs in a section whose chain is long: medians, in
# microseconds of the server's core, for chains of 10, 1,000 and 10,000 statements.
#
#   sh tests/bench/refusal.sh [REV]
#
# "at once" is refused at its first statement, "after one" when another was
# admitted already. REV: the same program in that revision too, for comparison.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"; git worktree prune' EXIT

# build FOLDER: an optimised build of the program there.
build() {
    (cd "$1" && cmake --preset release && cmake --build --preset release --target refusal) \
        >"$tmp/build.log" 2>&1 || { tail -n 30 "$tmp/build.log" >&2; fail "no build in $1"; }
}

# measure FOLDER COLUMN-NAME: appends the program's lines under that name.
measure() {
    TMPDIR=$tmp "$1/build/release/bench/refusal" >"$tmp/raw" || fail "refusal failed"
    awk -v name="$2" '{ print name "\t" $0 }' "$tmp/raw" >>"$tmp/lines"
}

build "$root"
if [ $# -gt 0 ]; then
    git worktree add -q --detach "$tmp/before" "$1" || exit 1
    # An older revision has neither the program nor its target.
    cp tests/bench/refusal.c "$tmp/before/tests/bench/" || exit 1
    grep -q refusal "$tmp/before/tests/bench/CMakeLists.txt" ||
        sed -n '/^# A refused submit/,/^set_target_properties(refusal/p' tests/bench/CMakeLists.txt \
            >>"$tmp/before/tests/bench/CMakeLists.txt"
    build "$tmp/before"
    measure "$tmp/before" "$1"
fi
measure "$root" now
printf '%-12s %10s %12s %12s\n' revision statements 'at once, us' 'after one, us'
awk -F '\t' '{ printf "%-12s %10d %12d %12d\n", $1, $2, $3, $4 }' "$tmp/lines"
