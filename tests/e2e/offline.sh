#!/bin/sh
# Without the server: write, list, show, search and export work; what was written is sent when
# it is back, in order and once; nothing is doubled when an answer was lost.
# shellcheck disable=SC2154 # set by the files it sources
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

# put NAME TEXT OPTION…: a note of this text, from a file.
put() {
    name=$1
    printf '%s\n' "$2" >"$work/text"
    shift 2
    as "$name" --json write "$@" --file "$work/text" 2>>"$work/err"
}
notes() { as "$1" --json list 2>/dev/null | tr '{' '\n' | grep -c "\"class\":\"$2\""; }

make_practice >/dev/null || fail "no practice"
start_server
as ad join "$work/founder/admin-invitation.txt" --yes --trial --card "$work/ad.card" >/dev/null ||
    fail "the admin did not join"
as ad sync >/dev/null
as ad member invite --role therapist --name 'Tess One' --out "$work/t1.code" >/dev/null
as t1 join "$work/t1.code" --yes --trial --card "$work/t1.card" >/dev/null ||
    fail "the therapist did not join"
as t1 sync >/dev/null
as ad delegate 'Tess One' >/dev/null || fail "no delegation"
as t1 member invite --role client --name 'Cleo One' --out "$work/c1.code" >/dev/null
as c1 join "$work/c1.code" --yes --trial --card "$work/c1.card" >/dev/null ||
    fail "the client did not join"
as c1 sync >/dev/null
as ad sync >/dev/null
as ad relate 'Tess One' treats \
    "$(as ad --json member list | tr '{' '\n' | grep '"client"' | json member)" >/dev/null
same "a chart by the typed name" 0 "$(as t1 chart new 'Cleo One' --name 'Cleo One' >/dev/null; echo $?)"
first=$(put t1 'Before the storm.' 'Cleo One' --class progress --title Before | json note)
check "written online" test -n "$first"

stop_server
same "sync says unreachable" 4 "$(as t1 sync >/dev/null 2>&1; echo $?)"
one=$(put t1 'Written in the dark, number one.' 'Cleo One' --class progress --title Dark)
same "saved, not sent" false "$(say "$one" | json sent)"
two=$(put t1 'Written in the dark, number two.' 'Cleo One' --class progress)
own=$(put t1 'My own hypothesis.' 'Cleo One' --class process)
draft=$(put t1 'Half a thought' 'Cleo One' --class progress --draft | json note)
# An addendum to a note that the server has, and an edit of a draft that it has not.
same "an addendum offline" 0 "$(put t1 'More became known.' --note "$first" --addendum \
    --reason 'new fact' >/dev/null; echo $?)"
same "an edit of a waiting draft" 0 \
    "$(put t1 'Half a thought, and the other half' --note "$draft" --draft >/dev/null; echo $?)"
same "a signed note is not edited" 3 \
    "$(put t1 'No.' --note "$first" >/dev/null 2>&1; echo $?)"
check "it is said where it is" grep -q 'saved here, sealed' "$work/err"
same "listed" 4 "$(notes t1 progress)"
check "shown" sh -c "printf '%s\n' '$passphrase' | '$bin/alcove' --profile '$work/t1' \
    --passphrase-fd 0 show '$(say "$one" | json note)' 2>/dev/null | grep -q 'number one'"
same "found" 2 "$(as t1 --json search 'in the DARK' 2>/dev/null | tr '{' '\n' | grep -c '"note"')"
same "exported" 0 "$(as t1 export --all "$work/out" >/dev/null 2>&1; echo $?)"
check "the manifest says what the server has not" grep -q '"on_server":	false' "$work/out/manifest.json"
same "process notes are left out" 0 "$(find "$work/out" -name 'process-*' | wc -l)"
check "they are closed to others" test "$(stat -c %a "$work/out/manifest.json")" = 600
(cd "$work/out" && tr -d '\n\t' <manifest.json | sed 's/"file":"/\n/g' |
    sed -n 's/^\([^"]*\)","sha256":"\([0-9a-f]*\)".*/\2  \1/p' >../sums && sha256sum -c ../sums >/dev/null)
same "the sums hold" 0 $?
check "and there are some" test -s "$work/sums"
same "an existing folder is refused" 1 "$(as t1 export --all "$work/out" >/dev/null 2>&1; echo $?)"
same "waiting, with three words of the export" 9 "$(as t1 --json status | json outbox)"
same "doctor finds it" 1 "$(as t1 doctor >/dev/null 2>&1; echo $?)"
same "a client reads what is here" 0 "$(as c1 list >/dev/null 2>&1; echo $?)"


# A lock-out that has not reached the server must not look done, and the server's silence is told
# once a command.
as ad member suspend 'Tess One' --yes >"$work/suspended" 2>"$work/suspended.err"
same "a suspension that waits is not done" 4 $?
check "which is said, and of whom" sh -c "tr '\n' ' ' <'$work/suspended' |
    grep -q 'NOT YET IN FORCE: Tess One can still connect, read and write'"
