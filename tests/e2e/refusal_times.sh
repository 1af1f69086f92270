#!/bin/sh
# Ten thousand refusals of what is absent and ten thousand of what is forbidden, of three kinds
# of request, interleaved in one run: their answers must be one, and their times are printed
# side by side. About a minute. On memory-backed storage, so that the disk's own times do not
# cover a difference.
#
# ALCOVE_BUILD  the build folder (default build/hooks)
# usage: sh tests/e2e/refusal_times.sh [COUNT]
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
build=${ALCOVE_BUILD:-$root/build/hooks}
[ -x "$build/tests/refusal_times" ] || fail "no $build/tests/refusal_times: sh tests/run.sh build"
out=$(mktemp) || exit 1
trap 'rm -f "$out"' EXIT
trap 'exit 130' INT TERM HUP
[ -w /dev/shm ] && TMPDIR=/dev/shm && export TMPDIR
"$build/tests/refusal_times" "${1:-10000}" >"$out" 2>&1
status=$?
cat "$out"
[ "$status" = 0 ] || fail "the answers differ, or the server failed"
say "== distance of the times, absent against forbidden:$(
    sed -n 's/^\([a-z]*\) *distance \([0-9.]*\) .*/ \1 \2/p' "$out" | tr '\n' ',')"
