#!/bin/sh
# What an operator of a server meets: its log, its status, the ways to stop it, a clock that
# jumps, damage, wrong files, and mistakes in addresses and configuration.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"
trap 'stop_server; umount "$work/disk" 2>/dev/null; rm -rf "$work"' EXIT
stamp='^[0-9]\{4\}-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-9][0-9]\.[0-9]\{3\}Z'
log=$work/server.log
data=$work/data
day_ms=86400000
ALCOVE_CLOCK_OFFSET_FILE=$work/offset
offset() { say "$1" >"$work/offset.new" && mv "$work/offset.new" "$work/offset"; }
offset 0

# operator COMMAND ...: alcoved with the server's clock; out and exit code are kept.
operator() {
    ALCOVE_CLOCK_OFFSET_FILE=$work/offset "$bin/alcoved" "$@" >"$work/out" 2>&1
    code=$?
}
# exits TEXT CODE [PATTERN]: the last operator command, and what it said.
exits() {
    same "$1: exit code" "$2" "$code"
    [ $# -lt 3 ] || check "$1: says '$3', said: $(cat "$work/out")" grep -q -e "$3" "$work/out"
}
# logged PATTERN [SECONDS]: the log has such a line, soon.
logged() {
    waits=0
    until grep -q -e "$1" "$log"; do
        waits=$((waits + 1))
        [ "$waits" -lt "$((${2:-10} * 10))" ] || return 1
        sleep 0.1
    done
}
start() {
    : >"$log"
    export ALCOVE_CLOCK_OFFSET_FILE
    start_server
    unset ALCOVE_CLOCK_OFFSET_FILE
    ALCOVE_CLOCK_OFFSET_FILE=$work/offset
}
events() { ALCOVE_CLOCK_OFFSET_FILE=$work/offset "$bin/alcoved" status "$data" --json | json events; }

# 1. Addresses that no client could use are refused before anything is made.
refused_address() {
    operator init "$work/none" --listen "$1"
    exits "init --listen $1" 2 "$2"
    check "init --listen $1 names the address" grep -q -F -e "$1" "$work/out"
    check "init --listen $1 makes nothing" [ ! -e "$work/none" ]
}
refused_address ::1:7512 'brackets'
refused_address http://host:7512 'without http'
refused_address localhost:0 'port 0'
refused_address 'exämple.org:7512' 'ASCII'
refused_address 0.0.0.0:7512 '--address HOST:PORT'
refused_address '[::]:7512' '--address HOST:PORT'
refused_address 'ho st:7512' 'characters'
operator init "$work/wild" --listen 0.0.0.0:7512 --address host.example:7512
exits "a wildcard with an address for clients" 0
operator init "$work/none" --listen 127.0.0.1:7512 --address 0.0.0.0:7512
exits "a wildcard as the address for clients" 2 '0.0.0.0:7512'
operator init "$work/none" --listen 0.0.0.0:7512 --on-this-machine --name N --out "$work/none-out"
exits "a wildcard on this machine" 2 '--address HOST:PORT'

# 2. A practice; before its genesis the advice is the genesis.
operator serve "$work/wild"
exits "no genesis yet" 7 'init DATA --genesis'
make_practice >/dev/null || fail "no practice"
operator status "$data"
exits "status of a server that does not run" 4 '^server  *not running'

# A practice of format 1 is refused by every command, which say so alike and change nothing. The sample is
# the data.mdb of `alcoved init … --on-this-machine` of the last program of that format, cut to its used pages.
old=$work/old
operator init "$old" --listen 127.0.0.1:7512
exits "the keys of a server for the old practice" 0
mkdir "$old/db" && gzip -dc "$root/tests/data/format-1.mdb.gz" >"$old/db/data.mdb" && chmod 0600 "$old/db/data.mdb"
sha256sum "$old/db/data.mdb" >"$work/old.sum"
for command in serve status fsck clock; do
    operator "$command" "$old"
    exits "$command of format 1" 1 'format 1, and this program reads format 3 alone'
    check "$command of format 1 says what to do" grep -q 'begin a new practice in another folder' "$work/out"
    check "$command of format 1 changes nothing" sha256sum --quiet -c "$work/old.sum"
done

# 3. Configuration.
cp "$data/alcoved.conf" "$work/conf"
: >"$data/alcoved.conf"
operator serve "$data"
exits "an empty configuration" 2 "$data/alcoved.conf: .listen = HOST:PORT. is missing"
say 'listen =' >"$data/alcoved.conf"
operator serve "$data"
exits "an empty listen" 2 "$data/alcoved.conf line 1"
cp "$work/conf" "$data/alcoved.conf"
say 'require-sandbox = perhaps' >>"$data/alcoved.conf"
operator serve "$data"
exits "a sandbox that may be" 2 'require-sandbox: the value is not allowed'
cp "$work/conf" "$data/alcoved.conf"
say 'map-mib = 48' >>"$data/alcoved.conf"
say 'require-sandbox = yes' >>"$data/alcoved.conf"

# 4. It says how it is.
start
check "the start is a line with time and level" grep -q "$stamp notice alcoved: .*practice [0-9a-f]" "$log"
check "the sandbox is said" grep -q "$stamp notice alcoved: sandboxed: .*seccomp, Landlock [0-9]" "$log"
threads=0
for thread in "/proc/$server_pid/task"/*; do
    threads=$((threads + 1))
    same "thread $threads is in the sandbox" "1 2" \
        "$(sed -n 's/^\(NoNewPrivs\|Seccomp\):[[:space:]]*//p' "$thread/status" | tr '\n' ' ' | sed 's/ $//')"
done
check "the server has threads" [ "$threads" -ge 4 ]
operator status "$data"
exits "status of a running server" 0 '^server  *running'
for line in 'version  *[0-9]' 'format  *3$' 'practice  *[0-9a-f]\{64\}$' 'disk  *[0-9]* bytes free; notes need 67108864, reading 16777216' \
    'log signer  *started by alcoved, with its user' '  *whoever takes over alcoved can sign a second history' 'last event  *20.* UTC, [0-9]* s ago' 'clock .*believed' 'map  *50331648 bytes' 'room  *there is room'; do
    check "status has a line: $line" grep -q "^$line" "$work/out"
done
check "status finds no file wrong" sh -c "! grep -q '^file' '$work/out'"
operator status "$data" --json
exits "status --json" 0 '"running":true.*"writes":true'
exits "status --json of the signer" 0 '"signer":{"place":"child","own_user":false}'
if command -v jq >/dev/null; then check "status --json is JSON" jq -e . "$work/out" >/dev/null; fi
chmod 0755 "$data/db" && operator status "$data"
exits "a folder that is open to others" 0 "^file .*data/db has mode 0755 and must have 0700: chmod 700 $data/db"
chmod 0700 "$data/db"
operator serve "$data"
exits "a second server" 1 'served already'

# 5. Every ordinary signal ends it in order; two others do nothing, and one has files read again (operations.sh).
kill -USR1 "$server_pid" && kill -USR2 "$server_pid"
check "USR1 is ignored" logged "$stamp notice alcoved: SIGUSR1 .*ignored"
check "USR2 is ignored" logged 'SIGUSR2 .*ignored'
for signal in INT QUIT TERM; do
    kill "-$signal" "$server_pid"
    wait "$server_pid"
    same "exit code after $signal" 0 "$?"
    check "$signal is said" grep -q "$stamp notice alcoved: stopping on SIG$signal" "$log"
    check "the end is said after $signal" grep -q 'stopped; everything that was acknowledged' "$log"
    start
done

# 6. A clock that jumps ahead is not believed, and is believed again when it is right.
as admin join "$work/founder/admin-invitation.txt" --yes --trial --card "$work/card" >"$work/join.out" 2>&1 || fail "join: $(cat "$work/join.out")"
before=$(events)
offset $((366 * day_ms))
check "the jump is said" logged "$stamp error alcoved: the clock jumped ahead"
timeout 20 sh -c ". '$root/tests/lib.sh'; printf '%s\n' '$passphrase' | '$bin/alcove' --profile '$work/admin' --passphrase-fd 0 sync" >/dev/null 2>&1
operator status "$data"
exits "status with such a clock" 3 '^clock .*jumped ahead'
same "no event was written" "$before" "$(events)"
operator clock "$data"
exits "clock" 3 'does not believe'
offset 0
check "right again, and said" logged 'the clock is believed again'
same "the jump was said once" 1 "$(grep -c 'clock jumped ahead' "$log")"
check "requests are taken" as admin sync
operator status "$data"
exits "status with a right clock" 0

# The same over a restart; then a person says that it is right.
stop_server
offset $((2 * 3600 * 1000))
start
check "the jump is said at the start" logged 'the clock jumped ahead'
operator clock "$data" --accept
exits "clock --accept" 0 'Accepted'
check "accepted, and said" logged 'the clock is believed again'
operator status "$data"
exits "status with an accepted clock" 0
offset $((-2 * day_ms))
sleep 2
offset $((2 * 3600 * 1000))
sleep 2
same "back and right again is no jump" 1 "$(grep -c 'clock jumped ahead' "$log")"
stop_server

# A machine that was off for a week starts by itself, and after a year it asks.
rested() {
    # The last moment was in another start of the machine.
    sed 's/ [0-9a-f-]*$/ 00000000-0000-0000-0000-000000000000/' "$data/clock" >"$work/clock" && cat "$work/clock" >"$data/clock"
    offset "$1"
    start
    sleep 1.5
    operator status "$data"
    stop_server
}
rested $((7 * day_ms))
exits "a week's rest" 0
rested $((400 * day_ms))
exits "more than a year's rest" 3 'jumped ahead'
offset $((7 * day_ms))

# 7. The map is the one of the configuration, for fsck too; a small disk is said, with what to do.
sed 's/^map-mib.*/map-mib = 1/' "$data/alcoved.conf" >"$work/conf.small" && cat "$work/conf.small" >"$data/alcoved.conf"
start
operator status "$data"
exits "status with a map of 1 MiB" 0 '^map  *1048576 bytes'
stop_server
cat "$work/conf" >"$data/alcoved.conf"

if mkdir "$work/disk" && mount -t tmpfs -o size=120m tmpfs "$work/disk" 2>/dev/null; then
    cp -a "$data" "$work/disk/data"
    whole=$data
    data=$work/disk/data
    mv "$whole" "$whole.aside" && ln -s "$data" "$whole"
    start
    dd if=/dev/zero of="$work/disk/ballast" bs=1M count=80 2>/dev/null
    check "a small disk is said" logged "$stamp error alcoved: the disk has [0-9]* bytes free: new notes are refused; free 2[0-9] MiB"
    operator status "$data"
    exits "status with a small disk" 3 '^room .*new notes are refused'
    dd if=/dev/zero of="$work/disk/more" bs=1M count=30 2>/dev/null
    check "a full disk is said" logged 'everything is refused, reading too'
    rm "$work/disk/ballast" "$work/disk/more"
    check "room is said" logged "$stamp notice alcoved: there is room"
    sleep 2
    same "three lines and no more" 3 "$(grep -c 'refused\|there is room' "$log")"
    operator status "$data"
    exits "status with room again" 0
    stop_server
    rm "$whole" && mv "$whole.aside" "$whole"
    data=$whole
    umount "$work/disk"
else
    say "-- no file system can be mounted here: a full disk was not tried"
fi

# 8. Files that are not as they were made say so, and how they are mended.
chmod 0644 "$data/login.key" && operator serve "$data"
exits "a key that others may read" 1 "login.key has mode 0644 and must have 0600: chmod 600 $data/login.key"
chmod 0600 "$data/login.key"
prlimit --nofile=40 "$bin/alcoved" serve "$data" >"$work/out" 2>&1
code=$?
exits "too few descriptors" 1 '40 file descriptors .* it is 10064'
prlimit --as=4000000000 "$bin/alcoved" serve "$data" >"$work/out" 2>&1
code=$?
exits "too little address space" 1 'ulimit -v.*map-mib'
cp "$data/db/data.mdb" "$work/data.mdb"
: >"$data/db/data.mdb"
operator serve "$data"
exits "an emptied database" 7 'the database is gone or empty'
check "an emptied database is not set up anew" sh -c "! grep -q genesis '$work/out'"
operator fsck "$data"
exits "fsck of an emptied database" 7 'put back'
cp "$work/data.mdb" "$data/db/data.mdb"
start
stop_server

# 9. A damaged database: what can be told apart is served on and said; else nothing is served, in words.
flip() { node "$root/tests/support/lmdb_flip.mjs" "$data/db/data.mdb" "$1" "$2"; }
cp "$data/db/data.mdb" "$work/data.mdb"
flip id row
start
check "a damaged row is said" logged "$stamp error alcoved: the database is damaged in 1 place: id .*everything else is served"
operator status "$data"
exits "status of a server with a damaged row" 5 '^damage  *1 place: id '
operator status "$data" --json
exits "status --json of it" 5 '"damage":"1 place: id '
stop_server
operator fsck "$data"
exits "fsck of a damaged row" 5 'id (not numbered) is not as it was written'
check "fsck says what goes on" grep -q 'serves everything else' "$work/out"
check "fsck says what to do" grep -q 'keep a copy of DATA' "$work/out"
flip id row
start
operator status "$data"
exits "status when it is whole again" 0
check "no damage is said then" sh -c "! grep -q '^damage' '$work/out'"
stop_server

refuses() {
    flip "$1" "$2"
    operator serve "$data"
    exits "serve with a damaged $1 $2" 5 "$3"
    operator status "$data"
    exits "status with a damaged $1 $2" "$4"
    operator fsck "$data"
    exits "fsck with a damaged $1 $2" 5 'does not start'
    flip "$1" "$2"
}
refuses - list 'the list of all tables.*nothing can be served' 5
refuses statement row 'statement [0-9]* is damaged, and all rights follow from' 4
refuses statement page 'statement [0-9]* is damaged' 4
check "the flips were taken back" cmp -s -n 8192 "$work/data.mdb" "$data/db/data.mdb"
start
check "the server of before" as admin sync
# The file is cut while it is served: it cannot be read there any more, and that is said once.
truncate -s 8192 "$data/db/data.mdb"
as admin sync >"$work/cut.out" 2>&1
wait "$server_pid"
same "exit code when the file is cut" 70 "$?"
check "it is said" grep -q 'cannot be read at a place that is in use' "$log"
operator serve "$data"
exits "a file that was cut" 5 'its first two pages, or its length'
cp "$work/data.mdb" "$data/db/data.mdb"

finish
