#!/bin/sh
# A person in a hurry: a word that fits two sections with different readers, an editor that
# fails, is interrupted or leaves copies, Ctrl-C at a passphrase. Nothing goes to the wrong
# reader, no text is lost, no plain text is left behind, and the terminal shows what is typed.
# shellcheck disable=SC2154,SC2016,SC2012 # set by the files it sources; the editor expands them; our names
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

# sections_of CLASS: their ids, from a list of charts on standard input.
sections_of() {
    tr '{' '\n' | grep "\"$1\"" | sed -n 's/.*"section":"\([0-9a-f]*\)".*/\1/p'
}
enter() {
    printf '%s\n' "$passphrase" | "$bin/alcove" --profile "$work/$1" --passphrase-fd 0 \
        join "$2" --yes --trial --card "$work/$1.card" >/dev/null
}

make_practice >/dev/null || fail "no practice"
start_server

# Somebody who reads and thinks before choosing a passphrase, longer than a server waits for a
# login; and a server that is gone by then: the invitation serves again.
slowly() {
    { sleep "$1"; printf '%s\n' "$passphrase"; } | "$bin/alcove" --profile "$work/ad" \
        --passphrase-fd 0 join "$work/founder/admin-invitation.txt" --yes --trial \
        --card "$work/ad.card" >/dev/null 2>"$work/slowly"
}
slowly 4 &
slow=$!
sleep 2
stop_server
wait "$slow"
same "the server went away" 4 $?
check "which is said" sh -c "tr '\n' ' ' <'$work/slowly' | grep -q 'The invitation is unused'"
check "no keys are left" test ! -e "$work/ad/keystore"
check "nor a card" test ! -e "$work/ad.card"
: >"$work/server.log"
start_server
slowly 7 || fail "the admin did not join"
as ad member invite --role therapist --name T1 --out "$work/t1.code" >/dev/null
enter t1 "$work/t1.code" || fail "T1 did not join"
as ad delegate T1 >/dev/null
as t1 member invite --role client --name C1 --out "$work/c1.code" >/dev/null
enter c1 "$work/c1.code" || fail "C1 did not join"
client=$(as t1 --json member list | tr '{' '\n' | grep '"client"' | json member)
as ad relate T1 treats "$client" >/dev/null
as t1 chart new "$client" --name C1 >/dev/null

# Two people compare what each of them sees; a third sees another code.
as c1 sync >/dev/null
digits=$(as t1 --json member code C1 | json code)
check "a short code has five groups" sh -c "printf '%s' '$digits' | grep -qx '[0-9]\{5\}\( [0-9]\{5\}\)\{4\}'"
same "both see the same code" "$digits" "$(as c1 --json member code T1 | json code)"
admin=$(as t1 --json member list | tr '{' '\n' | grep '"admin"' | json member)
check "and of another person another" test "$digits" != "$(as t1 --json member code "$admin" | json code)"

# A journal for oneself and one for T1: "journal" alone must not choose between them.
text=$work/moment.txt
printf 'for me alone\n' >"$text"
same "a private moment" 0 "$(code_of as c1 moment --category boundary --file "$text")"
private=$(as c1 --json chart list | sections_of journal)
printf 'for T1 too\n' >"$text"
same "a shared moment" 0 "$(code_of as c1 moment --category boundary --share T1 --file "$text")"
same "two journals" 2 "$(as c1 --json chart list | sections_of journal | wc -l)"
printf 'private-after-all\n' >"$text"
me=$(as c1 --json status | json member)
same "journal alone fits both" 2 "$(code_of as c1 write "$me" --class journal --file "$text")"
same "by its id" 0 "$(code_of as c1 write "$private" --class journal --file "$text")"
shared=$(as t1 --json chart list | sections_of shared)
same "an id of another class" 2 "$(code_of as t1 write "$shared" --class process --file "$text")"
same "nothing is granted by it" 2 \
    "$(code_of as t1 grant "$shared" "$admin" --class process --rights read)"
as t1 sync >/dev/null
check "T1 reads what is shared" sh -c "[ -n '$(as t1 search "T1 too")' ]"
same "and nothing else" "" "$(as t1 search private-after-all)"

