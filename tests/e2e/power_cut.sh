#!/bin/sh
# Nothing leaves before its event is durable, and nothing acknowledged is
# lost. See tests/fault/power_cut_server.mjs, which does it.
#
# ALCOVE_BUILD       the build folder (default build/hooks)
# ALCOVE_CUT_WRITES  writes in the run (default 200)
# long
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
build=${ALCOVE_BUILD:-$root/build/hooks}
for program in bin/alcoved bin/alcove-signer bench/seed bench/load tests/stored tests/power_cut.so; do
    [ -e "$build/$program" ] || fail "no $build/$program: sh tests/run.sh build"
done
exec node "$root/tests/fault/power_cut_server.mjs" "$build" "${ALCOVE_CUT_WRITES:-200}"
