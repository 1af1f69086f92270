#!/bin/sh
# One dialect of C in the whole tree: tests/lint/dialect.py says what it is, and
# brings files to it.
#
# First a planted file per rule, which must be caught, and one that must be left
# alone, then the tree.
#
# ALCOVE_BUILD  a build folder with compile_commands.json (default build/hooks)
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
build=$(cd "${ALCOVE_BUILD:-$root/build/hooks}" && pwd) || fail "no build: sh tests/run.sh build"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# Debian's own interpreter is the one that has Debian's libclang module.
check() { /usr/bin/python3 tests/lint/dialect.py --check "$build" "$@"; }

# planted RULE LINES: the lint must find it under that rule's name.
planted() {
    printf '%b\n' "$2" >"$tmp/planted.c"
    check "$tmp/planted.c" | grep -q "\[$1\]\$" || fail "the lint misses what '$1' is for: $2"
}
spared() {
    printf '%b\n' "$1" >"$tmp/planted.c"
    [ -z "$(check "$tmp/planted.c")" ] || fail "the lint complains of good text: $1"
}
planted sizes 'unsigned long f(int *a);\nunsigned long f(int *a)\n{\n    return sizeof(*a);\n}'
planted move 'int f(int a);\nint f(int a)\n{\n    int b;\n    a++;\n    b = a;\n    return b;\n}'
planted move 'int f(int a);\nint f(int a)\n{\n    int b = 0;\n    if (a > 3) {\n        b = a;\n        a += b;\n    }\n    return a;\n}'
planted move 'int f(int a);\nint f(int a)\n{\n    int i;\n    for (i = 0; i < 3; i++) {\n        a += i;\n    }\n    return a;\n}'
planted blanks 'int f(int a);\nint f(int a)\n{\n    int b = a;\n\n    return b;\n}'
spared 'int g(int *);\nint f(int a);\nint f(int a)\n{\n    a++;\n    int b;\n    int status = g(&b);\n    return status + b + (int)sizeof b + (int)sizeof(int);\n}'

git ls-files --cached --others --exclude-standard -- '*.c' | while IFS= read -r file; do
    [ ! -f "$file" ] || [ "$file" = tests/cmake/fuzz_replay.c ] || say "$file"
done >"$tmp/files"
xargs -P "$(nproc)" -n 20 /usr/bin/python3 tests/lint/dialect.py --check "$build" <"$tmp/files" >"$tmp/found" 2>&1 ||
    [ -s "$tmp/found" ] || say 'dialect.py failed without a word' >"$tmp/found"
if [ -s "$tmp/found" ]; then
    sort "$tmp/found"
    fail "$(wc -l <"$tmp/found") findings; mend with /usr/bin/python3 tests/lint/dialect.py BUILD FILE"
fi
say "== dialect: $(wc -l <"$tmp/files") files"
