#!/bin/sh
# What the simulator finds: puts each bug of tests/sim/planted into a copy of the product, and runs
# seeds in turn until a promise breaks.
#
#   sh tests/sim/planted.sh [NAME…]   all, or those whose names hold a NAME
#
# For each it prints whether it was found, by which promise, and how many steps and seconds of the
# processor that took: medians over several first seeds. A bug counts as found when it was found from
# each first seed. In the end the same first seeds run without a bug and must break nothing, else
# what they found said nothing. Not part of tests/run.sh (tests/lint/mutants.sh is, which looks
# whether each bug still applies).
#
# ALCOVE_SIM_STARTS    first seeds (default "1 10001 20001")
# ALCOVE_PLANTED_TREE  a folder for the copy and its build that is kept; else a temporary one
set -u
exec </dev/null
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
mutant() { node "$root/tests/mutants/mutant.mjs" "$@"; }
own=$(mktemp -d "${TMPDIR:-/tmp}/alcove-planted.XXXXXX") || exit 1
trap 'rm -rf "$own"' EXIT
trap 'exit 130' INT TERM HUP
tree=${ALCOVE_PLANTED_TREE:-$own/tree}
mkdir -p "$tree" && tree=$(cd "$tree" && pwd) || exit 1
[ "$tree" != "$root" ] || fail "ALCOVE_PLANTED_TREE is this tree itself"
sim=$tree/build/hooks/tests/alcove-sim
starts=${ALCOVE_SIM_STARTS:-1 10001 20001}
jobs=$(nproc 2>/dev/null || echo 2)
passed=0
failed=0

build() { ninja -C "$tree/build/hooks" -j "$jobs" tests/alcove-sim >"$own/build" 2>&1; }

# run_timed COMMAND…: its output in $own/out, its code in $rc, its seconds of the processor in $own/s.
run_timed() {
    (
        "$@" >"$own/out" 2>&1
        echo $? >"$own/rc"
        times >"$own/times"
    )
    read -r rc <"$own/rc"
    awk 'NR == 2 { split($1, u, /[ms]/); split($2, s, /[ms]/)
        print (u[1] + s[1]) * 60 + u[2] + s[2] }' "$own/times" >"$own/s"
}

# from START STEPS SEEDS: "STEPS SECONDS PROMISE" of what was found, or nothing.
from() {
    seed=$1
    all=0
    spent=0
    while [ "$seed" -lt $(($1 + $3)) ]; do
        run_timed timeout 300 "$sim" --seed "$seed" --steps "$2"
        spent=$(awk -v a="$spent" -v b="$(cat "$own/s")" 'BEGIN { print a + b }')
        if [ "$rc" != 0 ]; then
            # The promise without the numbers of this run; a broken invariant names its place.
            promise=$(grep -E 'simulator: seed|broken invariant|^\[  ERROR' "$own/out" | tail -n 1 | sed 's/.*step [0-9]*: //; s/^.*\(broken invariant\)/\1/; s/[0-9][0-9]*/N/g')
            [ "$rc" != 124 ] || promise="it does not come to an end"
            at=$(sed -n 's/.*step \([0-9]*\): .*/\1/p' "$own/out" | tail -n 1)
            say "$((all + ${at:-$2})) $spent ${promise:-it ends with $rc}"
            return
        fi
        all=$((all + $2))
        seed=$((seed + 1))
    done
}

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

told() {
    printf '%-46s %s\n' "$1" "$3"
    if [ "$2" = yes ]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

mkdir "$own/clean" || exit 1
{ mutant same "$root" "$own/clean" && mutant same "$own/clean" "$tree"; } || fail "cannot copy the tree"
(cd "$tree" && cmake --preset hooks -DALCOVE_WERROR=OFF) >"$own/configure" 2>&1 ||
    { tail -n 20 "$own/configure"; fail "the copy cannot be configured"; }
build || { tail -n 20 "$own/build"; fail "the copy does not build"; }

most=0
for file in tests/sim/planted/*.mutant; do
    name=$(basename "$file" .mutant)
    wanted=no
    [ $# -gt 0 ] || wanted=yes
    for word in "$@"; do
        case $name in *"$word"*) wanted=yes ;; esac
    done
    [ "$wanted" = yes ] || continue
    read -r _ steps seeds <<END
$(mutant head "$file" | head -n 1)
END
    mutant put "$tree" "$file"
    if ! build; then
        grep -m 3 -E 'error|undefined' "$own/build"
        told "$name" no "FAILED: does not compile"
    else
        : >"$own/found"
        for start in $starts; do
            from "$start" "$steps" "$seeds" >>"$own/found"
        done
        lines=$(wc -l <"$own/found")
        wanted=$(say "$starts" | wc -w)
        how=$(sed 's/^[^ ]* [^ ]* //' "$own/found" | sort | uniq -c | sort -rn | head -n 1 | sed 's/^ *[0-9]* //' | cut -c1-90)
        if [ "$lines" = "$wanted" ]; then
            told "$name" yes "found after $(median <"$own/found") steps, $(cut -d' ' -f2 "$own/found" | median) s: $how"
        else
            told "$name" no "NOT FOUND from $((wanted - lines)) of $wanted first seeds in $seeds runs of $steps steps${how:+; else: $how}"
        fi
        [ "$seeds" -le "$most" ] || most=$seeds
    fi
    mutant same "$own/clean" "$tree" || fail "cannot take $name out again"
done
[ "$passed" -gt 0 ] || [ "$failed" -gt 0 ] || fail "no bug of this name in tests/sim/planted"

build || fail "the copy does not build any more"
clean=yes
for start in $starts; do
    from "$start" 8000 5 >"$own/found"
    [ ! -s "$own/found" ] || { clean=no; say "seed $start and those behind it: $(cat "$own/found")"; }
done
said="nothing broken"
[ "$clean" = yes ] || said=FAILED
told "without a bug" "$clean" "$said"
say "$passed passed, $failed failed"
[ "$failed" = 0 ]
