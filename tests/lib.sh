# shellcheck shell=sh disable=SC2154 # $root is set by the script that sources this
# Helpers for every script of the project. POSIX sh; source it, with $root set
# to the top of the tree:
#   root=$(cd "$(dirname "$0")/.." && pwd) && . "$root/tests/lib.sh"

say() { printf '%s\n' "$*"; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Debian's release number ("12"), or "" elsewhere.
debian_release() {
    sed -n 's/^VERSION_ID="\{0,1\}\([0-9]*\).*/\1/p' /etc/os-release 2>/dev/null
}

# packages_list GROUP: the package names for this release, one a line; "all" is
# build and test.
packages_list() {
    awk -v want="$1" -v release="$(debian_release)" '
        { sub(/#.*/, "") }
        NF == 2 && ($2 == want || (want == "all" && ($2 == "build" || $2 == "test"))) {
            n = split($1, part, "@")
            if (n == 1 || part[2] == release) print part[1]
        }' "$root/tests/packages.txt"
}

package_present() {
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

packages_missing() {
    for package in $(packages_list "$1"); do
        package_present "$package" || say "$package"
    done
}

# As root, through sudo when we are not.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        fail "needs root for: $*"
    fi
}

apt_quiet() {
    as_root env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
        apt-get -qq -o DPkg::Lock::Timeout=900 -o Dpkg::Use-Pty=0 "$@" </dev/null
}

# apt has no time-out for the lock of its package lists, so this tries again
# while another run (a second clone's, say) holds it.
apt_update() {
    tries=0
    until apt_quiet update; do
        tries=$((tries + 1))
        [ "$tries" -lt 6 ] || return 1
        sleep 10
    done
}

# packages_install GROUP: installs what is missing and says so. apt-get is
# not touched, and root not needed, when nothing is missing.
packages_install() {
    missing=$(packages_missing "$1")
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null 2>&1 || fail "needs Debian 12 or 13; missing:" "$missing"
    # shellcheck disable=SC2086 # names are words
    set -- "$1" $missing
    group=$1
    shift
    say "installing from Debian: $*"
    for package in "$@"; do
        apt-cache show "$package" >/dev/null 2>&1 || { apt_update || return 1; break; }
    done
    # A failed install is mostly an old package list: once more with a new one.
    apt_quiet install -y --no-install-recommends "$@" >/dev/null || {
        apt_update && apt_quiet install -y --no-install-recommends "$@" >/dev/null
    } || return 1
    missing=$(packages_missing "$group")
    [ -z "$missing" ] || { say "still missing: $missing" >&2; return 1; }
}

# Whole seconds since the Epoch.
now_s() { date +%s; }
