#!/bin/sh
# What held a text is wiped. Phrases that stand in one note's text and title alone are counted in the
# memory of an agent after each command that shows or takes them, and in the memory that an agent
# and commands without one leave when they end, where none may be.
#
# Control: a phrase in the profile's path is found by the same search.
#
# ALCOVE_BUILD  the build folder (default build/hooks)
# shellcheck disable=SC2154 # set by the files it sources
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"
for program in tests/canary tests/stop_at_end.so; do
    [ -e "$build/$program" ] || fail "no $build/$program: sh tests/run.sh build"
done
held=
trap '[ -z "$held" ] || kill -9 $held 2>/dev/null; stop_server; rm -rf "$work"' EXIT
must() { "$@" >>"$work/said" 2>&1 || { tail -n 5 "$work/said"; fail "did not work: $*"; }; }

# count PID PHRASE: how often the phrase, and its beginning and end alone, stand in this memory.
# Words of a line that was wrapped or cut count too.
count() {
    printf '%s\n' "$2" >"$work/phrase"
    as_root "$build/tests/canary" "$work/phrase" --pid "$1" >"$work/hits" 2>"$work/searched"
    [ $? -le 1 ] || { cat "$work/searched" >&2; say unreadable; return; }
    sed -n 's/^canary: \([0-9]*\) hits.*/\1/p' "$work/searched"
}
# stopped PID: waits until it is stopped.
stopped() {
    waits=0
    until [ "$(sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status" 2>/dev/null)" = T ]; do
        waits=$((waits + 1))
        [ "$waits" -lt 600 ] || return 1
        sleep 0.1
    done
}
# at_end COMMAND…: the phrases that a command without an agent leaves in its memory.
at_end() {
    printf '%s\n' "$passphrase" >"$work/pass"
    LD_PRELOAD=$build/tests/stop_at_end.so "$bin/alcove" --profile "$work/T2" --passphrase-fd 0 "$@" \
        <"$work/pass" >"$work/out" 2>"$work/wrong" &
    held=$!
    stopped "$held" || { cat "$work/wrong"; fail "did not come to its end: $*"; }
    left=0
    for phrase in $noted $title $typed; do
        left=$((left + $(count "$held" "$phrase")))
    done
    kill -CONT "$held"
    wait "$held"
    code=$?
    held=
    same "$1 works" 0 "$code"
    same "copies in what '$1' leaves" 0 "$left"
}

noted=zq-text-öf-the-nöte-wryneck # not ASCII: a library folds it
title=zq-title-of-the-note-hobby
typed=zq-text-that-is-written-merlin
make_practice >/dev/null || fail "no practice"
start_server
must as AD join "$work/founder/admin-invitation.txt" --yes --trial --card "$work/AD.card"
directory=$(as AD --json directory new | json section)
for one in T1 T2; do
    must as AD member invite --role therapist --name "Name of $one" --out "$work/$one.code"
    must as "$one" join "$work/$one.code" --yes --trial --card "$work/$one.card"
    must as AD grant "$directory" "Name of $one" --rights read --history
    must as AD delegate "Name of $one"
done
client=$(as T1 --json member invite --role client --name Redstart --out "$work/C1.code" | json member)
must as C1 join "$work/C1.code" --yes --trial --card "$work/C1.card"
must as AD relate "Name of T1" treats "$client"
must as AD relate "Name of T2" covers "$client"
must as T1 chart new "$client" --name Redstart
printf '%s\n' "$noted" >"$work/text"
note=$(as T1 --json write "$client" --class progress --title "$title" --file "$work/text" | json note)
[ -n "$note" ] || fail "no note was written"
must as T1 grant "$client" --class progress "Name of T2" --rights read,write --history
must as T2 sync

say "== an agent, of somebody who only reads"
printf '%s\n' "$passphrase" | LD_PRELOAD=$build/tests/stop_at_end.so \
    "$bin/alcove" --profile "$work/T2" --passphrase-fd 0 unlock >"$work/unlock" 2>&1 &
parent=$!
stopped "$parent" && kill -CONT "$parent"
wait "$parent" || { cat "$work/unlock"; fail "no agent"; }
agent=$(pgrep -f "^alcove agent --profile $work/T2 ")
[ -n "$agent" ] || fail "no agent"
tell() {
    now=
    for phrase in "$noted" "$title" "$typed"; do
        now="$now $(count "$agent" "$phrase")"
    done
    # shellcheck disable=SC2086 # numbers are words
    set -- "$1" $now
    say "   copies of text, title, text written in the agent's memory, $1: $2, $3, $4"
    case "$now" in *unreadable*) check "the agent's memory is read" false ;; esac
    copies=$(($2 + $3 + $4))
}
quiet() { "$bin/alcove" --profile "$work/T2" "$@" </dev/null >"$work/out" 2>"$work/wrong"; }
most=0
after() {
    words=$1
    shift
    check "$words works" quiet "$@"
    tell "after $words"
    [ "$copies" -le "$most" ] || most=$copies
}
tell "after unlock"
after show show "$note"
check "it was shown" grep -q "$noted" "$work/out"
after list list
check "it was listed" grep -q "zq-title-of" "$work/out"
after search search "$noted"
check "it was found" grep -q "zq-title-of" "$work/out"
printf '%s\n' "$typed" >"$work/typed"
after write write "$client" --class progress --file "$work/typed"
# Between unlock and lock nothing is kept open: what was shown or written is sealed again.
same "copies in the agent's memory, at most" 0 "$most"
check "the control is found" [ "$(count "$agent" "$work/T2")" -ge 1 ]
quiet lock &
lock=$!
stopped "$agent" || fail "the agent did not come to its end"
tell "after lock"
same "copies after lock" 0 "$copies"
kill -CONT "$agent"
wait "$lock"

say "== commands without an agent"
at_end show "$note"
at_end list
at_end search "$noted"
at_end write "$client" --class progress --file "$work/typed"
finish
say "== wiped: $checks_passed checks; at most $most copies between unlock and lock"
[ "$checks_failed" = 0 ]
