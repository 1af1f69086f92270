#!/bin/sh
# The exported access log is verified by tools that nobody here wrote: Node's built-in crypto
# recomputes the root from the entries and checks every tile and the checkpoint; openssl checks
# the checkpoint's signature; and one changed byte anywhere is found.
#
# ALCOVE_BUILD  the build folder (default build/hooks)
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

make_practice >/dev/null || fail "no practice"
start_server
as AD join "$work/founder/admin-invitation.txt" --yes --trial --card "$work/card" >/dev/null || fail "join"
printf '%s\n' "$passphrase" >"$work/root-passphrase"
as AD member invite --role auditor --name A1 --out "$work/A1.code" --root "$work/founder/root.key" \
    --root-passphrase-fd 8 8<"$work/root-passphrase" >/dev/null || fail "invite"
as A1 join "$work/A1.code" --yes --trial --card "$work/A1.card" >/dev/null || fail "join"
# Past one full tile of 256, so that the second level is there too: each look at the log is a line of it.
as A1 unlock >/dev/null || fail "unlock"
rounds=0
while [ "$rounds" -lt 300 ] && as A1 log --limit 1 >/dev/null; do
    rounds=$((rounds + 1))
done
as A1 log export --format tlog-tiles "$work/tiles" || fail "export"
check "a full tile and the second level are there" test -f "$work/tiles/tile/0/000" -a -d "$work/tiles/tile/1"

# The key is in the founder's witness policy, not in the export.
vkey=$(grep -ao 'log alcove.invalid/[0-9a-f]*/events+[0-9a-f]*+[A-Za-z0-9+/=]*' "$work/founder/genesis" | head -n 1 | cut -c5-)
check "node verifies the export" node "$root/tests/support/verify-tiles.mjs" "$work/tiles" "$vkey"

# The note's text up to the empty line, its signature, and the key as openssl wants it.
sed '/^$/,$d' "$work/tiles/checkpoint" >"$work/text"
sed -n 's/^— [^ ]* //p' "$work/tiles/checkpoint" | head -n 1 | base64 -d | tail -c 64 >"$work/signature"
{
    printf '\060\052\060\005\006\003\053\145\160\003\041\000'
    say "${vkey##*/events+}" | cut -d+ -f2- | base64 -d | tail -c 32
} >"$work/key.der"
check "openssl verifies the checkpoint" openssl pkeyutl -verify -pubin -inkey "$work/key.der" -keyform DER \
    -rawin -in "$work/text" -sigfile "$work/signature"

# Controls: one byte changed must be found.
for file in checkpoint tile/0/000 tile/entries/000; do
    rm -rf "$work/bad"
    cp -r "$work/tiles" "$work/bad"
    size=$(wc -c <"$work/bad/$file")
    at=$((size / 2))
    byte=$(dd if="$work/bad/$file" bs=1 skip="$at" count=1 2>/dev/null | od -An -tu1 | tr -d ' ')
    printf '%b' "\\0$(printf '%03o' $(((byte + 1) % 256)))" |
        dd of="$work/bad/$file" bs=1 seek="$at" conv=notrunc 2>/dev/null
    check "a changed byte in $file is found" sh -c "! node '$root/tests/support/verify-tiles.mjs' '$work/bad' '$vkey' >/dev/null 2>&1"
done
as A1 lock >/dev/null
finish
