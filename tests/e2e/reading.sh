#!/bin/sh
# What is read is what was signed: a note that would draw a line of the program's own, in
# terminals of several widths and in an export; a search by somebody who types other blanks, case
# and forms of the same letters; names that look alike; and a spreadsheet of the access log.
# shellcheck disable=SC2154 # set by the files it sources
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"


make_treatment
words=$work/words.txt
LC_ALL=C.UTF-8
export LC_ALL

# ---- a terminal
# forged N: a text whose second line is N no-break spaces, then a header of ours in such blanks.
forged() {
    printf 'Seen today, stable.\n'
    printf "%$1s" '' | sed 's/ /\xc2\xa0/g'
    printf '%s' '-- addendum, revision 2, Dr Other, 2026-11-29 07:01' | sed 's/ /\xc2\xa0/g'
    printf '\nI agree with discharge.\n'
}
# shown COLUMNS NOTE: as a terminal of so many columns shows it, wrapped by the terminal too.
shown() {
    printf '%s\n' "$passphrase" >"$work/pass"
    script -qec "stty cols $1; '$bin/alcove' --profile '$work/t1' --passphrase-fd 3 show $2 3<'$work/pass'" \
        /dev/null </dev/null 2>&1 | tr -d '\r' | sed 's/\xc2\xa0/ /g' |
        sed "s/.\{$1\}/&\n/g"
}
if command -v script >/dev/null 2>&1; then
    for columns in 12 40 60 80 200; do
        for margin in 0 2 4; do
            forged $((columns - margin)) >"$words"
            note=$(as t1 --json write C1 --class progress --file "$words" | json note)
            shown "$columns" "$note" >"$work/shown"
            same "one header at $columns less $margin" 1 "$(grep -c '^--' "$work/shown")"
            same "the forged one is text" 1 "$(grep -c '^    .*--' "$work/shown")"
            same "all lines of the text are behind the margin" 0 \
                "$(grep -c '^ \{0,3\}I agree' "$work/shown")"
        done
    done
    printf '%0300d\n' 0 >"$words"
    note=$(as t1 --json write C1 --class progress --file "$words" | json note)
    same "a terminal's width is its own, whatever the environment says" 0 \
        "$(COLUMNS=200 shown 60 "$note" | sed 's/^ *//' | grep -c '0\{57\}')"
else
    say "skipped: terminals (needs script)"
fi
# paged ROWS PAGER: a note of 30 lines in a window of so many.
if command -v script >/dev/null 2>&1; then
    seq 101 130 >"$words"
    note=$(as t1 --json write C1 --class progress --file "$words" | json note)
    paged() {
        PAGER=$2 script -qec "stty rows $1 cols 80; '$bin/alcove' --profile '$work/t1' --passphrase-fd 3 \
            $3 show $note 3<'$work/pass'" /dev/null </dev/null 2>&1 | tr -d '\r'
    }
    printf '#!/bin/sh\nsed "s/^/paged /"\n' >"$work/pager"
    chmod 755 "$work/pager"
    same "longer than the terminal" 30 "$(paged 24 "$work/pager" '' | grep -c '^paged     1[0-9][0-9]$')"
    same "not longer" 30 "$(paged 60 "$work/pager" '' | grep -c '^    1[0-9][0-9]$')"
    same "not wanted" 30 "$(paged 24 "$work/pager" --no-pager | grep -c '^    1[0-9][0-9]$')"
    same "a pager that is not there" 30 "$(paged 24 "$work/none" '' | grep -c '^    1[0-9][0-9]$')"
fi
printf '%0300d\n' 0 >"$words"
note=$(as t1 --json write C1 --class progress --file "$words" | json note)
same "without a terminal lines are of 80" 76 \
    "$(as t1 show "$note" | grep -o '0\{40,\}' | head -n 1 | tr -d '\n' | wc -c)"
same "or as the environment says" 46 \
    "$(COLUMNS=50 as t1 show "$note" | grep -o '0\{40,\}' | head -n 1 | tr -d '\n' | wc -c)"

# ---- doses stay doses, tables stay tables, and what is shown says whose it is
printf 'Sertraline 5\v0 mg\nTook 2\r0 tablets\nBDI 1\342\200\2502\nPHQ-9      score\n  - nested\n\033[2Jx\n' >"$words"
note=$(as t1 --json write C1 --class progress --title 'On doses' --file "$words" | json note)
doses=$note
as t1 show "$note" >"$work/shown"
same "the note, its class, its chart and its client" \
    "Note $(printf '%.8s' "$note"), progress, chart $(as t1 --json chart list | json chart | cut -c1-8), C1" \
    "$(head -n 1 "$work/shown")"
