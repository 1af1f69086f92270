#!/bin/sh
# Who is refused comes back rarely, and by a person's word at once: an agent whose member is
# suspended, over ten simulated minutes, counted at the server. Needs a build with test hooks (ALCOVE_BUILD, default build/hooks) for the clock.
# shellcheck disable=SC2154,SC2016 # set by the files it sources; awk expands them
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

trap 'end_agent; stop_server; rm -rf "$work"' EXIT

agent_pid() { pgrep -f "^alcove agent --profile $work/t1 "; }
end_agent() {
    pid=$(agent_pid)
    [ -z "$pid" ] || { kill -CONT "$pid"; kill "$pid"; } 2>/dev/null
}
t1() { "$bin/alcove" --profile "$work/t1" "$@" </dev/null; }
# What the log says of refused logins, a line each: nobody else is refused here.
refusals() {
    as au --json log --limit 500 2>/dev/null | tr '{' '\n' | grep '"action":"login' |
        grep '"outcome":"refused"'
}

make_practice >/dev/null || fail "no practice"
start_server
as ad join "$work/founder/admin-invitation.txt" --yes --trial --card "$work/ad.card" >/dev/null ||
    fail "the admin did not join"
as ad sync >/dev/null
as ad member invite --role therapist --name 'Tess One' --out "$work/t1.code" >/dev/null
as t1 join "$work/t1.code" --yes --trial --card "$work/t1.card" >/dev/null ||
    fail "the therapist did not join"
as t1 sync >/dev/null
printf '%s\n' "$passphrase" >"$work/root.pass"
as ad member invite --role auditor --name 'Ava Audit' --root "$work/founder/root.key" \
    --root-passphrase-fd 3 --out "$work/au.code" >/dev/null 3<"$work/root.pass"
as au join "$work/au.code" --yes --trial --card "$work/au.card" >/dev/null ||
    fail "the auditor did not join"

printf '0\n' >"$work/awake"
printf '%s\n' "$passphrase" | ALCOVE_AWAKE_FILE="$work/awake" ALCOVE_IDLE_MS=100000000 \
    "$bin/alcove" --profile "$work/t1" --passphrase-fd 0 unlock >/dev/null || fail "no agent"
t1 sync >/dev/null || fail "the agent does not sync"
pid=$(agent_pid)
as ad member suspend 'Tess One' >/dev/null || fail "nobody was suspended"
sleep 5
step=0
while [ "$step" -lt 30 ]; do
    step=$((step + 1))
    say $((step * 20000)) >"$work/awake"
    sleep 0.7
done
check "the agent lives" kill -0 "$pid"
stop_server # writes what it counted
start_server
asks=0
for n in $(refusals | sed -n 's/.*"count":\([0-9]*\).*/\1/p'); do
    asks=$((asks + (n == 0 ? 1 : n)))
done
say "   $asks asks in ten minutes, in $(refusals | wc -l) lines"
check "it asked, and at most ten times" test "$asks" -ge 2 -a "$asks" -le 10
check "in at most three lines" test "$(refusals | wc -l)" -le 3

t1 sync >/dev/null 2>"$work/err"
same "a person is answered at once" 3 $?
check "in words" grep -q 'suspended' "$work/err"
end_agent
finish
