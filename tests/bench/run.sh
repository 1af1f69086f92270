#!/bin/sh
# How fast it is: each figure of this machine beside its ceiling, measured in the
# same run, in rounds that alternate between the two; medians of the ratios.
#
#   sh tests/bench/run.sh [--quick] [--json]
#
# --quick  under three minutes   --json  one object instead of a table
# ALCOVE_BUILD  an optimised build (default build/release, built when missing)
#
# The exit code is 1 when a figure is below half its target; what lies between
# half and whole is listed as open. No figure is stored anywhere.
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
for word in "$@"; do
    case $word in
    --quick | --json) ;;
    *) fail "unknown option $word; known are --quick and --json" ;;
    esac
done
if [ -z "${ALCOVE_BUILD-}" ]; then
    ALCOVE_BUILD=$root/build/release
    mkdir -p "$root/build"
    if ! { cmake --preset release && cmake --build --preset release; } >"$root/build/bench.log" 2>&1; then
        tail -n 30 "$root/build/bench.log" >&2
        fail "the release build failed"
    fi
fi
exec node "$root/tests/bench/run.mjs" "$ALCOVE_BUILD" "$@" </dev/null
