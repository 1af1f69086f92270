#!/bin/sh
# Runs every sh block of README.md, in order, in one shell with a home of its own.
#
# The first block is the README's two commands themselves. Inside tests/run.sh that block is
# what is running, so it is left out, and said so; with ALCOVE_README_ALL=1 it runs too.
#
# ALCOVE_BUILD  the build folder (default build/release, where README points)
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
build=${ALCOVE_BUILD:-$root/build/release}
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

skip=1
[ "${ALCOVE_README_ALL-}" = 1 ] && skip=0
[ "$skip" = 0 ] || say "left out: the block with the two commands, one of which runs this"
awk -v skip="$skip" '
    /^```sh$/ { inside = 1; block++; next }
    /^```$/ { inside = 0; next }
    inside && block > skip { print }
' "$root/README.md" >"$work/blocks.sh"
[ -s "$work/blocks.sh" ] || fail "README.md has no blocks"

# As a reader would: at the top of the tree, with the programs where README says.
mkdir "$work/home"
cd "$root" || exit 1
{
    cat <<'END'
set -eu
server=
leave() {
    [ -z "$server" ] || kill "$server" 2>/dev/null
    for who in admin T1 C1 A1; do alcove --profile "$HOME/trial/$who" lock 2>/dev/null; done
}
trap leave EXIT
END
    sed "s|build/release/bin|$(say "$build" | sed "s|^$root/||")/bin|; s|\$PWD/\(/\)|\1|" "$work/blocks.sh"
} >"$work/run.sh"
HOME=$work/home ALCOVE_PORT=$(free_port) timeout 300 sh "$work/run.sh" >"$work/out" 2>&1 </dev/null
code=$?
cat "$work/out"
same "every block ran" 0 "$code"
finish
