#!/bin/sh
# A therapist leaves: what is said before, what the next one can make, what the client hands on, and
# what stays closed. And what was done by mistake and is taken back or refused in words: an
# invitation, supervision in a circle.
# shellcheck disable=SC2154 # set by the files it sources
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

enter() {
    printf '%s\n' "$passphrase" | "$bin/alcove" --profile "$work/$1" --passphrase-fd 0 \
        join "$2" --yes --trial --card "$work/$1.card" >"$work/entered" 2>&1
}
# tries CODE WORDS NAME COMMAND…: the exit code, and that it says these words.
tries() {
    wanted=$1 words=$2
    shift 2
    as "$@" >"$work/out" 2>&1
    same "$*" "$wanted" $?
    tr -s '\n ' '  ' <"$work/out" >"$work/said"
    check "$* says '$words', said: $(cat "$work/said")" grep -q -e "$words" "$work/said"
}

make_practice >/dev/null || fail "no practice"
start_server
enter ad "$work/founder/admin-invitation.txt" || fail "the admin did not join"
for therapist in T1 T2; do
    as ad member invite --role therapist --name "$therapist" --out "$work/$therapist.code" >/dev/null
    enter "$therapist" "$work/$therapist.code" || fail "$therapist did not join"
done
as ad delegate T1 >/dev/null
as T1 member invite --role client --name C1 --out "$work/C1.code" >/dev/null
enter C1 "$work/C1.code" || fail "C1 did not join"
client=$(as T1 --json member list | tr '{' '\n' | grep '"client"' | json member)
as ad relate T1 treats "$client" >/dev/null
as T1 chart new "$client" --name C1 >/dev/null
say 'A text.' >"$work/text"
as T1 reflect C1 --title "Seen" --file "$work/text" --yes >/dev/null
as T1 write C1 --class progress --file "$work/text" >/dev/null

# Before the last therapist goes, it is said which charts are left without an owner.
tries 3 "T1 treats 1 client: $(printf '%.8s' "$client") (nobody else treats them)" ad member suspend T1
tries 3 'First let T1 hand the charts over' ad member suspend T1
device=$(as ad --json device list --member T1 | json device | cut -c1-12)
tries 3 'When T1 loses this device, their last' ad device revoke --member T1 "$device"
tries 3 'alone owns their journal' ad member suspend "$client"
tries 0 'Suspended' ad member suspend T1 --yes
tries 0 'Resumed' ad member resume T1
# Before the last therapist's relation ends, it is said what is left without an owner.
relation=$(as ad --json relate list | tr '{' '\n' | grep '"treats"' | json relation)
tries 3 'Nothing was ended. First let T1 hand it over' ad relate end "$relation"
tries 0 'closed for good' ad relate end "$relation" --yes
tries 0 'Stated' ad relate T2 treats "$client"

# The next one makes what is theirs, in the same chart, is told what stays closed, and once only.
tries 0 'stays closed to you' T2 chart new "$client" --name C1
tries 1 'all of this client.s chart already' T2 chart new "$client" --name C1
chart=$(as T1 --json chart list | json chart)
same "one chart" "$chart" "$(as T2 --json chart list | json chart)"
same "T2 reads nothing of before" 0 "$(as T2 list 2>/dev/null | grep -c Seen)"

# The client opens the shared past to the next therapist, who treats, and to nobody else.
as C1 sync >/dev/null
shared=$(as C1 --json chart list | tr '{' '\n' | grep '"shared"' | sed -n 's/.*"section":"\([0-9a-f]*\)".*/\1/p' | head -n 1)
tries 3 'not yours to open' C1 grant "$shared" T1 --rights read
tries 0 'Granted' C1 grant "$shared" T2 --rights read,write,own --history
as T2 sync >/dev/null
same "T2 reads what was shared" 1 "$(as T2 list 2>/dev/null | grep -c Seen)"
tries 3 'not yours to open' C1 grant "$shared" T1 --rights read

# Treated again, a therapist is not let in by that; they take back what nobody owns.
tries 0 'Stated' ad relate T1 treats "$client"
as T1 sync >/dev/null
as T1 write C1 --class progress --file "$work/text" >/dev/null 2>&1 && fail "a relation stated anew let T1 write"
tries 0 '' T1 chart new "$client"
as T1 write C1 --class progress --file "$work/text" >/dev/null || fail "T1 did not take the record back"

# An invitation is taken back; its code opens nothing.
as ad member invite --role therapist --name T3 --out "$work/T3.code" >/dev/null
tries 0 'invited) until 20' ad member list
tries 0 'Withdrawn' ad member withdraw T3
tries 0 'invitation withdrawn' ad member list
tries 1 'withdrawn already' ad member withdraw T3
tries 1 'has joined already' ad member withdraw T2
enter T3 "$work/T3.code" && fail "a withdrawn code admitted somebody"
check "which is said" grep -q 'you have not joined' "$work/entered"

# Who may invite whom is said, and so is supervision in a circle.
tries 3 'a therapist to whom an admin delegated it' ad member invite --role client --name C2 --out "$work/C2.code"
tries 3 'An admin invites therapists' T1 member invite --role therapist --name T4 --out "$work/T4.code"
tries 0 'Stated' ad relate T1 supervises T2
tries 3 'supervises or trains the other already' ad relate T2 trains T1

# On what a grant rests is said, and where that ends. One that waits for the server rests on nothing
# else: it is refused when its relation has ended, though stated anew, and told of until it is dropped.
as ad member invite --role therapist --name T5 --out "$work/T5.code" >/dev/null
enter T5 "$work/T5.code" || fail "T5 did not join"
next=$(as ad --json member list | tr '{' '\n' | grep '"name":"T5"' | json member)
tries 0 'Stated' ad relate T5 covers "$client" --until 2100-01-01
covers=$(as ad --json relate list | tr '{' '\n' | grep '"covers"' | json relation)
as T1 sync >/dev/null
stop_server
tries 4 'NOT YET IN FORCE' T1 grant C1 "$next" --class progress --rights read
: >"$work/server.log"
start_server
tries 0 'closed for good' ad relate end "$covers"
tries 0 'Stated until' ad relate T5 covers "$client" --until 2100-01-01
tries 0 'only if it is granted again' ad relate T5 covers "$client" --until 2101-01-01
tries 0 'REFUSED, and not in force: the grant to' T1 sync
same "nobody was let in" 1 "$(as T1 --json access C1 --class progress | tr '{' '\n' | grep -c '"member"')"
tries 0 'REFUSED, and not in force' T1 status
tries 1 'refused, and not in force: the grant to' T1 doctor
tries 0 'dropped that the server had refused' T1 sync --drop-refused
same "dropped" "0 0" "$(as T1 --json sync | sed -n 's/.*"outbox":\([0-9]*\),"refused":\([0-9]*\),.*/\1 \2/p')"
tries 0 'covers for the therapist until 2100-01-01' T1 grant C1 "$next" --class progress --rights read
tries 0 'covers for the therapist, until 2100-01-01' T1 access C1 --class progress

stop_server
finish