sed -n '4,$p' "$work/shown" >"$work/body"
printf '    Sertraline 5\n    0 mg\n    Took 2\n    0 tablets\n    BDI 1\n    2\n' >"$work/body.expected"
printf '    PHQ-9      score\n      - nested\n    <U+001B>[2Jx\n' >>"$work/body.expected"
check "every line as signed" cmp "$work/body" "$work/body.expected"

# ---- a time that the log does not know is said to be the author's
printf '7200000\n' >"$work/ahead"
printf 'from tomorrow\n' >"$words"
note=$(ALCOVE_CLOCK_OFFSET_FILE=$work/ahead as t1 --json write C1 --class progress --file "$words" | json note)
as t1 show "$note" >"$work/shown"
same "a clock ahead of the log" 1 "$(grep -c "^-- .*, written 20.* by the author's clock; on the server since 20" "$work/shown")"
as t1 show "$doses" >"$work/shown"
same "and one that is not" 0 "$(grep -c "by the author's clock" "$work/shown")"

# ---- nor can a note be dated back: the first command of a process compares its clock, nobody's text
# is lost, and once it is sent both times are told
printf -- '-2592000000\n' >"$work/behind"
printf 'I had warned him about this.\n' >"$words"
ALCOVE_CLOCK_OFFSET_FILE=$work/behind as t1 --json write C1 --class progress --file "$words" >"$work/written" 2>"$work/err"
same "a clock a month behind sends nothing" 0 "$(grep -c '"sent":true' "$work/written")"
check "and says so" sh -c "tr -s '\n ' '  ' <\"$work/err\" | grep -q 'is signed and sent once the clock is right'"
note=$(json note <"$work/written")
as t1 sync >/dev/null 2>&1
as t1 show "$note" >"$work/shown"
both="written 20[0-9-]* [0-9:]* by the author's clock; on the server since 20"
same "both times, with its text" 2 "$(grep -cE "^-- .*, $both|I had warned" "$work/shown")"
as t1 history "$note" >"$work/shown"
same "in its history" 1 "$(grep -c "^-- .*, $both" "$work/shown")"
as t1 list C1 >"$work/shown"
same "in the list, by the server's time" 1 \
    "$(grep -c "^$(date +%Y-)[^[]*  $(printf '%.8s' "$note")  progress [^[]*\[$both" "$work/shown")"
as t1 --json show "$note" >"$work/shown"
check "for programs" [ "$(json server_ms <"$work/shown")" -gt $(($(json written_ms <"$work/shown") + 2500000000)) ]
as t1 export --chart C1 "$work/dated" >/dev/null 2>&1
same "in the export" 2 "$(grep -cE "^- (written, by the author's clock|on the server since): 20" "$work/dated/progress-$note.md")"
check "and in its manifest" grep -q '"server_ms"' "$work/dated/manifest.json"

# ---- an export
printf 'x\n\n## Revision 2: signed\n\n- author: Dr Other\n\vA\342\200\214B\t5\v0\n' >"$words"
note=$(as t1 --json write C1 --class progress --file "$words" | json note)
as t1 export --chart C1 "$work/export" >/dev/null 2>&1
page=$work/export/progress-$note.md
same "one heading of ours" 1 "$(grep -c '^## Revision' "$page")"
same "one author" 1 "$(grep -c '^- author' "$page")"
same "the length of the text" 1 "$(grep -c "^- text: $(wc -c <"$words") bytes" "$page")"
check "its lines as signed" sh -c "[ -n '$(grep -x "    A$(printf '\342\200\214')B$(printf '\t')5" "$page")' ] &&
    [ -n '$(grep -x '    0' "$page")' ]"
same "nothing was named" 1 "$(grep -c '"characters_named":[[:space:]]*false' "$work/export/manifest.json" |
    sed 's/[1-9][0-9]*/1/')"
check "where something was named it is said" grep -q '"characters_named":[[:space:]]*true' "$work/export/manifest.json"

printf '%s\n' 'x' >"$words"
# shellcheck disable=SC2016 # backquotes of the text itself
note=$(as t1 --json write C1 --class progress --title '<b>[a](http://x) & `c` *d* _e_ # 5.0 mg' --file "$words" | json note)
as t1 export --chart C1 "$work/signs" >/dev/null 2>&1
# shellcheck disable=SC2016 # backquotes of the text itself
same "a title is no Markdown" '- title: \<b\>\[a\]\(http://x\) \& \`c\` \*d\* \_e\_ \# 5.0 mg' \
    "$(grep '^- title' "$work/signs/progress-$note.md")"

# ---- whoever reads what is printed may stop; a disk that is full is told
head -c 200000 /dev/zero | tr '\0' x | fold -w 60 >"$words"
note=$(as t1 --json write C1 --class progress --file "$words" | json note)
{ as t1 show "$note" 2>"$work/err"; say $? >"$work/code"; } | head -n 1 >/dev/null
same "it ends as other programs do" 141 "$(cat "$work/code")"
same "without a word" 0 "$(wc -c <"$work/err")"
as t1 show "$note" >/dev/full 2>"$work/err"
same "a full disk is an error" 1 $?
check "and told" grep -q 'could not be written' "$work/err"

# ---- a search: what a person types finds what a person wrote
# found TEXT: how many notes hold it.
found() { as t1 --json search "$1" | tr '{' '\n' | grep -c '"note"'; }
printf 'Craving\302\240after the alpha beta\ngamma round in the cafe\314\201 of \303\205ngstr\303\266m\n' >"$words"
as t1 write C1 --class progress --file "$words" >/dev/null
same "a blank for a no-break space" 1 "$(found 'Craving after')"
same "a blank for a line's end" 1 "$(found 'beta gamma')"
same "a composed letter for a decomposed one" 1 "$(found "$(printf 'caf\303\251')")"
same "capitals of every script" 1 "$(found "$(printf 'CAF\303\211 OF \303\205NGSTR\303\226M')")"
same "and no other letters" 0 "$(found 'cafe of')"
same "a name is no note" 0 "$(found T1)"
same "nor is it listed" 0 "$(as c1 --json list | tr '{' '\n' | grep -c '"note_kind":7')"
same "a search for blanks" 2 "$(code_of as t1 search ' ')"
for blank in '\302\240\343\200\200\n' '\342\200\213' '\357\273\277\r\n' ' \n\t'; do
    # shellcheck disable=SC2059 # the octal digits are for printf
    printf "$blank" >"$words"
    same "a text of $blank is empty" 2 "$(code_of as t1 write C1 --class progress --file "$words")"
done

# ---- names: checked where they are made, compared as people compare them
invite() { code_of as "$1" member invite --role "$2" --name "$3" --out "$work/code.$4"; }
for flaw in ' ' "$(printf '\302\240')" ' Ben' 'Ben ' "$(printf 'Be\nn')" "$(printf 'Be\342\200\256n')" \
    "$(printf 'Be\377n')" "$(printf '%0500d' 0)"; do
    same "no name: $flaw" 2 "$(invite ad therapist "$flaw" flaw)"
    check "nor a practice's" test 0 != "$(code_of as ad practice new --name "$flaw" --out "$work/none")"
    same "nor a client's" 2 "$(code_of as t1 chart new C1 --name "$flaw")"
done
check "nothing was made" test ! -e "$work/code.flaw"
check "it is said why" sh -c "[ -n '$(as ad member invite --role therapist --name 'Ben ' --out "$work/none" 2>&1 |
    grep 'the name ends with a blank')' ]"
same "a colleague" 0 "$(invite ad therapist "$(printf 'Zo\303\253')" 1)"
as ad member code "$(printf 'ZOE\314\210')" >"$work/called" 2>&1
same "is called so" 0 "$(grep -c 'no member here' "$work/called")"
as ad member code "$(printf 'Zoe')" >"$work/called" 2>&1
same "and not otherwise" 1 "$(tr '\n' ' ' <"$work/called" | grep -c 'no member here')"
same "a namesake" 0 "$(invite ad therapist "$(printf 'Zoe\314\210')" 2)"
as ad member code "$(printf 'Zo\303\253')" >"$work/several" 2>&1
same "two of one name are refused" 2 $?
same "and listed" 2 "$(grep -c '^  [0-9a-f]\{8\} therapist Zo' "$work/several")"
enter s1 "$work/code.1"
same "the first is suspended" 0 "$(code_of as ad member suspend "$(as ad --json member list | tr '{' '\n' |
    grep '"enrolled":true' | grep 'Zo' | json member)")"
as ad member code "$(printf 'Zo\303\253')" >"$work/several" 2>&1
check "a suspended namesake does not count" sh -c "! grep -q several '$work/several'"
same "a note by its title" "$(as t1 show "$(printf '%.8s' "$doses")" | sed -n 3p)" \
    "$(as t1 show 'on  DOSES' | sed -n 3p)"
same "a client by another case" 0 "$(code_of as t1 list c1)"
printf 'another\n' >"$words"
as t1 write C1 --class session --title 'On Doses' --file "$words" >/dev/null
as t1 show 'On doses' >"$work/several" 2>&1
same "two notes of one title are refused" 2 $?
same "and listed too" 2 "$(grep -c '^  [0-9a-f]\{8\} .*On doses' "$work/several")"

digits=$(printf '%.4s' "$doses")
as t1 write C1 --class session --title "$digits" --file "$words" >/dev/null
as t1 show "$digits" >"$work/several" 2>&1
same "a title that begins another's id is refused" 2 $?
same "and both are listed" "On doses (by its id)
$digits" "$(sed -n 's/^  [0-9a-f]\{8\} [a-z]* //p' "$work/several")"

# ---- a list: the newest first, of all sections, with what a person asks for alone
as t1 --json list >"$work/listed"
tr '{' '\n' <"$work/listed" | sed -n 's/.*"server_ms":\([0-9]*\)[,}].*/\1/p' >"$work/times"
check "the newest first" sort -c -rn "$work/times"
same "one class alone" '"class":"session"' \
    "$(as t1 --json list C1 --class session | tr ',' '\n' | grep '"class"' | sort -u)"
same "no draft" "alcove: there are no such notes here" "$(as t1 list --drafts 2>&1)"
as t1 write C1 --class progress --title unripe --draft --file "$words" >/dev/null
same "one draft" 1 "$(as t1 list --drafts | grep -c '\[draft\] unripe$')"
same "all of it in this week" "$(wc -l <"$work/times")" \
    "$(($(as t1 --json list --week | tr '{' '\n' | grep -c '"written_ms"') - 1))"
same "none of the day after tomorrow" 0 \
    "$(as t1 --json list --since "$(date -d 'now + 2 days' +%F)" | grep -c '"written_ms"')"
same "so many" 2 "$(as t1 list --limit 2 2>/dev/null | wc -l)"
as t1 list --limit 2 2>&1 | tr '\n' ' ' >"$work/several"
check "which is said" grep -q 'these are the newest 2 of ' "$work/several"
same "a row says whose chart" 1 "$(as t1 list --limit 0 | grep -c '  C1 *\[draft\] unripe')"
same "and in a chart does not" 0 "$(as t1 list C1 | grep -c '  C1 *\[draft\] unripe')"
printf 'One thing and another, then a third and a fourth, and at last the needle of the haystack, which went on and on.\n' >"$words"
as t1 write C1 --class progress --title 'A stack' --file "$words" >/dev/null
as t1 search 'THE  needle' >"$work/found"
check "a search tells when and where" grep -q "^20[0-9-]* [0-9:]*  [0-9a-f]*  progress  C1 *A stack" "$work/found"
check "and shows the place" grep -q '^    \.\.\. .*at last the needle of the haystack' "$work/found"

# ---- a client sees what is private and with whom the rest is shared; and what was taken away
printf 'mine\n' >"$words"
as c1 moment --category boundary --file "$words" >/dev/null
printf 'ours\n' >"$words"
as c1 moment --category boundary --share T1 --file "$words" >/dev/null
as t1 reflect C1 --title 'For you' --file "$words" --yes >/dev/null
as c1 sync >/dev/null
as c1 list >"$work/listed"
check "private" grep -q '\[private\] mine$' "$work/listed"
check "shared, with whom" grep -q '\[shared with T1\] ours$' "$work/listed"
check "somebody else's" grep -q 'T1: For you$' "$work/listed"
as t1 revoke C1 --class shared C1 >/dev/null
as c1 sync >/dev/null
as c1 list >"$work/listed"
check "what was taken away is marked" grep -q '\[no longer shared with you\] T1: For you$' "$work/listed"
as c1 show 'For you' >"$work/shown" 2>&1
same "and can be read on" 0 $?
check "which is said before it is shown" sh -c "sed -n 2p '$work/shown' | grep -q '^No longer shared with you'"

# ---- what a client is called: by the chart, or by whoever covers, on their device alone
as ad member invite --role therapist --name T2 --out "$work/t2.code" >/dev/null
enter t2 "$work/t2.code"
t2=$(as ad --json member list | tr '{' '\n' | grep '"T2"' | json member)
as ad relate "$t2" covers "$client" >/dev/null
as t1 grant C1 --class progress "$t2" --rights read --until 2099-12-24 >"$work/granted"
same "a grant says its last moment" 1 "$(grep -c 'until 2099-12-24 23:59' "$work/granted")"
check "and what it does not open" sh -c "tr '\n' ' ' <'$work/granted' | grep -q 'nothing earlier'"
as t2 sync >/dev/null
chart=$(as t2 --json chart list | tr '{' '\n' | grep '"chart"' | json chart | tail -n 1)
same "digits, before" "$(printf '%.8s' "$client")" "$(as t2 --json chart list | json name)"
as t2 chart name "$chart" 'C of T1' >/dev/null
same "a name of one's own" 0 "$(code_of as t2 list 'c of t1')"
as t1 grant C1 --class session "$t2" --rights read --history >/dev/null
as t1 chart name C1 'C the first' >"$work/named"
check "the chart's own" sh -c "tr '\n' ' ' <'$work/named' | grep -q 'is called C the first, in the chart'"
as t2 sync >/dev/null
same "goes before it" 'C the first' "$(as t2 --json chart list | json name)"
as t1 chart name 'C the first' C1 >/dev/null

# ---- whoever read a chart has a name for its client, or it is said how to learn it
as c1 log --limit 0 >"$work/log"
check "a colleague without a name is shown by role and digits" grep -q " therapist $(printf '%.8s' "$t2") *read ok" "$work/log"
check "and it is said how to learn it" grep -q '^Digits stand for somebody whose name is not here yet' "$work/log"

# ---- the access log says whom and which note
suspended=$(as ad --json member list | tr '{' '\n' | grep '"enrolled":true' | grep 'Zo' | json member)
same "the first is back" 0 "$(code_of as ad member resume "$suspended")"
as ad member invite --role auditor --name '=A1' --out "$work/a1.code" --root "$work/founder/root.key" \
    --root-passphrase-fd 8 8<"$work/pass" >/dev/null
enter a1 "$work/a1.code"
as t1 grant C1 --class progress "$suspended" --rights read >/dev/null 2>&1
as a1 log --limit 0 >"$work/log"
short=$(printf '%.8s' "$suspended")
same "who was suspended" 1 "$(grep -c " suspend ok of .*($short)" "$work/log")"
same "and resumed" 1 "$(grep -c " resume ok of .*($short)" "$work/log")"
check "who was invited" grep -q " invite-staff ok of .* (" "$work/log"
check "which note was written" grep -q " write ok .* note $(printf '%.8s' "$doses")" "$work/log"
check "an export is in the log" grep -q " exported ok" "$work/log"
check "what hides who did what is counted" grep -q "^Left out: .*[0-9] login.*--all shows them" "$work/log"
same "and is not among it" 0 "$(grep -c ' login ok' "$work/log")"
check "but shown when it is asked for" sh -c "'$bin/alcove' --profile '$work/a1' --passphrase-fd 0 log --all --limit 0 <'$work/pass' | grep -q ' login ok'"
same "nor what is excluded" 0 "$(as a1 log --limit 0 --exclude write --exclude suspend | grep -c -e ' write ok' -e ' suspend ok')"
as a1 log export --format csv "$work/csv" >/dev/null
same "oldest first in a spreadsheet" "" "$(sed -n '2,$s/^"\([0-9]*\)".*/\1/p' "$work/csv/events.csv" | sort -nc 2>&1)"
check "why, in words" grep -q '"TREAT","treatment"' "$work/csv/events.csv"
check "from where, readable" grep -q '"127.0.0.0/24"' "$work/csv/events.csv"
check "the same in a spreadsheet" grep -q "\"resume\",\"ok\".*\"$suspended\"" "$work/csv/events.csv"
check "no cell is a formula" grep -q "\"'=A1\"" "$work/csv/events.csv"

# ---- a passphrase of the same letters from another keyboard
as ad member invite --role therapist --name T9 --out "$work/t9.code" >/dev/null
passphrase=$(printf 'Zoe\314\210 walks by the long river')
enter t9 "$work/t9.code"
same "as typed" 0 "$(code_of as t9 status)"
passphrase=$(printf 'Zo\303\253 walks by the long river')
same "composed" 0 "$(code_of as t9 status)"
passphrase=$(printf '\357\273\277Zo\303\253 walks by the long river')
as t9 status >"$work/marked" 2>&1
same "a mark before it is not taken" 6 $?
check "and told" grep -q 'byte order mark' "$work/marked"
finish
