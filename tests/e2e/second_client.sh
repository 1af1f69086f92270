#!/bin/sh
# The second client of tests/second_client, which knows the documents alone, beside `alcove` in one
# practice: C1 and the auditor A1 are the second client's, the others are alcove's.
#
# ALCOVE_BUILD  the build folder (default build/hooks)
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"
command -v node >/dev/null || fail "no node: sh tests/run.sh packages"
must() { "$@" || fail "did not work: $*"; }
second() { node "$root/tests/second_client/main.mjs" "$@"; }

must make_practice >/dev/null
start_server
must as AD1 join "$work/founder/admin-invitation.txt" --yes --trial --card "$work/AD1.card" >/dev/null
must as AD1 directory new >/dev/null
for therapist in T1 T2; do
    must as AD1 member invite --role therapist --name "$therapist" --out "$work/$therapist.code" >/dev/null
    must as "$therapist" join "$work/$therapist.code" --yes --trial --card "$work/$therapist.card" >/dev/null
done
must as AD1 delegate T1 >/dev/null
printf '%s\n' "$passphrase" >"$work/root-passphrase"
must as AD1 member invite --role auditor --name A1 --out "$work/A1.code" \
    --root "$work/founder/root.key" --root-passphrase-fd 8 8<"$work/root-passphrase" >/dev/null
c1=$(as T1 --json member invite --role client --name C1 --out "$work/C1.code" | json member)

say "== It joins by an invitation's code, as a client and as an auditor"
same "C1's member id" "$c1" "$(second join "$work/c1.json" "$work/C1.code" | json member)"
check "A1 joins" second join "$work/a1.json" "$work/A1.code"
must as AD1 relate T1 treats "$c1" >/dev/null
must as T1 chart new "$c1" --name C1 >/dev/null
text='You noticed the pull before it became a plan. That is the skill.'
printf "%s\n" "$text" >"$work/sr-01.txt"
shared=$(as T1 --json reflect C1 --title SR-01 --file "$work/sr-01.txt" --yes | json section)
# T2 covers, is let in with the history (a RESEAL), and goes again by the relation's end (an ECHO), so that
# SR-02 needs a new epoch.
must as AD1 relate T2 covers "$c1" >/dev/null
t2=$(as AD1 --json member list | sed 's/},{/}\n{/g' | grep '"name":"T2"' | json member)
must as T1 grant "$shared" "$t2" --rights read --history >/dev/null
must as AD1 relate end "$(as AD1 --json relate list | sed 's/},{/}\n{/g' | grep '"kind":"covers"' | json relation)" >/dev/null
must as T1 reflect C1 --title SR-02 --file "$work/sr-01.txt" --yes >/dev/null

say "== It logs in, verifies all leaves, chains and checkpoints, and reads a reflection of alcove's"
second read "$work/c1.json" >"$work/notes.json"
same "reading" 0 $?
same "the reflection's text" "$text" \
    "$(sed 's/},{/}\n{/g' "$work/notes.json" | grep '"title":"SR-01"' | json text | sed 's/\\n$//')"

same "notes read" 3 "$(sed 's/},{/}\n{/g' "$work/notes.json" | grep -c '"text":')"

say "== It writes a moment, which alcove reads and shows"
t1=$(sed 's/},{/}\n{/g' "$work/notes.json" | grep '"title":"SR-01"' | json author)
moment='Said no to covering a shift'
check "the moment is taken" second moment "$work/c1.json" "$t1" boundary "$moment"
note=$(as T1 --json list --section "$(as T1 --json list | sed 's/},{/}\n{/g' | grep '"class":"journal"' | json section)" |
    json note)
same "alcove shows it" 1 "$(as T1 show "$note" | grep -cF "$moment")"

say "== It verifies its chart's history to the end, and as an auditor the whole log"
check "the history" second history "$work/c1.json"
check "the whole log" second audit "$work/a1.json"
as T1 list >/dev/null
check "once more, from what it had seen" second audit "$work/a1.json"

say "== It is refused and stopped where it must be"
cp "$work/c1.json" "$work/pinned.json"
sed -i 's/"tls":"hex:[0-9a-f]\{8\}/"tls":"hex:00000000/' "$work/pinned.json"
second read "$work/pinned.json" >/dev/null 2>&1
same "another TLS pin" 4 $?
second audit "$work/c1.json" >/dev/null 2>"$work/refused"
same "a client asks for the whole log" 3 $?

say "== Fed with its own recording, each change of which must stop it"
check "a tape" second read "$work/c1.json" "$work/tape.json"
node "$root/tests/second_client/tamper.mjs" "$work/tape.json" >"$work/tamper.out" 2>&1
same "the changed recordings" 0 $?
cat "$work/tamper.out"

stop_server
same "the server's exit code" 0 $?
finish
