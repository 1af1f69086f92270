#!/bin/sh
# A note whose bytes went bad on the server's disk: a reader who lists is told that it is missing, where
# and what to do, and never sees a short list without a word. Everything else is there.
# shellcheck disable=SC2154 # set by the files it sources
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

make_treatment
for words in first second; do
    printf 'the %s reflection\n' "$words" >"$work/words"
    as t1 reflect C1 --title "$words" --file "$work/words" --yes >/dev/null || fail "no reflection"
done
stop_server
node "$root/tests/support/lmdb_flip.mjs" "$work/data/db/data.mdb" record row
: >"$work/server.log"
start_server
# cold WORDS…: as somebody whose cache is fetched anew; what it prints is in $work/out and $work/err.
cold() {
    rm -f "$work/c1/store/cache"
    as c1 "$@" >"$work/out" 2>"$work/err"
    same "$*: done" 0 $?
}
told() { tr -s '\n ' '  ' <"$work/err" | grep -q 'entry 6 of the shared notes of C1, by T1, is damaged at the server and cannot be shown'; }
cold list
check "a list says what it lacks" told
same "and has the rest" "1 0" "$(grep -c 'T1: first$' "$work/out") $(grep -c 'T1: second$' "$work/out")"
as c1 list >"$work/out" 2>"$work/err"
check "once" test ! -s "$work/err"
cold --json list
check "with --json too" told
same "a search finds the rest" 1 "$(as c1 search reflection 2>/dev/null | grep -c 'T1: first')"
finish
