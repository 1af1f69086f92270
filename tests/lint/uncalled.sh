#!/bin/sh
# Rooms that nobody lives in: every function that the product exports between its files and that
# no product object of the release build calls or points at.
#
#   sh tests/lint/uncalled.sh [BUILD]   findings against uncalled.allow
#   sh tests/lint/uncalled.sh --list    only the names, each with its file
#
# A line of uncalled.allow names a function and the coming capability, or the tests, that need it:
#   FUNCTION REASON
# A function that is uncalled and has no line is a finding, and so is a line whose function is
# called by now, or gone. Two of each are planted first and must be told apart.
#
# The objects say who calls whom: a call across files, and a function's address in a table, leave
# a relocation. A call inside the function's own file may have been inlined away, so a function
# whose name stands a second time in the code of its own file counts as called.
# BUILD is a build folder made with Ninja, without the test hooks (default build/release).
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
list=no
if [ "${1-}" = --list ]; then
    list=yes
    shift
fi
build=$(cd "${1:-$root/build/release}" 2>/dev/null && pwd) || fail "no build: sh tests/run.sh build"
allow=$root/tests/lint/uncalled.allow
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# uncalled PAIRS: reads lines "OBJECT SOURCE"; prints "FUNCTION SOURCE" for each that is uncalled.
uncalled() {
    : >"$tmp/defined"
    : >"$tmp/called"
    while read -r object source; do
        nm --defined-only "$object" | awk -v source="$source" '$2 == "T" { print $3, source }' >>"$tmp/defined"
        readelf -rW "$object" | awk '$3 ~ /^R_/ && $5 ~ /^[A-Za-z_]/ { print $5 }' >>"$tmp/called"
    done <"$1"
    sort -u "$tmp/called" -o "$tmp/called"
    sort -u "$tmp/defined" | awk -v called="$tmp/called" '
        BEGIN { while ((getline name < called) > 0) seen[name] = 1 }
        !($1 in seen) && $1 != "main"' |
        while read -r name source; do
            n=$(awk -f tests/lint/strip.awk "$source" | grep -cw -- "$name")
            [ "$n" -gt 1 ] || say "$name $source"
        done
}

# judge FOUND ALLOW: what the two lists do not agree on.
judge() {
    sed 's/#.*//' "$2" | awk 'NF == 1 { print "uncalled.allow: " $1 " gives no reason" }'
    awk -v allow="$2" -v where="$2" '
        BEGIN {
            while ((getline line < allow) > 0) {
                sub(/#.*/, "", line)
                if (split(line, word, " ") >= 1) may[word[1]] = 1
            }
        }
        { if ($1 in may) used[$1] = 1; else print $2 ": no product code calls " $1 }
        END { for (name in may) if (!(name in used)) print "uncalled.allow: " name " is called, or gone" }
    ' "$1"
}

# Planted: one function that another file calls, one that its own file calls, two that nobody does.
mkdir "$tmp/planted" || exit 1
cat >"$tmp/planted/planted.h" <<'END'
int planted_called(void);
int planted_inside(void);
int planted_lost(void);
int planted_coming(void);
END
cat >"$tmp/planted/one.c" <<'END'
#include "planted.h"
int planted_called(void) { return 1; }
int planted_inside(void) { return 2; }
int planted_lost(void) { return planted_inside(); }
int planted_coming(void) { return 3; } /* planted_coming, not a call */
END
cat >"$tmp/planted/two.c" <<'END'
#include "planted.h"
int (*planted_table[])(void) = {planted_called};
int main(void) { return planted_table[0](); }
END
for name in one two; do
    ${CC:-cc} -O2 -fPIE -fvisibility=hidden -c -o "$tmp/planted/$name.o" "$tmp/planted/$name.c" ||
        fail "cannot compile what is planted"
    say "$tmp/planted/$name.o $tmp/planted/$name.c"
done >"$tmp/planted/pairs"
printf 'planted_coming attachments\nplanted_gone attachments\n' >"$tmp/planted/allow"
uncalled "$tmp/planted/pairs" >"$tmp/planted/found"
judge "$tmp/planted/found" "$tmp/planted/allow" | sed 's|.*/one.c: ||' | sort >"$tmp/planted/said"
cat >"$tmp/planted/wanted" <<'END'
no product code calls planted_lost
uncalled.allow: planted_gone is called, or gone
END
cmp -s "$tmp/planted/wanted" "$tmp/planted/said" || {
    cat "$tmp/planted/said"
    fail "what was planted was not told apart: this lint proves nothing"
}

# The objects that the four programs are linked from, generated code aside; a tool of the build is
# no product. CMake writes a command a line.
ninja -C "$build" -t inputs alcove alcoved alcove-signer alcove-tls-identity | grep '\.o$' >"$tmp/linked"
awk -v build="$build" -v root="$root/" -v linked="$tmp/linked" '
    BEGIN { while ((getline object < linked) > 0) wanted[object] = 1 }
    /^ *"file": / { split($0, part, "\""); file = part[4] }
    /^ *"command": / { match($0, / -o [^ ]+/); output = substr($0, RSTART + 4, RLENGTH - 4) }
    /^}/ && file != "" {
        if (index(file, root) == 1 && file !~ /\/build\// && output in wanted)
            print build "/" output, substr(file, length(root) + 1)
    }' "$build/compile_commands.json" >"$tmp/pairs"
[ "$(wc -l <"$tmp/pairs")" -gt 100 ] || fail "no objects known in $build"
while read -r object source; do
    [ -f "$object" ] || fail "$source is not built: sh tests/run.sh build"
done <"$tmp/pairs"
uncalled "$tmp/pairs" >"$tmp/found"
if [ "$list" = yes ]; then
    cat "$tmp/found"
    exit 0
fi
judge "$tmp/found" "$allow" >"$tmp/said"
if [ -s "$tmp/said" ]; then
    sort "$tmp/said"
    fail "$(wc -l <"$tmp/said") findings"
fi
say "== uncalled: $(wc -l <"$tmp/defined") exported functions, $(wc -l <"$tmp/found") uncalled and each with a reason, 2 planted findings caught"
