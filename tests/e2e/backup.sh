#!/bin/sh
# Backups: made while people write, proved, spoiled in every way and refused, encrypted, on a disk that
# is full, and thinned out.
# shellcheck disable=SC2154 # set by the files it sources
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"
trap 'stop_writing; stop_server; umount "$work/disk" 2>/dev/null; rm -rf "$work"' EXIT
data=$work/data
writers=

# operator COMMAND ...: alcoved; out, err and exit code are kept.
operator() {
    "$bin/alcoved" "$@" >"$work/out" 2>"$work/err"
    code=$?
}
# exits TEXT CODE [PATTERN]: the last operator command, and what it said.
exits() {
    same "$1: exit code" "$2" "$code"
    [ $# -lt 3 ] || check "$1: says '$3', said: $(cat "$work/out" "$work/err")" grep -q -e "$3" "$work/out" "$work/err"
}
put() {
    printf '%s\n' "$2" >"$work/text.$1"
    as "$1" --json write C1 --class progress --file "$work/text.$1" 2>>"$work/err.$1" | json note
}
# writing NAME: notes one after another until the file goes.
writing() {
    while [ -e "$work/writing" ]; do
        put "$1" "Written by $1 while it is copied." >>"$work/notes.$1"
    done
}
stop_writing() {
    rm -f "$work/writing"
    # shellcheck disable=SC2086 # process ids are words
    [ -z "$writers" ] || wait $writers
    writers=
}

make_treatment
put t1 'Before the storm.' >"$work/notes.t1"

# 1. Made while somebody writes; every backup that is there is good, and the newest holds what was acknowledged.
: >"$work/writing"
writing t1 &
writers=$!
i=0
while [ "$i" -lt 6 ]; do
    before=$(wc -l <"$work/notes.t1")
    operator backup "$data" "$work/live$i" --json
    exits "backup $i while somebody writes" 0 '"status":"OK"'
    held=$(json revisions <"$work/out")
    check "backup $i holds what was acknowledged before: $held of $before" [ "$held" -ge "$before" ]
    sleep 0.5
    i=$((i + 1))
done
stop_writing
check "notes were written meanwhile" [ "$(wc -l <"$work/notes.t1")" -gt 3 ]
for i in 0 1 2 3 4 5; do
    operator backup --check "$work/live$i"
    exits "backup $i is proved" 0 'Proved: its signature, every file, .* and the signed heads of both logs'
done
one=$work/live5
check "no key is in it" sh -c "! grep -rlaF \"\$(head -c 40 '$data/login.key' | tail -c 24 | od -An -tx1 | tr -d ' \n')\" '$one'"
same "what is in it" "alcoved.conf data.mdb events.note manifest manifest.sig server.pub statements.note tls.crt" \
    "$(find "$one" -type f -printf '%f\n' | sort | tr '\n' ' ' | sed 's/ $//')"
same "for nobody else" "700 600" "$(stat -c %a "$one") $(find "$one" -type f -printf '%m\n' | sort -u)"
operator backup "$data" "$one"
exits "never over another" 1 'exists already'
operator backup --check "$one" --practice "$("$bin/alcoved" status "$data" --json | json practice)"
exits "of the right practice" 0
operator backup --check "$one" --practice "$(printf 'a%.0s' 1 2 3 4 5 6 7 8)$(printf 'b%.0s' 1 2 3 4 5 6 7 8)$(printf '0%.0s' 1 2 3 4 5 6 7 8 1 2 3 4 5 6 7 8 1 2 3 4 5 6 7 8 1 2 3 4 5 6 7 8 1 2 3 4 5 6 7 8 1 2 3 4 5 6 7 8)"
exits "of another practice" 5 'another practice'

# 2. status knows the newest good one.
operator status "$data"
exits "status tells its age" 0 "^backup  *20.* UTC, [0-9]* s ago, $one"
operator status "$data" --json
check "status --json tells its age" grep -q '"backup":{"time_ms":[0-9]*,"age_s":[0-9]*}' "$work/out"

# 3. One byte of each file, one after another; a copy each time.
for file in alcoved.conf data.mdb events.note server.pub statements.note tls.crt manifest manifest.sig; do
    rm -rf "$work/spoilt"
    cp -r "$one" "$work/spoilt"
    size=$(stat -c %s "$work/spoilt/$file")
    printf '\377' | dd of="$work/spoilt/$file" bs=1 seek=$((size / 2)) conv=notrunc 2>/dev/null
    operator backup --check "$work/spoilt"
    exits "$file with another byte" 5
    cp "$one/$file" "$work/spoilt/$file"
    truncate -s -1 "$work/spoilt/$file"
    operator backup --check "$work/spoilt" --json
    exits "$file cut" 5 '"status":"[A-Z_]*","reason":"'
    rm "$work/spoilt/$file"
    operator backup --check "$work/spoilt"
    exits "$file missing" 7 "$file"
    ln -s "$one/$file" "$work/spoilt/$file"
    operator backup --check "$work/spoilt"
    exits "$file a link" 5 "$file"
done
rm -rf "$work/spoilt"
# Files of two good backups do not make one.
cp -r "$work/live0" "$work/spoilt"
cp "$one/data.mdb" "$work/spoilt/data.mdb"
operator backup --check "$work/spoilt"
exits "the database of another one" 5 'data.mdb'
cp "$one/manifest" "$one/manifest.sig" "$work/spoilt"
operator backup --check "$work/spoilt"
exits "the manifest of another one" 5
operator backup --check "$work/founder"
exits "a folder that is no backup" 7 'manifest'
check "a check changes nothing" diff -r "$one" "$one"
same "and leaves nothing" 0 "$(find "$one" -newer "$work/live5/manifest" -type f | wc -l)"

# 4. A disk that is full: nothing half is left, and status knows the one before.
mkdir "$work/disk"
if mount -t tmpfs -o size=64k tmpfs "$work/disk" 2>/dev/null; then
    operator backup "$data" "$work/disk/full"
    exits "a full disk" 1 'the disk there is full'
    same "a full disk: nothing is left" 0 "$(find "$work/disk" -mindepth 1 | wc -l)"
    umount "$work/disk"
    operator status "$data"
    check "a full disk: status knows the one before" grep -q "^backup .*$one" "$work/out"
else
    say "no tmpfs can be mounted here: the full disk is not tried"
fi
operator backup "$data" "$work/none/at/all"
exits "no folder above" 7 'No such file'
mkdir "$work/left.part" && : >"$work/left.part/data.mdb"
operator backup "$data" "$work/left"
exits "what a crash left is in nobody's way" 0
check "and is gone" [ ! -e "$work/left.part" ]

# 5. Encrypted by age.
if command -v age >/dev/null && command -v age-keygen >/dev/null; then
    age-keygen -o "$work/age.key" 2>/dev/null
    age-keygen -o "$work/age.other" 2>/dev/null
    recipient=$(sed -n 's/.*public key: //p' "$work/age.key")
    operator backup "$data" "$work/sealed" --age "$recipient"
    exits "encrypted" 0 'encrypted'
    same "every file is" 6 "$(grep -lac '^age-encryption.org/v1' "$work/sealed"/*.age | wc -l)"
    operator backup --check "$work/sealed"
    exits "encrypted, without the key" 0 'was not looked at: give --identity'
    mkdir "$work/scratch"
    TMPDIR=$work/scratch
    export TMPDIR
    operator backup --check "$work/sealed" --identity "$work/age.key"
    exits "encrypted, with the key" 0 'Proved: .* signed heads of both logs'
    operator backup --check "$work/sealed" --identity "$work/age.other"
    exits "encrypted, with another's key" 5 'age did not decrypt'
    same "nothing decrypted is left" 0 "$(find "$work/scratch" -mindepth 1 | wc -l)"
    unset TMPDIR
    printf 'x' | dd of="$work/sealed/data.mdb.age" bs=1 seek=900 conv=notrunc 2>/dev/null
    operator backup --check "$work/sealed"
    exits "encrypted, with another byte" 5 'data.mdb.age was changed'
    operator backup "$data" "$work/sealed.wrong" --age 'age1nobody'
    exits "a recipient that is none" 1 'age did not encrypt'
    check "a recipient that is none: nothing is left" [ ! -e "$work/sealed.wrong" ]
else
    fail "age is missing: sh tests/run.sh packages"
fi
mkdir "$work/bare"
for program in alcoved alcove-signer; do ln -s "$bin/$program" "$work/bare/$program"; done
PATH=$work/bare "$bin/alcoved" backup "$data" "$work/sealed.none" --age age1x >"$work/out" 2>"$work/err"
code=$?
exits "no age" 7 'age is not installed'
check "no age: nothing is left" [ ! -e "$work/sealed.none" ]

# 6. A series, thinned out by the clock of a test.
mkdir "$work/series"
: >"$work/offset"
ALCOVE_CLOCK_OFFSET_FILE=$work/offset
export ALCOVE_CLOCK_OFFSET_FILE
day=0
while [ "$day" -lt 40 ]; do
    say $((day * 86400000)) >"$work/offset"
    operator backup "$data" --into "$work/series" --keep 7,5,12
    [ "$code" = 0 ] || exits "backup of day $day" 0
    day=$((day + 1))
done
kept=$(find "$work/series" -mindepth 1 -maxdepth 1 | wc -l)
check "of 40 days 7 days, 5 weeks and 2 or 3 months stay: $kept" [ "$kept" -ge 10 ]
check "and no more: $kept" [ "$kept" -le 14 ]
for folder in "$work/series"/*; do
    operator backup --check "$folder"
    [ "$code" = 0 ] || exits "${folder##*/} of the series" 0
done
mkdir "$work/series/20200101T000000Z" "$work/series/20200102T000000Z.part" "$work/series/notes"
sleep 1.1
operator backup "$data" --into "$work/series" --keep 1,0,0
exits "a series, one to stay" 0 '1 backups in .* stay'
same "others' folders stay, and parts go" "20200101T000000Z notes" \
    "$(find "$work/series" -mindepth 1 -maxdepth 1 -printf '%f\n' | sort | grep -v '^202[67]' | tr '\n' ' ' | sed 's/ $//')"
unset ALCOVE_CLOCK_OFFSET_FILE
operator backup "$data" "$work/x" --keep 7,5,12
exits "--keep without --into" 2
operator backup "$data" --into "$work/series" --keep 7,5
exits "--keep of two numbers" 2

# 7. While nothing is served, and where no signer is.
stop_server
operator backup "$data" "$work/stopped"
exits "of a practice that is not served" 0
mv "$data/signer" "$work/signer"
operator backup "$data" "$work/unsigned"
exits "without the log signer" 1 'log signer'
check "without the log signer: nothing is left" sh -c "! ls -d '$work'/unsigned* 2>/dev/null"
mv "$work/signer" "$data/signer"
finish
