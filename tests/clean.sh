#!/bin/sh
# A clean machine: both commands of README.md on a Debian that has nothing.
#
#   sh tests/clean.sh 12|13 [root|user]    as root, as a user with sudo, or both
#
# For each: a minimal Debian by debootstrap, with proc, dev and a tmpfs on
# /dev/shm, git and sudo; a clone of what is committed here; then the commands.
# Not part of tests/run.sh. Packages come from the mirror that this machine's
# apt uses. Everything happens in mount and process namespaces of its own, so
# nothing stays mounted or running, whatever becomes of this script.
#
# ALCOVE_CLEAN_COMMANDS  other commands, one a line (for trying a part).
# ALCOVE_CLEAN_TREE      a folder with the minimal Debian, made when it is not
#                        there and kept; else a temporary one.
set -u
exec </dev/null
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
limit_s=1500

usage() { fail "usage: sh tests/clean.sh 12|13 [root|user]"; }
case "${1-}" in
12) codename=bookworm ;;
13) codename=trixie ;;
*) usage ;;
esac
case "${2-both}" in
root | user | both) who=${2-both} ;;
*) usage ;;
esac

if [ "${ALCOVE_CLEAN_INSIDE-}" != yes ]; then
    packages_install clean || exit 1
    export ALCOVE_CLEAN_INSIDE=yes
    as_root env ALCOVE_CLEAN_INSIDE=yes ALCOVE_CLEAN_COMMANDS="${ALCOVE_CLEAN_COMMANDS-}" \
        ALCOVE_CLEAN_TREE="${ALCOVE_CLEAN_TREE-}" PATH="$PATH:/usr/sbin:/sbin" \
        unshare --mount --propagation private --pid --fork --kill-child \
        sh "$root/tests/clean.sh" "$1" "$who"
    exit $?
fi

# --- inside the namespaces ----------------------------------------------------
top=$(mktemp -d "${TMPDIR:-/tmp}/alcove-clean.XXXXXX") || exit 1
chmod 755 "$top"
leave() {
    cd / || :
    for tree in "$top/root" "$top/user"; do
        [ ! -d "$tree" ] || take_down "$tree" || return
    done
    rm -rf --one-file-system "$top"
}
trap leave EXIT
trap 'exit 130' INT TERM HUP

# What apt of this machine says of its Debian mirror: URI LABEL.
# shellcheck disable=SC2016 # fields of apt-get, not of the shell
targets=$(apt-get indextargets --format '$(REPO_URI) $(LABEL)' 'Created-By: Packages' | sort -u)
mirror=$(say "$targets" | awk '$2 == "Debian" { print $1; exit }')
security=$(say "$targets" | awk '$2 == "Debian-Security" { print $1; exit }')
[ -n "$mirror" ] || fail "apt here knows no Debian mirror (run apt-get update)"

base=${ALCOVE_CLEAN_TREE:-$top/base}
if [ ! -e "$base/etc/debian_version" ]; then
    start=$(now_s)
    script=
    [ -e "/usr/share/debootstrap/scripts/$codename" ] || script=/usr/share/debootstrap/scripts/sid
    debootstrap --variant=minbase "$codename" "$base" "$mirror" $script >"$top/debootstrap.log" 2>&1 ||
        { tail -n 20 "$top/debootstrap.log"; fail "debootstrap $codename"; }
    {
        say "deb $mirror $codename main"
        say "deb $mirror $codename-updates main"
        [ -z "$security" ] || say "deb $security $codename-security main"
    } >"$base/etc/apt/sources.list"
    # How apt reaches its mirror here (proxies, checks), not what else it does.
    apt-config dump 2>/dev/null |
        grep -E '^Acquire::(http|https|ftp|Check|Retries|Force|Max-)' >"$base/etc/apt/apt.conf.d/90here"
    cp /etc/resolv.conf "$base/etc/resolv.conf"
    cp /etc/hosts "$base/etc/hosts"
    say "debootstrap $codename: $(($(now_s) - start)) s"
fi

