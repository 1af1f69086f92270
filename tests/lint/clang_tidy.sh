#!/bin/sh
# clang-tidy with .clang-tidy over every source that the clang build compiles.
#
#   sh tests/lint/clang_tidy.sh [FILE…]     only these
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
build=${ALCOVE_CLANG_BUILD:-$root/build/clang}
[ -f "$build/compile_commands.json" ] || fail "no build in $build: sh tests/run.sh clang"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# A function that it must refuse, with the same configuration.
cp .clang-tidy "$tmp/.clang-tidy"
printf 'int f(int n);\nint f(int n)\n{\n    return n > 0 ? f(n - 1) : 0;\n}\n' >"$tmp/planted.c"
if clang-tidy --quiet "$tmp/planted.c" -- -std=c17 >/dev/null 2>&1; then
    fail "clang-tidy accepts a recursive function"
fi

sed -n 's/^ *"file": "\(.*\)".*/\1/p' "$build/compile_commands.json" | grep -v /gen/ | sort -u >"$tmp/files"
if [ $# -gt 0 ]; then
    for file in "$@"; do say "$(cd "$(dirname "$file")" && pwd)/${file##*/}"; done >"$tmp/files"
fi
[ -s "$tmp/files" ] || fail "nothing to check"
# Biggest first keeps both processors busy to the end.
xargs -r wc -c <"$tmp/files" | sort -rn | awk '$2 != "total" { print $2 }' |
    xargs -r -n 2 -P "$(nproc)" clang-tidy --quiet -p "$build" >"$tmp/out" 2>"$tmp/err"
status=$?
if [ "$status" -ne 0 ]; then
    grep -vE '^[0-9]+ warnings? (generated|treated)|^Suppressed' "$tmp/out" | head -n 400
    grep -vE 'warnings? (generated|treated)|^Suppressed|^Use -header|^Error while processing' "$tmp/err" | head -n 40
    fail "$(grep -cE ' (error|warning): ' "$tmp/out") findings"
fi
say "== clang-tidy: $(wc -l <"$tmp/files") files"
