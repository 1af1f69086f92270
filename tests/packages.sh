#!/bin/sh
# Debian packages on a machine that has nothing: built twice to the same bytes, without an error of
# lintian's, installed, a practice served and used, upgraded with its data, removed and purged.
#
#   sh tests/packages.sh 12|13
#
# In a folder made by debootstrap (tests/clean.sh), where no systemd runs: what its units would
# start is started as they would. Not part of tests/run.sh.
set -u
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
case "${1-}" in 12 | 13) ;; *) fail "usage: sh tests/packages.sh 12|13" ;; esac
ALCOVE_CLEAN_COMMANDS='sh tests/package/machine.sh' exec sh "$root/tests/clean.sh" "$1" root