# Done twice, done too early, done with a mistyped word: told, and nothing is spoilt by it.
words=$work/words.txt # check has a variable called text
same "a chart twice" 1 "$(code_of as t1 chart new C1)"
same "a section twice" 1 "$(code_of as t1 chart add C1 --class process)"
same "one section of each class" 1 "$(as t1 --json chart list | sections_of process | wc -l)"
as ad member invite --role therapist --name T2 --out "$work/t2.code" >/dev/null
same "a relation before joining is no alarm" 2 "$(code_of as ad relate T2 treats "$client")"
same "nor a delegation" 2 "$(code_of as ad delegate T2)"
same "a relation twice" 1 "$(code_of as ad relate T1 treats "$client")"
printf ' \n\t\n' >"$words"
same "blank text is no note" 2 "$(code_of as t1 write C1 --class progress --file "$words")"
same "a day that is none" 2 \
    "$(code_of as t1 grant C1 --class shared "$client" --rights read --until 2099-02-30)"
same "an end that has passed" 2 \
    "$(code_of as t1 grant C1 --class shared "$client" --rights read --until 2020-01-01)"
same "a card that would be nowhere" 2 "$(code_of as t2 --json join "$work/t2.code" --yes --trial)"
same "a command that is none" 2 "$(code_of as t1 wirte C1)"
check "which is named" sh -c "'$bin/alcove' wirte 2>&1 | grep -q wirte"
same "access to a whole chart" 2 "$(as t1 --json access C1 | tr '{' '\n' | grep -c '"class":"shared"')"

# A draft keeps its title, is marked as one, and what is added to it does not take its name.
printf 'first words\n' >"$words"
draft=$(as t1 --json write C1 --class progress --title kept-title --tag t --draft --file "$words" |
    json note)
check "a draft is marked" sh -c "[ -n '$(as t1 list | grep 'draft.*kept-title')' ]"
printf 'second words\n' >"$words"
same "it is changed" 0 "$(code_of as t1 write --note "$draft" --file "$words")"
check "and is a draft still" sh -c "[ -n '$(as t1 list | grep 'draft.*kept-title')' ]"
as t1 sign "$draft" >"$work/signed"
same "it is signed" 0 $?
check "which names client and title" sh -c "tr '\n' ' ' <'$work/signed' | grep -q 'is signed.*C1, progress, \"kept-title\"'"
same "once" 3 "$(code_of as t1 sign "$draft")"
check "with its title" sh -c "[ -n '$(as t1 show "$draft" | grep kept-title)' ]"
same "not in another's chart" 7 \
    "$(code_of as t1 write C9 --note "$draft" --addendum --reason r --file "$words")"
same "a blank reason is none" 2 \
    "$(code_of as t1 write --note "$draft" --addendum --reason ' ' --file "$words")"
same "an addendum" 0 "$(code_of as t1 write --note "$draft" --addendum --reason r --file "$words")"
check "under the note's title" sh -c "[ -n '$(as t1 list C1 | grep 'added.*kept-title')' ]"

# A value is never taken for an option, and --json shares nothing unasked.
printf 'not to be shared unasked\n' >"$words"
same "a title of --yes asks" 3 "$(code_of as t1 reflect C1 --title --yes --file "$words")"
same "so does one behind =" 3 "$(code_of as t1 reflect C1 --title=--yes --file "$words")"
same "--json asks nobody" 2 "$(code_of as t1 --json reflect C1 --title --json --file "$words")"
same "nothing of it was shared" 0 "$(as t1 --json search 'not to be shared' | grep -c '"note"')"
same "shared when said" 0 "$(code_of as t1 --json reflect C1 --title --json --file "$words" --yes)"
same "with its title" 1 "$(as t1 --json search 'not to be shared' | grep -c '"title":"--json"')"
as t1 --json reflect C1 --class x 2>/dev/null >"$work/error"
same "an error is one JSON value" '{"error":"USAGE","message":"there is no option --class here"}' \
    "$(cat "$work/error")"
same "also one of the server's" NOT_FOUND "$(as t1 --json show ffffffff 2>/dev/null | json error)"
check "people are told in words" sh -c "[ -z '$(as t1 show ffffffff 2>&1 | grep NOT_FOUND)' ]"
check "of a wrong passphrase too" sh -c "printf 'not the right one\n' |
    '$bin/alcove' --profile '$work/t1' --passphrase-fd 0 status 2>&1 | tr '\n' ' ' |
    grep -q 'the passphrase is wrong, or the keystore file is damaged'"

# Everything that is shown is signed for, also of a note that was added to again and again.
long=$(as t1 --json write C1 --class shared --yes --title long --file "$words" | json note)
i=0
while [ "$i" -lt 18 ]; do
    i=$((i + 1))
    same "addendum $i" 0 "$(code_of as t1 write --note "$long" --yes --addendum --reason "$i" --file "$words")"
