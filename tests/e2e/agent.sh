#!/bin/sh
# The agent: unlock once, work through it, and every way in which it locks. Needs a build with
# test hooks (ALCOVE_BUILD, default build/hooks) for the idle time and the simulated sleep.
# shellcheck disable=SC2154,SC2016 # set by the files it sources; the editor expands them
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

trap 'end_agents; stop_server; rm -rf "$work"' EXIT

unlock() {
    printf '%s\n' "$passphrase" | "$bin/alcove" --profile "$work/$1" --passphrase-fd 0 unlock
}
# locked NAME: no agent serves, and no socket is left.
locked() {
    [ ! -e "$work/$1/agent.sock" ] && [ "$(code_of quiet "$1" status)" = 6 ]
}

make_practice >/dev/null || fail "no practice"
start_server
as ad join "$work/founder/admin-invitation.txt" --yes --trial --card "$work/ad.card" >/dev/null ||
    fail "the admin did not join"
as ad directory new >/dev/null || fail "no directory"
as ad member invite --role therapist --name 'Tess One' --out "$work/t1.code" >/dev/null
as t1 join "$work/t1.code" --yes --trial --card "$work/t1.card" >/dev/null ||
    fail "the therapist did not join"
as t1 sync >/dev/null
as ad directory share >/dev/null
check "a colleague knows the admin by name" sh -c \
    "printf '%s\n' '$passphrase' | '$bin/alcove' --profile '$work/t1' --passphrase-fd 0 member list |
        grep -q '  admin  *admin'"
as ad delegate 'Tess One' >/dev/null
as t1 member invite --role client --name 'Cleo One' --out "$work/c1.code" >/dev/null
as c1 join "$work/c1.code" --yes --trial --card "$work/c1.card" >/dev/null ||
    fail "the client did not join"
as ad sync >/dev/null
client=$(as ad --json member list | tr '{' '\n' | grep '"client"' | json member)
therapist=$(as ad --json member list | tr '{' '\n' | grep '"therapist"' | json member)
as ad relate "$therapist" treats "$client" >/dev/null || fail "no relation"
as t1 chart new "$client" --name 'Cleo One' >/dev/null || fail "no chart"

# A wrong passphrase: told by unlock itself, nothing is left running.
printf 'not the right one at all\n' |
    "$bin/alcove" --profile "$work/t1" --passphrase-fd 0 unlock >/dev/null 2>&1
same "wrong passphrase" 6 $?
same "no agent after it" "" "$(agent_pid t1)"
same "unlock without a terminal" 6 "$(code_of quiet t1 unlock)"
same "locked is told" 6 "$(code_of quiet t1 status)"

check "unlock" unlock t1 >/dev/null
check "the socket is ours alone" test "$(stat -c '%a %u' "$work/t1/agent.sock")" = "600 $(id -u)"
same "unlock again" 0 "$(code_of quiet t1 unlock)"
same "through the agent" true "$(quiet t1 --json status | json agent)"
pid=$(agent_pid t1)
same "no core file" 0 "$(awk '/core file/ { print $5 }' "/proc/$pid/limits")"

# Text from a pipe, a file in the caller's folder and a missing one.
note=$(printf 'Data: through the agent.\n' |
    "$bin/alcove" --profile "$work/t1" --json write "$client" --class progress --file - | json note)
check "a note from a pipe" test -n "$note"
(cd "$work" && printf 'From a file.\n' >text.txt &&
    quiet t1 write "$client" --class process --file text.txt >/dev/null)
same "a note from a file" 0 $?
same "no such file" 7 "$(code_of quiet t1 write "$client" --class progress --file nowhere)"
same "no text and no terminal" 2 "$(code_of quiet t1 write "$client" --class progress)"
same "usage through the agent" 2 "$(code_of quiet t1 write)"
same "not found through the agent" 7 "$(code_of quiet t1 show ffffffff)"
check "shown" sh -c "'$bin/alcove' --profile '$work/t1' show '$note' </dev/null | grep -q 'through the agent'"
printf 'You did it.\n' >"$work/sr.txt"
same "a reflection is not shared unasked" 3 \
    "$(code_of quiet t1 reflect "$client" --file "$work/sr.txt")"
same "nor by a title that looks like --yes" 3 \
    "$(code_of quiet t1 reflect "$client" --title --yes --file "$work/sr.txt")"
same "nor with --json" 2 "$(code_of quiet t1 --json reflect "$client" --file "$work/sr.txt")"
same "nor by write" 3 "$(code_of quiet t1 write "$client" --class shared --file "$work/sr.txt")"
same "nothing was shared" 0 "$(quiet t1 --json search 'You did it' | grep -c '"note"')"
same "an option that is none stops here" 2 "$(code_of quiet t1 write "$client" --class no --file -)"
same "an error of the agent is one JSON value" NOT_FOUND \
    "$(quiet t1 --json show ffffffff 2>/dev/null | json error)"
