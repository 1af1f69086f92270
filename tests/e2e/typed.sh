#!/bin/sh
# What a person typed: an editor that is open for long, an agent that locks meanwhile, an idle time
# of one's own. Time is moved by the hooks. Needs script(1) and a memory-backed /dev/shm.
# shellcheck disable=SC2154,SC2016 # set by the files it sources; the editor expands them
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

if ! command -v script >/dev/null 2>&1 || [ "$(stat -f -c %T /dev/shm 2>/dev/null)" != tmpfs ]; then
    say "skipped: typed texts (needs script and a tmpfs)"
    exit 0
fi
memory=$(mktemp -d /dev/shm/alcove-e2e.XXXXXX) || exit 1
XDG_RUNTIME_DIR=$memory
export XDG_RUNTIME_DIR
trap 'end_agents; stop_server; rm -rf "$work" "$memory"' EXIT

quiet() {
    profile=$1
    shift
    "$bin/alcove" --profile "$work/$profile" "$@" </dev/null
}
code_of() {
    "$@" >/dev/null 2>&1
    say $?
}
unlock() {
    profile=$1
    shift
    printf '%s\n' "$passphrase" | "$bin/alcove" --profile "$work/$profile" --passphrase-fd 0 unlock "$@" >/dev/null
}
agent_pid() {
    pgrep -f "^alcove agent --profile $work/$1 "
}
end_agents() {
    for name in ad t1; do
        pid=$(agent_pid "$name")
        [ -z "$pid" ] || kill "$pid" 2>/dev/null
    done
}
gone() {
    waits=0
    while kill -0 "$1" 2>/dev/null; do
        waits=$((waits + 1))
        [ "$waits" -lt 100 ] || return 1
        sleep 0.1
    done
}
# editor LINES: the editor from now on; "$1" is the text's file.
editor() {
    printf '#!/bin/sh\nwork=%s\nbin=%s\n%s\n' "$work" "$bin" "$1" >"$work/editor"
    chmod 755 "$work/editor"
}
# on_terminal COMMAND: on a terminal, with what it prints in $work/typed and what stands in
# $work/keys, if it is there, typed into it.
on_terminal() {
    if [ -n "${keys:-}" ]; then
        sh -c "$keys" | VISUAL=$work/editor script -qec "'$bin/alcove' --profile '$work/t1' $1" /dev/null >"$work/typed" 2>&1
    else
        VISUAL=$work/editor script -qec "'$bin/alcove' --profile '$work/t1' $1" /dev/null </dev/null >"$work/typed" 2>&1
    fi
}
said() {
    tr -s '\r\n ' '   ' <"$work/typed" | tr -s ' ' | grep -q "$1"
}

make_practice >/dev/null || fail "no practice"
start_server
as ad join "$work/founder/admin-invitation.txt" --yes --trial --card "$work/ad.card" >/dev/null ||
    fail "the admin did not join"
as ad member invite --role therapist --name T1 --out "$work/t1.code" >/dev/null
as t1 join "$work/t1.code" --yes --trial --card "$work/t1.card" >/dev/null || fail "T1 did not join"
as ad delegate T1 >/dev/null
as t1 member invite --role client --name C1 --out "$work/c1.code" >/dev/null
as c1 join "$work/c1.code" --yes --trial --card "$work/c1.card" >/dev/null || fail "C1 did not join"
client=$(as t1 --json member list | tr '{' '\n' | grep '"client"' | json member)
as ad relate T1 treats "$client" >/dev/null
as t1 chart new "$client" --name C1 >/dev/null || fail "no chart"

# ---- An open editor is no idle person, for half a day; then it is.
ALCOVE_AWAKE_FILE=$work/awake
export ALCOVE_AWAKE_FILE
say 0 >"$ALCOVE_AWAKE_FILE"
unlock t1
pid=$(agent_pid t1)
editor 'echo 3600000 >"$work/awake"; sleep 2; printf "an hour of work\n" >"$1"'
on_terminal "write C1 --class progress"
check "after an hour in the editor it is written" said 'on the server'
check "by the same agent" kill -0 "$pid"
editor 'echo 50000000 >"$work/awake"; sleep 2; exit 1'
on_terminal "write C1 --class progress"
check "half a day is too long" gone "$pid"
say 0 >"$ALCOVE_AWAKE_FILE"

# ---- An idle time of one's own.
same "none at all is none" 2 "$(code_of quiet t1 unlock --idle 0)"
same "nor a whole day" 2 "$(code_of quiet t1 unlock --idle 1440)"
unlock t1 --idle 90
pid=$(agent_pid t1)
same "status tells it" 90 "$(quiet t1 --json status | json idle_minutes)"
check "people too" sh -c "'$bin/alcove' --profile '$work/t1' status </dev/null | tr '\n' ' ' | grep -q 'after 90 minutes'"
say 5000000 >"$ALCOVE_AWAKE_FILE"
sleep 2
check "open after 83 minutes" kill -0 "$pid"
say 11000000 >"$ALCOVE_AWAKE_FILE"
check "locked after 90 more" gone "$pid"
unset ALCOVE_AWAKE_FILE
finish