done
opened() { as c1 --json log --action opened --limit 0 | tr '{' '\n' | grep -c '"action":"opened"'; }
before=$(opened)
same "the note is shown whole" 19 "$(as c1 --json show "$long" | tr '{' '\n' | grep -c '"link"')"
same "and signed for whole" 19 "$(($(opened) - before))"

# An auditor's filters and files; a client's newest first.
printf '%s\n' "$passphrase" >"$work/root-passphrase"
as ad member invite --role auditor --name A1 --out "$work/a1.code" --root "$work/founder/root.key" \
    --root-passphrase-fd 8 8<"$work/root-passphrase" >/dev/null
enter a1 "$work/a1.code" || fail "A1 did not join"
chart=$(as t1 --json chart list | tr '{' '\n' | grep '"name":"C1"' | json chart)
digits=$(printf '%.8s' "$chart")
same "a chart by its digits" 0 "$(code_of as a1 log --chart "$digits" --action write)"
same "the events are all of it" "" \
    "$(as a1 --json log --chart "$digits" | tr '{' '\n' | grep '"seq"' | grep -v "$chart")"
same "by its client's" "$(as a1 --json log --chart "$chart" --action write | tr '{' '\n' | grep -c '"seq"')" \
    "$(as a1 --json log --chart "$client" --action write | tr '{' '\n' | grep -c '"seq"')"
as a1 log --section "$(printf '%.8s' "$private")" >"$work/listed"
check "a section by its digits" grep -q ' write ok' "$work/listed"
same "a chart that is none" 7 "$(code_of as a1 log --chart ffffffff)"
as a1 log export --format csv "$work/csv" >/dev/null
check "a spreadsheet has the events" test "$(wc -l <"$work/csv/events.csv")" -gt 20
as a1 log export --format jsonl "$work/jsonl" --action write --chart "$digits" >/dev/null
same "lines take the filters" "$(as a1 --json log --chart "$chart" --action write | tr '{' '\n' | grep -c '"seq"')" \
    "$(wc -l <"$work/jsonl/events.jsonl")"
same "tiles are an auditor's" 3 "$(code_of as c1 log export --format tlog-tiles "$work/none")"
check "and no folder is left" test ! -e "$work/none"
seqs=$(as c1 --json log --limit 5 | tr '{' '\n' | sed -n 's/^"seq":\([0-9]*\),.*/\1/p')
same "as many as asked for" 5 "$(say "$seqs" | wc -l)"
same "the newest first" "$(say "$seqs" | sort -rn)" "$seqs"
check "the newest at all" test "$(say "$seqs" | head -n 1)" -gt \
    "$(as c1 --json log --limit 0 | tr '{' '\n' | sed -n 's/^"seq":\([0-9]*\),.*/\1/p' | sed -n 9p)"

# One draft signed twice, by a copy of the profile that had not synced: the second is refused for
# good, its text is kept, nothing waits for it, and it goes when the person says so.
printf 'to be signed\n' >"$words"
draft=$(as t1 --json write C1 --class progress --draft --file "$words" | json note)
cp -r "$work/t1" "$work/copy"
stop_server
printf 'signed by the copy\n' >"$words"
same "signed offline" 0 "$(code_of as copy write --note "$draft" --sign --file "$words")"
: >"$work/server.log"
start_server
same "signed before it" 0 "$(code_of as t1 write --note "$draft" --sign --file "$words")"
as copy sync --drop-refused >/dev/null 2>&1 # told of nothing yet: what is refused now stays
same "the second is refused" 1 "$(as copy --json sync 2>/dev/null | json refused)"
check "and said" sh -c "[ -n '$(as copy sync 2>&1 | grep 'refused 1 for good')' ]"
check "with where its text goes" sh -c "[ -n '$(as copy status 2>&1 | tr '\n' ' ' | grep 'puts it among the kept ones')' ]"
check "its text is here" sh -c "[ -n '$(as copy show "$draft" 2>&1 | grep 'refused; it is here alone')' ]"
same "it goes" 0 "$(as copy --json sync --drop-refused | json outbox)"
dropped=$(as copy --json kept list | tr '{' '\n' | grep 'signed by the copy' | json name)
same "and its only copy is kept" "signed by the copy" "$(as copy kept show "$dropped")"
same "until it is deleted" 0 "$(code_of as copy kept discard "$dropped" --yes)"
same "and then no more" "[]" "$(as copy --json kept list)"

# What a note is called is no line of ours, whatever it holds.
same "one line" 1 "$(as t1 write C1 --class progress --draft --file "$words" \
    --title "$(printf 'A\342\200\250alcove: all is lost. The one thing to do now is to ask who wrote')" | wc -l)"

