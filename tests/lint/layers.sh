#!/bin/sh
# Layers and third-party headers, from the dependency files that the compiler
# wrote for this build, and from the text of every #include.
#
# Each layer may see only what table `sees` gives it. A third-party header may
# be named only in the homes of table `homes`, and reach only the objects that
# `reaches` gives it. Violations are planted first and must be caught: a layer
# including what it may not (by the compiler, and by this lint when the include
# path is opened for it), and a header outside its home.
#
# Inside a layer the same holds between its rooms, by the tables that lib/rooms.sh
# reads, for includes and for calls: every pair that a table forbids is planted.
#
# ALCOVE_BUILD  a build folder made with Ninja (default build/hooks).
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/lint/lib/arrows.sh
. "$root/tests/lint/lib/arrows.sh"
# shellcheck source=tests/lint/lib/rooms.sh
. "$root/tests/lint/lib/rooms.sh"
cd "$root" || exit 1
roomy="client/engine client/cli keys/public"
build=$(cd "${ALCOVE_BUILD:-$root/build/hooks}" && pwd) || fail "no build: sh tests/run.sh build"
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# TARGET: layers whose headers its objects may depend on. One line a target of
# proto, keys, server or client; a target without a line is an error.
cat >"$tmp/sees" <<'END'
proto:
keys_public: proto
keys_server: keys_public proto
keys_private: keys_public proto
server_log: proto
server_store: server_log keys_public proto
server_core: server_log server_store keys_public proto
server_run: server_log server_core server_store server_signer_protocol keys_public proto
server_backup: server_log server_run server_core server_store server_signer_protocol keys_public proto
server_net: server_log proto
server_door: server_log server_net server_run server_core server_store keys_server keys_public proto
server_tls: proto
server_signer_protocol: keys_public proto
server_signer: server_signer_protocol keys_server keys_public proto
server_tls: proto
alcove-tls-identity: server_tls keys_public proto
alcoved: server_log server_backup server_door server_net server_run server_core server_store server_signer_protocol keys_server keys_public proto
alcove-tls-identity: server_tls keys_public proto
alcove-signer: server_signer server_signer_protocol keys_server keys_public proto
client_text: keys_public proto
client_engine: client_text keys_private keys_public proto
client_store: client_engine keys_private keys_public proto
client_wire: proto
client_agent: client_wire client_store client_engine keys_private keys_public proto
client_cli: client_text client_agent client_wire client_store client_engine keys_private keys_public proto
alcove-pages: client_cli client_text client_agent client_wire client_store client_engine keys_private keys_public proto
alcove: client_cli client_text client_agent client_wire client_store client_engine keys_private keys_public proto
END

# Where a third-party header may be named: HEADER-PATTERN FILE-PATTERN.
cat >"$tmp/homes" <<'END'
^sodium(\.h$|/) ^keys/
^lmdb\.h$ ^(server/store/db_lmdb\.h|client/store/[a-z_]+\.[ch])$
^(libwebsockets\.h$|libwebsockets/) ^(server/net|client/wire)/
^openssl/ ^(server/net/tls\.c|server/tls/tls_identity\.c|client/wire/tls\.c|keys/.*)$
^ev\.h$ ^server/net/
^qrencode\.h$ ^client/cli/
^cJSON\.h$|^cjson/ ^client/cli/
^seccomp\.h$ ^server/
^((unicase|unictype|unigbrk|unilbrk|uninorm|unistr|uniwidth)\.h$|unistring/) ^client/text/
END

# Which objects a third-party header may reach at all: HEADER-PATH OBJECT-PATTERN.
# libwebsockets brings OpenSSL's headers with it.
cat >"$tmp/reaches" <<'END'
/sodium(\.h$|/) ^keys/
/lmdb\.h$ ^(server/store/.*/db(_copy|_rows|_guard)?\.c\.o|client/store/.*)$
/libwebsockets(\.h$|/) ^(server/net|client/wire)/
/openssl/ ^(server/net|server/tls|client/wire|keys)/
/ev\.h$ ^server/net/
/qrencode\.h$ ^client/cli/
/cJSON\.h$ ^client/cli/
/seccomp\.h$ ^server/
/(unicase|unictype|unigbrk|unilbrk|uninorm|unistr|uniwidth)\.h$ ^client/text/
END

# deps_lines FILE: "OBJECT HEADER" pairs from `ninja -t deps` output, for the
# objects of the product, relative to the build folder.
deps_lines() {
    awk '/^[^ ].*: #deps/ { object = $1; sub(/:$/, "", object); stale = /STALE/; next }
         /^ / && $1 ~ /\.h$/ && object ~ /^(proto|keys|server|client)\// { print object, $1 }' "$1"
}

