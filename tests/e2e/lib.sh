# shellcheck shell=sh disable=SC2154,SC2034 # set by the script that sources this, or used by it
# Helpers for end-to-end scripts: a practice of their own in a temporary folder, served on a
# port that the kernel chose, stopped by its pid. Source it after tests/lib.sh:
#   root=…; . "$root/tests/lib.sh"; . "$root/tests/e2e/lib.sh"
#
# ALCOVE_BUILD  the build folder (default build/hooks)

build=${ALCOVE_BUILD:-$root/build/hooks}
bin=$build/bin
for program in alcoved alcove-signer alcove; do
    [ -x "$bin/$program" ] || fail "no $bin/$program: sh tests/run.sh build"
done
work=$(mktemp -d "${TMPDIR:-/tmp}/alcove-e2e.XXXXXX") || exit 1
passphrase='a long walk by the river'
server_pid=
trap 'stop_server; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# One member's own command: as NAME COMMAND…
as() {
    profile=$1
    shift
    printf '%s\n' "$passphrase" | "$bin/alcove" --profile "$work/$profile" --passphrase-fd 0 "$@"
}

# The same without a passphrase and without input: quiet NAME COMMAND…
quiet() {
    profile=$1
    shift
    "$bin/alcove" --profile "$work/$profile" "$@" </dev/null
}

# code_of COMMAND…: prints its exit code alone.
code_of() {
    "$@" >/dev/null 2>&1
    say $?
}

# agent_pid NAME: the agent of this profile. end_agents ends those of ad and t1.
agent_pid() {
    pgrep -f "^alcove agent --profile $work/$1 "
}
end_agents() {
    for name in ad t1; do
        pid=$(agent_pid "$name")
        [ -z "$pid" ] || kill "$pid" 2>/dev/null
    done
}

# gone PID: waits until it ended.
gone() {
    waits=0
    while kill -0 "$1" 2>/dev/null; do
        waits=$((waits + 1))
        [ "$waits" -lt 100 ] || return 1
        sleep 0.1
    done
}

# json KEY: the first value of this key in the JSON on standard input; strings without quotes.
json() {
    sed -n 's/.*"'"$1"'":"\{0,1\}\([^",}]*\).*/\1/p' | head -n 1
}

# A port that is free now: the clients' invitations carry it, so it is chosen before.
free_port() {
    port=$(( 20000 + $$ % 20000 ))
    while ss -ltn 2>/dev/null | grep -q ":$port " ; do
        port=$((port + 1))
    done
    say "$port"
}

# make_practice: keys, genesis and the first admin's invitation in $work/founder.
make_practice() {
    port=$(free_port)
    printf '%s\n' "$passphrase" | "$bin/alcoved" init "$work/data" --listen "127.0.0.1:$port" \
        --on-this-machine --name "North Star" --out "$work/founder" --passphrase-fd 0
}

# start_server: serves $work/data; waits until it listens.
start_server() {
    "$bin/alcoved" serve "$work/data" >>"$work/server.log" 2>&1 &
    server_pid=$!
    waits=0
    until grep -q 'serving on' "$work/server.log" 2>/dev/null; do
        waits=$((waits + 1))
        { [ "$waits" -lt 150 ] && kill -0 "$server_pid" 2>/dev/null; } || {
            cat "$work/server.log" >&2
            fail "the server did not start"
        }
        sleep 0.1
    done
}

# stop_server: asks it to end, and waits until it has.
stop_server() {
    [ -n "$server_pid" ] || return 0
    kill "$server_pid" 2>/dev/null
    wait "$server_pid" 2>/dev/null
    stopped=$?
    server_pid=
    return "$stopped"
}

# enter NAME CODE: joins with the invitation in this file.
enter() {
    as "$1" join "$2" --yes --trial --card "$work/$1.card" >/dev/null || fail "$1 did not join"
}

# make_treatment: a practice that is served, its admin ad, T1 (profile t1) who treats C1 (c1), and
# the chart. Sets $client, the member id of C1.
make_treatment() {
    make_practice >/dev/null || fail "no practice"
    start_server
    enter ad "$work/founder/admin-invitation.txt"
    as ad member invite --role therapist --name T1 --out "$work/t1.code" >/dev/null
    enter t1 "$work/t1.code"
    as ad delegate T1 >/dev/null
    as t1 member invite --role client --name C1 --out "$work/c1.code" >/dev/null
    enter c1 "$work/c1.code"
    client=$(as t1 --json member list | tr '{' '\n' | grep '"client"' | json member)
    as ad relate T1 treats "$client" >/dev/null
    as t1 chart new "$client" --name C1 >/dev/null || fail "no chart"
}

# Counting checks: check TEXT COMMAND…; finish prints the count and gives the exit code.
checks_passed=0
checks_failed=0
check() {
    text=$1
    shift
    if "$@"; then
        checks_passed=$((checks_passed + 1))
    else
        checks_failed=$((checks_failed + 1))
        say "FAILED: $text"
    fi
}
# same TEXT EXPECTED FOUND
same() {
    if [ "$2" = "$3" ]; then
        checks_passed=$((checks_passed + 1))
    else
        checks_failed=$((checks_failed + 1))
        say "FAILED: $1: expected '$2', found '$3'"
    fi
}
finish() {
    say "$checks_passed passed, $checks_failed failed"
    [ "$checks_failed" = 0 ]
}
