#!/bin/sh
# pages.sh BUILD: the manual and the completion that the build filled from the commands' rows. First
# templates that must not become a page: one that lacks commands, one that knows a command that is
# not there. Then what bash completes, word for word.
set -u
build=$1
made=$build/share/bash-completion/completions/alcove
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
failed=0
bad() {
    printf '%s\n' "$1" >&2
    failed=1
}

printf '.\\" @command show\n' >"$tmp/lacks"
printf '.\\" @command shwo\n' >"$tmp/knows"
for page in lacks knows none; do
    "$build/bin/alcove-pages" "$tmp/$page" >/dev/null 2>&1 && bad "a manual that $page was taken"
done
manual=$build/share/man/man1/alcove.1
for text in '^.It Cm show Ar NOTE Oo Fl -no-receipt Oc$' '^.It Cm member invite Fl -role Ar ROLE' '^Read a note, '; do
    grep -q -- "$text" "$manual" || bad "the manual lacks $text"
done
grep -n '@command\|@options' "$manual" && bad "a mark is left in the manual"

# completes EXPECTED WORD…: whether the last word is completed to EXPECTED, among others.
completes() {
    expected=$1
    shift
    bash -c '. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _alcove; printf "%s\n" "${COMPREPLY[@]}"' \
        bash "$made" alcove "$@" | grep -qx -- "$expected" || bad "not completed to $expected: $*"
}
completes member mem
completes help he
completes invite member inv
completes --role member invite --ro
completes auditor member invite --role au
completes progress write C1 --class pro
completes --late-entry --profile p write --la
completes export log ex
completes --outcome log --chart C1 --out
completes treats relate T tr
completes list relate li
completes --json show --j
bash -c '. "$1"; COMP_WORDS=(alcove agen); COMP_CWORD=1; _alcove; [ -z "${COMPREPLY[*]}" ]' bash "$made" ||
    bad "the hidden agent is completed"
exit "$failed"
