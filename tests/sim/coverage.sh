#!/bin/sh
# What of the product the simulator reaches, and what it never does.
#
#   sh tests/sim/coverage.sh [SEEDS]      default 16, from 1000 on, and every kept seed
#
# Makes a build of its own with gcov in build/sim-coverage. Prints lines by room, the functions that
# no seed ran, and of ops, answers, alarms and cells of the policy table how many were reached and
# which were not. README.md says why not. Part of no other run.
#
# ALCOVE_SIM_STEPS  steps of a seed (default 6000)
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
one() { timeout 600 "$sim" --seed "$1" --steps "$2" --count >>"$tmp/counts" || fail "seed $1 breaks a promise"; }
while read -r seed steps _; do
    case "$seed" in '#'* | '') continue ;; esac
    one "$seed" "$steps"
done <tests/sim/seeds.txt
seed=1000
while [ "$seed" -lt $((1000 + seeds)) ]; do
    one "$seed" "${ALCOVE_SIM_STEPS:-6000}"
    seed=$((seed + 1))
done
find "$build/client/engine" "$build/keys" "$build/proto" "$build/server" -name '*.gcda' \
    >"$tmp/data"
# shellcheck disable=SC2046 # paths have no blanks
(cd "$tmp" && gcov --json-format --stdout $(cat "$tmp/data") >"$tmp/gcov" 2>/dev/null)
node tests/sim/coverage.mjs "$root" "$tmp/gcov" "$tmp/counts"
