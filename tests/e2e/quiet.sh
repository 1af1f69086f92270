#!/bin/sh
# Who is refused comes back rarely, and by a person's word at once: an agent whose member is
# suspended, over ten simulated minutes, counted at the server. And an agent that does not answer
# is said so by every command, loses no text, and is ended by `lock` all the same. Needs a build with test hooks (ALCOVE_BUILD, default build/hooks) for the clock.
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

# An agent that does not answer: told with its number by every command, and `lock` ends it.
as ad member resume 'Tess One' >/dev/null 2>&1
took() { # COMMAND…: its seconds, its exit code
    begun=$(date +%s)
    "$@" >"$work/out" 2>"$work/err"
    took_code=$?
    took_s=$(($(date +%s) - begun))
}
kill -STOP "$pid"
for command in status list 'search x' sync doctor; do
    # shellcheck disable=SC2086 # words
    took timeout 20 "$bin/alcove" --profile "$work/t1" $command </dev/null
    same "$command: said at once" "6 true" \
        "$took_code $([ "$took_s" -le 4 ] && say true)"
    check "$command: with its number" grep -q "process $pid" "$work/err"
done
same "an error is one JSON value" KEYS_LOCKED \
    "$(timeout 20 "$bin/alcove" --profile "$work/t1" --json status </dev/null 2>/dev/null | json error)"
printf 'Text that nobody has a copy of.\n' |
    timeout 20 "$bin/alcove" --profile "$work/t1" write 'Cleo' --class process --file - 2>"$work/err"
same "a text on standard input" 6 $?
kept=$(tr -s '\n ' ' ' <"$work/err" | sed -n 's/.*text is kept as \([^ ,]*\).*/\1/p')
kill -CONT "$pid"
same "is kept, sealed, and its name is told" 'Text that nobody has a copy of.' \
    "$("$bin/alcove" --profile "$work/t1" kept show "$kept" </dev/null | tail -n 1)"
"$bin/alcove" --profile "$work/t1" kept discard "$kept" --yes </dev/null >/dev/null
t1 status >/dev/null 2>&1
same "it goes on" 0 $?
kill -STOP "$pid"
took timeout 20 "$bin/alcove" --profile "$work/t1" lock </dev/null
same "lock" "0 true" "$took_code $([ "$took_s" -le 8 ] && say true)"
check "said" grep -q "process $pid" "$work/err"
waits=0
while kill -0 "$pid" 2>/dev/null && [ "$waits" -lt 30 ]; do
    waits=$((waits + 1))
    sleep 0.1
done
check "the agent is gone" test "$waits" -lt 30
check "and its socket" test ! -e "$work/t1/agent.sock"

# A server that has gone silent: what is here is shown at once, and a sync is no success.
printf '0\n' >"$work/awake"
printf '%s\n' "$passphrase" | ALCOVE_AWAKE_FILE="$work/awake" ALCOVE_IDLE_MS=100000000 \
    "$bin/alcove" --profile "$work/t1" --passphrase-fd 0 unlock >/dev/null || fail "no agent"
t1 sync >/dev/null 2>"$work/err"
same "a sync is a success" 0 $?
for off in 100000000 -100000000; do
    printf '%s\n' "$off" >"$work/clock"
    printf '%s\n' "$passphrase" | ALCOVE_CLOCK_OFFSET_FILE="$work/clock" \
        "$bin/alcove" --profile "$work/ad" --passphrase-fd 0 doctor >"$work/out" 2>&1
    check "a clock that is $off ms off" grep -q '\(99999\|100000\) s apart' "$work/out"
done
kill -STOP "$server_pid"
took timeout 40 "$bin/alcove" --profile "$work/t1" list </dev/null
same "list waits a moment" "0 true" "$took_code $([ "$took_s" -le 5 ] && say true)"
check "and says so" grep -q 'at the last sync' "$work/err"
took timeout 40 "$bin/alcove" --profile "$work/t1" list </dev/null
same "and then not at all" "0 true" "$took_code $([ "$took_s" -le 1 ] && say true)"
for command in 'chart list' 'member list' 'relate list' 'device list'; do
    # shellcheck disable=SC2086 # words
    timeout 15 "$bin/alcove" --profile "$work/t1" $command </dev/null >"$work/out" 2>"$work/err"
    same "$command waits for it no longer" "0 1" "$? $(grep -c 'at the last sync' "$work/err")"
done
"$bin/alcove" --profile "$work/t1" sync </dev/null >/dev/null 2>"$work/err" &
waiting=$!
sleep 4
check "who waits is told for what" grep -q 'waiting for the agent' "$work/err"
printf '31000\n' >"$work/awake"
wait "$waiting"
same "a sync without an answer" 4 $?
kill -CONT "$server_pid"
t1 sync >/dev/null 2>&1
same "and again when it goes on" 0 $?
end_agent
finish
