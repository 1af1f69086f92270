#!/bin/sh
# Whatever a peer sends is refused by type or ends its connection; memory stays flat, and
# others are served meanwhile without one fault. See tests/hostile/bad_input.c.
#
# ALCOVE_BUILD  the build folder (default build/hooks)
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
build=${ALCOVE_BUILD:-$root/build/hooks}
for program in bin/alcoved bench/seed bench/load tests/bad_input; do
    [ -x "$build/$program" ] || fail "no $build/$program: sh tests/run.sh build"
done
work=$(mktemp -d "${TMPDIR:-/tmp}/alcove-e2e.XXXXXX") || exit 1
server=
others=
trap 'kill $server $others 2>/dev/null; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

"$build/bin/alcoved" init "$work/data" --listen 127.0.0.1:0 --address 127.0.0.1:1 >/dev/null || fail "init failed"
"$build/bench/seed" "$work/data" "$work/profiles" || fail "seed failed"
# One member asks more here than anybody may in an hour.
say 'lines-per-hour = 0' >>"$work/data/alcoved.conf"
"$build/bin/alcoved" serve "$work/data" >"$work/log" 2>&1 &
server=$!
waits=0
until grep -q 'serving on' "$work/log"; do
    waits=$((waits + 1))
    { [ "$waits" -lt 150 ] && kill -0 "$server"; } || { cat "$work/log"; fail "the server did not start"; }
    sleep 0.1
done
port=$(sed -n 's/.* port \([0-9]*\).*/\1/p' "$work/log")
printf 'seed\n' >"$work/pass"

# T1 writes all the while; a single refusal or a lost connection ends the load with an error.
(
    while [ ! -e "$work/enough" ]; do
        "$build/bench/load" "$port" "$work/profiles/T1" 4 write 2 3<"$work/pass" >>"$work/load" 2>"$work/load-said" || exit 1
    done
) &
others=$!
"$build/tests/bad_input" "$port" "$work/profiles/T2" "$server" 3<"$work/pass" >"$work/attack" 2>&1
attacked=$?
grep -v '^==' "$work/attack"
[ "$attacked" = 0 ] || fail "the attack found a fault"
: >"$work/enough"
wait "$others" || { cat "$work/load-said"; fail "the others were not served"; }
others=
kill -0 "$server" || { cat "$work/log"; fail "the server is gone"; }
kill "$server"
wait "$server" || fail "the server did not end well"
server=
"$build/bin/alcoved" fsck "$work/data" >"$work/fsck" 2>&1 || { cat "$work/fsck"; fail "the store is damaged"; }
say "ok others were served all the while: $(grep -c '"done"' "$work/load") runs without a fault"
grep '^==' "$work/attack"
