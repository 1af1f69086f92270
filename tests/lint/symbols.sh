#!/bin/sh
# The server cannot read: a property of what it is linked with.
#
#   sh tests/lint/symbols.sh [BUILD]            alcoved, alcove-signer and the maker of
#                                               TLS identities pass, and alcove,
#                                               checked the same way, fails
#   sh tests/lint/symbols.sh [BUILD] PROGRAM…   these programs only
#
# For each program: linked dynamically against libsodium and libcrypto; needs no
# library and imports no symbol of these two that symbols.allow does not give it;
# defines no symbol of keys_private; does not call dlopen or dlsym itself.
# BUILD is a build folder (default build/release).
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
allow=$root/tests/lint/symbols.allow
build=$root/build/release
if [ $# -gt 0 ] && [ -d "$1" ]; then
    build=$1
    shift
fi
build=$(cd "$build" 2>/dev/null && pwd) || fail "no build: sh tests/run.sh build"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# A program that the project does not define yet is not looked for; one that it
# defines must have been built.
defined() { ninja -C "$build" -t targets all | grep -q "^$1: "; }

# The two libraries as the dynamic linker finds them for PROGRAM.
library_of() { ldd "$1" | awk -v name="$2" 'index($1, name) == 1 { print $3; exit }'; }
exports() { nm -D --defined-only "$1" | awk '{ sub(/@.*/, "", $3); print $3 }' | sort -u; }
imports() { nm -D --undefined-only "$1" | awk '{ sub(/@.*/, "", $2); print $2 }' | sort -u; }
allowed() {
    awk -v kind="$1" -v program="$2" '
        $1 == kind { n = split($3, who, ","); for (i = 1; i <= n; i++) if (who[i] == program) print $2 }
    ' "$allow" | sort -u
}

# check PROGRAM AS: findings about PROGRAM held to the lines of AS.
check() {
    program=$build/bin/$1
    as=$2
    [ -x "$program" ] || { say "$1: not built"; return; }
    readelf -d "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' >"$tmp/needed"
    : >"$tmp/crypto"
    for library in libsodium.so libcrypto.so; do
        grep -q "^$library" "$tmp/needed" || [ "$as" = alcove-tls-identity ] || say "$1: not linked dynamically against $library"
        file=$(library_of "$program" "$library")
        if [ -n "$file" ]; then
            exports "$file" >>"$tmp/crypto"
        fi
    done
    sort -u "$tmp/crypto" -o "$tmp/crypto"
    [ "$(grep -cxE 'sodium_init|EVP_DigestUpdate' "$tmp/crypto")" = 2 ] || [ "$as" = alcove-tls-identity ] ||
        say "$1: cannot read what libsodium and libcrypto export"
    sed 's/\.so.*/.so/' "$tmp/needed" | sort -u >"$tmp/needed-names"
    allowed library "$as" | comm -13 - "$tmp/needed-names" | grep -v '^ld-linux' |
        sed "s|^|$1: needs a library that is not allowed: |"
    imports "$program" >"$tmp/imports"
    [ -s "$tmp/imports" ] || say "$1: imports nothing at all, so nothing was checked"
    comm -12 "$tmp/imports" "$tmp/crypto" | tee -a "$tmp/used-$as" >"$tmp/used"
    allowed symbol "$as" | comm -13 - "$tmp/used" | sed "s|^|$1: imports what is not allowed: |"
    grep -xE 'dlopen|dlsym|dlmopen|dlvsym' "$tmp/imports" | sed "s|^|$1: calls |"
    # Private code linked in, by the names that only keys_private defines.
    nm --defined-only "$program" 2>/dev/null | awk '{ print $3 }' | sort -u >"$tmp/defines"
    grep -qx main "$tmp/defines" || say "$1: stripped, so its own symbols cannot be checked"
    comm -12 "$tmp/defines" "$tmp/private" | sed "s|^|$1: holds private code: |"
}

for name in keys_private keys_public keys_server proto; do
    archive=$(find "$build" -name "lib$name.a" | head -n 1)
    if [ -n "$archive" ]; then
        nm --defined-only "$archive" 2>/dev/null | awk 'NF == 3 && $2 ~ /^[A-Z]$/ { print $3 }'
    fi | sort -u >"$tmp/$name.names"
done
[ -s "$tmp/keys_private.names" ] || fail "no symbols in keys_private: build it first"
sort -u "$tmp/keys_public.names" "$tmp/keys_server.names" "$tmp/proto.names" |
    comm -13 - "$tmp/keys_private.names" >"$tmp/private"

if [ $# -gt 0 ]; then
    for name in "$@"; do
        as=$name
        [ "$name" != alcove ] || as=alcoved
        check "$name" "$as"
    done >"$tmp/found"
    [ ! -s "$tmp/found" ] || { cat "$tmp/found"; fail "$(wc -l <"$tmp/found") findings"; }
    exit 0
fi

checked=
for name in alcoved alcove-signer alcove-tls-identity; do
    if defined "$name"; then
        check "$name" "$name"
        checked="$checked $name"
    fi
done >"$tmp/found"
for name in alcoved alcove-signer alcove-tls-identity; do
    [ ! -e "$tmp/used-$name" ] || allowed symbol "$name" | comm -23 - "$tmp/used-$name" |
        sed "s|^|symbols.allow: $name no longer imports |"
done >>"$tmp/found"
if [ -s "$tmp/found" ]; then
    cat "$tmp/found"
    fail "$(wc -l <"$tmp/found") findings"
fi
# The control: the client reads, so the same check must refuse it, and for both
# reasons that matter.
if defined alcove; then
    check alcove alcoved >"$tmp/client"
    grep -q 'imports what is not allowed: crypto_aead' "$tmp/client" ||
        fail "the client's AEAD went unseen: this lint proves nothing"
    grep -q 'holds private code' "$tmp/client" ||
        fail "keys_private in the client went unseen: this lint proves nothing"
    checked="$checked, not alcove ($(wc -l <"$tmp/client") findings, as it must)"
fi
say "== symbols:$checked"
