#!/bin/sh
# A server that is set back to yesterday: a backup is put in place, or an old database is. It is read-only
# and says why; people keep what they have, and write on; and once the newest is back nothing is missing.
# shellcheck disable=SC2154 # set by the files it sources
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"
trap 'stop_server; umount "$work/disk" 2>/dev/null; rm -rf "$work"' EXIT
data=$work/data
log=$work/server.log

operator() {
    "$bin/alcoved" "$@" >"$work/out" 2>"$work/err"
    code=$?
}
exits() {
    same "$1: exit code" "$2" "$code"
    [ $# -lt 3 ] || check "$1: says '$3', said: $(cat "$work/out" "$work/err")" grep -q -e "$3" "$work/out" "$work/err"
}
# says TEXT CODE PATTERN NAME COMMAND...: a person's command, what it said on both sides, in one line.
says() {
    words=$1
    want=$2
    pattern=$3
    shift 3
    as "$@" >"$work/said" 2>&1
    same "$words: exit code" "$want" "$?"
    check "$words: says '$pattern', said: $(cat "$work/said")" sh -c "tr '\n' ' ' <'$work/said' | tr -s ' ' | grep -q -e '$pattern'"
}
put() {
    printf '%s\n' "$2" >"$work/text"
    as "$1" --json write C1 --class progress --file "$work/text" 2>>"$work/err.$1"
}
start() {
    stop_server
    : >"$log"
    start_server
}
AWAY='the server was set back to an earlier state, and takes and hands out nothing until whoever runs it has put that right'

make_treatment
before=$(put t1 'Before the backup.' | json note)
printf 'I asked for help.\n' >"$work/text"
as c1 moment --category boundary --file "$work/text" >/dev/null || fail "no moment"
as c1 sync >/dev/null
cp -r "$data/signer" "$work/signer.oldest"
between=$(put t1 'Between the two.' | json note)
as c1 sync >/dev/null
operator backup "$data" "$work/yesterday"
exits "the backup of yesterday" 0
cp "$data/db/data.mdb" "$work/data.mdb.old"
after=$(put t1 'After the backup.' | json note)
check "three notes were written" [ -n "$before" ] && [ -n "$between" ] && [ -n "$after" ]

# 1. A restore is refused before anything is touched.
operator restore "$work/yesterday" "$data"
exits "over what is there" 1 'exists already'
operator restore "$work/founder" "$work/new"
exits "what is no backup" 7 'manifest'
cp -r "$work/yesterday" "$work/spoilt"
printf '\377' | dd of="$work/spoilt/data.mdb" bs=1 seek=20000 conv=notrunc 2>/dev/null
operator restore "$work/spoilt" "$work/new"
exits "a spoilt one" 5 'data.mdb was changed'
operator restore "$work/yesterday" "$work/new" --practice "$(printf '%064d' 0)"
exits "of another practice" 5 'another practice'
mkdir "$work/disk"
if mount -t tmpfs -o size=64k tmpfs "$work/disk" 2>/dev/null; then
    operator restore "$work/yesterday" "$work/disk/data"
    exits "on a full disk" 1
    same "on a full disk: nothing is left" 0 "$(find "$work/disk" -mindepth 1 | wc -l)"
    umount "$work/disk"
fi
check "nothing was made" sh -c "! ls -d '$work/new'* 2>/dev/null"

# 2. The machine's disk died: yesterday's backup, no signer, no keys.
stop_server
mv "$data" "$work/today"
operator restore "$work/yesterday" "$data"
exits "put in place" 0 'copy login.key and tls.key there'
same "what is there" "alcoved.conf db restored server.pub tls.crt" "$(find "$data" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | tr '\n' ' ' | sed 's/ $//')"
operator serve "$data"
exits "without its keys" 1 'login.key'
cp "$work/today/login.key" "$work/today/tls.key" "$data"
start
check "read-only, and why" grep -q 'error alcoved: read-only: a backup was put back, and no log signer answers' "$log"
operator status "$data"
exits "status" 5 '^read-only  *a backup was put back'
operator status "$data" --json
check "status --json" grep -q '"writes":false,"reads":false,.*"read_only":"a backup was put back' "$work/out"
sum=$(sha256sum <"$data/db/data.mdb")

# T1 has seen more than the server holds; C1 has not.
says "T1 is warned" 5 'ALARM: The server has forgotten what this device has already seen' t1 sync
says "T1 lists what is here" 5 'What is here was verified before' t1 list
same "all three notes are here" 3 "$(as t1 --json list 2>/dev/null | tr '{' '\n' | grep -c '"class":"progress"')"
says "T1 reads the newest" 5 'After the backup' t1 show "$after"
same "T1 writes on" false "$(put t1 'Written while it is read-only.' | json sent)"
says "C1 hears one sentence" 4 "$AWAY; this is what was here at the last sync" c1 sync
says "C1 lists what is here" 0 "$AWAY" c1 list
printf 'I said no.\n' >"$work/text"
says "C1 writes on" 0 "not sent yet: $AWAY\|not sent yet. It is saved here" c1 moment --category boundary --file "$work/text"
says "a log is not asked for in vain" 4 "$AWAY" c1 log
says "the admin hears it too" 4 "$AWAY" ad log
same "the database is as it was" "$sum" "$(sha256sum <"$data/db/data.mdb")"
operator backup "$data" "$work/no.backup"
exits "no backup is made without a signer" 1 'log signer'

# 3. With the log signer it is known what is missing.
stop_server
cp -r "$work/today/signer" "$data/signer"
start
check "read-only, and what is missing" grep -q 'read-only: the backup that was put back has [0-9]* statements and [0-9]* events, and the log signer signed [0-9]* and [0-9]*\.' "$log"
says "C1 hears the same" 4 "$AWAY" c1 sync
says "T1 hears the same" 5 'has forgotten what this device has already seen' t1 sync
operator backup "$data" "$work/no.backup"
exits "no backup is made of what was set back" 5 'copied before the heads'
check "nor left" sh -c "! ls -d '$work/no.backup'* 2>/dev/null"

# 4. An old state of the signer, copied back as well, would sign a second history.
stop_server
rm -rf "$data/signer"
cp -r "$work/signer.oldest" "$data/signer"
start
check "an old state is found out" grep -q "read-only: the log signer.s state is older than the backup" "$log"
says "C1 hears the same again" 4 "$AWAY" c1 sync
same "the database is as it was, still" "$sum" "$(sha256sum <"$data/db/data.mdb")"

# 5. An old database put back by hand, which has no mark of a restore.
stop_server
rm -rf "$data"
cp -r "$work/today" "$data"
cp "$work/data.mdb.old" "$data/db/data.mdb"
start
check "an old copy is found out" grep -q 'read-only: the database is an old copy: it has [0-9]* statements' "$log"
says "C1 hears the same of an old copy" 4 "$AWAY" c1 sync
says "T1 hears the same of an old copy" 5 'has forgotten what this device has already seen' t1 sync

# 6. The newest is back: everybody goes on by themselves, and nothing is missing or doubled.
stop_server
rm -rf "$data"
cp -r "$work/today" "$data"
start
check "not read-only any more" sh -c "! grep -q read-only '$log'"
operator status "$data" --json
check "status forgets it" grep -q '"writes":true,"reads":true,.*"read_only":""' "$work/out"
says "T1 goes on" 0 '0 waiting to be sent' t1 sync
says "C1 goes on" 0 '0 waiting to be sent' c1 sync
as t1 sync >/dev/null
same "T1 has all four notes" 4 "$(as t1 --json list | tr '{' '\n' | grep -c '"class":"progress"')"
says "the log holds" 0 '' c1 log verify

# 7. Nothing was signed after the backup: the practice moves, and goes on as if nothing had been.
stop_server
operator backup "$data" "$work/moving"
exits "a backup of a practice at rest" 0
mv "$data" "$work/left"
operator restore "$work/moving" "$data"
exits "put in place elsewhere" 0
cp "$work/left/login.key" "$work/left/tls.key" "$data"
mv "$work/left/signer" "$data/signer"
start
check "it goes on" sh -c "! grep -q read-only '$log'"
check "and forgets that it was put back" [ ! -e "$data/restored" ]
same "T1 writes, and it is sent" true "$(put t1 'On the new machine.' | json sent)"
says "C1 reads on" 0 '' c1 sync
operator fsck "$data"
exits "fsck" 0
stop_server

# 8. An encrypted one.
if command -v age >/dev/null; then
    age-keygen -o "$work/age.key" 2>/dev/null
    operator backup "$data" "$work/sealed" --age "$(sed -n 's/.*public key: //p' "$work/age.key")"
    exits "an encrypted one" 0
    operator restore "$work/sealed" "$work/opened"
    exits "an encrypted one without the key" 2 'give --identity FILE'
    operator restore "$work/sealed" "$work/opened" --identity "$work/age.key"
    exits "an encrypted one with the key" 0 'is in place'
    cmp -s "$work/opened/alcoved.conf" "$data/alcoved.conf"
    same "an encrypted one: the configuration" 0 "$?"
    same "an encrypted one: for nobody else" "700 700 600" "$(stat -c %a "$work/opened" "$work/opened/db" | tr '\n' ' ')$(find "$work/opened" -type f -printf '%m\n' | sort -u)"
fi
finish
