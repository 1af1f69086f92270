#!/bin/sh
# What a person typed: an editor that is open for long, an agent that locks meanwhile, an idle time
# of one's own, wrong passphrases, Ctrl-C, kill -9, a full disk. The text is sealed in the profile,
# exactly as it was typed, nothing of it is elsewhere, and it becomes one note. Time is moved by the
# hooks. Needs script(1) and a memory-backed /dev/shm.
# shellcheck disable=SC2154,SC2016 # set by the files it sources; the editor expands them
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

if ! command -v script >/dev/null 2>&1 || [ "$(stat -f -c %T /dev/shm 2>/dev/null)" != tmpfs ]; then
    say "skipped: typed texts (needs script and a tmpfs)"
    exit 0
fi
memory=$(mktemp -d /dev/shm/alcove-e2e.XXXXXX) || exit 1
XDG_RUNTIME_DIR=$memory
export XDG_RUNTIME_DIR
trap 'end_agents; stop_server; rm -rf "$work" "$memory"' EXIT

unlock() {
    profile=$1
    shift
    printf '%s\n' "$passphrase" | "$bin/alcove" --profile "$work/$profile" --passphrase-fd 0 unlock "$@" >/dev/null
}
# editor LINES: the editor from now on; "$1" is the text's file.
editor() {
    printf '#!/bin/sh\nwork=%s\nbin=%s\n%s\n' "$work" "$bin" "$1" >"$work/editor"
    chmod 755 "$work/editor"
}
# on_terminal COMMAND: on a terminal, with what it prints in $work/typed; what the commands in
# $keys print is typed into it.
keys=
on_terminal() {
    if [ -n "$keys" ]; then
        sh -c "$keys" | VISUAL=$work/editor script -qec "'$bin/alcove' --profile '$work/t1' $1" /dev/null >"$work/typed" 2>&1
    else
        VISUAL=$work/editor script -qec "'$bin/alcove' --profile '$work/t1' $1" /dev/null </dev/null >"$work/typed" 2>&1
    fi
}
said() {
    tr -s '\r\n ' '   ' <"$work/typed" | tr -s ' ' | grep -q "$1"
}

make_treatment

# ---- An open editor is no idle person, for half a day; then it is.
ALCOVE_AWAKE_FILE=$work/awake
export ALCOVE_AWAKE_FILE
say 0 >"$ALCOVE_AWAKE_FILE"
unlock t1
pid=$(agent_pid t1)
editor 'echo 3600000 >"$work/awake"; sleep 2; printf "an hour of work\n" >"$1"'
on_terminal "write C1 --class progress"
check "after an hour in the editor it is written" said 'on the server'
check "by the same agent" kill -0 "$pid"
editor 'echo 50000000 >"$work/awake"; sleep 2; exit 1'
on_terminal "write C1 --class progress"
check "half a day is too long" gone "$pid"
say 0 >"$ALCOVE_AWAKE_FILE"

# ---- An idle time of one's own.
same "none at all is none" 2 "$(code_of quiet t1 unlock --idle 0)"
same "nor a whole day" 2 "$(code_of quiet t1 unlock --idle 1440)"
unlock t1 --idle 90
pid=$(agent_pid t1)
same "status tells it" 90 "$(quiet t1 --json status | json idle_minutes)"
check "people too" sh -c "'$bin/alcove' --profile '$work/t1' status </dev/null | tr '\n' ' ' | grep -q 'after 90 minutes'"
say 5000000 >"$ALCOVE_AWAKE_FILE"
sleep 2
check "open after 83 minutes" kill -0 "$pid"
say 11000000 >"$ALCOVE_AWAKE_FILE"
check "locked after 90 more" gone "$pid"
unset ALCOVE_AWAKE_FILE

# one_kept TEXT: exactly this text is kept, and nothing of it lies in the clear; its name is $name.
one_kept() {
    name=$(as t1 --json kept list | json name)
    same "$1 is kept" "$1" "$(as t1 kept show "$name")"
    same "$1 alone" 1 "$(find "$work/t1/kept" -type f -name '????????' | wc -l)"
    same "$1 is not in memory" "" "$(ls -A "$memory")"
    check "$1 is not in the clear" sh -c "! grep -rqF '$1' '$work/t1'"
}
# one_note TEXT: it is one note, and kept no more.
one_note() {
    same "$1 is one note" 1 "$(as t1 --json search "$1" | tr '{' '\n' | grep -c '"note"')"
    same "$1 is kept no more" "[]" "$(as t1 --json kept list)"
}

