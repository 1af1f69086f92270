#!/bin/sh
# The simulator for about a minute: every kept seed, some of them twice, and others until the
# time is over.
#
#   sh tests/sim/run.sh
#
# ALCOVE_SIM_S      seconds for other seeds (default 30)
# ALCOVE_SIM_SEEDS  so many other seeds instead, however long that takes
# ALCOVE_SIM_FROM   first of the other seeds (default 1000: the same in each run; long.sh draws new ones)
# ALCOVE_SIM_STEPS  steps of another seed (default 8000)
# ALCOVE_BUILD      a build with hooks (default build/hooks)
set -u
exec </dev/null
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
build=${ALCOVE_BUILD:-$root/build/hooks}
sim=$build/tests/alcove-sim
[ -x "$sim" ] || fail "no $sim: sh tests/run.sh build"
tmp=$(mktemp -d "${TMPDIR:-/tmp}/alcove-sim.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

# one SEED STEPS: its last line goes to the list; a broken promise ends everything.
one() {
    if ! timeout 300 "$sim" --seed "$1" --steps "$2" >"$tmp/out" 2>&1; then
        tail -n 3 "$tmp/out"
        say "again: sh tests/sim/replay.sh $1 --steps $2 --trace"
        say "short: sh tests/sim/shrink.sh $1 $2"
        exit 1
    fi
    tail -n 1 "$tmp/out" >>"$tmp/all"
    say " $1:$(tail -n 1 "$tmp/out" | sed 's/.*state //')" >>"$tmp/hashes"
}

runs=0
while read -r seed steps _; do
    case "$seed" in '#'* | '') continue ;; esac
    one "$seed" "$steps"
    runs=$((runs + 1))
    [ "$runs" -le 3 ] || continue
    # The same seed, the same run: in this build, and in the one with AddressSanitizer.
    for other in "$sim" "$root/build/dev/tests/alcove-sim"; do
        [ -x "$other" ] || continue
        [ "$other" = "$sim" ] || say "seed $seed under AddressSanitizer too"
        timeout 300 "$other" --seed "$seed" --steps "$steps" >"$tmp/second" 2>&1 ||
            { tail -n 3 "$tmp/second"; fail "seed $seed fails in $other"; }
        [ "$(tail -n 1 "$tmp/second")" = "$(tail -n 1 "$tmp/all")" ] ||
            fail "seed $seed did not run the same way twice"
    done
done <"$root/tests/sim/seeds.txt"
# Fixed seeds and steps: two logs of one revision must show the same (same.sh), on whatever Debian.
hashes=$(tr -d '\n' <"$tmp/hashes")

seed=${ALCOVE_SIM_FROM:-1000}
say "seeds from $seed on"
end=$(($(now_s) + ${ALCOVE_SIM_S:-30}))
last=$((seed + ${ALCOVE_SIM_SEEDS:-0}))
while [ "$seed" -lt "$last" ] || { [ -z "${ALCOVE_SIM_SEEDS-}" ] && [ "$(now_s)" -lt "$end" ]; }; do
    one "$seed" "${ALCOVE_SIM_STEPS:-8000}"
    seed=$((seed + 1))
done
awk '
    { for (i = 2; i <= NF; i++) {
        word = $i; gsub(/[,()]/, "", word); n = $(i - 1); gsub(/[,(]/, "", n)
        if (word == "steps") steps += n; if (word == "faults") faults += n
        if (word == "requests") requests += n; if (word == "checks") checks += n
        if (word == "acts") acts += n; if (word == "texts") texts += n } }
    END { printf "== simulator: %d runs, %d steps, %d acts, %d texts, %d requests, %d faults, %d checks, nothing broken\n",
        NR, steps, acts, texts, requests, faults, checks }' "$tmp/all"
say "sim hashes:$hashes"