# Words of a command that waits are not in the list of processes.
mkfifo "$work/waits"
"$bin/alcove" --profile "$work/t1" --passphrase-fd 3 write C1 --class progress --title untold-title \
    --file - <"$work/waits" 3<"$work/waits" &
waiting=$!
exec 9>"$work/waits"
listed() {
    [ "$(cat "/proc/$waiting/comm")" != alcove ] ||
        tr '\0' ' ' <"/proc/$waiting/cmdline" | grep -q untold
}
waits=0
while listed && [ "$waits" -lt 50 ]; do
    waits=$((waits + 1))
    sleep 0.1
done
check "its words are not listed" test "$waits" -lt 50
check "while it waits" kill -0 "$waiting"
exec 9>&-
wait "$waiting" 2>/dev/null

# The editor, on a terminal of script(1): its copies go with its file, a failure keeps the text.
memory=$work/run
mkdir "$memory"
if command -v script >/dev/null 2>&1 && mount -t tmpfs tmpfs "$memory" 2>/dev/null; then
    trap 'stop_server; umount "$memory"; rm -rf "$work"' EXIT
    # typed HOW: writes with an editor that then does HOW.
    typed() {
        cat >"$work/editor" <<X
#!/bin/sh
printf 'typed-by-hand\n' >"\$1"
cp "\$1" "\$1~"
cp "\$1" "\$(dirname "\$1")/.note.txt.swp"
$1
X
        chmod 755 "$work/editor"
        printf '%s\n' "$passphrase" >"$work/pass"
        XDG_RUNTIME_DIR=$memory VISUAL=$work/editor script -qec \
            "'$bin/alcove' --profile '$work/t1' --passphrase-fd 3 write C1 --class progress 3<'$work/pass'" \
            /dev/null </dev/null >"$work/typed" 2>&1
    }
    typed 'exit 0'
    same "nothing is left of it" "" "$(ls -A "$memory")"
    check "and it is written" sh -c "grep -q 'on the server' '$work/typed'"
    # A draft that is edited further: the editor begins with it.
    printf 'what was there\n' >"$words"
    draft=$(as t1 --json write C1 --class progress --title D --draft --file "$words" | json note)
    printf '#!/bin/sh\nsed -i s/there/here/ "$1"\n' >"$work/editor"
    XDG_RUNTIME_DIR=$memory VISUAL=$work/editor script -qec \
        "'$bin/alcove' --profile '$work/t1' --passphrase-fd 3 write --note $draft 3<'$work/pass'" \
        /dev/null </dev/null >"$work/typed" 2>&1
    check "the editor began with the draft" sh -c "[ -n '$(as t1 show "$draft" | grep 'what was here')' ]"
    first_kept() { as t1 --json kept list | tr '{' '\n' | json name; }
    for how in 'exit 1' 'kill -INT $PPID; sleep 0.2; exit 1' 'kill -TERM $PPID; sleep 5; exit 0' \
        'head -c 300000 /dev/zero | tr "\\0" x >>"$1"'; do
        typed "$how"
        same "nothing is in memory after $how" "" "$(ls -A "$memory")"
        name=$(first_kept)
        same "the text after $how" typed-by-hand "$(as t1 kept show "$name" | head -n 1)"
        check "which is said" grep -q 'is kept as' "$work/typed"
        same "until it is deleted" 0 "$(code_of as t1 kept discard "$name" --yes)"
    done
    # Ctrl-C at the question keeps the text, which is found by name and taken back, also twice.
    cat >"$work/editor" <<'X'
