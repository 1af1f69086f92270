#!/bin/sh
# What people who write notice of a backup: the 99th percentile of 64 clients' writes while a backup is
# made and proved, beside the same without one, in slices that alternate.
#
#   sh tests/bench/backup.sh [REVISIONS]     default 1000000
#
# ALCOVE_BUILD  an optimised build (default build/release, built when missing)
#
# The exit code is 1 when the median of the slices with a backup is more than twice that of those without,
# or when a copy does not hold. The backup runs as the timer's unit lets it run: nice 19, idle class.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
[ $# -le 1 ] || fail "one option at most: how many revisions"
if [ -z "${ALCOVE_BUILD-}" ]; then
    ALCOVE_BUILD=$root/build/release
    mkdir -p "$root/build"
    if ! { cmake --preset release && cmake --build --preset release; } >"$root/build/bench.log" 2>&1; then
        tail -n 30 "$root/build/bench.log" >&2
        fail "the release build failed"
    fi
fi
exec node "$root/tests/bench/backup.mjs" "$ALCOVE_BUILD" "${1:-1000000}" </dev/null