check "and previewed when it is" sh -c \
    "'$bin/alcove' --profile '$work/t1' reflect '$client' --file '$work/sr.txt' --yes </dev/null |
     grep -q 'Cleo One will see'"
same "search for what comes from a pipe" 1 "$(printf 'THROUGH the\n' |
    "$bin/alcove" --profile "$work/t1" --json search - | tr '{' '\n' | grep -c '"note"')"
TZ=UTC0 quiet t1 list >"$work/utc"
TZ=UTC-5 quiet t1 list >"$work/east"
check "times are the caller's" sh -c "! cmp -s '$work/utc' '$work/east'"

# A draft that is edited: its text comes from the agent, and goes back to it.
if command -v script >/dev/null 2>&1 && [ "$(stat -f -c %T /dev/shm 2>/dev/null)" = tmpfs ]; then
    printf 'what was there\n' >"$work/text.txt"
    draft=$(quiet t1 --json write "$client" --class progress --title kept --draft --file "$work/text.txt" |
        json note)
    printf '#!/bin/sh\nsed -i s/there/here/ "$1"\n' >"$work/editor"
    chmod 755 "$work/editor"
    edited() {
        XDG_RUNTIME_DIR='' VISUAL=$work/editor script -qec \
            "'$bin/alcove' --profile '$work/t1' write --note $draft $1" /dev/null </dev/null >"$work/typed" 2>&1
    }
    edited --draft
    check "the editor began with the agent's text" sh -c "[ -n '$(quiet t1 show "$draft" | grep 'what was here')' ]"
    check "the title stays" sh -c "[ -n '$(quiet t1 show "$draft" | grep kept)' ]"
    printf '#!/bin/sh\ntouch "%s/opened"\n' "$work" >"$work/touching"
    chmod 755 "$work/touching"
    for what in "write nobody --class progress" "reflect nobody" "write --note ffffffff"; do
        XDG_RUNTIME_DIR='' VISUAL=$work/touching script -qec \
            "'$bin/alcove' --profile '$work/t1' $what" /dev/null </dev/null >/dev/null 2>&1
        check "no editor opens for $what" test ! -e "$work/opened"
    done
    for flag in '' --sign; do
        edited "$flag"
        check "left as it was ($flag)" grep -q 'Nothing was changed; nothing was written' "$work/typed"
        same "nothing was written ($flag)" 2 "$(quiet t1 --json history "$draft" | grep -o '"link"' | wc -l)"
    done
    # Leaving the editor signs nothing, also when the text is another one than before.
    printf '#!/bin/sh\nsed -i s/was/is/ "$1"\n' >"$work/editor"
    edited ''
    check "what was changed is written" sh -c "[ -n '$(quiet t1 show "$draft" | grep 'what is here')' ]"
    check "and stays a draft" sh -c "[ -z '$(quiet t1 history "$draft" | grep -e '-- signed')' ]"
    quiet t1 sign "$draft" >"$work/signed"
    check "signed by the word for it" sh -c "[ -n '$(quiet t1 show "$draft" | grep -e '-- signed')' ]"
    check "which is said" grep -q 'is signed' "$work/signed"
    edited ''
    check "a signed one is not edited" grep -q 'never changed' "$work/typed"
else
    say "skipped: the editor (needs script and a tmpfs)"
fi

# Closed standard streams, a reader who went away, a caller who is killed.
"$bin/alcove" --profile "$work/t1" status <&- >/dev/null 2>&1
same "closed input" 0 $?
"$bin/alcove" --profile "$work/t1" list 2>/dev/null | true
i=0
while [ "$i" -lt 10 ]; do
    quiet t1 sync >/dev/null 2>&1 &
    caller=$!
    sleep 0.0$i
    kill -9 "$caller" 2>/dev/null
    wait "$caller" 2>/dev/null
    i=$((i + 1))
done
same "the agent lives on" "$pid" "$(agent_pid t1)"
same "and works" 0 "$(code_of quiet t1 status)"

# Many at once are queued, a watch holds nobody up, and it is told of a change by the server.
callers=
i=0
while [ "$i" -lt 12 ]; do
    quiet t1 list >"$work/list.$i" 2>&1 &
    callers="$callers $!"
    i=$((i + 1))
done
for caller in $callers; do
    wait "$caller" || fail "a caller of many failed"
done
check "all saw the same" cmp "$work/list.0" "$work/list.11"
"$bin/alcove" --profile "$work/t1" sync --watch >"$work/watch" 2>"$work/watch.err" </dev/null &
watcher=$!
as c1 sync >/dev/null
lines=0
waits=0
while [ "$lines" = 0 ] && [ "$waits" -lt 100 ]; do
    lines=$(wc -l <"$work/watch")
    waits=$((waits + 1))
    sleep 0.1
