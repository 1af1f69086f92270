#!/bin/sh
# The documents against the tree: the policy table, every test, script and file that they name,
# every statement, op, frame, entry, status, limit and label of the protocol with its number, every
# preset.
#
# First a planted lie per rule, which must be caught, then the documents as they are.
#
# ALCOVE_BUILD  the build folder whose tests are listed (default build/hooks)
# shellcheck disable=SC2016 # backticks are what the documents have
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
build=${ALCOVE_BUILD:-build/hooks}
[ -f "$build/CTestTestfile.cmake" ] || fail "no tests in $build: sh tests/run.sh build"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
LC_ALL=C.UTF-8
export LC_ALL

# A rule reads the documents in $docs, a folder with copies of them, and prints what it finds.
docs=$tmp/docs
mkdir "$docs"
documents='README.md SECURITY.md proto/PROTOCOL.md keys/KEYS.md'
fresh() {
    for document in $documents; do cp "$document" "$docs/${document##*/}" || exit 1; done
    cp proto/policy.c proto/alcove.proto proto/status.h proto/limits.h keys/public/label.h CMakePresets.json "$docs/"
}

rule_policy() {
    awk -f tests/lint/policy_rows.awk "$docs/policy.c" | sort >"$tmp/rows"
    [ "$(wc -l <"$tmp/rows")" -gt 100 ] || say "the table of policy.c was not understood"
    for document in SECURITY.md PROTOCOL.md; do
        awk -f tests/lint/policy_words.awk "$docs/$document" | sort >"$tmp/words"
        diff "$tmp/rows" "$tmp/words" |
            sed -n "s/^< \(.*\)/$document lacks: \1/p; s/^> \(.*\)/policy.c lacks what $document says: \1/p"
    done
}

# Listing needs no test to be built, but says on standard error which are not.
listed() { ctest --test-dir "$build" -N "$@" 2>/dev/null | grep -c '^  *Test *#'; }
rule_tests() {
    for option in R L; do
        sed -n "s/^/ /; s/ctest /\n&/g; p" "$docs"/*.md |
            sed -n "s/^ctest [^\`]*-$option \([a-z_]*\).*/\1/p" | sort -u | while IFS= read -r name; do
            [ "$(listed "-$option" "$name")" -gt 0 ] || say "no test for ctest -$option $name"
        done
    done
}

# What stands in backticks or behind a link and looks like a file of ours: from the top, beside the
# document, or among the vectors, which KEYS.md names by their last part.
rule_files() {
    for document in $documents; do
        { grep -o '`[^` ]*`' "$docs/${document##*/}" | tr -d '`'
            sed -n 's/.*](\([^)#]*\)).*/\1/p' "$docs/${document##*/}"; } |
            grep -E '^[A-Za-z0-9_./-]+(\.(c|h|sh|md|mjs|proto|tsv|txt|awk)|/)$' | sort -u |
            while IFS= read -r path; do
                [ -e "$path" ] || [ -e "$(dirname "$document")/$path" ] || [ -e "tests/vectors/$path" ] ||
                    say "$document names $path, which is not there"
            done
    done
}

values() { sed -n "s/^  $1_\([A-Z_]*\) = [1-9][0-9]*;.*/\1/p" "$docs/alcove.proto"; }
rule_protocol() {
    for prefix in STATEMENT OP FRAME ENTRY; do
        found=$(values "$prefix")
        [ -n "$found" ] || say "no $prefix in alcove.proto"
        for word in $found; do
            grep -qE "(^|[^A-Z_])(${prefix}_)?$word([^A-Z_]|\$)" "$docs/PROTOCOL.md" ||
                say "no word of ${prefix}_$word in PROTOCOL.md"
        done
    done
}
rule_labels() {
    labels=$(sed -n 's/^    X([A-Z_]*, *"\([a-z-]*\)").*/`\1`/p' "$docs/label.h")
    [ "$(say "$labels" | wc -l)" -gt 50 ] || say "the labels were not understood"
    for label in $labels; do
        grep -qF -e "$label" "$docs/PROTOCOL.md" || say "no label $label in PROTOCOL.md"
    done
}
# differ WHAT: the lines of $tmp/here, which the code has, and of $tmp/there, which PROTOCOL.md has.
differ() {
    [ "$(wc -l <"$tmp/here")" -gt 1 ] || say "no $1 was understood"
    sort -o "$tmp/here" "$tmp/here"
    sort "$tmp/there" | diff "$tmp/here" - |
        sed -n "s/^< \(.*\)/PROTOCOL.md lacks the $1 \1/p; s/^> \(.*\)/PROTOCOL.md has the $1 \1, the code not/p"
}
# cells HEADER N: the first N cells of each row of the table that begins with this header.
cells() {
    sed -n "/^| $1/,/^\$/p" "$docs/PROTOCOL.md" | sed '1,2d' | cut -d'|' -f2-"$(($2 + 1))" | tr -d '`*, ' | grep . | tr '|' ' '
}
# Those that may travel, with their numbers.
rule_statuses() {
    sed -n 's/^    STATUS_\([A-Z_]*\) = \([0-9]*\),.*/\2 \1/p' "$docs/status.h" | awk '$1 < 32' >"$tmp/here"
    cells 'number | status' 2 >"$tmp/there"
    differ status
}
# Every limit with its value, as the compiler has it.
rule_limits() {
    mkdir -p "$tmp/inc/proto"
    cp "$docs/limits.h" "$tmp/inc/proto/"
    {
        say '#include "proto/limits.h"'
        say '#include <stdio.h>'
        say '#define SHOW(name) (void)printf(#name " %llu\n", (unsigned long long)(name));'
        say 'int main(void) {'
        sed -n 's/^#define \([A-Z_]*\) .*/SHOW(\1)/p' "$docs/limits.h"
        say '}'
    } >"$tmp/limits.c"
    cc -I"$tmp/inc" -I. -o "$tmp/limits" "$tmp/limits.c" 2>"$tmp/cc.log" || cat "$tmp/cc.log"
    "$tmp/limits" >"$tmp/here"
    cells 'in `limits.h`' 2 >"$tmp/there"
    differ limit
}
# The numbers of kinds, ops and entries, in their tables; and wherever the name of an enum's value
# stands right before a number, some enum must have that value.
rule_numbers() {
    sed -n 's/^  \(FRAME\|OP\|ENTRY\)_\([A-Z_]*\) = \([1-9][0-9]*\);.*/\2 \3/p' "$docs/alcove.proto" >"$tmp/here"
    awk -F' *[|] *' '/^[|] (kind|op) [|] number/ { inside = 1; next }
        !/^[|]/ { inside = 0 }
        inside && !/^[|]-/ { n = split($2, name, ", "); split($3, number, ", ")
            for (i = 1; i <= n; i++) print name[i], number[i] }' "$docs/PROTOCOL.md" >"$tmp/there"
    differ number
    sed -n 's/^  [A-Z]*_\([A-Z_]*\) = \([0-9]*\);.*/\1 \2/p' "$docs/alcove.proto" >"$tmp/values"
    grep -oE '\<[A-Z][A-Z_]+ [0-9]+\>' "$docs/PROTOCOL.md" | sort -u | awk 'NR == FNR { has[$0]; is[$1]; next }
        $1 in is && !($0 in has) { print "PROTOCOL.md: no enum has " $0 }' "$tmp/values" -
}
rule_presets() {
    sed -n 's/.*"name": "\([a-z]*\)", "inherits".*/\1/p' "$docs/CMakePresets.json" | while IFS= read -r name; do
        grep -qE "\`$name\`|preset $name" "$docs/README.md" || say "no preset $name in README.md"
    done
}

