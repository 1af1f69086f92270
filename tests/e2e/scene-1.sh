#!/bin/sh
# A cut of the sample week through real clients over real TLS: who writes what, who may read
# it, who tries in vain, and what the auditor sees. The cast and the counts that are asserted
# at the end stand in tests/data/scene-1.md.
#
# ALCOVE_BUILD  the build folder (default build/hooks)
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"
texts=$root/tests/data/texts

head_line() { printf '\n== %s\n' "$*"; }
must() { "$@" || fail "did not work: $*"; }

head_line "The practice is founded, its server started"
must make_practice
start_server
must as AD1 join "$work/founder/admin-invitation.txt" --yes --trial --card "$work/AD1.card"

head_line "AD1 makes the directory, invites T1, T2 and, with the root key, A1"
directory=$(as AD1 --json directory new | json section)
for therapist in T1 T2; do
    must as AD1 member invite --role therapist --name "$therapist" --out "$work/$therapist.code"
    must as "$therapist" join "$work/$therapist.code" --yes --trial --card "$work/$therapist.card"
done
printf '%s\n' "$passphrase" >"$work/root-passphrase"
must as AD1 member invite --role auditor --name A1 --out "$work/A1.code" \
    --root "$work/founder/root.key" --root-passphrase-fd 8 8<"$work/root-passphrase"
rm -f "$work/root-passphrase"
must as A1 join "$work/A1.code" --yes --trial --card "$work/A1.card"
for staff in T1 T2 A1; do
    must as AD1 grant "$directory" "$staff" --rights read --history
done
must as AD1 delegate T1
must as AD1 delegate T2

head_line "T1 invites C1, T2 invites C4; AD1 states who treats whom"
c1=$(as T1 --json member invite --role client --name C1 --out "$work/C1.code" | json member)
must as C1 join "$work/C1.code" --yes --trial --card "$work/C1.card"
c4=$(as T2 --json member invite --role client --name C4 --out "$work/C4.code" | json member)
must as C4 join "$work/C4.code" --yes --trial --card "$work/C4.card"
must as AD1 relate T1 treats "$c1"
must as AD1 relate T2 treats "$c4"
must as T1 chart new "$c1" --name C1
must as T2 chart new "$c4" --name C4

head_line "T1 writes PN-01 and CN-01, and shares SR-01 with C1"
progress=$(as T1 --json write C1 --class progress --title PN-01 --template dap --tag fatigue \
    --file "$texts/pn-01.txt" | json section)
must as T1 write C1 --class process --title CN-01 --file "$texts/cn-01.txt"
shared=$(as T1 --json reflect C1 --title SR-01 --yes --file "$texts/sr-01.txt" | json section)
must as T2 write C4 --class progress --title PN-04 --file "$texts/pn-04.txt"

head_line "What C1 sees at night"
must as C1 list
note=$(as C1 --json list | sed 's/},{/}\n{/g' | grep '"title":"SR-01"' | json note)
must as C1 show "$note"
must as C1 moment --category asked-for-help --file "$texts/pm-01.txt" --share T1

head_line "What T1 sees"
must as T1 list
must as T1 access C1 --class process
must as T1 access C1 --class shared

head_line "T2 and AD1 try what they may not"
refused=0
for try in "T2 $progress" "T2 $shared" "AD1 $progress" "AD1 $shared"; do
    as "${try%% *}" list --section "${try#* }"
    [ $? = 3 ] && refused=$((refused + 1))
done

head_line "What C1 sees of who was there"
must as C1 log --outcome refused
must as C1 log verify

head_line "What A1 sees: who, when, on which ground; and that nothing was altered"
must as A1 log --outcome refused
must as A1 log --action read --limit 6
must as A1 log verify
must as A1 log export --format tlog-tiles "$work/tiles"

head_line "The counts of tests/data/scene-1.md"
expected() { sed -n "s/^| $1 | \([0-9]*\) |.*/\1/p" "$root/tests/data/scene-1.md"; }
state=$("$bin/alcoved" status "$work/data" --json)
same members "$(expected members)" "$(say "$state" | json members)"
same charts "$(expected charts)" "$(say "$state" | json charts)"
same sections "$(expected sections)" "$(say "$state" | json sections)"
same statements "$(expected statements)" "$(say "$state" | json statements)"
same revisions "$(expected revisions)" "$(say "$state" | json revisions)"
same "refusals told" "$(expected refusals)" "$refused"
log=$(as A1 --json log --limit 0 | sed 's/},{/}\n{/g')
count() { say "$log" | grep -c "$1"; }
same "refusals in the log" "$(expected refusals)" "$(count '"outcome":"refused"')"
# A command that ends before the answer to a name leaves the next one to ask for it: that is said to
# be there ALREADY, in a line of its own, and written once.
same "writes in the log" "$(expected revisions)" "$(count '"action":"write","outcome":"ok","reason":"OK"')"
same "and none that was refused" "$(count '"action":"write"')" \
    "$(count '"action":"write","outcome":"ok","reason":"\(OK\|ALREADY\)"')"
same "opened in the log" "$(expected opened)" "$(count '"action":"opened"')"
same "C1's notes" "$(expected "notes C1 reads")" "$(as C1 --json list | sed 's/},{/}\n{/g' | grep -c '"readable":true')"
same "T2 reads nothing of C1" 0 "$(as T2 --json search heron | grep -c note)"

head_line "The server stops"
stop_server
same "the server's exit code" 0 $?
same "nothing is left running" "" "$(pgrep -f "^$bin/.*$work")"
check "the database holds together" "$bin/alcoved" fsck "$work/data"
finish
