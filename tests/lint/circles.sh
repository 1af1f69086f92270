#!/bin/sh
# No circles between the files of the product but those that circles.allow names, each with its
# reason, and at most three of them. A planted circle of each sort must be caught first.
#
# What goes in a circle are nodes. x.c and its headers are one node: x.h for everybody, and
# x_internal.h (or x_inside.h) for the files beside it, which no other folder may include; in a
# folder "core", internal.h is the internal header of core.c. An arrow goes from a node to each node
# whose header it includes, and to each node whose function it calls, the latter by nm, so that a
# declaration copied by hand is an arrow too.
#
# A concept that is cut into several files by the limit of lines is one node when circles.allow
# names it a module, and the lint holds it to what that means: all its files are x or x_* in one
# folder, and the headers of x itself are its only face: no file outside the family includes another
# of its headers. Who reads from outside then never needs to know that there are several files. A
# module that has no circle inside is not to be named, so that each line of the list says something.
#
# Lines of circles.allow, with # before a comment:
#   circle NODE NODE…: reason     exactly these nodes are a circle
#   module NODE: reason           NODE and NODE_* are one concept
#
# ALCOVE_BUILD  a build folder made with Ninja (default build/hooks).
set -u
root=$(cd "$(dirname "$0")/../.." && pwd)
# shellcheck source=tests/lib.sh
. "$root/tests/lib.sh"
# shellcheck source=tests/lint/lib/arrows.sh
. "$root/tests/lint/lib/arrows.sh"
cd "$root" || exit 1
build=$(cd "${ALCOVE_BUILD:-$root/build/hooks}" && pwd) || fail "no build: sh tests/run.sh build"
allow=$root/tests/lint/circles.allow
circles_max=3
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT

