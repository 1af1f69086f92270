#!/bin/sh
# Real processes killed (-9) at random moments while somebody types: the command, the agent, both, or
# the editor with them. Afterwards each text that was saved is there byte for byte and becomes one
# note. Through the agent and without it, in an editor and through a pipe.
#
# ALCOVE_TYPED_KILL9  how many (500)
# ALCOVE_SEED         of the choices (printed)
# shellcheck disable=SC2154,SC2016 # set by the files it sources; the editor expands them
# long
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/e2e/lib.sh
. "$root/tests/e2e/lib.sh"

if ! command -v script >/dev/null 2>&1 || [ "$(stat -f -c %T /dev/shm 2>/dev/null)" != tmpfs ]; then
    say "skipped: killed while typing (needs script and a tmpfs)"
    exit 0
fi
memory=$(mktemp -d /dev/shm/alcove-e2e.XXXXXX) || exit 1
XDG_RUNTIME_DIR=$memory
export XDG_RUNTIME_DIR
trap 'end_agents; stop_server; rm -rf "$work" "$memory"' EXIT
count=${ALCOVE_TYPED_KILL9:-500}
seed=${ALCOVE_SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
say "seed $seed"
# draw BELOW: sets $drawn.
draw() {
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    drawn=$((seed / 65536 % $1))
}

make_treatment
printf '%s\n' "$passphrase" >"$work/pass"

# The editor notes what it has saved, by a rename, after the save: what stands there was saved.
cat >"$work/editor" <<X
#!/bin/sh
text=\$(cat "$work/text")
for size in 11 16 \${#text}; do
    printf '%.*s' "\$size" "\$text" >"\$1"
    printf '%.*s' "\$size" "\$text" >"$work/saved.new"
    mv "$work/saved.new" "$work/saved"
    sleep 0.02
done
X
chmod 755 "$work/editor"

unlocked() {
    if [ -S "$work/t1/agent.sock" ] &&
        "$bin/alcove" --profile "$work/t1" status </dev/null >/dev/null 2>&1; then
        return 0
    fi
    "$bin/alcove" --profile "$work/t1" --passphrase-fd 3 unlock >/dev/null 2>&1 3<"$work/pass"
}
killed=0
saved=0
i=0
: >"$work/all"
while [ "$i" -lt "$count" ]; do
    i=$((i + 1))
    rm -f "$work/saved"
    printf 'text-%06d with some words of a session' "$i" >"$work/text"
    draw 4
    kind=$drawn
    draw 3
    agent=$drawn
    if [ "$agent" -gt 0 ]; then unlocked; else end_agents; fi
    if [ "$kind" = 0 ]; then
        "$bin/alcove" --profile "$work/t1" --passphrase-fd 3 write C1 --class progress --file - \
            <"$work/text" 3<"$work/pass" >"$work/out" 2>&1 &
        main=$!
    else
        VISUAL=$work/editor script -qec "exec '$bin/alcove' --profile '$work/t1' --passphrase-fd 3 \
            write C1 --class progress 3<'$work/pass'" /dev/null </dev/null >"$work/out" 2>&1 &
        main=$!
    fi
    draw 350
    sleep "$(printf '0.%03d' "$drawn")"
    draw 4
    whom=$drawn
    victims=
    if [ "$whom" != 1 ]; then # script's child is the command, which hides its words
        if [ "$kind" = 0 ]; then victims=$main; else victims=$(pgrep -P "$main"); fi
    fi
    [ "$whom" = 0 ] || victims="$victims $(agent_pid t1)"
    [ "$whom" != 3 ] || victims="$victims $(pgrep -f "$work/editor")"
    for victim in $victims; do
        kill -KILL "$victim" 2>/dev/null && killed=$((killed + 1))
    done
    wait "$main" 2>/dev/null
    waits=0
    while pgrep -f "$work/editor" >/dev/null && [ "$waits" -lt 100 ]; do
        waits=$((waits + 1))
        sleep 0.05
    done
    if [ "$kind" != 0 ] && [ -s "$work/saved" ]; then
        saved=$((saved + 1))
        cat "$work/saved" >>"$work/all"
        say "" >>"$work/all"
    elif [ "$kind" = 0 ] && grep -q 'on the server\|saved here\|is kept as' "$work/out"; then
        saved=$((saved + 1))
        cat "$work/text" >>"$work/all"
        say "" >>"$work/all"
    fi
    draw 3
    if [ "$drawn" = 0 ]; then # take up what was left, and sometimes die again
        unlocked
        name=$("$bin/alcove" --profile "$work/t1" --json kept list </dev/null 2>/dev/null | json name)
        if [ -n "$name" ]; then
            "$bin/alcove" --profile "$work/t1" kept send "$name" --yes </dev/null >/dev/null 2>&1 &
            main=$!
            draw 200
            sleep "$(printf '0.%03d' "$drawn")"
            draw 2
            [ "$drawn" = 0 ] || kill -KILL "$main" 2>/dev/null && killed=$((killed + 1))
            wait "$main" 2>/dev/null
        fi
    fi
done

# All that is kept is sent; then each text is one note, and nothing is left in the clear.
end_agents
sleep 1
as t1 sync >/dev/null 2>&1
as t1 --json kept list 2>/dev/null | tr '{' '\n' | sed -n 's/^"name":"\([0-9a-f]*\)".*/\1/p' >"$work/names"
while read -r name; do
    as t1 kept send "$name" --yes >/dev/null 2>"$work/error" || {
        cat "$work/error"
        same "kept text $name is sent" 0 1
    }
done <"$work/names"
as t1 sync >/dev/null 2>&1
same "nothing is kept any more" "[]" "$(as t1 --json kept list)"
same "nothing is in memory" "" "$(ls -A "$memory")"
as t1 export --chart C1 "$work/export" >/dev/null 2>&1 || fail "no export"
cat "$work"/export/*.md | grep -o 'text-[0-9]\{6\}[a-z -]*' >"$work/notes"
lost=0
twice=0
# The editor may have saved a word more than it had time to tell: a note holds at least what was told,
# and nothing but what was typed.
while read -r text; do
    number=${text%% *}
    times=$(grep -c -e "^$number" "$work/notes")
    found=$(grep -e "^$number" "$work/notes" | head -n 1)
    whole="$number with some words of a session"
    if [ "${found#"$text"}" = "$found" ] || [ "${whole#"$found"}" = "$whole" ]; then
        lost=$((lost + 1))
        say "lost: $text; found: $found"
    fi
    [ "$times" -le 1 ] || {
        twice=$((twice + 1))
        say "twice: $text"
    }
done <"$work/all"
say "$count commands, $killed processes killed, $saved texts saved"
same "texts lost" 0 "$lost"
same "texts written twice" 0 "$twice"
check "and some were saved" test "$saved" -gt $((count / 10))
finish
