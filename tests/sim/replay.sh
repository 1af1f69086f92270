#!/bin/sh
# One run again.
#
#   sh tests/sim/replay.sh SEED [--steps N] [--to N] [--trace] [--without A-B]...
#
# --to N         stops there, whatever is under way: the way to read up to what broke
# --steps N      stops there and lets everybody come to rest, as every run does at its end
# --trace        who did what and how it ended, a line each
# --without A-B  leaves these steps out; the others throw the same dice as before
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
[ $# -ge 1 ] || fail "use: sh tests/sim/replay.sh SEED [--steps N] [--to N] [--trace] [--without A-B]..."
sim=${ALCOVE_BUILD:-$root/build/hooks}/tests/alcove-sim
[ -x "$sim" ] || fail "no $sim: sh tests/run.sh build"
seed=$1
shift
exec "$sim" --seed "$seed" "$@"
