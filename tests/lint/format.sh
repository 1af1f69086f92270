#!/bin/sh
# Every C file is as clang-format would write it, by the .clang-format of the tree. Version 14 of
# Debian 12 and version 19 of Debian 13 must agree; a place where they do not is written in a way
# that both leave alone, so that this lint says the same on both.
#
#   sh tests/lint/format.sh          dry run, changes nothing; clang-format -i FILE mends
#   CLANG_FORMAT=PROGRAM             another version
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
program=${CLANG_FORMAT:-clang-format}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# With the tree's own configuration: text that must be refused, and text that must not.
refused() { printf '%b' "$1" | "$program" --dry-run -Werror --assume-filename="$root/planted.c" >/dev/null 2>&1 && return 1 || return 0; }
for text in 'int  a;\n' 'int f(void) {\n    return 1;\n}\n' 'char * a;\n' 'int f(void)\n{\n  return 1;\n}\n'; do
    refused "$text" || fail "clang-format accepts what it is for: $text"
done
! refused 'int f(char *a)\n{\n    return *a;\n}\n' || fail "clang-format refuses good text"

git ls-files --cached --others --exclude-standard -- '*.c' '*.h' | while IFS= read -r file; do
    [ ! -f "$file" ] || say "$file"
done >"$tmp/files"
[ -s "$tmp/files" ] || fail "nothing to check"
if ! xargs -n 50 -P "$(nproc)" "$program" --dry-run -Werror <"$tmp/files" >"$tmp/out" 2>&1; then
    grep -E ' (error|warning): ' "$tmp/out" | cut -d: -f1,2 | sort -u | head -n 60
    fail "$(grep -E ' (error|warning): ' "$tmp/out" | cut -d: -f1 | sort -u | wc -l) files are not formatted: clang-format -i FILE"
fi
say "== format: $(wc -l <"$tmp/files") C files, $("$program" --version | sed 's/.*version \([0-9]*\).*/version \1/')"
