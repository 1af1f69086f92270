#!/bin/sh
# How big the product is, and how many files a change of a usual sort touches.
#
#   sh tests/lint/sizes.sh          this tree
#   sh tests/lint/sizes.sh REV      revision REV beside this tree: before and after
#
# The table is for a reader. It is a finding only when a file has more than 400 lines, a function
# more than 70, or a new op, class or command would touch more files of the product than it may
# (8, 6 and 3). The last three are counted by grep for one that is there: op CHECKPOINT, class
# journal, command delegate. Documents (*.md, man pages, completion) are not counted.
#
# The product is proto, keys, server and client. A function runs from the first line of its head to
# its brace; clang-format puts both braces into column 1. A comment line holds nothing but comment;
# its share is of the lines that are not blank. A function that no product code calls is one that a
# header declares and that stands in no source but where it is defined, comments and literals aside.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
strip=$root/tests/lint/strip.awk
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# spread: reads "NUMBER NAME"; prints count, median, 90th percentile and largest with its name.
spread() {
    sort -n | awk '{ value[NR] = $1; name = $2 } END {
        if (NR == 0) exit 1
        print NR, value[int((NR + 1) / 2)], value[int(NR * 0.9 + 0.999)], value[NR], name }'
}

# functions: reads file names; prints "LINES FILE:NAME".
functions() {
    # shellcheck disable=SC2016 # awk's
    xargs awk '
        FNR == 1 { head = 0; open = 0; text = "" }
        open == 0 && (/^[ \t]*$/ || /^#/ || /^[ \t]*\/?\*/ || /^}/ || /^\/\//) { head = 0; text = ""; next }
        open == 0 && /^{$/ {
            open = head ? head : FNR
            name = text
            sub(/\(.*/, "", name)
            sub(/.*[ *]/, "", name)
            next
        }
        open == 0 && /^[A-Za-z_]/ && head == 0 { head = FNR; text = "" }
        open == 0 { text = text $0; if (/;$/) { head = 0; text = "" } next }
        /^}$/ { print FNR - open + 1, FILENAME ":" name; open = 0; head = 0; text = "" }' /dev/null
}

# comments PATTERN: reads file names; the share of comment lines in those that match, in percent.
comments() {
    grep -E -- "$1" | xargs awk '
        /^[ \t]*$/ { next }
        { lines++ }
        inside { comment++; if (/\*\//) inside = 0; next }
        /^[ \t]*\/\// || /^[ \t]*\/\*.*\*\/[ \t]*$/ { comment++; next }
        /^[ \t]*\/\*/ { comment++; if (!/\*\//) inside = 1 }
        END { printf "%.0f\n", lines ? 100 * comment / lines : 0 }' /dev/null
}

# words: reads file names; prints "FILE WORD" for the identifiers of each, with repetitions.
words() {
    xargs awk -f "$tmp/mark.awk" -f "$strip" /dev/null | awk '
        /^@file / { file = $2; next }
        { n = split($0, word, /[^A-Za-z0-9_]+/); for (i = 1; i <= n; i++) if (word[i] ~ /^[A-Za-z_]/) print file, word[i] }'
}

# uncalled: reads file names; prints the exported functions that no product code calls.
uncalled() {
    cat >"$tmp/uncalled.files"
    words <"$tmp/uncalled.files" >"$tmp/uncalled.words"
    grep '\.c$' "$tmp/uncalled.files" | functions | sed 's/^[0-9]* [^:]*://' | sort -u >"$tmp/uncalled.defined"
    awk '
        NR == FNR { defined[$1] = 1; next }
        $2 in defined { if ($1 ~ /\.h$/) declared[$2]++; else used[$2]++ }
        END { for (name in declared) if (used[name] == 1 && declared[name] == 1) print name }
    ' "$tmp/uncalled.defined" "$tmp/uncalled.words" | sort
}

# touched WORDS: reads file names; those that hold one of the words, comments aside.
touched() {
    xargs awk -v keep=1 -f "$tmp/mark.awk" -f "$strip" /dev/null |
        awk -v words="$1" '/^@file / { file = $2; next } file != last && $0 ~ words { print file; last = file }'
}
touch_op() {
    touched '(OP|PRODUCE)_CHECKPOINT|CheckpointAsk|CheckpointReply|op_checkpoint|checkpoint_(ask|reply)|produce_checkpoint'
}
# A class is also touched where classes are compared by their order.
touch_class() { touched 'CLASS_JOURNAL|"journal"|[( ]journal,|[<>]=? *CLASS_[A-Z]'; }
# A command is also touched in the list of sources, when that names its file.
touch_command() {
    grep '^client/' | touched 'cmd_delegate|"delegate"|\(delegate[,)]' >"$tmp/touch"
    cat "$tmp/touch"
    grep 'cmd_[a-z]*\.c$' "$tmp/touch" | while IFS= read -r source; do
        ! grep -q "${source##*/}" client/cli/CMakeLists.txt || say client/cli/CMakeLists.txt
    done
}

# measure: prints "KEY|TEXT|VALUE" lines of the tree in the current folder, whose files stand in
# $tmp/files; what is over a hard limit goes to $tmp/over.
measure() {
    : >"$tmp/over"
    grep -E '^(proto|keys|server|client)/' "$tmp/files" | grep -vE '\.md$|/man/|/completion/' >"$tmp/product"
    grep '\.[ch]$' "$tmp/product" >"$tmp/c"
    xargs cat <"$tmp/c" | wc -l | sed 's/^ */product lines of C|/'
    for part in proto keys server client; do
        grep "^$part/" "$tmp/c" | xargs cat | wc -l | sed "s/^ */  in $part|/"
    done
    xargs wc -l <"$tmp/c" | awk '$2 != "total" { print $1, $2 }' >"$tmp/lines"
    awk '$1 > 400 { print $2 ": " $1 " lines, and at most 400 may be" }' "$tmp/lines" >>"$tmp/over"
    spread <"$tmp/lines" | awk '{
        print "files|" $1; print "  their lines, median|" $2; print "  p90|" $3; print "  max|" $4 }'
    grep '\.c$' "$tmp/c" | functions >"$tmp/functions"
    awk '$1 > 70 { print $2 ": " $1 " lines, and at most 70 may be" }' "$tmp/functions" >>"$tmp/over"
    spread <"$tmp/functions" | awk '{
        print "functions|" $1; print "  their lines, median|" $2; print "  p90|" $3; print "  max|" $4 }'
    awk '$1 > 70' "$tmp/functions" | wc -l | sed 's/^ */  longer than 70|/'
    for part in proto keys server client; do
        say "comment lines in $part, .c and .h|$(comments "^$part/.*\.c$" <"$tmp/c") %, $(comments "^$part/.*\.h$" <"$tmp/c") %"
    done
    say "comment lines in all, .c and .h|$(comments '\.c$' <"$tmp/c") %, $(comments '\.h$' <"$tmp/c") %"
    uncalled <"$tmp/c" >"$tmp/uncalled"
    say "exported functions that nothing calls|$(wc -l <"$tmp/uncalled")"
    for sort in "op 8" "class 6" "command 3"; do
        "touch_${sort% *}" <"$tmp/product" | sort -u >"$tmp/touched-${sort% *}"
        count=$(wc -l <"$tmp/touched-${sort% *}")
        say "files to touch for a new ${sort% *} (at most ${sort#* })|$count"
        [ "$count" -le "${sort#* }" ] || say "a new ${sort% *} touches $count files, and at most ${sort#* } may be:" \
            "$(tr '\n' ' ' <"$tmp/touched-${sort% *}")" >>"$tmp/over"
        [ "$count" -gt 1 ] || say "the words of this lint for a ${sort% *} are out of date" >>"$tmp/over"
    done
}

# Says which file the lines after it are of, for strip.awk, which forgets.
say 'FNR == 1 { state = ""; print "@file " FILENAME }' >"$tmp/mark.awk"

# --- planted: each counter on text whose numbers are known ---------------------
mkdir -p "$tmp/plant" && cd "$tmp/plant" || exit 1
{
    printf '#include "a.h"\n\n/* Says\n * why. */\nint a_used(int x)\n{\n    return x; /* not a line */\n}\n\n'
    printf 'static struct a *\nlong_one(int x,\n         int y)\n{\n'
    awk 'BEGIN { for (i = 0; i < 70; i++) print "    a_used(1);" }'
    printf '}\n\nint a_alone(int x)\n{\n    return x;\n}\n'
} >a.c
printf '/* a_alone is not called by a comment. */\nint a_used(int x);\nint a_alone(int x);\n' >a.h
[ "$(say a.c | functions | tr '\n' ' ')" = '4 a.c:a_used 75 a.c:long_one 4 a.c:a_alone ' ] ||
    fail "functions are counted wrong: $(say a.c | functions)"
[ "$(printf 'a.c\na.h\n' | uncalled)" = a_alone ] || fail "uncalled functions are counted wrong"
[ "$(say a.h | comments h)" = 33 ] || fail "comments are counted wrong: $(say a.h | comments h)"
[ "$(printf '1 a\n2 b\n3 c\n9 d\n' | spread)" = '4 2 9 9 d' ] || fail "the spread is counted wrong"
printf '/* OP_CHECKPOINT */\n' >b.c
printf 'int x = OP_CHECKPOINT;\n' >c.c
[ "$(printf 'b.c\nc.c\n' | touch_op)" = c.c ] || fail "files to touch are counted wrong"
printf 'if (class > CLASS_SAFETY) {\n' >b.c
[ "$(say b.c | touch_class)" = b.c ] || fail "a class compared by its order goes unseen"

# --- the tree ------------------------------------------------------------------
cd "$root" || exit 1
if [ $# -gt 0 ]; then
    mkdir "$tmp/rev"
    git archive "$1" >"$tmp/rev.tar" || fail "no revision $1"
    tar -x -C "$tmp/rev" -f "$tmp/rev.tar"
    cd "$tmp/rev" || exit 1
    find . -type f | sed 's|^\./||' | sort >"$tmp/files"
    measure >"$tmp/before"
    cd "$root" || exit 1
fi
git ls-files --cached --others --exclude-standard | while IFS= read -r file; do
    [ ! -f "$file" ] || say "$file"
done | sort >"$tmp/files"
measure >"$tmp/after"
if [ $# -gt 0 ]; then
    printf '%-46s %14s %14s\n' '' "$(git rev-parse --short "$1")" 'this tree'
    awk -F'|' 'NR == FNR { before[FNR] = $2; next } { printf "%-46s %14s %14s\n", $1, before[FNR], $2 }' \
        "$tmp/before" "$tmp/after"
else
    awk -F'|' '{ printf "%-46s %14s\n", $1, $2 }' "$tmp/after"
fi
say "exported, and called by nothing: $(tr '\n' ' ' <"$tmp/uncalled")"
if [ -s "$tmp/over" ]; then
    cat "$tmp/over"
    fail "$(wc -l <"$tmp/over") findings"
fi
say "== sizes: $(sed -n 's/^product lines of C|//p' "$tmp/after") product lines, no hard limit passed"
