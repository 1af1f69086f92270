#!/bin/sh
# The server does not read. Phrases that stand in every note, title, tag and name are
# looked for, in every encoding, in all that the server keeps, says and holds in memory while
# two members are subscribed and a third one writes; and in the plaintext of its TLS.
#
# Control: a phrase in a plain field of a request must be found in memory and in the plaintext,
# or the search shows nothing.
#
# ALCOVE_BUILD  the build folder (default build/hooks)
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"
for program in tests/canary tests/capture.so bench/load; do
    [ -e "$build/$program" ] || fail "no $build/$program: sh tests/run.sh build"
done
must() { "$@" >>"$work/said" 2>&1 || { tail -n 5 "$work/said"; fail "did not work: $*"; }; }
watchers=
stop_all() {
    # shellcheck disable=SC2086 # numbers are words
    set -- $watchers ${writer-}
    watchers=
    writer=
    exec 9>&-
    [ $# = 0 ] || { kill "$@"; wait "$@"; } 2>/dev/null
    stop_server
}
trap 'stop_all; rm -rf "$work"' EXIT

# Every phrase is made for this test and stands in one place.
phrases=$work/phrases
cat >"$phrases" <<'END'
zq-practice-name-sandpiper
zq-name-of-T1-wryneck
zq-name-of-T2-nuthatch
zq-name-of-C1-redstart
zq-name-of-C4-fieldfare
zq-title-progress-merlin
zq-title-process-hobby
zq-title-shared-kestrel
zq-title-flight-goshawk
zq-tag-osprey-fatigue
zq-file-name-buzzard
zq-text-progress-linnet é€ and an end
zq-text-process-heron
zq-text-shared-plover
zq-text-moment-dunnock
zq-text-flight-wagtail
a long walk by the river
END
text_file() { printf '%s\n' "$2" >"$work/$1.txt"; say "$work/$1.txt"; }

# The server with its plaintext captured; memory of it and of the signer is searched as root.
mkdir "$work/plain"
port=$(free_port)
must sh -c "printf '%s\n' '$passphrase' | '$bin/alcoved' init '$work/data' --listen 127.0.0.1:$port \
    --on-this-machine --name zq-practice-name-sandpiper --out '$work/founder' --passphrase-fd 0"
env LD_PRELOAD="$build/tests/capture.so" ALCOVE_CAPTURE_DIR="$work/plain" \
    "$bin/alcoved" serve "$work/data" >>"$work/server.log" 2>&1 &
server_pid=$!
waits=0
until grep -q 'serving on' "$work/server.log"; do
    waits=$((waits + 1))
    [ "$waits" -lt 150 ] || fail "the server did not start"
    sleep 0.1
done

say "== a practice with a phrase in every place"
must as AD1 join "$work/founder/admin-invitation.txt" --yes --trial --card "$work/AD1.card"
directory=$(as AD1 --json directory new | json section)
for one in T1:zq-name-of-T1-wryneck T2:zq-name-of-T2-nuthatch; do
    must as AD1 member invite --role therapist --name "${one#*:}" --out "$work/${one%%:*}.code"
    must as "${one%%:*}" join "$work/${one%%:*}.code" --yes --trial --card "$work/card.${one%%:*}"
    must as AD1 grant "$directory" "${one#*:}" --rights read --history
    must as AD1 delegate "${one#*:}"
done
c1=$(as T1 --json member invite --role client --name zq-name-of-C1-redstart --out "$work/C1.code" | json member)
must as C1 join "$work/C1.code" --yes --trial --card "$work/C1.card"
c4=$(as T2 --json member invite --role client --name zq-name-of-C4-fieldfare --out "$work/C4.code" | json member)
must as C4 join "$work/C4.code" --yes --trial --card "$work/C4.card"
must as AD1 relate zq-name-of-T1-wryneck treats "$c1"
must as AD1 relate zq-name-of-T2-nuthatch treats "$c4"
must as T1 chart new "$c1" --name zq-name-of-C1-redstart
must as T2 chart new "$c4" --name zq-name-of-C4-fieldfare
must as T1 write "$c1" --class progress --title zq-title-progress-merlin --tag zq-tag-osprey-fatigue \
    --file "$(text_file zq-file-name-buzzard 'zq-text-progress-linnet é€ and an end')"
must as T1 write "$c1" --class process --title zq-title-process-hobby \
    --file "$(text_file process zq-text-process-heron)"
must as T1 reflect "$c1" --title zq-title-shared-kestrel --yes --file "$(text_file shared zq-text-shared-plover)"
must as C1 list
must as C1 moment --category asked-for-help --file "$(text_file moment zq-text-moment-dunnock)" --share zq-name-of-T1-wryneck

printf '%s\n' "$passphrase" >"$work/pass"
say "== two members are subscribed, a third writes"
for member in T1 C1; do
    "$bin/alcove" --profile "$work/$member" --passphrase-fd 0 sync --watch --timeout 600 \
        <"$work/pass" >"$work/watch.$member" 2>&1 &
    watchers="$watchers $!"
done
flight=$(text_file flight zq-text-flight-wagtail)
(
    while :; do
        as T2 write "$c4" --class progress --title zq-title-flight-goshawk --file "$flight" >>"$work/flight" 2>&1
    done
) &
writer=$!

control='zqCtl-kingfisher'
mkfifo "$work/hold"
"$build/bench/load" "$port" "$work/AD1" 1 plain "$control" <"$work/hold" >"$work/load" 2>&1 3<"$work/pass" &
watchers="$watchers $!"
exec 9>"$work/hold"
waits=0
until grep -q '"open":1' "$work/load" && [ "$(grep -c . "$work/flight" 2>/dev/null)" -ge 2 ]; do
    waits=$((waits + 1))
    [ "$waits" -lt 600 ] || { cat "$work/load" "$work/flight"; fail "nobody wrote"; }
    sleep 0.1
done

# The server's helpers, which start the signer and read its configuration, and the signer.
helpers=$(pgrep -P "$server_pid")
signer=$(for helper in $helpers; do pgrep -P "$helper"; done)
[ "$(say "$helpers" | grep -c .) $(say "$signer" | grep -c .)" = '2 1' ] ||
    fail "not two helpers, and the signer below one of them: $helpers, $signer"
family=$(for pid in $server_pid $helpers $signer; do printf ' --pid %s' "$pid"; done)
canary=$build/tests/canary
# search PHRASES PLACE…: the scanner's exit code; what it found goes to $work/hits.
search() {
    as_root "$canary" "$@" >"$work/hits" 2>"$work/searched"
}
searched() { sed -n 's/.* hits in \([0-9]*\) bytes.*/\1/p' "$work/searched"; }
# clean TEXT PLACE…
clean() {
    text=$1
    shift
    search "$phrases" "$@"
    status=$?
    same "$text holds no phrase" 0 "$status"
    [ "$status" = 0 ] || head -n 5 "$work/hits" "$work/searched"
    say "   $text: $(searched) bytes searched"
}
for pass in 1 2 3; do
    # shellcheck disable=SC2086 # words
    clean "memory of server and signer, pass $pass" $family
done
clean "plaintext of the server's TLS" "$work/plain"
clean "data directory" "$work/data"
clean "log" "$work/server.log"

say "== control: a phrase in a plain field is found"
printf '%s\n' "$control" >"$work/control"
search "$work/control" --pid "$server_pid"
same "the control is found in memory" 1 $?
search "$work/control" "$work/plain"
same "the control is found in the plaintext" 1 $?
printf '%s\n' zq-not-anywhere-at-all >"$work/control"
search "$work/control" --pid "$server_pid" "$work/plain" "$work/data"
same "a phrase that nobody wrote is not found" 0 $?
kill -0 "$server_pid" 2>/dev/null
same "the server served all the while" 0 $?
grep -c . "$work/flight" >"$work/count"
check "notes were written meanwhile" [ "$(cat "$work/count")" -ge 2 ]
check "the watchers saw nothing go wrong" sh -c "! grep -i 'refused\|alarm' '$work'/watch.*"

say "== the server has stopped"
stop_all
clean "data directory" "$work/data"
clean "plaintext of the server's TLS" "$work/plain"
# The phrases are really there for those who may read them.
must as T1 search zq-text-progress-linnet
check "T1 finds the note" grep -q zq-title-progress-merlin "$work/said"
finish
say "== canaries: $(grep -c . "$phrases") phrases, $checks_passed checks"
[ "$checks_failed" = 0 ]