# edges: reads pairs; prints each that the tables forbid. A header's layer is
# the include root that it was found under, else the folder that it lies in.
edges() {
    awk -v sees="$tmp/sees" -v reaches="$tmp/reaches" -v root="$root/" '
        function layer_of(path,   part, rest) {
            if (match(path, /(^|\/)inc\/[a-z_]+\//)) {
                rest = substr(path, RSTART, RLENGTH)
                split(rest, part, "/")
                return rest ~ /^\// ? part[3] : part[2]
            }
            sub(/^(\.\.\/)+/, "", path)
            if (index(path, root) == 1) path = substr(path, length(root) + 1)
            if (path ~ /^gen\/proto\// || path ~ /^proto\//) return "proto"
            if (match(path, /^keys\/[a-z]+\//)) { split(path, part, "/"); return "keys_" part[2] }
            if (match(path, /^server\/[a-z]+\//)) { split(path, part, "/"); return "server_" part[2] }
            if (match(path, /^client\/[a-z]+\//)) { split(path, part, "/"); return "client_" part[2] }
            return ""
        }
        BEGIN {
            while ((getline line < sees) > 0) {
                n = split(line, word, /[: ]+/)
                known[word[1]] = 1
                for (i = 2; i <= n; i++) if (word[i] != "") may[word[1], word[i]] = 1
            }
            while ((getline line < reaches) > 0) {
                split(line, word, " ")
                header[++headers] = word[1]; object[headers] = word[2]
            }
        }
        {
            match($1, /CMakeFiles\/[^\/]+\.dir\//)
            target = substr($1, RSTART + 11, RLENGTH - 16)
            if (target == "proto_codec") next
            if (!(target in known)) { print "no line in this lint for target " target; next }
            layer = layer_of($2)
            own = target
            if (target == "alcoved") own = "alcoved_own"
            if (target == "alcove") own = "client_cli"
            if (layer != "" && layer != own && layer != target && !((target, layer) in may))
                print $1 " depends on " $2 " of layer " layer
            if (layer == "")
                for (i = 1; i <= headers; i++)
                    if ($2 ~ header[i] && $1 !~ object[i])
                        print $1 " is reached by " $2
        }' | sort -u
}

# named ROOT: reads file names under ROOT; prints each third-party include
# outside its homes.
named() {
    while IFS= read -r file; do
        sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*[<"]\([^>"]*\)[>"].*/\1/p' "$1/$file" |
            sed "s|^|$file |"
    done | awk -v homes="$tmp/homes" '
        BEGIN {
            while ((getline line < homes) > 0) {
                split(line, word, " ")
                header[++headers] = word[1]; home[headers] = word[2]
            }
        }
        { for (i = 1; i <= headers; i++)
            if ($2 ~ header[i] && $1 !~ home[i]) print $1 " names <" $2 ">" }'
}

ninja -C "$build" -t deps >"$tmp/deps" 2>/dev/null || fail "no dependency file in $build"
deps_lines "$tmp/deps" >"$tmp/pairs"
[ -s "$tmp/pairs" ] || fail "the dependency file names no object of ours"
grep -q 'sodium' "$tmp/pairs" || fail "the dependency file leaves out system headers"

# --- planted violations -------------------------------------------------------
# The compiler's command for one object, without its output, for a planted file.
command_of() {
    awk -v object="$1" '
        /^ *"command":/ { command = $0 }
        index(command, " -o " object " ") { print command; exit }' "$build/compile_commands.json" |
        sed 's/^ *"command": "//; s/",$//; s/\\"/"/g; s/ -o .*//'
}
# plant OBJECT TEXT [FLAG]: compiles TEXT as the layer of OBJECT would, then
# gives its dependencies as pairs. Status is the compiler's.
plant() {
    printf '%b\n' "$2" >"$tmp/planted.c"
    (cd "$build" && eval "$(command_of "$1")" "${3-}" -MD -MF "$tmp/planted.d" \
        -o "$tmp/planted.o" -c "$tmp/planted.c") >"$tmp/planted.log" 2>&1 || return 1
    sed 's/\\$//' "$tmp/planted.d" | tr -s ' ' '\n' | sed "1d; /^\$/d; s|^|${1%/*}/planted.c.o |"
}
object_of() { awk -v target="$1" '$1 ~ "/" target "\\.dir/" { print $1; exit }' "$tmp/pairs"; }

planted=0
# From each layer, the header of every layer that it may not see: neither the
# compiler finds it, nor does the lint miss it once the tree is on the path.
while IFS=: read -r target may; do
    object=$(object_of "$target")
    [ -n "$object" ] || continue
    for other in keys_public keys_server keys_private server_store server_core server_run server_net server_door \
        client_text client_engine client_store client_wire client_agent client_cli; do
        case " $target $may " in *" $other "*) continue ;; esac
        [ "$target $other" != "alcove client_cli" ] || continue
        header=$(git ls-files --cached --others --exclude-standard "$(say "$other" | tr _ /)/*.h" | head -n 1)
        [ -n "$header" ] || continue
        if plant "$object" "#include \"$header\"\nint planted;" >/dev/null; then
            fail "the compiler lets $target include $header"
        fi
        grep -q 'No such file' "$tmp/planted.log" || { cat "$tmp/planted.log"; fail "planting $header in $target"; }
        say "$object ../../$header" | edges | grep -q "of layer $other" ||
            fail "the lint misses $target depending on $header"
        planted=$((planted + 2))
    done
done <"$tmp/sees"
# And third-party headers, found by the compiler for everyone on Debian.
for case in "server_store sodium.h" "server_core lmdb.h" "client_engine openssl/evp.h" \
    "client_agent libwebsockets.h" "proto sodium.h" "keys_public lmdb.h" "server_run ev.h"; do
    object=$(object_of "${case% *}")
    [ -n "$object" ] || continue
    plant "$object" "#include <${case#* }>\nint planted;" -w >"$tmp/planted.pairs" ||
        { cat "$tmp/planted.log"; fail "planting <${case#* }> in ${case% *}"; }
    edges <"$tmp/planted.pairs" | grep -q "reached by .*${case#* }" ||
        fail "the lint misses <${case#* }> in ${case% *}"
    planted=$((planted + 1))
done
mkdir -p "$tmp/tree/server/core" "$tmp/tree/server/net" "$tmp/tree/client/cli"
say '#include <sodium.h>' >"$tmp/tree/server/core/planted.c"
say '# include "openssl/evp.h"' >"$tmp/tree/server/net/connection.c"
say '#include <lmdb.h>' >"$tmp/tree/client/cli/planted.h"
for file in server/core/planted.c server/net/connection.c client/cli/planted.h; do
    [ -n "$(say "$file" | named "$tmp/tree")" ] || fail "the lint misses an include in $file"
    planted=$((planted + 1))
done
[ "$planted" -gt 3 ] || fail "nothing could be planted"

product_files >"$tmp/files"
objects "$build" >"$tmp/compiled-objects" || exit 1
symbols <"$tmp/compiled-objects" >"$tmp/symbols" || fail "nm cannot read the objects of $build"
for folder in $roomy; do
    [ -s "$folder/rooms.txt" ] || fail "$folder has no rooms.txt"
    here=$(rooms_planted "$folder" "$tmp/files" "$tmp/symbols") || exit 1
    planted=$((planted + here))
done

# --- the tree -----------------------------------------------------------------
{ include_arrows "$root" <"$tmp/files"; call_arrows <"$tmp/symbols"; } >"$tmp/arrows"
for folder in $roomy; do
    room_findings "$folder" "$folder/rooms.txt" "$tmp/files" "$tmp/arrows"
done >"$tmp/rooms.found"
{ edges <"$tmp/pairs"; named "$root" <"$tmp/files"; cat "$tmp/rooms.found"; } >"$tmp/found"
# Every source of a layer must have been compiled, else its edges were not seen.
sed -n 's/^ *"file": "\(.*\)".*/\1/p' "$build/compile_commands.json" >"$tmp/compiled"
grep '\.c$' "$tmp/files" | while IFS= read -r file; do
    grep -qxF "$root/$file" "$tmp/compiled" || say "$file is compiled by no target"
done >>"$tmp/found"
if [ -s "$tmp/found" ]; then
    cat "$tmp/found"
    fail "$(wc -l <"$tmp/found") findings"
fi
rooms=$(for folder in $roomy; do sed -n '/^[a-z_]*:/p' "$folder/rooms.txt"; done | wc -l)
say "== layers: $(cut -d' ' -f1 "$tmp/pairs" | sort -u | wc -l) objects, $(wc -l <"$tmp/pairs") dependencies, $rooms rooms with $(wc -l <"$tmp/arrows") arrows, $planted planted violations caught"