same "once that the server is away" 1 "$(grep -c 'cannot be reached' "$work/suspended.err")"
as t1 show "$first" >/dev/null 2>"$work/shown.err"
same "a note that is here is shown" 0 $?
same "under one banner" 1 "$(wc -l <"$work/shown.err")"

# Whoever waits for work on this machine is told so, once.
for words in list 'search dark' "export --all $work/out.slow"; do
    # shellcheck disable=SC2086 # the words of one command
    ALCOVE_SLOW=1 as t1 $words >/dev/null 2>"$work/slow"
    same "$words: it goes on" 1 "$(grep -c 'still reading the notes that are here' "$work/slow")"
done

# Nor must a chart that nobody else has.
as t1 chart add 'Cleo One' --class safety >"$work/made" 2>"$work/made.err"
same "a section that waits is not made for anybody else" 4 $?
check "which is said" grep -q 'NOT YET THERE for anybody else' "$work/made"
as c1 log >"$work/log" 2>"$work/log.err"
same "the log lies on the server alone" "4 0" "$? $(wc -l <"$work/log")"

# Killed in the middle of sending, again and again: what waits is neither lost nor doubled.
# --foreground: timeout stays until the killed command has let go of the profile.
: >"$work/server.log"
start_server
i=0
while [ "$i" -lt 12 ]; do
    printf '%s\n' "$passphrase" |
        timeout --foreground -s KILL "0.$((20 + i * 5))" "$bin/alcove" --profile "$work/t1" --passphrase-fd 0 \
            sync >/dev/null 2>&1
    i=$((i + 1))
done
same "sent" 0 "$(as t1 sync >/dev/null; echo $?)"
same "nothing waits" 0 "$(as t1 --json status | json outbox)"
same "nothing doubled" 4 "$(notes t1 progress)"
same "one process note" 1 "$(notes t1 process)"
same "one head each" 5 "$(as t1 --json list | tr '{' '\n' | grep -E '"class":"(progress|process)"' |
    grep -c '"heads":1,')"
same "the draft's two revisions" 2 \
    "$(as t1 --json history "$draft" | tr '{' '\n' | grep -c '"revision":')"
same "the addendum came after" 2 \
    "$(as t1 --json history "$first" | tr '{' '\n' | grep -c '"revision":')"
same "in the order of writing" "$(say "$one" | json note)" \
    "$(as t1 --json list 'Cleo One' | tr '{' '\n' | grep '"progress"' | sed -n '$p' | json note)"
check "the second is there" sh -c "printf '%s\n' '$passphrase' | '$bin/alcove' --profile '$work/t1' \
    --passphrase-fd 0 show '$(say "$two" | json note)' | grep -q 'number two'"
check "the process note is there" test -n "$(say "$own" | json note)"
stop_server
check "the server's store holds" sh -c "'$bin/alcoved' fsck '$work/data' >/dev/null"

# In an alarm, here of a server that forgot: what is here is read and written on, under one banner.
cp -r "$work/data" "$work/before"
: >"$work/server.log"
start_server
put t1 'Forgotten by the server.' 'Cleo One' --class progress --title Forgotten >/dev/null
stop_server
rm -rf "$work/data"
mv "$work/before" "$work/data"
: >"$work/server.log"
start_server
# banners: how often the alarm is told in $work/alarm.
banners() { grep -c 'ALARM' "$work/alarm"; }
as t1 list >"$work/listed" 2>"$work/alarm"
same "a list in an alarm" "5 1 1" "$? $(grep -c 'Forgotten$' "$work/listed") $(banners)"
as t1 --json show Forgotten >"$work/shown" 2>"$work/alarm"
same "one JSON value of a note" "5 1 1 1" "$? $(wc -l <"$work/shown") $(grep -c 'by the server' "$work/shown") $(banners)"
as t1 export --all "$work/out.alarm" >/dev/null 2>"$work/alarm"
same "an export" "5 1 1" "$? $(grep -rl 'Forgotten by' "$work/out.alarm" | wc -l) $(banners)"
dark=$(put t1 'Written in the alarm.' 'Cleo One' --class progress)
same "a note is saved, and that is no answer to the alarm" "5 false" "$? $(say "$dark" | json sent)"
same "and is there" 1 "$(as t1 --json search 'in the alarm' 2>/dev/null | tr '{' '\n' | grep -c '"note"')"
for words in 'chart list' 'member list' 'relate list' 'device list'; do
    # shellcheck disable=SC2086 # the words of one command
    as t1 $words >"$work/listed" 2>"$work/alarm"
    same "$words in an alarm" "5 1" "$? $(banners)"
    check "with what was verified before" test -s "$work/listed"
done
as t1 log >"$work/log" 2>"$work/alarm"
same "the log in an alarm" "5 0 1" "$? $(wc -l <"$work/log") $(banners)"
as t1 delegate 'Tess One' >/dev/null 2>"$work/alarm"
same "nothing is stated" 5 $?
stop_server
finish
