#!/bin/sh
# A second device through real clients: added by digits that go both ways, whole after one sync, told
# to the others, refused when anything differs, and shut out for good when it is revoked. Needs a build
# with test hooks (ALCOVE_BUILD, default build/hooks), whose server can change what it carries.
# shellcheck disable=SC2154 # set by the files it sources
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

trap 'end_agents; stop_server; rm -rf "$work"' EXIT

# with NAME COMMAND…: as `as`, with the passphrase from a descriptor, so that input stays free.
with() {
    profile=$1
    shift
    "$bin/alcove" --profile "$work/$profile" --passphrase-fd 3 "$@" 3<"$work/pass"
}
# there NAME COMMAND…: through the profile's agent.
there() {
    profile=$1
    shift
    "$bin/alcove" --profile "$work/$profile" "$@"
}
agent_pid() {
    pgrep -f "^alcove agent --profile $work/$1 "
}
end_agents() {
    for name in t1 t1b t1c; do
        pid=$(agent_pid "$name")
        [ -z "$pid" ] || kill "$pid" 2>/dev/null
    done
}
# until_there FILE PATTERN: waits for a line in it.
until_there() {
    waits=0
    until grep -q "$2" "$1" 2>/dev/null; do
        waits=$((waits + 1))
        [ "$waits" -lt 100 ] || {
            say "no '$2' in: $(cat "$1")"
            return 1
        }
        sleep 0.1
    done
}
# digits FILE: those that it shows, after their colon.
digits() {
    say "$(tr '\n' ' ' <"$1" | sed -n 's/.*device: \([0-9][0-9][0-9] [0-9][0-9][0-9]\).*/\1/p')"
}

# begin OLD NEW NAME: both sides of an exchange in the background, with their input open as 7 and 8.
# The code stands in $work/dev.code, what they say in $work/old.out and $work/new.out.
begin() {
    rm -f "$work/dev.code" "$work/old.in" "$work/new.in" "$work/old.out" "$work/new.out"
    mkfifo "$work/old.in" "$work/new.in"
    # shellcheck disable=SC2086 # a word or none
    with "$1" device add --out "$work/dev.code" --yes <"$work/old.in" >"$work/old.out" 2>&1 &
    old=$!
    exec 7>"$work/old.in"
    waits=0
    until [ -s "$work/dev.code" ] || [ "$waits" -ge 100 ]; do
        waits=$((waits + 1))
        sleep 0.1
    done
    begin_new "$2" "$3"
}
begin_new() {
    # Without the old side's input, which would else stay open as long as this runs.
    (
        exec 7>&- <"$work/new.in" >"$work/new.out" 2>&1 3<"$work/pass"
        exec "$bin/alcove" --profile "$work/$1" --passphrase-fd 3 join --device "$work/dev.code" \
            --name "$2" --trial
    ) &
    new=$!
    exec 8>"$work/new.in"
}
# ends: both close their input and end; their exit codes are in $old_code and $new_code.
ends() {
    exec 7>&- 8>&-
    (sleep 20; kill "$old" "$new") 2>/dev/null &
    watch=$!
    wait "$old"
    old_code=$?
    wait "$new"
    new_code=$?
    kill "$watch" 2>/dev/null
}
# again: the server, started anew; its log is read for the line that says so.
again() {
    stop_server
    cat "$work/server.log" >>"$work/server.old"
    : >"$work/server.log"
    start_server
}
# add OLD NEW NAME: an exchange by somebody who looks at both screens.
add() {
    begin "$@"
    until_there "$work/new.out" 'other device: [0-9]'
    digits "$work/new.out" >&7
    until_there "$work/old.out" 'new device: [0-9]'
    digits "$work/old.out" >&8
    ends
}

printf '%s\n' "$passphrase" >"$work/pass"
make_practice >/dev/null || fail "no practice"
start_server
as ad join "$work/founder/admin-invitation.txt" --yes --trial --card "$work/ad.card" >/dev/null ||
    fail "the admin did not join"