#!/bin/sh
printf 'typed-for-the-client\n' >"$1"
X
    (sleep 3; printf '\003'; sleep 1) | XDG_RUNTIME_DIR=$memory VISUAL=$work/editor script -qec \
        "'$bin/alcove' --profile '$work/t1' --passphrase-fd 3 reflect C1 3<'$work/pass'" \
        /dev/null >"$work/typed" 2>&1
    name=$(first_kept)
    check "the text outlives Ctrl-C" test -n "$name"
    check "which is said" grep -q "is kept as $name" "$work/typed"
    same "as it was typed" typed-for-the-client "$(as t1 kept show "$name")"
    same "nothing of it in memory" "" "$(ls -A "$memory")"
    check "nor in the clear on the disk" sh -c "! grep -rq typed-for-the-client '$work/t1'"
    check "status tells of it" sh -c "[ -n '$(as t1 status 2>&1 | grep 'kept list')' ]"
    check "with its place" sh -c "[ -n '$(as t1 kept list | grep 'reflect .*C1 .*typed-for')' ]"
    again() {
        XDG_RUNTIME_DIR=$memory VISUAL=$1 script -qec \
            "'$bin/alcove' --profile '$work/t1' --passphrase-fd 3 write C1 --class progress --kept $name 3<'$work/pass'" \
            /dev/null </dev/null >"$work/typed" 2>&1
    }
    again true
    check "left in the editor it stays kept" grep -q "Nothing was changed; nothing was written" "$work/typed"
    same "the same text" typed-for-the-client "$(as t1 kept show "$name")"
    again 'sed -i s/client/record/'
    check "taken back it is written" grep -q 'is signed' "$work/typed"
    same "with what was typed" 1 "$(as t1 --json search typed-for-the-record | grep -c '"note"')"
    same "and kept no more" "[]" "$(as t1 --json kept list)"
    same "neither in memory" "" "$(ls -A "$memory")"
    same "no such text" 7 "$(code_of as t1 kept show "$name")"
    # An editor that takes the file away, and one that leaves nothing at all.
    typed 'mv "$1" "$(dirname "$1")/other"; exit 0'
    check "a renamed file is said" sh -c "tr -s '\r\n ' ' ' <'$work/typed' | grep -q 'removed or renamed'"
    check "and is there" grep -rq typed-by-hand "$memory"
    rm -rf "$memory"/alcove-*
    typed 'rm -f "$(dirname "$1")"/* "$(dirname "$1")"/.note*; exit 0'
    check "a removed file is said" sh -c "tr -s '\r\n ' ' ' <'$work/typed' | grep -q 'removed or renamed'"
    same "and no empty folder stays" "" "$(ls -A "$memory")"
    # A pipe that nobody writes to, in the place of the text, is waited for by nobody.
    printf '#!/bin/sh\nrm "$1"; mkfifo "$1"\n' >"$work/editor"
    XDG_RUNTIME_DIR=$memory VISUAL=$work/editor timeout 60 script -qec \
        "'$bin/alcove' --profile '$work/t1' --passphrase-fd 3 write C1 --class progress 3<'$work/pass'" \
        /dev/null </dev/null >"$work/typed" 2>&1
    check "a pipe is said" sh -c "tr -s '\r\n ' ' ' <'$work/typed' | grep -q 'removed or renamed'"
    timeout 60 "$bin/alcove" --profile "$work/t1" --passphrase-fd 3 kept list 3<"$work/pass" >"$work/out" 2>&1
    same "the next command goes on after a pipe" 0 $?
    rm -rf "$memory"/alcove-kept-*
    printf '#!/bin/sh\nexit 0\n' >"$work/editor"
    typed_at_once=$(XDG_RUNTIME_DIR=$memory VISUAL=$work/editor script -qec \
        "'$bin/alcove' --profile '$work/t1' --passphrase-fd 3 write C1 --class progress 3<'$work/pass'" \
        /dev/null </dev/null 2>&1 | tr -s '\r\n ' ' ')
    check "an editor that returns at once is told of" sh -c "printf '%s' '$typed_at_once' | grep -q 'came back at once'"
else
    say "skipped: the editor (needs script and a mount of tmpfs)"
fi

# Whoever thinks better of a new passphrase has not locked the agent.
printf '%s\n' "$passphrase" >"$work/pass"
"$bin/alcove" --profile "$work/t1" unlock --passphrase-fd 3 3<"$work/pass" >/dev/null
printf 'short\n' >"$work/short"
same "a new passphrase that is none" 6 "$(code_of "$bin/alcove" --profile "$work/t1" \
    --passphrase-fd 3 passphrase --new-passphrase-fd 4 3<"$work/pass" 4<"$work/short")"
same "leaves the agent unlocked" true "$("$bin/alcove" --profile "$work/t1" --json status </dev/null | json agent)"
"$bin/alcove" --profile "$work/t1" lock >/dev/null

# Ctrl-C while the passphrase is asked for.
if command -v script >/dev/null 2>&1; then
    cat >"$work/ask" <<X
trap : INT
'$bin/alcove' --profile '$work/t1' status
stty -a | grep -o -- '-\{0,1\}echo\\b'
X
    (
        sleep 2
        printf '\003'
        sleep 2
    ) | script -qec "sh '$work/ask'" /dev/null >"$work/asked" 2>&1 &
    wait $!
    check "the terminal shows what is typed" sh -c "tr -d '\\r' <'$work/asked' | grep -qx echo"
fi
finish
