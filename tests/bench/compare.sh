#!/bin/sh
# Is this tree slower, or bigger in memory, than another revision?
#
#   sh tests/bench/compare.sh REV [ROUNDS]
#
# Builds REV and this tree (release) in a temporary folder and measures both in turns, REV first in
# each of ROUNDS rounds (default 3): the figures of `tests/bench/run.sh --quick`, without ceilings,
# and `alcove write`, `show` and `list` with 5,000 notes, through the agent and alone, beside the
# peak memory of server, agent and command. Prints medians and ratios; a ratio above 1 says that
# this tree is worse, and the last line says the worst one.
#
# Takes about five minutes on two processors, one or two of them to build; past twelve minutes no
# new round begins, and after fifteen it gives up. A command that a revision does not know is "no
# such", not a failure. Nothing judges: the machine must be idle for the numbers to mean something,
# and who reads them decides.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
[ $# -ge 1 ] || fail "which revision? sh tests/bench/compare.sh REV [ROUNDS]"
rev=$(git rev-parse --verify --quiet "$1^{commit}") || fail "no revision $1"
begun=$(now_s)
mkdir -p "$root/build"
tmp=$(mktemp -d "$root/build/compare.XXXXXX") || exit 1
trap 'rm -rf "$tmp"' EXIT
trap 'exit 130' INT TERM HUP

# build NAME: the programs and the measuring programs of the tree in $tmp/NAME.
build() {
    (cd "$tmp/$1" && cmake --preset release && cmake --build --preset release --target \
        alcove alcoved alcove-signer alcove-tls-identity load seed sync_client echo_server) \
        >"$tmp/build.log" 2>&1 || { tail -n 30 "$tmp/build.log" >&2; fail "the release build of $1 failed"; }
}
mkdir "$tmp/before" "$tmp/after"
git archive "$rev" | tar -x -C "$tmp/before"
git ls-files --cached --others --exclude-standard | while IFS= read -r file; do
    [ ! -f "$file" ] || say "$file"
done | tar -c -T - | tar -x -C "$tmp/after"
build before
build after
(cd "$tmp/after" && cmake --build --preset release --target peak) >"$tmp/build.log" 2>&1 || fail "no peak"
say "built $(git rev-parse --short "$rev") and this tree in $(($(now_s) - begun)) s"

left=$((900 - $(now_s) + begun))
[ "$left" -gt 60 ] || fail "building took too long"
timeout "$left" node "$root/tests/bench/compare.mjs" "$tmp" "${2:-3}" $((left - 180)) </dev/null
