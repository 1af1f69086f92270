#!/bin/sh
# The frame trace of both programs tells one story: what the client says it sent is what the
# server says came, op by op, and no word of a note stands in either.
# shellcheck disable=SC2154 # set by the files it sources
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

# ways FILE DIRECTION: kind, op or status, and id of each frame that went that way, in order.
ways() { sed -n "s/^[0-9:.]* $2 *[0-9]* \(.*\) [0-9]* bytes, body .*/\1/p" "$1"; }
# unsent SENDER RECEIVER: what came there without having been sent here, or in another order. What
# was sent and did not come is nothing strange: a client hangs up when it has what it wants.
unsent() {
    ways "$work/$1.trace" out >"$work/sent"
    ways "$work/$2.trace" 'in ' >"$work/came"
    diff "$work/sent" "$work/came" | sed -n 's/^> //p'
}

make_practice >/dev/null || fail "no practice"
ALCOVE_TRACE=$work/server.trace
export ALCOVE_TRACE
start_server
ALCOVE_TRACE=$work/client.trace
as ad join "$work/founder/admin-invitation.txt" --yes --trial --card "$work/ad.card" >/dev/null ||
    fail "the admin did not join"
as ad sync >/dev/null
as ad member invite --role therapist --name 'Wilhelmina Traceless' --out "$work/t1.code" >/dev/null
as ad sync >/dev/null
unset ALCOVE_TRACE
stop_server

for trace in server client; do
    same "no strange line in the $trace's" '' \
        "$(grep -vE '^[0-9:.]{12} (in |out) [0-9]+ [A-Z_]+( [^ ]+)* [0-9]+ bytes, body [0-9]+$' \
            "$work/$trace.trace")"
    same "no name in the $trace's" '' "$(grep -ai 'traceless\|north star' "$work/$trace.trace")"
    check "ops by name in the $trace's" grep -qE ' REQUEST SUBMIT [0-9a-f]{32} ' "$work/$trace.trace"
    check "answers by name in the $trace's" grep -qE ' REPLY SUBMIT OK [0-9a-f]{32} ' "$work/$trace.trace"
done
same "what came to the server was sent by the client" '' "$(unsent client server)"
check "there were requests" test "$(wc -l <"$work/came")" -gt 10
same "what came to the client was sent by the server" '' "$(unsent server client)"
check "there were answers" test "$(wc -l <"$work/came")" -gt 10
as ad sync >/dev/null 2>"$work/silent"
same "silent without the variable" '' "$(grep -E 'REQUEST|HELLO' "$work/silent")"
finish
