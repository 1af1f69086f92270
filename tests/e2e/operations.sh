#!/bin/sh
# A server that is left running, through what happens to it: configuration and certificate read anew,
# files that are wrong, a map that is full and grows, a signer that is killed or stopped. Nothing that was
# acknowledged is lost, clients go on by themselves, and what the server says of itself is true.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"
trap 'as t1 lock >/dev/null 2>&1; stop_server; rm -rf "$work"' EXIT
stamp='^[0-9]\{4\}-[0-9][0-9]-[0-9][0-9]T[0-9:.]*Z'
log=$work/server.log
data=$work/data

# logged PATTERN [SECONDS]: what the server has said since the last `mark` has such a line, soon.
marked=0
mark() { marked=$(wc -l <"$log"); }
since() { tail -n "+$((marked + 1))" "$log"; }
logged() {
    waits=0
    until since | grep -q -e "$1"; do
        waits=$((waits + 1))
        [ "$waits" -lt "$((${2:-10} * 10))" ] || return 1
        sleep 0.1
    done
}
hup() {
    mark
    kill -HUP "$server_pid"
}
# The subject of the certificate that a new connection is shown.
shown() {
    openssl s_client -connect "127.0.0.1:$port" </dev/null 2>/dev/null | sed -n 's/^subject=.*CN *= *//p' | head -n 1
}
# shows CN: soon, since each thread takes it at its next turn; on eight connections one after another.
shows() {
    waits=0
    right=0
    while [ "$right" -lt 8 ]; do
        if [ "$(shown)" = "$1" ]; then right=$((right + 1)); else right=0; fi
        waits=$((waits + 1))
        [ "$waits" -lt 40 ] || return 1
    done
}
# certificate KEY CN: a new one into tls.crt.
certificate() {
    openssl req -x509 -new -key "$1" -subj "/CN=$2" -days 30 -out "$work/new.crt" 2>/dev/null || fail "no certificate"
    cp "$work/new.crt" "$data/tls.crt"
}
# The connection that an agent has to the server, by the number of its socket.
socket_of() {
    for fd in "/proc/$1/fd"/*; do
        link=$(readlink "$fd")
        case $link in
        socket:*)
            inode=${link#socket:[}
            inode=${inode%]}
            grep -q " 01 .* $inode " /proc/net/tcp && say "$inode"
            ;;
        esac
    done
}
# noted TEXT: T1's note, which is at the server when this ends.
notes=0
noted() {
    notes=$((notes + 1))
    say "note $notes, $1" >"$work/note"
    quiet t1 write C1 --class progress --file "$work/note" >"$work/out" 2>&1 && grep -q 'on the server, sealed' "$work/out"
}

make_treatment
as t1 unlock >/dev/null 2>&1 || fail "no agent"
check "a note is written" noted "before anything"
cp "$data/alcoved.conf" "$work/conf"
cp "$data/tls.crt" "$work/tls.crt"
cp "$data/tls.key" "$work/tls.key"

# sent_all as|quiet NAME: soon nothing waits on that device.
sent_all() {
    waits=0
    until [ "$("$1" "$2" --json sync 2>/dev/null | json outbox)" = 0 ]; do
        waits=$((waits + 1))
        [ "$waits" -lt 20 ] || return 1
        sleep 1
    done
}

# 1. SIGHUP. A new certificate of the same key is shown to new connections; those that are open stay.
agent=$(agent_pid t1)
before=$(socket_of "$agent")
check "the agent is connected" [ -n "$before" ]
same "the certificate of the start" alcove "$(shown)"
certificate "$work/tls.key" second
hup
check "the same key is taken, and said" logged "$stamp notice alcoved: SIGHUP: read again; the certificate is of the same key; changed: nothing"
check "new connections are shown the new certificate" shows second
check "a note over the connection of before" noted "after a new certificate"
same "the connection of before is still the one" "$before" "$(socket_of "$agent")"
check "a new client takes it" as c1 sync

# Whatever is wrong, nothing changes, the log says what, and the server goes on.
refuses() {
    hup
    check "$1: said '$2', said: $(since)" logged "$stamp error alcoved: SIGHUP: .*$2.*Nothing was changed"
    check "$1: the certificate of before" shows second
    check "$1: a note" noted "$1"
    same "$1: the connection stays" "$before" "$(socket_of "$agent")"
    cp "$work/conf" "$data/alcoved.conf"
    cp "$work/second.crt" "$data/tls.crt"
    cp "$work/tls.key" "$data/tls.key"
}
cp "$data/tls.crt" "$work/second.crt"
openssl genpkey -algorithm ed25519 -out "$work/other.key" 2>/dev/null
cp "$work/other.key" "$data/tls.key"
refuses "another key beside the certificate" 'tls.crt is not the certificate of the key'
cp "$work/other.key" "$data/tls.key"
certificate "$work/other.key" thief
refuses "another key with its certificate" 'root key signed, nor its announced successor'
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$work/ec.key" 2>/dev/null
cp "$work/ec.key" "$data/tls.key"
certificate "$work/ec.key" thief
refuses "a key of another kind" 'root key signed'
: >"$data/tls.crt"
refuses "an empty certificate" 'tls.crt holds no certificate'
head -c 200 "$work/second.crt" >"$data/tls.crt"
refuses "half a certificate" 'tls.crt holds no certificate'
openssl pkey -in "$work/tls.key" -aes256 -passout pass:x -out "$data/tls.key" 2>/dev/null
refuses "a key under a passphrase" 'tls.key holds no private key'
rm "$data/tls.key"
refuses "no key" 'tls.key cannot be read'
rm "$data/alcoved.conf"
refuses "no configuration" 'alcoved.conf cannot be read'
say 'threads = many' >>"$data/alcoved.conf"
refuses "a value that is none" 'alcoved.conf line [0-9]*: threads: the value is not allowed'
dd if=/dev/zero of="$data/alcoved.conf" bs=1k count=65 2>/dev/null
refuses "a configuration of zeros" 'alcoved.conf cannot be read'
printf 'listen = 127.0.0.1:%s\n\000\n' "$port" >"$data/alcoved.conf"
refuses "a zero byte" 'a zero byte'
mkdir "$data/alcoved.d" && rm "$data/alcoved.conf" && mkdir "$data/alcoved.conf"
hup
check "a folder for a configuration is said" logged 'alcoved.conf cannot be read'
rmdir "$data/alcoved.conf" "$data/alcoved.d" && cp "$work/conf" "$data/alcoved.conf"

# What can be taken is taken, and what cannot is named.
printf 'connections-per-address-max = 3\nthreads = 7\nmap-mib = 1000\n' >>"$data/alcoved.conf"
hup
check "what is taken" logged 'changed: connections-per-address-max$'
check "what is not" logged "$stamp warning alcoved: SIGHUP: not taken, since it needs a restart: threads, map-mib"
for i in 1 2 3 4 5 6; do
    sleep 2 | openssl s_client -connect "127.0.0.1:$port" >"$work/s$i" 2>&1 &
done
check "the limit is the new one" logged 'one address has all 3 connections' 5
sleep 2.5
cp "$work/conf" "$data/alcoved.conf"
hup
check "and the one of before again" logged 'changed: connections-per-address-max$'
# Many of them, while somebody writes.
i=0
while [ "$i" -lt 40 ]; do
    kill -HUP "$server_pid"
    i=$((i + 1))
    [ $((i % 8)) -ne 0 ] || check "a note between reloads" noted "reload $i"
done
same "the connection stayed" "$before" "$(socket_of "$agent")"
# The process that reads is in a sandbox of its own, and what it read is nobody else's.
reader=$(pgrep -P "$server_pid" config-reader)
same "the reader is in the sandbox" "1 2" \
    "$(sed -n 's/^\(NoNewPrivs\|Seccomp\):[[:space:]]*//p' "/proc/$reader/status" | tr '\n' ' ' | sed 's/ $//')"
kill -KILL "$reader"
hup
check "without the reader it is said, and goes on" logged 'the process that reads files did not answer; only a restart'
check "a note without the reader" noted "no reader"

# A server that would show a key that every client refuses does not start.
stop_server
cp "$work/other.key" "$data/tls.key"
certificate "$work/other.key" thief
"$bin/alcoved" serve "$data" >"$work/out" 2>&1
same "exit code of a start with another key" 1 "$?"
check "the start says it" grep -q "root key signed.*Nothing was started" "$work/out"
cp "$work/tls.key" "$data/tls.key"
cp "$work/tls.crt" "$data/tls.crt"

# 2. A map that is full grows while the server runs, and what waited goes out by itself.
say 'map-mib = 4' >>"$data/alcoved.conf"
: >"$log"
marked=0
start_server
i=0
head -c 45000 /dev/zero | tr '\0' 'x' >"$work/long"
until [ "$("$bin/alcoved" status "$data" --json | json writes)" = false ]; do
    i=$((i + 1))
    [ "$i" -lt 100 ] || fail "the map does not fill"
    quiet t1 write C1 --class progress --file "$work/long" >"$work/out" 2>&1
done
check "a full map is said" logged "$stamp error alcoved: the database uses .*new notes are refused"
quiet t1 write C1 --class progress --file "$work/long" >"$work/out1" 2>&1 &
writer=$!
"$bin/alcoved" status "$data" >"$work/out"
same "status of a full map" 3 "$?"
check "status says what helps" grep -q '^room .*map-mib larger than [0-9]*.*SIGHUP' "$work/out"
sed 's/^map-mib.*/map-mib = 400/' "$data/alcoved.conf" >"$work/conf.large" && cp "$work/conf.large" "$data/alcoved.conf"
hup
check "a larger map is taken" logged 'changed: map-mib$'
check "room is said" logged "$stamp notice alcoved: there is room"
"$bin/alcoved" status "$data" >"$work/out"
same "status of the larger map" 0 "$?"
check "status has its size" grep -q '^map  *419430400 bytes' "$work/out"
wait "$writer"
check "a note that waits is on its way or kept: $(cat "$work/out1")" grep -q 'sealed' "$work/out1"
check "what waited goes out by itself" sent_all quiet t1
check "a note after that" noted "in the larger map"

# 3. A signer that is killed is started again, and nobody notices more than a moment. While it cannot be
# started, whoever asks is told to come later, a note is kept, and it goes out when the signer is back.
signer_of() { pgrep -P "$(pgrep -P "$server_pid" signer-starter)"; }
i=0
while [ "$i" -lt 10 ]; do
    kill -KILL "$(signer_of)"
    check "a note after the signer was killed ($i)" noted "signer $i"
    i=$((i + 1))
done
mv "$data/signer/log.key" "$work/log.key"
mark
kill -KILL "$(signer_of)"
say 'a note while nothing is signed' >"$work/note"
quiet t1 write C1 --class progress --file "$work/note" >"$work/out1" 2>&1 &
writer=$!
check "a signer that cannot start is said" logged "$stamp error alcoved: the log signer does not answer.*told to come back later"
as c1 moment --category boundary --share T1 --file "$work/note" >"$work/out2" 2>&1 &
other=$!
sleep 3
check "the server goes on" kill -0 "$server_pid"
check "nothing is acknowledged" sh -c "! grep -q 'on the server' '$work/out1' '$work/out2'"
mv "$work/log.key" "$data/signer/log.key"
check "the signer is back, and that is said" logged "$stamp notice alcoved: the log signer is back"
wait "$writer" "$other"
check "what was held is there" sent_all quiet t1
check "so is what others sent" sent_all as c1
check "nobody was refused for good: $(cat "$work/out1" "$work/out2")" sh -c "! grep -q 'did not take' '$work/out1' '$work/out2'"
same "it was said once" 1 "$(since | grep -c 'the log signer does not answer')"
check "a note when it is back" noted "the signer is back"

# What was acknowledged is there, once, for a cache that begins anew.
as t1 lock >/dev/null 2>&1
rm -rf "$work/t1/store"
as t1 sync >/dev/null 2>&1
as t1 export "$work/all" --all >"$work/out" 2>&1
check "the export: $(cat "$work/out")" [ -d "$work/all" ]
i=1
while [ "$i" -le "$notes" ]; do
    [ "$(grep -rl "^ *note $i, " "$work/all" | wc -l)" = 1 ] || check "note $i is there once" false
    i=$((i + 1))
done
check "notes were written" [ "$notes" -gt 20 ]
stop_server
"$bin/alcoved" fsck "$data" >"$work/out" 2>&1
same "fsck after the map grew: $(cat "$work/out")" 0 "$?"

finish
