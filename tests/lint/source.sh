#!/bin/sh
# Rules of the source that no compiler checks: banned functions, unfinished
# words, sizes, include paths, machine paths, characters that hide something.
#
# First a planted file per rule, which must be caught, then the tree.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# Tests may be longer: a fixture and its cases are read together.
file_lines_max=400
test_lines_max=500
mutex_homes='^(server/(run/[a-z_]+|net/(inbox|addresses))|client/wire/post)\.c$'
banned='strcpy|strncpy|strcat|strncat|sprintf|vsprintf|stpcpy|strtok|gets|atoi|atol|atoll|atof|sscanf|scanf'
banned="$banned|rand|srand|random|drand48|mktemp|tmpnam|tempnam|system|popen|alloca|setjmp|sigsetjmp|longjmp"
banned="$banned|siglongjmp|vfork|gethostbyname|asctime|ctime|localtime|gmtime|putenv|dlopen|dlsym"

# Each rule reads file names on standard input and prints FILE:LINE: finding.
# NOLINT(NAME) on the line, NAME being the rule, excuses it.
hits() {
    rule=$1
    pattern=$2
    while IFS= read -r file; do
        grep -nE -- "$pattern" "$file" | grep -v "NOLINT($rule)" | sed "s|^|$file:|; s|\$| [$rule]|"
    done
}

# The same on C without comments and literals.
code_hits() {
    rule=$1
    pattern=$2
    while IFS= read -r file; do
        awk ${keep:+-v keep=1} -f tests/lint/strip.awk "$file" | grep -nE -- "$pattern" | while IFS= read -r hit; do
            line=${hit%%:*}
            sed -n "${line}p" "$file" | grep -q "NOLINT($rule)" || say "$file:$hit [$rule]"
        done
    done
}

rule_banned() { code_hits banned "(^|[^A-Za-z0-9_.>])($banned) *\\("; }
rule_relative() { hits relative '^[[:space:]]*#[[:space:]]*include[[:space:]]*["<]\.\.?/'; }
rule_unfinished() {
    hits unfinished '\<(TODO|FIXME|XXX|HACK|WIP)\>|\<([Ss]tub|[Ss]tubs|[Pp]laceholder|[Uu]nimplemented)\>|not (yet )?implemented|[Ff]or now\>'
}
rule_machine() { hits machine '(^|[^A-Za-z0-9_.])/(work|root|home/[a-z]+|tmp/b|usr/local/google)/'; }
# Comments may hold any script; what is compiled says it in escapes.
rule_ascii() { keep=yes LC_ALL=C code_hits ascii "$(printf '[^\t\r -~]')"; }
# Bidirectional controls, zero-width and no-break characters, byte order mark.
rule_hidden() {
    LC_ALL=C hits hidden "$(printf '\342\200[\213-\217\252-\256]|\342\201[\240-\251]|\357\273\277|\302\240')"
}
rule_lines() {
    while IFS= read -r file; do
        n=$(wc -l <"$file")
        case "$file" in
        tests/*) max=$test_lines_max ;;
        *) max=$file_lines_max ;;
        esac
        [ "$n" -le "$max" ] || say "$file:$n: more than $max lines [lines]"
    done
}
rule_once() {
    while IFS= read -r file; do
        grep -q '^#pragma once' "$file" || say "$file:1: no #pragma once [once]"
    done
}
rule_mutex() { code_hits mutex '\<pthread_(mutex|rwlock|spin)_[a-z]*lock *\('; }
# A type of functions that return a struct or enum hides neither.
rule_typedef() {
    code_hits typedef '^[[:space:]]*typedef[[:space:]]+(struct|union|enum)\>([^(]*$|[^(]*\{|[^(]*\([[:space:]]*\*)'
}

# planted RULE TEXT: the rule must find the text in a file.
planted() {
    mkdir -p "$tmp/plant"
    printf '%b\n' "$2" >"$tmp/plant/planted.c"
    # shellcheck disable=SC2015
    [ -n "$(say "$tmp/plant/planted.c" | "rule_$1")" ] || {
        say "the rule '$1' misses what it is for: $2"
        bad=1
    }
}
# spared RULE TEXT: and must leave this alone.
spared() {
    mkdir -p "$tmp/plant"
    printf '%b\n' "$2" >"$tmp/plant/planted.c"
    [ -z "$(say "$tmp/plant/planted.c" | "rule_$1")" ] || {
        say "the rule '$1' complains of good text: $2"
        bad=1
    }
}

bad=0
planted banned 'int f(char *a, const char *b) { (void)strcpy(a, b); return 0; }'
planted banned '    return system (command);'
spared banned '/* strcpy(a, b) */ const char *s = "system(x)"; // gets(x)'
spared banned 'x->rand(1); my_system(2);'
planted relative '#include "../keys/public/hash.h"'
spared relative '#include "keys/public/hash.h"'
planted unfinished '/* TODO: the rest */'
planted unfinished '// a stub for now'
spared unfinished '/* a stubborn hacker */'
planted machine "const char *p = \"/wo""rk/main/x\";"
planted ascii 'char c = "\0303\0244";'
planted ascii 'const char *s = "\0303\0244";'
spared ascii '/* \0303\0244 */ const char *s = "a\\"/*";'
planted hidden 'a\0342\0200\0256b'
planted lines "$(awk -v n=$((file_lines_max + 1)) 'BEGIN { for (i = 0; i < n; i++) printf "\\n" }')"
planted once 'int x;'
planted typedef 'typedef struct note { int x; } note_t;'
planted mutex 'pthread_mutex_lock(&m);'
[ "$bad" = 0 ] || exit 1

tracked() { git ls-files --cached --others --exclude-standard -- "$@" | while IFS= read -r f; do [ ! -f "$f" ] || say "$f"; done; }
product() { tracked '*.c' '*.h' | grep -v '^tests/'; }
c_files() { tracked '*.c' '*.h'; }
# These name what they look for.
texts() { tracked | grep -vE '^(tests/lint/|LICENSE$|tests/data/|tests/vectors/|tests/fuzz/corpus/|\.clang-)'; }

{
    product | rule_banned
    c_files | rule_relative
    texts | rule_unfinished
    texts | rule_machine
    product | rule_ascii
    texts | rule_hidden
    c_files | rule_lines
    tracked '*.h' | rule_once
    c_files | rule_typedef
    # Threads meet in these files alone.
    product | grep -vE "$mutex_homes" | rule_mutex
} >"$tmp/found"
if [ -s "$tmp/found" ]; then
    cat "$tmp/found"
    fail "$(wc -l <"$tmp/found") findings"
fi
say "== source: $(c_files | wc -l) C files, $(texts | wc -l) texts"