as ad directory new >/dev/null
as ad member invite --role therapist --name 'Tess One' --out "$work/t1.code" >/dev/null
as t1 join "$work/t1.code" --yes --trial --card "$work/t1.card" >/dev/null || fail "nobody joined"
as ad directory share >/dev/null
as ad delegate 'Tess One' >/dev/null
as t1 member invite --role client --name 'Cleo One' --out "$work/c1.code" >/dev/null
as c1 join "$work/c1.code" --yes --trial --card "$work/c1.card" >/dev/null || fail "no client"
client=$(as ad --json member list | tr '{' '\n' | grep '"client"' | json member)
as ad relate 'Tess One' treats "$client" >/dev/null || fail "no relation"
as t1 chart new "$client" --name 'Cleo One' >/dev/null || fail "no chart"
printf 'Written before the second device.\n' >"$work/before"
note=$(with t1 --json write 'Cleo One' --class progress --file "$work/before" | json note)
check "a note before" test -n "$note"

# ---- the way it is meant, through the agent, which goes on working for others meanwhile
printf '%s\n' "$passphrase" | "$bin/alcove" --profile "$work/t1" --passphrase-fd 0 unlock
begin t1 t1b 'Blue Laptop'
until_there "$work/new.out" 'other device: [0-9]'
same "the agent serves while a device is added" 0 "$(there t1 status >/dev/null 2>&1; say $?)"
from_new=$(digits "$work/new.out")
printf '%s\n' "$from_new" >&7
until_there "$work/old.out" 'new device: [0-9]'
digits "$work/old.out" >&8
ends
same "the old device adds it" 0 "$old_code"
same "the new device is added" 0 "$new_code"
check "the old one compared what the new one showed" grep -q 'They match' "$work/old.out"
check "it was said what will be read" sh -c \
    "tr '\\n' ' ' <'$work/old.out' | grep -q 'able to read everything.*Cleo One (.*progress'"
check "and that it cannot add devices" grep -q 'cannot add' "$work/old.out"
check "whole at once" sh -c "tr '\\n' ' ' <'$work/new.out' | grep -q 'all 5 sections are here'"
check "list" sh -c "printf '%s\n' '$passphrase' |
    '$bin/alcove' --profile '$work/t1b' --passphrase-fd 0 list | grep -q progress"
check "show" sh -c "printf '%s\n' '$passphrase' |
    '$bin/alcove' --profile '$work/t1b' --passphrase-fd 0 show '$note' | grep -q 'before the second'"
printf 'Written on the second device.\n' >"$work/second"
second=$(with t1b --json write 'Cleo One' --class process --file "$work/second" | json note)
check "write" test -n "$second"
check "read on the first" sh -c "'$bin/alcove' --profile '$work/t1' show '$second' | grep -q 'on the second'"
check "the new device has names" sh -c "printf '%s\n' '$passphrase' |
    '$bin/alcove' --profile '$work/t1b' --passphrase-fd 0 list | grep -q 'Cleo One'"

# What somebody seals to the pair opens on both: the client's next key, and one of a later client.
printf 'A small step.\n' >"$work/moment"
with c1 moment --category boundary --share 'Tess One' --file "$work/moment" >/dev/null
with t1b sync >/dev/null
check "a moment for the pair opens on the second device" sh -c "printf '%s\n' '$passphrase' |
    '$bin/alcove' --profile '$work/t1b' --passphrase-fd 0 search 'small step' | grep -q journal"
there t1 member invite --role client --name 'Dora Two' --out "$work/c2.code" >/dev/null
as c2 join "$work/c2.code" --yes --trial --card "$work/c2.card" >/dev/null || fail "no second client"
as ad sync >/dev/null
late=$(as ad --json member list | tr '{' '\n' | grep '"client"' | grep -v "$client" | json member)
as ad relate 'Tess One' treats "$late" >/dev/null
there t1 chart new "$late" --name 'Dora Two' >/dev/null
printf 'A later step.\n' >"$work/later"
with c2 moment --category boundary --share 'Tess One' --file "$work/later" >/dev/null
with t1b sync >/dev/null
check "so does one of a client who came later" sh -c "printf '%s\n' '$passphrase' |
    '$bin/alcove' --profile '$work/t1b' --passphrase-fd 0 search 'later step' | grep -q journal"

