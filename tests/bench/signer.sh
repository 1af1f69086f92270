#!/bin/sh
# What it costs that no signature leaves before the signer's state lasts: a single
# client's write in bare LMDB commits of the same puts, measured in rounds that
# alternate between the two; medians.
#
#   sh tests/bench/signer.sh
#
# ALCOVE_BUILD  an optimised build (default build/release, built when missing)
#
# The exit code is 1 when a write costs more than 2.2 commits. A commit is two
# flushes and the signer's save is one; the rest is the network and the work.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
[ $# -eq 0 ] || fail "unknown option $1; there are none"
if [ -z "${ALCOVE_BUILD-}" ]; then
    ALCOVE_BUILD=$root/build/release
    mkdir -p "$root/build"
    if ! { cmake --preset release && cmake --build --preset release; } >"$root/build/bench.log" 2>&1; then
        tail -n 30 "$root/build/bench.log" >&2
        fail "the release build failed"
    fi
fi
exec node "$root/tests/bench/signer.mjs" "$ALCOVE_BUILD" </dev/null
