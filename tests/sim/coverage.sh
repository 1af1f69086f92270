#!/bin/sh
# What of the product the simulator reaches, and what it never does.
#
#   sh tests/sim/coverage.sh [SEEDS]      default 16, from 1000 on, and every kept seed
#
# Makes a build of its own with gcov in build/sim-coverage, and runs as many seeds at a time as there
# are processors. After ALCOVE_SIM_S seconds no further seed begins. Prints lines by room, the functions that
# no seed ran, and of ops, answers, alarms and cells of the policy table how many were reached and
# which were not. README.md says why not. Part of no other run.
#
# ALCOVE_SIM_STEPS  steps of a seed (default 6000)
# ALCOVE_SIM_S      seconds for all seeds together (default 300)
set -u
exec </dev/null
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
seeds=${1:-16}
build=$root/build/sim-coverage
tmp=$(mktemp -d "${TMPDIR:-/tmp}/alcove-sim.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
jobs=$(nproc 2>/dev/null || echo 2)
cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DALCOVE_TEST_HOOKS=ON -DCMAKE_C_FLAGS=--coverage \
    >"$tmp/log" 2>&1 || { tail -n 20 "$tmp/log"; fail "cannot configure"; }
cmake --build "$build" -j "$jobs" --target alcove-sim >"$tmp/log" 2>&1 || { tail -n 20 "$tmp/log"; fail "cannot build"; }
find "$build" -name '*.gcda' -delete
sim=$build/tests/alcove-sim
end=$(($(now_s) + ${ALCOVE_SIM_S:-300}))
{
    grep -v '^#' tests/sim/seeds.txt | cut -d' ' -f1,2
    seq -f "%.0f ${ALCOVE_SIM_STEPS:-6000}" 1000 $((999 + seeds))
} >"$tmp/seeds"

# lane N: each seed that is its turn, as long as there is time.
lane() {
    awk -v lane="$1" -v jobs="$jobs" 'NR % jobs == lane' "$tmp/seeds" | while read -r seed steps; do
        [ "$(now_s)" -lt "$end" ] || break
        timeout 300 "$sim" --seed "$seed" --steps "$steps" --count >"$tmp/out$1" ||
            { say "seed $seed breaks a promise" >>"$tmp/broken"; continue; }
        cat "$tmp/out$1" >>"$tmp/lane$1"
    done
}

lane=0
while [ "$lane" -lt "$jobs" ]; do
    lane "$lane" &
    lane=$((lane + 1))
done
wait
[ ! -s "$tmp/broken" ] || fail "$(cat "$tmp/broken")"
cat "$tmp"/lane* >"$tmp/counts"
say "$(grep -c '^seed ' "$tmp/counts") of $(wc -l <"$tmp/seeds") seeds"
find "$build/client/engine" "$build/keys" "$build/proto" "$build/server" -name '*.gcda' \
    >"$tmp/data"
# shellcheck disable=SC2046 # paths have no blanks
(cd "$tmp" && gcov --json-format --stdout $(cat "$tmp/data") >"$tmp/gcov" 2>/dev/null)
node tests/sim/coverage.mjs "$root" "$tmp/gcov" "$tmp/counts"
