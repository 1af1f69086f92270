#!/bin/sh
# Whatever vouches is checked: each field of each message has its row in tests/hostile/fields.txt,
# with who checks it and the test that shows it, or stands in PROTOCOL.md as the sender's word.
#
# First planted faults, each of which must be found, then the tree.
#
# ALCOVE_BUILD  the build folder whose tests are listed (default build/hooks)
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
build=${ALCOVE_BUILD:-build/hooks}
[ -f "$build/CTestTestfile.cmake" ] || fail "no tests in $build: sh tests/run.sh build"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
ctest --test-dir "$build" -N 2>/dev/null | sed -n 's/^ *Test *#[0-9]*: //p' >"$tmp/tests"
fresh() { cp proto/alcove.proto tests/hostile/fields.txt proto/PROTOCOL.md "$tmp/"; }
look() { node tests/lint/fields.mjs "$tmp/alcove.proto" "$tmp/fields.txt" "$tmp/PROTOCOL.md" "$tmp/tests"; }
bad=0
# planted WORDS FILE SCRIPT: with the file changed by sed's SCRIPT, these words must be said.
planted() {
    fresh
    sed -i "$3" "$tmp/$2"
    look >"$tmp/said" && { say "not found: $1"; bad=1; return; }
    grep -q "$1" "$tmp/said" || { say "wanted '$1', found: $(cat "$tmp/said")"; bad=1; }
}
planted 'Push.planted: nobody said' alcove.proto 's/^message Push {/&\n  bytes planted = 9;/'
planted 'has no Push.events_size' alcove.proto '/^message Push {/,/}/ s/.*events_size.*//'
planted 'no test none_test' fields.txt 's/authority_basis_test/none_test/'
planted 'stands twice' fields.txt 's/^Device | link device/& device/'
# shellcheck disable=SC2016 # backquotes of the document
planted '5.6 lacks Context.voids' PROTOCOL.md '/^### 5.6/,/^## / s/`voids`//'
fresh
# shellcheck disable=SC2016 # backquotes of the document
sed -i '/^### 5.6/,/^## / s/^| `Opened` | /&`link`, /' "$tmp/PROTOCOL.md"
look >"$tmp/said" && { say "not found: a checked field in 5.6"; bad=1; }
fresh
look >"$tmp/said" || { cat "$tmp/said"; bad=1; }
say "== fields: $(tail -n 1 "$tmp/said")"
exit "$bad"
