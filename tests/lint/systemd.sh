#!/bin/sh
# The units of server/systemd: systemd must find no fault in them, and their exposure must stay
# low; a unit without its protection is planted and must be caught. Without systemd-analyze this
# says so and checks only that the two users and folders are the units' own.
#
# ALCOVE_BUILD  a build folder (default build/hooks)
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
cd "$root" || exit 1
build=$(cd "${ALCOVE_BUILD:-$root/build/hooks}" && pwd) || fail "no build: sh tests/run.sh build"
[ -x "$build/bin/alcoved" ] || fail "no alcoved in $build: sh tests/run.sh build"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
most=20 # a tenth of it is systemd's figure, 0 to 10

findings=0
finding() {
    say "$1"
    findings=$((findings + 1))
}
for unit in alcoved alcove-signer alcove-backup; do
    sed "s|@bindir@|$build/bin|" "server/systemd/$unit.service.in" >"$tmp/$unit.service"
    user=$(sed -n 's/^User=//p' "$tmp/$unit.service")
    folder=/var/lib/$(sed -n 's/^StateDirectory=//p' "$tmp/$unit.service")
    grep -q "^u $user  *- .* $folder\$" server/systemd/sysusers.conf || finding "$unit: no user $user in sysusers.conf"
    grep -q "^d $folder  *0700 $user  *$user\$" server/systemd/tmpfiles.conf || finding "$unit: no $folder in tmpfiles.conf"
    grep -q "^ExecStart=.* $folder" "$tmp/$unit.service" || finding "$unit: does not serve $folder"
done
cp server/systemd/alcove-backup.timer "$tmp"
into=$(sed -n 's/^ExecStart=.* --into \([^ ]*\) .*/\1/p' "$tmp/alcove-backup.service")
grep -q "^ReadWritePaths=$into\$" "$tmp/alcove-backup.service" || finding "alcove-backup: cannot write to $into"
grep -q "^d $into  *0700 alcove  *alcove\$" server/systemd/tmpfiles.conf || finding "alcove-backup: no $into in tmpfiles.conf"
if ! command -v systemd-analyze >/dev/null; then
    say "== systemd: no systemd-analyze here: the units were not verified; $findings findings"
    [ "$findings" = 0 ]
    exit
fi

# exposed FILE: its figure is above the bound.
exposed() { ! systemd-analyze security --offline=true --threshold=$most "$1" >"$tmp/out" 2>&1; }
sed '/^NoNewPrivileges/,/^SystemCallFilter=~/d' "$tmp/alcoved.service" >"$tmp/bare.service"
exposed "$tmp/bare.service" || fail "a unit without protection was not caught"
sed 's/^Type=exec/Tipe=exec/' "$tmp/alcoved.service" >"$tmp/wrong.service"
systemd-analyze verify "$tmp/wrong.service" 2>&1 | grep -q "$tmp/wrong" || fail "a wrong key was not caught"
systemd-analyze verify "$tmp/alcove-backup.timer" 2>&1 | grep "$tmp" >"$tmp/verify"
[ ! -s "$tmp/verify" ] || finding "$(cat "$tmp/verify")"
for unit in alcoved alcove-signer alcove-backup; do
    systemd-analyze verify "$tmp/$unit.service" 2>&1 | grep "$tmp" >"$tmp/verify"
    [ ! -s "$tmp/verify" ] || finding "$(cat "$tmp/verify")"
    ! exposed "$tmp/$unit.service" || finding "$unit: $(tail -n 1 "$tmp/out")"
    say "$(tail -n 1 "$tmp/out")"
done
say "== systemd: 3 units and a timer, $findings findings"
[ "$findings" = 0 ]
