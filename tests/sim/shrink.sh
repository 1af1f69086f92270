#!/bin/sh
# Makes a failing run short: leaves out ever smaller pieces of it as long as the same promise
# breaks, and prints the shortest trace.
#
#   sh tests/sim/shrink.sh SEED STEPS
set -u
exec </dev/null
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
[ $# -eq 2 ] || fail "use: sh tests/sim/shrink.sh SEED STEPS"
sim=${ALCOVE_BUILD:-$root/build/hooks}/tests/alcove-sim
[ -x "$sim" ] || fail "no $sim: sh tests/run.sh build"
seed=$1
steps=$2

# What broke, without the numbers that a shorter run changes.
broke() {
    # shellcheck disable=SC2086 # options are words
    timeout 300 "$sim" --seed "$seed" --steps "$steps" $1 2>&1 >/dev/null | tail -n 1 |
        sed 's/.*step [0-9]*: //; s/[0-9][0-9]*/N/g'
}

want=$(broke "")
[ -n "$want" ] || { say "seed $seed breaks nothing in $steps steps"; exit 0; }
at=$("$sim" --seed "$seed" --steps "$steps" 2>&1 | sed -n 's/.*step \([0-9]*\): .*/\1/p' | tail -n 1)
[ "$at" -gt "$steps" ] || steps=$at
out=
size=$((steps / 2))
while [ "$size" -ge "${ALCOVE_SIM_PIECE:-20}" ]; do
    from=1
    while [ "$from" -le "$steps" ]; do
        try="$out --without $from-$((from + size - 1))"
        [ "$(broke "$try")" != "$want" ] || out=$try
        from=$((from + size))
    done
    size=$((size / 2))
done
say "$want"
say "sh tests/sim/replay.sh $seed --steps $steps$out --trace"
# shellcheck disable=SC2086
"$sim" --seed "$seed" --steps "$steps" $out --trace 2>&1 | tail -n 80