# planted RULE FILE SED: the rule must see what sed did to the copy of the file.
planted() {
    fresh
    sed -i "$3" "$docs/$2"
    [ -n "$("rule_$1")" ] || { say "the rule '$1' misses what it is for: $3"; bad=1; }
}
bad=0
planted policy SECURITY.md 's/^| therapist | treats | process | create |$/| therapist | treats | process | create, read |/'
planted policy SECURITY.md '/^| auditor | any | directory/d'
planted policy SECURITY.md 's/ suspend, revoke a device/ suspend, erase/'
planted policy policy.c 's/{ROLE_THERAPIST, POLICY_TREATS, CLASS_JOURNAL, READS}/{ROLE_THERAPIST, POLICY_TREATS, CLASS_JOURNAL, ALL}/'
planted tests SECURITY.md 's/ctest -R hostile/ctest -R hostility/'
planted tests README.md 's/-L unit/-L units/'
planted files SECURITY.md 's|tests/e2e/canary.sh|tests/e2e/canaries.sh|'
planted files README.md 's|(keys/KEYS.md)|(keys/KEY.md)|'
planted files KEYS.md 's|tests/lint/symbols.sh|tests/lint/symbol.sh|'
planted protocol alcove.proto 's/^  OP_NONE = 0;/&\n  OP_WHISPER = 99;/'
planted protocol PROTOCOL.md 's/BAD_SEAL/GOOD_SEAL/g'
planted labels PROTOCOL.md 's/`bad-seal`/`badseal`/'
planted policy PROTOCOL.md 's/^| client | own chart | shared | read, write,/| client | own chart | shared | read,/'
planted policy PROTOCOL.md '/^| therapist | covers | safety/d'
planted statuses PROTOCOL.md 's/^| 5 | LOCKED |/| 5 | LOOKED |/'
planted statuses PROTOCOL.md 's/^| 11 | SUSPENDED |/| 10 | SUSPENDED |/'
planted statuses status.h 's/^    STATUS_BUSY = 7,/&\n    STATUS_WEARY = 14,/'
planted limits PROTOCOL.md 's/^| `SUBMIT_REVISIONS_MAX` | 64 |/| `SUBMIT_REVISIONS_MAX` | 65 |/'
planted limits PROTOCOL.md '/^| `REPLAY_WINDOW_MS`/d'
planted limits limits.h 's/^#define NOTE_TEXT_BYTES_MAX .*/#define NOTE_TEXT_BYTES_MAX 262143u/'
planted limits limits.h 's/^#define WRAP_BYTES .*/&\n#define WRAPS_MAX 3u/'
planted numbers PROTOCOL.md 's/^| STATE | 10 |/| STATE | 12 |/'
planted numbers PROTOCOL.md 's/^| BUNDLE, ENROL | 1, 2 |/| BUNDLE, ENROL | 2, 1 |/'
planted numbers PROTOCOL.md 's/PSK 2/PSK 3/'
planted numbers alcove.proto 's/ENTRY_ECHO = 3/ENTRY_ECHO = 5/'
planted presets README.md 's/`fuzz`/`fuss`/'
[ "$bad" = 0 ] || exit 1

fresh
for rule in policy tests files protocol labels statuses limits numbers presets; do
    "rule_$rule"
done >"$tmp/found"
if [ -s "$tmp/found" ]; then
    cat "$tmp/found"
    fail "$(wc -l <"$tmp/found") findings"
fi
say "== docs: $(wc -l <"$tmp/rows") cells of the policy table, $(say "$documents" | wc -w) documents"
