#!/bin/sh
# Debian packages of this tree: alcove-server and alcove, the client.
#
#   sh server/package/build.sh OUT [VERSION]     into the folder OUT
#
# Two builds of one revision on one Debian give the same bytes: every time in them is that of the
# revision, or SOURCE_DATE_EPOCH. VERSION is for the test of an upgrade.
set -u
exec </dev/null
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
[ $# -ge 1 ] || fail "usage: sh server/package/build.sh OUT [VERSION]"
mkdir -p "$1" || exit 1
out=$(cd "$1" && pwd)
version=${2:-}
umask 022
cd "$root" || exit 1
packages_install build && packages_install package || exit 1
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null)}
[ -n "$SOURCE_DATE_EPOCH" ] || fail "no revision here: set SOURCE_DATE_EPOCH"
export SOURCE_DATE_EPOCH
build=$(mktemp -d "${TMPDIR:-/tmp}/alcove-package.XXXXXX") || exit 1
trap 'rm -rf "$build"' EXIT
trap 'exit 130' INT TERM HUP
# Paths of the folders would stand in the programs.
LC_ALL=C cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr \
    -DCMAKE_SKIP_INSTALL_ALL_DEPENDENCY=ON -DALCOVE_PACKAGE=ON \
    "-DALCOVE_PACKAGE_DATE=$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")" ${version:+"-DALCOVE_VERSION=$version"} \
    "-DCMAKE_C_FLAGS=-ffile-prefix-map=$root=. -ffile-prefix-map=$build=build" >"$build/log" 2>&1 ||
    { tail -n 20 "$build/log"; fail "cmake failed"; }
cmake --build "$build" --target alcoved alcove-signer alcove-tls-identity alcove alcove_page_files >"$build/log" 2>&1 ||
    { tail -n 30 "$build/log"; fail "the build failed"; }
(cd "$build" && cpack -G DEB -B "$build/packages") >"$build/log" 2>&1 || { tail -n 30 "$build/log"; fail "no packages"; }
for package in "$build"/packages/*.deb; do
    cp "$package" "$out/" && say "$out/${package##*/}"
done
