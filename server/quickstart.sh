#!/bin/sh
# From a fresh Debian to a practice at work: installs what is missing, builds, makes a practice,
# starts the server, plays the sample scene through real clients, prints what each person sees,
# and stops cleanly. Needs no terminal and no input; leaves build/ and nothing else behind.
set -u
exec </dev/null
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1

say "== Packages"
packages_install build || fail "packages are missing"
say "== Build"
cmake --preset release >/dev/null || fail "cmake failed"
cmake --build --preset release --target alcoved alcove-signer alcove || fail "the build failed"
ALCOVE_BUILD=$root/build/release sh "$root/tests/e2e/scene-1.sh"
