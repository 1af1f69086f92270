#!/bin/sh
# What a person's commands cost by how much there is: `list`, `show`, `search`, `write`, `sync` with
# one new note and an auditor's `log verify`.
#
#   sh tests/bench/growth.sh [--quick] [--json]
#
# One practice member has 500, 5,000 and 50,000 notes in one section, and 5,000 notes in 10, 100 and
# 1,000 sections. Each command is a process of its own and is timed from before it starts to after
# it ends; medians of several. Most go through an unlocked agent. Those that are marked "alone" open
# the profile by themselves, for which passphrases are derived at the lowest cost that is accepted
# (what `--trial` gives): with a real passphrase half a second more is spent before the first step.
# The first `sync` is of an empty cache. The last table is the most memory that was resident at once.
#
# --quick  500 and 5,000 notes, 10 and 100 sections; about a minute   --json  one object
# ALCOVE_BUILD  an optimised build (default build/release, built when missing)
#
# The last lines say of each target whether it was met. Nothing fails by a figure, and none is
# stored: the machine must be idle for them to mean something.
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
    if ! { cmake --preset release && cmake --build --preset release --target \
        alcove alcoved alcove-signer alcove-tls-identity load seed peak; } >"$root/build/bench.log" 2>&1; then
        tail -n 30 "$root/build/bench.log" >&2
        fail "the release build failed"
    fi
fi
exec node "$root/tests/bench/growth.mjs" "$ALCOVE_BUILD" "$@" </dev/null
