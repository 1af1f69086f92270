# shellcheck shell=sh disable=SC2154 # $root and $tmp are set by the script that sources this
# Rooms inside a layer, from the table FOLDER/rooms.txt. Source it after lib/arrows.sh.
#
# A line "ROOM: ROOM ROOM" names a room and those whose headers it may include and whose functions
# it may call. A room is a folder in FOLDER; or a file x of FOLDER with those named x_*; "root" is
# the rest of the files that lie in FOLDER itself. A # begins a comment. The table is a plan that a
# reader can trust: every file has a room, every arrow of the tree is in it and every arrow in it is
# in the tree, and the rooms stand above one another, so it holds no circle.

# room_findings FOLDER TABLE FILES ARROWS: prints what is wrong.
room_findings() {
    awk -v base="$1/" -v table="$2" -v files="$3" '
        function room_of(path,   rest, part, stem) {
            if (index(path, base) != 1) return ""
            rest = substr(path, length(base) + 1)
            if (split(rest, part, "/") > 1) return part[1]
            stem = rest
            sub(/\.[ch]$/, "", stem)
            for (;;) {
                if (stem in known) return stem
                if (!sub(/_[^_]*$/, "", stem)) return "root"
            }
        }
        BEGIN {
            while ((getline line < table) > 0) {
                sub(/#.*/, "", line)
                n = split(line, word, /[: \t]+/)
                if (word[1] == "") continue
                if (line !~ /^[a-z_]+:/) { print table ": not a line of a table: " line; continue }
                if (word[1] in known) print table ": two lines for " word[1]
                known[word[1]] = 1
                for (i = 2; i <= n; i++) if (word[i] != "") { may[word[1], word[i]] = 1; from[++pairs] = word[1]; to[pairs] = word[i] }
            }
            for (i = 1; i <= pairs; i++)
                if (!(to[i] in known)) print table ": " from[i] " may see " to[i] ", which has no line"
            # Rooms that see nothing left, and rooms that nothing left sees, are taken away until
            # none is left, or a circle is.
            for (room in known) left[room] = 1
            do {
                taken = 0
                for (room in left) {
                    down = up = 0
                    for (i = 1; i <= pairs; i++) {
                        if (from[i] == room && (to[i] in left)) down = 1
                        if (to[i] == room && (from[i] in left)) up = 1
                    }
                    if (!down || !up) { delete left[room]; taken = 1 }
                }
            } while (taken)
            for (room in left) print table ": in a circle, or between two, is " room
            while ((getline path < files) > 0) {
                room = room_of(path)
                if (room == "") continue
                if (room in known) lived[room] = 1
                else print path ": room " room " has no line in " table
            }
            for (room in known) if (!(room in lived)) print table ": nothing lives in " room
        }
        {
            a = room_of($1)
            b = room_of($2)
            if (a == "" || b == "" || a == b) next
            used[a, b] = 1
            if (!((a, b) in may)) print $1 ": room " a " may not see room " b ": " $3 " of " $4
        }
        END {
            for (i = 1; i <= pairs; i++)
                if (!((from[i], to[i]) in used)) print table ": " from[i] " may see " to[i] ", and does not"
        }' "$4" | sort -u
}

# room_pairs TABLE: "ROOM OTHER" for every pair that the table forbids.
room_pairs() {
    awk '
        { sub(/#.*/, "") }
        split($0, word, /[: \t]+/) && word[1] != "" {
            room[++rooms] = word[1]
            for (i = 2; i in word; i++) may[word[1], word[i]] = 1
            split("", word)
        }
        END {
            for (i = 1; i <= rooms; i++)
                for (j = 1; j <= rooms; j++)
                    if (i != j && !((room[i], room[j]) in may)) print room[i], room[j]
        }' "$1"
}

# room_files FOLDER ROOM FILES KNOWN: the files of this room.
room_files() {
    case "$2" in
    root) grep -E "^$1/[^/]*\$" "$3" | grep -vE "^$1/($4)(_[^/]*)?\.[ch]\$" ;;
    *) grep -E "^$1/$2(_[^/]*)?(\.[ch]|/.*)\$" "$3" ;;
    esac
}

# rooms_planted FOLDER FILES SYMBOLS: plants, for every pair of rooms that the table forbids, an
# include and a call through a declaration copied by hand; each must be found. Prints the count.
rooms_planted() {
    table=$1/rooms.txt
    known=$(sed -n 's/^\([a-z_]*\):.*/\1/p' "$table" | tr '\n' '|')
    known=${known%|}
    count=0
    mkdir -p "$tmp/rooms"
    while read -r room other; do
        home=$(room_files "$1" "$room" "$2" "$known" | grep '\.c$' | head -n 1)
        [ -n "$home" ] || home=$1/$room/planted.c
        header=$(room_files "$1" "$other" "$2" "$known" | grep '\.h$' | head -n 1)
        if [ -n "$header" ]; then
            rm -rf "$tmp/rooms/tree"
            mkdir -p "$tmp/rooms/tree/${header%/*}" "$tmp/rooms/tree/${home%/*}"
            : >"$tmp/rooms/tree/$header"
            say "#include \"$header\"" >"$tmp/rooms/tree/$home"
            say "$home" | include_arrows "$tmp/rooms/tree" >"$tmp/rooms/arrows"
            room_findings "$1" "$table" "$2" "$tmp/rooms/arrows" |
                grep -q "may not see room $other: include" ||
                fail "the lint misses room $room of $1 including $header"
            count=$((count + 1))
        fi
        room_files "$1" "$other" "$2" "$known" >"$tmp/rooms/others"
        name=$(awk 'NR == FNR { of[$1] = 1; next } $2 == "defines" && ($1 in of) { print $3; exit }' \
            "$tmp/rooms/others" "$3")
        if [ -n "$name" ]; then
            object=$tmp/rooms/$name.o
            [ -f "$object" ] || plant_call "$object" "$name" planted_by_the_lint || fail "planting a call of $name"
            { say "$object $home" | symbols; cat "$3"; } | call_arrows >"$tmp/rooms/arrows"
            room_findings "$1" "$table" "$2" "$tmp/rooms/arrows" >"$tmp/rooms/found"
            grep -qF "$home: room $room may not see room $other: call of $name" "$tmp/rooms/found" ||
                fail "the lint misses room $room of $1 calling $name"
            count=$((count + 1))
        fi
        [ -n "$header$name" ] || fail "nothing of room $other of $1 can be planted"
    done <<END
$(room_pairs "$table")
END
    [ "$count" -gt 0 ] || fail "nothing could be planted in the rooms of $1"
    # A table that is its own circle, and a room that it leaves out.
    sed -n 's/^\([a-z_]*\):.*/\1: /p' "$table" >"$tmp/rooms/table"
    first=$(sed -n '1s/:.*//p' "$tmp/rooms/table")
    second=$(sed -n '2s/:.*//p' "$tmp/rooms/table")
    sed "s/^$first:.*/$first: $second/; s/^$second:.*/$second: $first/" "$tmp/rooms/table" >"$tmp/rooms/circle"
    room_findings "$1" "$tmp/rooms/circle" "$2" /dev/null | grep -q 'in a circle, or' ||
        fail "the lint misses a circle in a table of rooms"
    { cat "$2"; say "$1/planted/planted.c"; } >"$tmp/rooms/files"
    room_findings "$1" "$table" "$tmp/rooms/files" /dev/null | grep -q 'room planted has no line' ||
        fail "the lint misses a room that the table of $1 leaves out"
    say $((count + 2))
}