# ---- names are the owner's alone
check "the first device knows its name" sh -c "'$bin/alcove' --profile '$work/t1' device list | grep -q 'Blue Laptop'"
check "and when it was seen" sh -c \
    "'$bin/alcove' --profile '$work/t1' device list --seen | grep 'Blue Laptop' | grep -q 'last login 20'"
same "--seen tells nothing of others" 2 "$(there t1 device list --seen --member "$client" >/dev/null 2>&1; say $?)"
same "an admin sees no name" 0 "$(as ad device list --member 'Tess One' | grep -c 'Blue Laptop')"
same "nor has the server one" 0 "$(cat "$work/data/"* "$work/data/"*/* "$work/server."* 2>/dev/null | grep -ac 'Blue Laptop')"
there t1 device name 'Blue Laptop' 'Green Laptop' >/dev/null
check "a name can be changed here" sh -c "'$bin/alcove' --profile '$work/t1' device list | grep -q 'Green Laptop'"

# ---- a third device: the second is told, once
add t1 t1c 'Tablet'
same "a third device" "0 0" "$old_code $new_code"
with t1b sync >/dev/null 2>"$work/told"
check "the second device tells of it" grep -q 'A DEVICE WAS ADDED' "$work/told"
with t1b sync >/dev/null 2>"$work/told"
check "once" sh -c "! grep -q 'A DEVICE WAS ADDED' '$work/told'"
with t1c sync >/dev/null 2>"$work/told"
check "the new one knows the others" sh -c "! grep -q 'A DEVICE WAS ADDED' '$work/told'"
count=$(there t1 --json device list | tr '{' '\n' | grep -c '"device"')
same "three devices" 3 "$count"

# refused TEXT OLD NEW: exit codes; and that nothing came of it.
refused() {
    same "$1: old" "$2" "$old_code"
    same "$1: new" "$3" "$new_code"
    same "$1: nothing was added" "$count" "$(there t1 --json device list | tr '{' '\n' | grep -c '"device"')"
    check "$1: nothing was kept" test ! -e "$work/tx"
}

# ---- digits that differ
begin t1 tx 'X'
until_there "$work/new.out" 'other device: [0-9]'
say '000 000' >&7
until_there "$work/old.out" 'ALARM'
ends
refused "other digits on the old device" 5 5
check "words of the old one" grep -q 'not the digits' "$work/old.out"
check "words of the new one" grep -q 'other digits were typed' "$work/new.out"
begin t1 tx 'X'
until_there "$work/new.out" 'other device: [0-9]'
digits "$work/new.out" >&7
until_there "$work/old.out" 'new device: [0-9]'
say '000000' >&8
ends
refused "other digits on the new device" 5 5
begin t1 tx 'X'
until_there "$work/new.out" 'other device: [0-9]'
ends
refused "no digits, though --yes was given" 3 3
begin t1 tx 'X'
until_there "$work/new.out" 'other device: [0-9]'
say 'yes' >&7
say 'yes' >&7
say 'yes' >&7
ends
refused "a yes in place of digits" 3 3

# ---- a thief read the code and was faster
begin t1 ty 'Thief'
until_there "$work/new.out" 'other device: [0-9]'
mv "$work/new.out" "$work/thief.out"
with tx join --device "$work/dev.code" --trial </dev/null >"$work/true.out" 2>&1
same "the true device is told that somebody was faster" 5 $?
check "in words" grep -q 'somebody else used this code' "$work/true.out"
say '123 456' >&7
until_there "$work/old.out" 'ALARM'
ends
refused "a thief with the code" 5 5

