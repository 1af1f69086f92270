#!/bin/sh
# Test hooks (a steerable clock, fault points) are in no release program.
#
# In the release programs: no function that only a build with hooks has, no name
# of a variable that steers one, no word of the warning. The build with hooks is
# the control: it must have all three and print the warning when it starts.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
release=$root/build/release
hooks=$root/build/hooks
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
for build in "$release" "$hooks"; do
    [ -f "$build/build.ninja" ] || fail "no build in $build: sh tests/run.sh build"
done

defines() { nm --defined-only "$1" | awk '{ print $3 }' | sort -u; }
# Names that only code between #ifdef ALCOVE_TEST_HOOKS and its #else or #endif
# has: functions, and variables of the environment.
git ls-files --cached --others --exclude-standard -- 'proto/*.[ch]' 'keys/*.[ch]' 'server/*.[ch]' 'client/*.[ch]' |
    while IFS= read -r file; do [ ! -f "$file" ] || grep -l ALCOVE_TEST_HOOKS "$file"; done >"$tmp/files"
[ -s "$tmp/files" ] || fail "no file has test hooks: nothing to look for"
while IFS= read -r file; do
    awk '/^[ \t]*#[ \t]*if(def| defined).*ALCOVE_TEST_HOOKS/ { depth = 1; next }
         depth && /^[ \t]*#[ \t]*if/ { depth++ }
         depth && /^[ \t]*#[ \t]*endif/ { depth-- ; next }
         depth == 1 && /^[ \t]*#[ \t]*else/ { depth = 0; next }
         depth' "$file"
done <"$tmp/files" >"$tmp/code"
# Functions are written from the first column; some of these may be inlined away.
sed -n 's/^[a-z][A-Za-z0-9_ *]*[ *]\([a-z][a-z0-9_]*\)(.*/\1/p' "$tmp/code" | sort -u >"$tmp/functions"
[ -s "$tmp/functions" ] || fail "no function is a hook's: nothing to look for"
grep -oE '"ALCOVE_[A-Z_]+"' "$tmp/code" | tr -d '"' | sort -u >"$tmp/variables"
[ -s "$tmp/variables" ] || fail "no variable steers a hook: nothing to look for"
# The frame trace tells who asks what and when: it above all must not be in a release.
grep -qx ALCOVE_TRACE "$tmp/variables" || fail "the trace's variable is not among the hooks'"
grep -qx trace_frame "$tmp/functions" || fail "the trace is not among the hooks' functions"
for name in alcoved alcove; do
    strings -a "$hooks/bin/$name" | grep -qx ALCOVE_TRACE || fail "$name with hooks has no trace"
done

bad=0
complain() { say "$*"; bad=1; }
checked=
steered=0
for name in alcoved alcove-signer alcove; do
    ninja -C "$release" -t targets all | grep -q "^$name: " || continue
    for build in "$release" "$hooks"; do
        [ -x "$build/bin/$name" ] || fail "$build/bin/$name was not built"
    done
    defines "$release/bin/$name" >"$tmp/release"
    defines "$hooks/bin/$name" >"$tmp/hooks"
    grep -qx main "$tmp/release" || complain "release $name is stripped: nothing can be said"
    strings -a "$release/bin/$name" >"$tmp/release-words"
    strings -a "$hooks/bin/$name" >"$tmp/hooks-words"
    comm -13 "$tmp/release" "$tmp/hooks" >"$tmp/added"
    comm -12 "$tmp/release" "$tmp/functions" | sed "s|^|release $name defines |" >"$tmp/hits"
    grep -Fx -f "$tmp/variables" "$tmp/release-words" | sed "s|^|release $name names |" >>"$tmp/hits"
    grep -iE 'test hooks?' "$tmp/release-words" | sed "s|^|release $name says |" >>"$tmp/hits"
    [ ! -s "$tmp/hits" ] || { cat "$tmp/hits"; bad=1; }
    # The control, for programs that have a hook.
    if grep -qFx -f "$tmp/variables" "$tmp/hooks-words"; then
        steered=$((steered + 1))
        [ -s "$tmp/added" ] || complain "$name with hooks defines no function that release lacks"
        "$hooks/bin/$name" --version </dev/null >"$tmp/start" 2>&1
        grep -qi 'test hooks' "$tmp/start" || complain "$name with hooks does not say so at its start"
        "$release/bin/$name" --version </dev/null >"$tmp/start" 2>&1
        grep -qi 'test hooks' "$tmp/start" && complain "release $name speaks of test hooks at its start"
    fi
    checked="$checked $name"
done
[ -z "$checked" ] || [ "$steered" -gt 0 ] || complain "no program with hooks has one"
[ "$bad" = 0 ] || fail "test hooks"
say "== hooks: looked for $(wc -l <"$tmp/variables") variables in:$checked"