# circles ARROWS ALLOW: prints what is wrong.
circles() {
    awk -v allow="$2" -v max="$circles_max" '
        function node_of(path,   part, n) {
            sub(/\.[ch]$/, "", path)
            if (path ~ /_(internal|inside)$/) sub(/_[a-z]*$/, "", path)
            n = split(path, part, "/")
            if (part[n] == "internal") sub(/internal$/, part[n - 1], path)
            return path
        }
        function folder_of(path) { sub(/[^\/]*$/, "", path); return path }
        # The module that a node belongs to, or the node.
        function home(node,   i) {
            for (i = 1; i <= modules; i++)
                if (node == module[i] || index(node, module[i] "_") == 1) return module[i]
            return node
        }
        # marks REACHED with all nodes that arrows lead to from START, forwards or back.
        function reach(start, back, reached,   queue, head, tail, node, n, i, next_node) {
            queue[tail = 1] = start
            reached[start] = 1
            for (head = 1; head <= tail; head++) {
                n = split(back ? before[queue[head]] : after[queue[head]], next_node, " ")
                for (i = 1; i <= n; i++)
                    if (!(next_node[i] in reached)) { reached[next_node[i]] = 1; queue[++tail] = next_node[i] }
            }
        }
        # The circle of START as a sorted list of names, "" for none, among the nodes of the graph.
        function circle_of(start,   there, back, n, i, j, names, name, text) {
            reach(start, 0, there)
            reach(start, 1, back)
            for (name in there) if (name in back) names[++n] = name
            if (n < 2) return ""
            for (i = 2; i <= n; i++)
                for (j = i; j > 1 && names[j] < names[j - 1]; j--) { name = names[j]; names[j] = names[j - 1]; names[j - 1] = name }
            for (i = 1; i <= n; i++) { text = text (i > 1 ? " " : "") names[i]; seen[names[i]] = 1 }
            return text
        }
        function arrow(a, b) {
            if (a == b || ((a, b) in drawn)) return
            drawn[a, b] = 1
            after[a] = after[a] " " b
            before[b] = before[b] " " a
            if (!(a in number)) { number[a] = ++nodes; node[nodes] = a }
        }
        function clear(   key) {
            for (key in drawn) delete drawn[key]
            for (key in after) delete after[key]
            for (key in before) delete before[key]
            for (key in number) delete number[key]
            for (key in seen) delete seen[key]
            nodes = 0
        }
        BEGIN {
            while ((getline line < allow) > 0) {
                sub(/#.*/, "", line)
                if (line ~ /^[ \t]*$/) continue
                if (!match(line, /: *[^ ]/)) { print "circles.allow: no reason: " line; continue }
                n = split(substr(line, 1, RSTART - 1), word, " ")
                if (word[1] == "module" && n == 2) module[++modules] = word[2]
                else if (word[1] == "circle" && n > 2) {
                    text = ""
                    for (i = 2; i <= n; i++) text = text (i > 2 ? " " : "") word[i]
                    allowed[text] = 1
                    entries++
                } else print "circles.allow: neither a circle nor a module: " line
            }
            if (entries > max) print "circles.allow: " entries " circles, and at most " max " may be"
        }
        { from[++arrows] = node_of($1); to[arrows] = node_of($2); kind[arrows] = $3; name_of[arrows] = $4
          path[arrows] = $1; target[arrows] = $2 }
        END {
            # A module keeps one face, and is one for a reason.
            for (i = 1; i <= arrows; i++) {
                own = home(to[i])
                if (target[i] ~ /(_internal|_inside|\/internal)\.h$/ && folder_of(path[i]) != folder_of(target[i]))
                    print path[i] " includes " target[i] ", which is internal to another folder"
                if (kind[i] == "include" && own != to[i] && home(from[i]) != own)
                    print path[i] " includes " target[i] ", which is inside the module " own
            }
            for (m = 1; m <= modules; m++) {
                clear()
                for (i = 1; i <= arrows; i++)
                    if (home(from[i]) == module[m] && home(to[i]) == module[m]) arrow(from[i], to[i])
                found = 0
                for (i = 1; i <= nodes; i++) if (circle_of(node[i]) != "") found = 1
                if (!found) print "circles.allow: no circle is inside the module " module[m]
            }
            clear()
            for (i = 1; i <= arrows; i++) arrow(home(from[i]), home(to[i]))
            for (k = 1; k <= nodes; k++) {
                if (node[k] in seen) continue
                text = circle_of(node[k])
                if (text == "") continue
                if (text in allowed) { allowed[text] = 2; continue }
                n = split(text, word, " ")
                print "a circle of " n ": " text
                for (i in inside) delete inside[i]
                for (i = 1; i <= n; i++) inside[word[i]] = 1
                if (n > 6) continue
                for (i = 1; i <= arrows; i++) {
                    a = home(from[i])
                    b = home(to[i])
                    if (a != b && (a in inside) && (b in inside) && !((a, b, "said") in drawn)) {
                        drawn[a, b, "said"] = 1
                        print "    " path[i] " -> " target[i] ": " kind[i] (kind[i] == "call" ? " of " name_of[i] : "")
                    }
                }
            }
            for (text in allowed) if (allowed[text] == 1) print "circles.allow: no such circle: " text
        }' "$1"
}

# --- planted circles ----------------------------------------------------------
planted=0
# caught TEXT: the arrows in $tmp/arrows under $tmp/allow give a finding like TEXT.
caught() {
    circles "$tmp/arrows" "$tmp/allow" >"$tmp/found"
    grep -q "$1" "$tmp/found" || { cat "$tmp/found"; fail "the lint misses: $1"; }
    planted=$((planted + 1))
}
plant=$tmp/tree/server/core
mkdir -p "$plant"
say '#include "server/core/b.h"' >"$plant/a.c"
say '#include "server/core/c.h"' >"$plant/b.h"
say '#include "server/core/a.h"' >"$plant/c.c"
: >"$plant/a.h"
: >"$plant/c.h"
printf 'server/core/%s\n' a.c a.h b.h c.c c.h | include_arrows "$tmp/tree" >"$tmp/arrows"
: >"$tmp/allow"
caught '^a circle of 3: server/core/a server/core/b server/core/c$'
say 'circle server/core/a server/core/b:' >"$tmp/allow"
caught '^circles.allow: no reason'
say 'circle server/core/a server/core/b: for a reason' >"$tmp/allow"
caught '^circles.allow: no such circle'
caught '^a circle of 3'
for name in a b c d; do say "circle server/core/$name server/core/x: for a reason"; done >"$tmp/allow"
caught '^circles.allow: 4 circles'
say 'circle server/core/a server/core/b server/core/c: for a reason' >"$tmp/allow"
[ -z "$(circles "$tmp/arrows" "$tmp/allow")" ] || fail "the lint refuses a circle that is allowed"
# Two files that include nothing of each other, and call.
{ plant_call "$tmp/one.o" planted_two planted_one && plant_call "$tmp/two.o" planted_one planted_two; } ||
    fail "nothing could be planted"
printf '%s\n' "$tmp/one.o server/core/one.c" "$tmp/two.o server/core/two.c" | symbols | call_arrows >"$tmp/arrows"
: >"$tmp/allow"
caught '^a circle of 2: server/core/one server/core/two$'
caught 'server/core/one.c -> server/core/two.c: call of planted_two'
# A module hides the circle inside it and neither one that leads out of it nor a second face.
printf '%s\n' 'm/x.c m/x_part.h include m/x_part.h' 'm/x_part.c m/x.h include m/x.h' >"$tmp/arrows"
say 'module m/x: one concept' >"$tmp/allow"
[ -z "$(circles "$tmp/arrows" "$tmp/allow")" ] || fail "the lint refuses a module"
say 'm/other.c m/x_part.h include m/x_part.h' >>"$tmp/arrows"
caught '^m/other.c includes m/x_part.h, which is inside'
say 'm/x_part.c m/other.c call other' >>"$tmp/arrows"
caught '^a circle of 2: m/other m/x$'
say 'other/y.c m/x_internal.h include m/x_internal.h' >"$tmp/arrows"
caught '^other/y.c includes m/x_internal.h, which is internal'
say 'm/x.c m/x_part.h include m/x_part.h' >"$tmp/arrows"
caught '^circles.allow: no circle is inside the module m/x'

# --- the tree -----------------------------------------------------------------
product_files >"$tmp/files"
objects "$build" >"$tmp/compiled" || exit 1
symbols <"$tmp/compiled" >"$tmp/symbols" || fail "nm cannot read the objects of $build"
{ include_arrows "$root" <"$tmp/files"; call_arrows <"$tmp/symbols"; } >"$tmp/arrows"
for kind in include call; do
    grep -q " $kind " "$tmp/arrows" || fail "no $kind was found at all"
done
circles "$tmp/arrows" "$allow" >"$tmp/found"
if [ -s "$tmp/found" ]; then
    cat "$tmp/found"
    fail "$(grep -vc '^ ' "$tmp/found") findings"
fi
say "== circles: $(wc -l <"$tmp/files") files, $(wc -l <"$tmp/arrows") arrows;" \
    "$(grep -c '^circle ' "$allow") circles and $(grep -c '^module ' "$allow") modules with a reason;" \
    "$planted planted violations caught"
