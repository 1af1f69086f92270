#!/bin/sh
# The part of tests/packages.sh that runs as root on the machine made for it. It installs and
# removes packages: do not run it anywhere else.
# shellcheck disable=SC2153 # PRACTICE stands in a file that it sources
set -u
exec </dev/null
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
if [ "$(id -u)" != 0 ] || [ -e /run/systemd/system ]; then
    fail "only on the machine that tests/packages.sh makes"
fi
checks=0
bad=0
check() {
    text=$1
    shift
    checks=$((checks + 1))
    "$@" >/tmp/said 2>&1 || { bad=$((bad + 1)); say "FAILED: $text"; tail -n 5 /tmp/said; }
}
same() { check "$1: expected '$2', found '$3'" test "$2" = "$3"; }

# ---- Two builds, in folders of two names.
git clone -q "$root" /srv/elsewhere || fail "clone"
sh server/package/build.sh /srv/one || fail "the first build"
sh /srv/elsewhere/server/package/build.sh /srv/two || fail "the second build"
for package in /srv/one/*.deb; do
    check "${package##*/} has the same bytes twice" cmp "$package" "/srv/two/${package##*/}"
    check "lintian on ${package##*/}" lintian --allow-root --fail-on error "$package"
done
sh server/package/build.sh /srv/next 0.2.0 || fail "the next version"

# ---- Nothing that was needed to build is needed to run.
# shellcheck disable=SC2046 # names are words
apt_quiet purge -y $(packages_list build | grep -e -dev -e evlib) >/dev/null || fail "purge of what builds"
apt_quiet autoremove -y --purge >/dev/null || fail "autoremove"
same "no library of ours is left" "" "$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' | grep -E '^(libwebsockets|libsodium|liblmdb).* installed$')"
check "install" apt_quiet install -y --no-install-recommends /srv/one/alcove-server_*.deb /srv/one/alcove_*.deb
client=$(dpkg -L alcove)
same "the client has nothing of the server" "" "$(say "$client" | grep -E 'alcoved|signer|systemd|tls')"
for program in alcoved alcove-signer alcove-tls-identity alcove; do
    check "$program runs" "$program" --help
done
for page in man8/alcoved.8 man8/alcove-signer.8 man8/alcove-tls-identity.8 man5/alcoved.conf.5 man1/alcove.1; do
    check "$page" gzip -t "/usr/share/man/$page.gz"
done
check "completion" bash -n /usr/share/bash-completion/completions/alcove
same "folders of the two users" "700 alcove 700 alcove-signer" \
    "$(stat -c '%a %U' /var/lib/alcove /var/lib/alcove-signer | tr '\n' ' ' | sed 's/ $//')"
for unit in alcoved alcove-signer; do
    file=/usr/lib/systemd/system/$unit.service
    check "$unit.service starts what is installed" test -x "$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$file")"
done

# ---- A practice, by the steps of alcoved(8), UNDER SYSTEMD.
passphrase='a long walk by the river'
as_user() { user=$1; shift; runuser -u "$user" -- "$@"; }
alcove_as() {
    name=$1
    shift
    say "$passphrase" | HOME=/srv/people alcove --profile "/srv/people/$name" --passphrase-fd 0 "$@"
}
mkdir -p /srv/people /run/alcove-signer
chown alcove-signer:alcove-signer /run/alcove-signer && chmod 750 /run/alcove-signer
usermod -a -G alcove-signer alcove
as_user alcove alcoved init /var/lib/alcove --listen 127.0.0.1:7443 --address 127.0.0.1:7443 >/tmp/said ||
    fail "init: $(cat /tmp/said)"
cp /var/lib/alcove/server.pub /srv/people/
say "$passphrase" | alcove practice new --name 'North Star' --server /srv/people/server.pub \
    --out /srv/people/founder --passphrase-fd 0 >/tmp/said 2>&1 || fail "practice new: $(cat /tmp/said)"
genesis=$(find /srv/people/founder -name '*.genesis' -o -name 'genesis*' | head -n 1)
cp "$genesis" /srv/genesis && chmod 644 /srv/genesis
as_user alcove alcoved init /var/lib/alcove --genesis /srv/genesis >/tmp/said 2>&1 || fail "genesis: $(cat /tmp/said)"
mv /var/lib/alcove/signer /var/lib/alcove-signer/log
chown -R alcove-signer:alcove-signer /var/lib/alcove-signer/log
say 'signer-socket = /run/alcove-signer/socket' >>/var/lib/alcove/alcoved.conf
practice=$(as_user alcove alcoved status /var/lib/alcove | sed -n 's/.*practice *\([0-9a-f]\{64\}\).*/\1/p' | head -n 1)
say "PRACTICE=$practice" >/etc/alcove/signer
say "PEER_UID=$(id -u alcove)" >>/etc/alcove/signer

