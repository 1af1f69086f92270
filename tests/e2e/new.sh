#!/bin/sh
# What is new to a reader: marked in the list until this device has shown it, with a receipt or
# without; kept when the cache is fetched anew; told to nobody else.
# shellcheck disable=SC2154 # set by the files it sources
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

# news NAME: the ids of the notes that are marked so.
news() { as "$1" --json list --new | tr '{' '\n' | grep '"new":true' | json note; }

make_treatment
words=$work/words.txt

printf 'You noticed the pull.\n' >"$words"
pull=$(as t1 --json reflect C1 --title 'The pull' --file "$words" --yes | json note)
check "a note is shared" test -n "$pull"
same "what another wrote is new" 1 "$(as c1 list | grep -c '\[new\] T1: The pull$')"
same "and found by that" "$pull" "$(news c1)"
same "what one wrote oneself is not" "" "$(news t1)"
as c1 search noticed >"$work/found"
same "a search shows the mark, and takes it from nobody" "1 $pull" \
    "$(grep -c '\[new\] T1: The pull$' "$work/found") $(news c1)"
as c1 sync >/dev/null
as c1 show "$pull" --no-receipt >/dev/null
same "what was shown is not new, without a receipt too" "1 " \
    "$(as c1 list | grep -c 'The pull$') $(news c1)"
same "which nobody else hears of" 0 \
    "$(as c1 log --all --action opened --limit 0 2>/dev/null | grep -c ' opened ok')"
printf 'x\n' >"$words"
as t1 reflect C1 --title 'Yours [private] [refused]' --file "$words" --yes >/dev/null
as c1 list >"$work/listed"
same "a title draws no mark: these stand before whoever wrote it" "1 0" \
    "$(grep -c 'shared *\[new\] T1: Yours ' "$work/listed") $(grep -c '\(private\|refused\)\].* T1:' "$work/listed")"
as c1 show 'Yours [private] [refused]' >/dev/null
printf 'And once more.\n' >"$words"
as t1 write --note "$pull" --addendum --reason 'more' --file "$words" --yes >/dev/null
same "what was added is new" "$pull" "$(news c1)"
as c1 history "$pull" >/dev/null
same "until it is shown" "" "$(news c1)"
rm "$work/c1/store/cache"
as c1 sync >/dev/null
same "a cache that is fetched anew makes nothing new" "1 " \
    "$(as c1 --json list | tr '{' '\n' | grep -c "$pull") $(news c1)"
as c1 list --new >"$work/none" 2>&1
check "and that is said" grep -q 'nothing here is new to you' "$work/none"
finish
