#!/bin/sh
# The simulator for as long as it is told, on every processor.
#
#   sh tests/sim/long.sh MINUTES [FIRST-SEED]
#
# Prints steps, seeds, faults by number, and what it found; goes on after a finding, so that one
# night shows all kinds. Ends with 1 if anything was found.
#
# ALCOVE_SIM_JOBS   runs at a time (default: one for each processor)
# ALCOVE_SIM_STEPS  steps of a run (default 20000)
set -u
exec </dev/null
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
sim=${ALCOVE_BUILD:-$root/build/hooks}/tests/alcove-sim
[ -x "$sim" ] || fail "no $sim: sh tests/run.sh build"
[ $# -ge 1 ] || fail "use: sh tests/sim/long.sh MINUTES [FIRST-SEED]"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/alcove-sim.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP
end=$(($(now_s) + $1 * 60))
first=${2:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
jobs=${ALCOVE_SIM_JOBS:-$(nproc 2>/dev/null || echo 2)}

lane() {
    seed=$((first + $1))
    while [ "$(now_s)" -lt "$end" ]; do
        timeout 600 "$sim" --seed "$seed" --steps "${ALCOVE_SIM_STEPS:-20000}" 2>&1 | tail -n 1 >>"$tmp/lane$1"
        seed=$((seed + jobs))
    done
}

lane=0
while [ "$lane" -lt "$jobs" ]; do
    lane "$lane" &
    lane=$((lane + 1))
done
wait
cat "$tmp"/lane* >"$tmp/all"
grep -v '^seed ' "$tmp/all" | sort
awk '/^seed / { for (i = 2; i <= NF; i++) {
        word = $i; gsub(/[,()]/, "", word); n = $(i - 1); gsub(/[,(]/, "", n)
        if (word == "steps") steps += n; if (word == "faults") faults += n
        if (word == "requests") requests += n; if (word == "checks") checks += n } }
    !/^seed / { found++ }
    END { printf "%d runs, %d steps, %d requests, %d faults, %d checks, %d found\n",
        NR, steps, requests, faults, checks, found; exit found > 0 }' "$tmp/all"