# ---- The agent locks while the editor is open: wrong passphrases, Ctrl-C, at last the right one.
locking='"$bin/alcove" --profile "$work/t1" lock >/dev/null'
unlock t1
editor "$locking"'; printf "typed while locked\n" >"$1"'
keys='sleep 2; printf "wrong one\n"; sleep 1; printf "wrong two\n"; sleep 1; printf "wrong three\n"; sleep 1'
on_terminal "write C1 --class progress --title later"
check "three wrong passphrases" said 'wrong.*wrong.*your profile was not opened'
check "the name is told" said 'is kept as'
one_kept "typed while locked"
keys='sleep 1; printf "yes\n"; sleep 1'
unlock t1
on_terminal "kept send $name"
check "it is sent after all" said 'on the server'
one_note "typed while locked"
check "with its title" sh -c "[ -n '$(as t1 list | grep later)' ]"

unlock t1
editor "$locking"'; printf "ended at the prompt\n" >"$1"'
keys='sleep 2; printf "\003"; sleep 1'
on_terminal "write C1 --class progress"
one_kept "ended at the prompt"
editor 'sed -i s/ended/edited/ "$1"'
keys=
unlock t1
on_terminal "kept edit $name"
check "it is edited and sent" said 'on the server'
one_note "edited at the prompt"

unlock t1
editor "$locking"'; printf "at last the right one\n" >"$1"'
keys='sleep 2; printf "wrong one\n"; sleep 1; printf "%s\n" "$passphrase"; sleep 3'
export passphrase
on_terminal "write C1 --class progress"
one_note "at last the right one"
keys=

# ---- A pipe has no other copy: no agent and a wrong passphrase; a chart that is none.
printf 'through a pipe\n' | "$bin/alcove" --profile "$work/t1" --passphrase-fd 3 write C1 --class progress \
    --file - 3<"$work/t1.code" >"$work/typed" 2>&1
same "a wrong passphrase" 6 $?
one_kept "through a pipe"
# What was written already is not written twice, whatever ended the command that wrote it.
cp "$work/t1/kept/$name" "$work/again"
same "sent" 0 "$(code_of as t1 kept send "$name" --yes)"
cp "$work/again" "$work/t1/kept/$name"
same "it is a note already" 7 "$(code_of as t1 kept send "$name" --yes)"
cp "$work/again" "$work/t1/kept/$name"
one_note "through a pipe"
check "and its copy is gone" test ! -e "$work/t1/kept/$name"
unlock t1
printf 'for nobody\n' | "$bin/alcove" --profile "$work/t1" write C9 --class progress --file - >"$work/typed" 2>&1
same "no such chart" 7 $?
one_kept "for nobody"
same "discarded" 0 "$(code_of quiet t1 kept discard "$name" --yes)"
long=$(head -c 100000 /dev/zero | tr '\0' y)
printf 'with too long a reason\n' | "$bin/alcove" --profile "$work/t1" write C1 --class progress --late-entry \
    --reason "$long" --file - >"$work/typed" 2>&1
check "what the agent cannot take fails" test $? -ne 0
check "which is said" said 'too long'
name=$(as t1 --json kept list | json name)
same "and the text is kept" "with too long a reason" "$(as t1 kept show "$name")"
same "discarded too" 0 "$(code_of quiet t1 kept discard "$name" --yes)"
for number in 1 2 3 4 5 6; do
    printf 'kept number %s\n' "$number" |
        "$bin/alcove" --profile "$work/t1" write C9 --class progress --file - >/dev/null 2>&1
done
same "the newest first" "6 5 4 3 2 1 " \
    "$(quiet t1 kept list | sed -n 's/.*kept number \([0-9]\)$/\1/p' | tr '\n' ' ')"