# begin: what the two units start.
begin() {
    # shellcheck source=/dev/null
    . /etc/alcove/signer
    rm -f /run/alcove-signer/socket # a folder of the unit's own, RuntimeDirectory=
    runuser -u alcove-signer -- alcove-signer --serve /var/lib/alcove-signer/log --practice "$PRACTICE" \
        --socket /run/alcove-signer/socket --peer-uid "$PEER_UID" >>/tmp/signer.log 2>&1 &
    signer=$!
    # Requires=, After= and Restart= of the units: the server is not there before the signer.
    waits=0
    until [ -S /run/alcove-signer/socket ]; do
        waits=$((waits + 1))
        [ "$waits" -lt 100 ] || { cat /tmp/signer.log; fail "the signer did not start"; }
        sleep 0.1
    done
    runuser -u alcove -- alcoved serve /var/lib/alcove >/tmp/server.log 2>&1 &
    server=$!
    waits=0
    until grep -q 'serving on' /tmp/server.log; do
        waits=$((waits + 1))
        [ "$waits" -lt 100 ] || { cat /tmp/server.log /tmp/signer.log; fail "the server did not start"; }
        sleep 0.1
    done
}
end() {
    kill "$server" && wait "$server"
    kill "$signer" && wait "$signer"
}
trap 'kill "$server" "$signer" 2>/dev/null' EXIT
begin
alcove_as ad join "$(find /srv/people/founder -name '*admin*invitation*' | head -n 1)" --yes --trial --card /srv/people/ad.card >/tmp/said 2>&1 ||
    fail "the admin: $(cat /tmp/said)"
alcove_as ad member invite --role therapist --name T1 --out /srv/people/t1.code >/dev/null
alcove_as t1 join /srv/people/t1.code --yes --trial --card /srv/people/t1.card >/tmp/said 2>&1 || fail "T1: $(cat /tmp/said)"
alcove_as ad delegate T1 >/dev/null
member=$(alcove_as t1 --json member invite --role client --name C1 --out /srv/people/c1.code |
    sed -n 's/.*"member":"\([0-9a-f]*\)".*/\1/p')
alcove_as c1 join /srv/people/c1.code --yes --trial --card /srv/people/c1.card >/tmp/said 2>&1 || fail "C1: $(cat /tmp/said)"
alcove_as ad relate T1 treats "$member" >/dev/null
alcove_as t1 chart new "$member" --name C1 >/dev/null
say 'Kept over an upgrade.' >/srv/people/text
check "a reflection is written" alcove_as t1 reflect C1 --title 'Kept' --file /srv/people/text --yes
same "and read" 1 "$(alcove_as c1 show Kept 2>/dev/null | grep -c 'Kept over an upgrade')"
same "nothing of it on the server" 1 "$(grep -rlaF 'over an upgrade' /var/lib/alcove /var/lib/alcove-signer >/dev/null; echo $?)"
end

# ---- An upgrade, with the data; then gone, and the data still there.
before=$(cd /var/lib && find alcove alcove-signer -type f -exec sha256sum {} + | sort)
check "upgrade" apt_quiet install -y --no-install-recommends /srv/next/alcove-server_0.2.0*.deb /srv/next/alcove_0.2.0*.deb
same "the new version" 1 "$(alcoved --version | grep -c '0\.2\.0')"
same "which took and changed no file of the practice" "$before" \
    "$(cd /var/lib && find alcove alcove-signer -type f -exec sha256sum {} + | sort)"
begin
same "and is read after it" 1 "$(alcove_as c1 show Kept 2>/dev/null | grep -c 'Kept over an upgrade')"
check "the log verifies" alcove_as c1 log verify
end
before=$(cd /var/lib && find alcove alcove-signer -type f -exec sha256sum {} + | sort)
check "remove" apt_quiet purge -y alcove
apt_quiet purge -y alcove-server >/tmp/purge 2>&1 || { bad=$((bad + 1)); cat /tmp/purge; }
same "nothing is installed" "" "$(find /usr/bin -name "alcove*")"
same "a purge asks away no data" "$before" \
    "$(cd /var/lib && find alcove alcove-signer -type f -exec sha256sum {} + | sort)"
check "and says where it is" grep -q '/var/lib/alcove-signer is kept' /tmp/purge
check "installed again" apt_quiet install -y --no-install-recommends /srv/next/alcove-server_0.2.0*.deb /srv/next/alcove_0.2.0*.deb
begin
same "it is all there" 1 "$(alcove_as c1 show Kept 2>/dev/null | grep -c 'Kept over an upgrade')"
end
say "== packages: $(debian_release)"
say "$((checks - bad)) passed, $bad failed"
[ "$bad" = 0 ]