done
printf 'pushed\n' >"$work/pushed.txt"
as c1 sync >/dev/null
shared=$(as c1 --json chart list | tr '{' '\n' | grep '"shared"' | json section)
printf 'I called.\n' | "$bin/alcove" --profile "$work/t1" --json write "$client" --class shared \
    --yes --file - >/dev/null
same "work goes on beside a watch" 0 "$(code_of quiet t1 status)"
waits=0
while [ "$(grep -c "^$(printf %.8s "$shared")" "$work/watch")" -lt 2 ] && [ "$waits" -lt 100 ]; do
    waits=$((waits + 1))
    sleep 0.1
done
check "the watch saw it" test "$(grep -c "^$(printf %.8s "$shared")" "$work/watch")" -ge 2

# A client who has lost the section is not said to see what goes into it.
quiet t1 revoke "$client" --class shared "$client" >/dev/null
check "the client is said not to see it" sh -c \
    "'$bin/alcove' --profile '$work/t1' reflect '$client' --file '$work/sr.txt' --yes </dev/null |
     tr '\n' ' ' | grep -q 'Cleo One has no access to this section now and will not see'"

# Another user: turned away by the agent, and never trusted by a command.
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null 2>&1; then
    cp -R "$work/ad" "$work/other" && chown -R 65534:65534 "$work/other" && chmod 711 "$work"
    printf '%s\n' "$passphrase" | setpriv --reuid=65534 --regid=65534 --clear-groups \
        "$bin/alcove" --profile "$work/other" --passphrase-fd 0 unlock >/dev/null 2>"$work/other.err"
    same "another user's agent runs" 0 $?
    same "we do not talk to it" 3 "$(code_of quiet other status)"
    setpriv --reuid=65534 --regid=65534 --clear-groups \
        "$bin/alcove" --profile "$work/other" lock </dev/null >/dev/null 2>&1
    same "its owner locks it" 0 $?
else
    say "skipped: another user (needs root and setpriv)"
fi

# Lock: the answer comes when the keys are gone; the watch is told.
check "lock" quiet t1 lock >/dev/null
check "locked" locked t1
check "its process is gone" gone "$pid"
wait "$watcher"
same "the watch ended" 6 $?
same "lock again" 0 "$(code_of quiet t1 lock)"

# SIGTERM, SIGHUP, and a dead agent's socket.
for signal in TERM HUP KILL; do
    unlock t1 >/dev/null || fail "not unlocked before $signal"
    pid=$(agent_pid t1)
    kill -s "$signal" "$pid"
    check "gone after SIG$signal" gone "$pid"
    [ "$signal" = KILL ] || check "locked after SIG$signal" locked t1
done
check "a dead agent's socket is left" test -S "$work/t1/agent.sock"
same "and is no agent" 6 "$(code_of quiet t1 status)"
check "and does no harm" unlock t1 >/dev/null
same "works again" 0 "$(code_of quiet t1 status)"
quiet t1 lock >/dev/null

# Idle, and sleep, by the hooks.
ALCOVE_IDLE_MS=1500
export ALCOVE_IDLE_MS
unlock t1 >/dev/null
pid=$(agent_pid t1)
check "gone when idle" gone "$pid"
check "locked when idle" locked t1
unset ALCOVE_IDLE_MS
ALCOVE_SLEPT_FILE=$work/slept
export ALCOVE_SLEPT_FILE
say 0 >"$ALCOVE_SLEPT_FILE"
unlock t1 >/dev/null
pid=$(agent_pid t1)
same "awake" 0 "$(code_of quiet t1 status)"
say 3600000 >"$ALCOVE_SLEPT_FILE"
same "a command after sleep finds it locked" 6 "$(code_of quiet t1 status)"
check "gone after sleep" gone "$pid"
check "locked after sleep" locked t1
unset ALCOVE_SLEPT_FILE

# The server goes and comes: the agent stays and sends what waited.
unlock t1 >/dev/null
quiet t1 sync >/dev/null
stop_server
late=$(printf 'Written while away.\n' |
    "$bin/alcove" --profile "$work/t1" --json write "$client" --class progress --file - 2>/dev/null)
same "not sent" false "$(say "$late" | json sent)"
: >"$work/server.log"
start_server
waits=0
while [ "$(quiet t1 --json status | json outbox)" != 0 ] && [ "$waits" -lt 300 ]; do
    waits=$((waits + 1))
    sleep 0.1
done
same "sent by the agent itself" 0 "$(quiet t1 --json status | json outbox)"
quiet t1 lock >/dev/null
finish