for name in $(quiet t1 --json kept list | tr '{' '\n' | sed -n 's/^"name":"\([0-9a-f]*\)".*/\1/p'); do
    quiet t1 kept discard "$name" --yes >/dev/null
done

# ---- kill -9 while the editor is open: its file stays while it is, then the next command seals it.
editor 'trap "" HUP; printf "half a sentence" >"$1"; kill -9 $PPID; sleep 3; printf "the whole sentence\n" >"$1"'
on_terminal "write C1 --class progress"
quiet t1 status >/dev/null 2>&1
check "the editor that lives on keeps its file" sh -c "ls '$memory'/alcove-kept-*/note.txt >/dev/null 2>&1"
sleep 4
quiet t1 status >"$work/typed" 2>&1
check "then it is sealed, and said" said 'an earlier command left is kept as'
one_kept "the whole sentence"
same "and sent" 0 "$(code_of as t1 kept send "$name" --yes)"
one_note "the whole sentence"

# ---- An editor with a window of its own that comes back at once: what is saved there later is found.
editor 'setsid sh -c "sleep 4; echo saved in the window >\"\$1\"" sh "$1" >/dev/null 2>&1 &'
keys='sleep 1; printf "\n"; sleep 1'
on_terminal "write C1 --class progress"
check "the window is told of" said 'came back at once'
keys=
sleep 4
quiet t1 status >/dev/null 2>&1
one_kept "saved in the window"
same "discarded as well" 0 "$(code_of quiet t1 kept discard "$name" --yes)"

# ---- An invitation that was used: no card is shown for keys that are gone, and no folder is left.
printf '%s\n' "$passphrase" | "$bin/alcove" --profile "$work/late" --passphrase-fd 0 join "$work/c1.code" \
    --yes --trial >"$work/typed" 2>&1
same "the used invitation is refused" 3 $?
check "without a card" sh -c "! grep -q RECOVERY '$work/typed'"
check "nor a folder" test ! -e "$work/late"

# ---- This machine's own disk is full: said so, and what was typed waits in memory for room.
quiet t1 lock >/dev/null
as t1 sync >/dev/null
full=$work/full
mkdir "$full"
if mount -t tmpfs -o size=16m tmpfs "$full" 2>/dev/null; then
    trap 'end_agents; stop_server; umount "$full"; rm -rf "$work" "$memory"' EXIT
    cp -r "$work/t1" "$full/t1"
    on_full() {
        printf '%s\n' "$passphrase" >"$work/pass"
        "$bin/alcove" --profile "$full/t1" --passphrase-fd 3 "$@" 3<"$work/pass"
    }
    head -c 20000000 /dev/zero >"$full/fill" 2>/dev/null
    { printf 'no room for this\n'; head -c 200000 /dev/zero | tr '\0' x; } >"$work/large"
    on_full write C1 --class progress --file - <"$work/large" >"$work/typed" 2>&1
    check "a full disk fails" test $? -ne 0
    check "it is this machine's" said "this machine's disk is full"
    check "with its folder" said "$full/t1"
    check "and the text waits in memory" said 'in memory, sealed'
    check "not in the clear" sh -c "! grep -rqF 'no room for this' '$memory' '$full/t1'"
    rm "$full/fill"
    name=$(on_full --json kept list 2>/dev/null | json name)
    on_full kept show "$name" >"$work/shown"
    check "with room it is kept" cmp -s "$work/large" "$work/shown"
    same "on the disk" "" "$(ls -A "$memory")"
    same "and sent" 0 "$(code_of on_full kept send "$name" --yes)"
    same "once" 1 "$(on_full --json search 'no room for this' | tr '{' '\n' | grep -c '"note"')"
else
    say "skipped: a full disk (needs a mount of tmpfs)"
fi

# ---- A key that somebody swapped while the profile was locked is found and said.
quiet t1 lock >/dev/null
head -c 32 /dev/urandom >"$work/t1/kept/key"
as t1 status >"$work/typed" 2>&1
check "a swapped key is said" said 'had changed the key'
as t1 status >"$work/typed" 2>&1
check "once" sh -c "! grep -q 'changed the key' '$work/typed'"
finish
