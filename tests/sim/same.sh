#!/bin/sh
# Whether two runs of one revision were the same to the byte, on two machines or two Debian releases.
#
#   sh tests/sim/same.sh LOG LOG
#
# Each LOG holds a line "sim hashes: SEED:HASH …", as tests/sim/run.sh, tests/run.sh and
# tests/clean.sh print. Names the seeds that differ.
set -u
exec </dev/null
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
[ $# -eq 2 ] || fail "use: sh tests/sim/same.sh LOG LOG"
hashes_of() { sed -n 's/^sim hashes: *//p' "$1" | tail -n 1; }
first=$(hashes_of "$1")
second=$(hashes_of "$2")
[ -n "$first" ] || fail "no line 'sim hashes:' in $1"
[ -n "$second" ] || fail "no line 'sim hashes:' in $2"
bad=0
# shellcheck disable=SC2086 # hashes are words
for one in $first; do
    case " $second " in
    *" $one "*) ;;
    *) say "seed ${one%%:*} did not run the same way"; bad=1 ;;
    esac
done
[ "$(say "$first" | wc -w)" = "$(say "$second" | wc -w)" ] || { say "not the same seeds"; bad=1; }
[ "$bad" = 0 ] && say "the same: $(say "$first" | wc -w) seeds"
exit "$bad"