# in_tree TREE USER COMMAND: with nothing of this machine's environment.
in_tree() {
    home=/root
    [ "$2" = root ] || home=/home/$2
    timeout -k 30 "$limit_s" chroot "$1" setsid -w runuser -u "$2" -- env -i HOME="$home" USER="$2" \
        LOGNAME="$2" SHELL=/bin/sh LANG=C PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        sh -c "cd \"\$HOME\" && $3" </dev/null 2>&1
}

commands=${ALCOVE_CLEAN_COMMANDS:-}
if [ -z "$commands" ]; then
    commands=$(awk '/^```sh$/ { on = 1; next } /^```/ { on = 0 } on && /^sh / { print }' "$root/README.md" |
        sed 's/ *#.*//' | head -n 2)
    [ "$(say "$commands" | grep -c .)" = 2 ] || fail "README.md does not begin with two commands"
fi

git clone -q --bare --no-local "$root" "$top/alcove.git" || fail "clone"

# make_dev FOLDER: a /dev of its own on a tmpfs, with a tmpfs on shm. Never this
# machine's, which would be emptied with the tree if an unmount failed.
make_dev() {
    mount -t tmpfs -o mode=755 tmpfs "$1" && mkdir "$1/pts" "$1/shm" || return 1
    while read -r node major minor; do
        mknod -m 666 "$1/$node" c "$major" "$minor" || return 1
    done <<'END'
null 1 3
zero 1 5
full 1 7
random 1 8
urandom 1 9
tty 5 0
END
    ln -s /proc/self/fd "$1/fd" && ln -s fd/0 "$1/stdin" && ln -s fd/1 "$1/stdout" &&
        ln -s fd/2 "$1/stderr" && ln -s pts/ptmx "$1/ptmx" &&
        mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$1/pts" &&
        mount -t tmpfs -o mode=1777 tmpfs "$1/shm"
}

# take_down TREE: unmounts and removes; what is still mounted is never removed.
take_down() {
    for place in dev/shm dev/pts dev proc; do
        umount "$1/$place" 2>/dev/null || umount -l "$1/$place" 2>/dev/null
    done
    if grep -q " $1/" /proc/self/mountinfo; then
        say "still mounted, so left in place: $1"
        return 1
    fi
    rm -rf --one-file-system "$1"
}

# one USER: a new machine, a clone, the commands.
one() {
    tree=$top/$1
    start=$(now_s)
    cp -a "$base" "$tree" || return 1
    cp -a "$top/alcove.git" "$tree/srv/alcove.git"
    mount -t proc proc "$tree/proc" && make_dev "$tree/dev" || return 1
    in_tree "$tree" root "export DEBIAN_FRONTEND=noninteractive; apt-get -qq update &&
        apt-get -qq install -y --no-install-recommends git ca-certificates sudo >/dev/null" || return 1
    account=root
    if [ "$1" = user ]; then
        account=tester
        chroot "$tree" useradd -m -s /bin/sh tester || return 1
        say 'tester ALL=(ALL) NOPASSWD: ALL' >"$tree/etc/sudoers.d/tester"
        chmod 440 "$tree/etc/sudoers.d/tester"
    fi
    chroot "$tree" chown -R "$account" /srv/alcove.git || return 1
    in_tree "$tree" "$account" "git clone -q file:///srv/alcove.git alcove" || return 1
    begun=$(now_s)
    say "$codename as $1: machine ready in $((begun - start)) s"
    say "$commands" >"$top/commands"
    while IFS= read -r command; do
        start=$(now_s)
        if in_tree "$tree" "$account" "cd alcove && $command" >"$top/out"; then
            sed -n '/^sim hashes:/p' "$top/out" # of both releases: tests/sim/same.sh
            tail -n 3 "$top/out"
            say "$codename as $1: ok, $(($(now_s) - start)) s: $command"
        else
            tail -n 200 "$top/out"
            say "$codename as $1: FAILED after $(($(now_s) - start)) s: $command"
            return 1
        fi
    done <"$top/commands"
    spent=$(($(now_s) - begun))
    say "$codename as $1: both commands in $spent s (limit $limit_s s)"
    take_down "$tree" || return 1
    [ "$spent" -le "$limit_s" ]
}

bad=0
for name in root user; do
    case "$who" in
    both | "$name") one "$name" || bad=1 ;;
    esac
done
[ "$bad" = 0 ] || fail "Debian $1: not clean"
say "Debian $1: clean"