# ---- codes that are for something else, or over
same "a device's code is no invitation" 1 "$(with tx join "$work/dev.code" --yes --card "$work/x.card" >/dev/null 2>"$work/said"; say $?)"
check "and says so" grep -q 'join --device' "$work/said"
same "nor the other way round" 1 "$(with tx join --device "$work/c1.code" >/dev/null 2>&1; say $?)"
same "a used code" 5 "$(with tx join --device "$work/dev.code" --trial </dev/null >/dev/null 2>&1; say $?)"
same "a device that is not the first adds none" 3 "$(with t1b device add --out "$work/no.code" </dev/null >/dev/null 2>"$work/said"; say $?)"
check "and says where to" grep -q 'device that you joined with' "$work/said"
same "--json alone" 2 "$(with t1 --json device add </dev/null >/dev/null 2>&1; say $?)"
again
same "a code that is over" 3 "$(with tx join --device "$work/dev.code" --trial </dev/null >/dev/null 2>"$work/said"; say $?)"
check "says what to do" grep -q 'alcove device add' "$work/said"

# ---- a server that changes what it carries, message by message
for which in n1 o1 n2 o2 n3 o3; do
    ALCOVE_MEET_SPOIL=$which
    export ALCOVE_MEET_SPOIL
    again
    unset ALCOVE_MEET_SPOIL
    begin t1 tx 'X'
    case $which in
    n1 | o1) ;;
    n2) until_there "$work/new.out" 'other device: [0-9]' ;;
    *)
        until_there "$work/new.out" 'other device: [0-9]'
        digits "$work/new.out" >&7
        until_there "$work/old.out" 'new device: [0-9]'
        [ "$which" = o2 ] || digits "$work/old.out" >&8
        ;;
    esac
    until_there "$work/new.out" 'ALARM'
    until_there "$work/old.out" 'ALARM'
    ends
    refused "message $which changed" 5 5
done
again

# ---- revoked
printf '%s\n' "$passphrase" | "$bin/alcove" --profile "$work/t1b" --passphrase-fd 0 unlock
there t1b sync >/dev/null
there t1 device revoke 'green laptop' >"$work/revoked" 2>&1
same "revoked" 0 $?
check "what it had been given is said" sh -c "tr '\\n' ' ' <'$work/revoked' | grep -q 'given the keys of.*Cleo One (.*progress'"
printf 'Written after the revocation.\n' >"$work/after"
with t1c write 'Cleo One' --class progress --file "$work/after" >/dev/null
same "its connection is ended, and it gets no other" 3 "$(there t1b sync >/dev/null 2>&1; say $?)"
same "what it has stays" 1 "$(there t1b --json search 'before the second' 2>/dev/null | grep -c '"note"')"
same "and nothing new comes" 0 "$(there t1b --json search 'after the revocation' 2>/dev/null | grep -c '"note"')"
same "again: it is revoked already" 1 "$(there t1 device revoke 'Green Laptop' >/dev/null 2>&1 || there t1 device revoke "$(there t1 --json device list | tr '{' '\n' | grep 'Green' | json device)" >/dev/null 2>&1; say $?)"

# ---- the first device goes: said before, and then no more can be added
same "the first device is not revoked unasked" 3 "$(first=$(with t1c --json device list | tr '{' '\n' | grep '"first":true' | json device); with t1c device revoke "$first" >/dev/null 2>"$work/said"; say $?)"
check "why is said" sh -c "tr '\\n' ' ' <'$work/said' | grep -q 'no device can be added'"
first=$(with t1c --json device list | tr '{' '\n' | grep '"first":true' | json device)
with t1c device revoke "$first" --yes >/dev/null 2>&1
same "with --yes it is" 0 $?
check "the list says what that means" sh -c "printf '%s\n' '$passphrase' |
    '$bin/alcove' --profile '$work/t1c' --passphrase-fd 0 device list | grep -q 'no device can be added'"
same "and the other adds none" 3 "$(with t1c device add --out "$work/no.code" </dev/null >/dev/null 2>&1; say $?)"

finish
