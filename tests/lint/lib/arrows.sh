# shellcheck shell=sh disable=SC2154 # $root and $tmp are set by the script that sources this
# Arrows between the files of the product, for the lints of rooms, circles and sizes. Source it
# after tests/lib.sh, with $root and $tmp set.
#
# An arrow is a line "FROM TO KIND NAME" with two paths of the tree: FROM includes the header TO
# (KIND include, NAME the header), or the object of FROM needs a symbol that the object of TO
# defines (KIND call). The second sort sees what the text of an #include does not: a function
# called through a declaration that was copied by hand.

# product_files: every C file of the product, new ones too.
product_files() {
    git ls-files --cached --others --exclude-standard -- \
        'proto/*.[ch]' 'keys/*.[ch]' 'server/*.[ch]' 'client/*.[ch]' |
        while IFS= read -r file; do [ ! -f "$file" ] || say "$file"; done
}

# include_arrows ROOT: reads file names under ROOT. Headers of others and generated ones are no
# files of the tree, and so no arrows.
include_arrows() {
    # shellcheck disable=SC2016 # awk's
    (cd "$1" && xargs awk '
        /^[ \t]*#[ \t]*include[ \t]*"/ { split($0, part, "\""); print FILENAME, part[2] }' /dev/null) |
        while read -r from to; do
            [ ! -f "$1/$to" ] || say "$from $to include $to"
        done
}

# objects BUILD: "OBJECT SOURCE" of every source of the product that BUILD compiles and that still
# stands; objects left from a file that went away are not among them. Fails when the build is older
# than the tree, since arrows of yesterday prove nothing.
objects() {
    awk -v root="$root/" '
        function value(text) { sub(/^ *"[a-z]*": "/, "", text); sub(/",?$/, "", text); return text }
        /^ *"directory":/ { folder = value($0) }
        /^ *"command":/ { object = $0; sub(/.* -o /, "", object); sub(/ .*/, "", object) }
        /^ *"file":/ {
            source = value($0)
            if (index(source, root) == 1) source = substr(source, length(root) + 1)
            if (source ~ /^(proto|keys|server|client)\//) print folder "/" object, source
        }' "$1/compile_commands.json" |
        while read -r object source; do
            [ ! -f "$source" ] || say "$object $source"
        done >"$tmp/objects"
    # shellcheck disable=SC2046 # paths have no blanks
    stat -c '%n %Y' $(tr ' ' '\n' <"$tmp/objects") >"$tmp/objects.times" || fail "build $1 first"
    awk 'NR == FNR { time[$1] = $2; next } time[$1] < time[$2] { print $2; exit }' \
        "$tmp/objects.times" "$tmp/objects" >"$tmp/objects.late"
    [ ! -s "$tmp/objects.late" ] || fail "$1 is older than $(cat "$tmp/objects.late"): build it first"
    cat "$tmp/objects"
}

# symbols: reads "OBJECT SOURCE"; prints "SOURCE defines|needs NAME" for each name that other
# objects can see.
symbols() {
    cat >"$tmp/arrows.objects"
    cut -d' ' -f1 "$tmp/arrows.objects" | xargs nm -A -g 2>"$tmp/arrows.errors" |
        awk -v map="$tmp/arrows.objects" '
        BEGIN { while ((getline line < map) > 0) { split(line, word, " "); source[word[1]] = word[2] } }
        {
            match($1, /\.o:/)
            object = substr($1, 1, RSTART + 1)
            print source[object], ($(NF - 1) ~ /^[Uwv]$/ ? "needs" : "defines"), $NF
        }' | sort -u
    ! grep -v 'no symbols' "$tmp/arrows.errors" >&2
}

# call_arrows: reads what symbols printed. A name that several programs define each for itself
# (the server's clock and the client's) is taken from the own side.
call_arrows() {
    awk '
        function side(path) { sub(/\/.*/, "", path); return path }
        $2 == "defines" && $3 != "main" { homes[$3] = homes[$3] " " $1 }
        $2 == "needs" { needs[++count] = $1; name[count] = $3 }
        END {
            for (i = 1; i <= count; i++) {
                n = split(homes[name[i]], home, " ")
                for (j = 1; j <= n; j++)
                    if (home[j] != needs[i] && (n == 1 || side(home[j]) == side(needs[i])))
                        print needs[i], home[j], "call", name[i]
            }
        }'
}

# plant_call OUT NEEDED NAME: an object that defines NAME and calls NEEDED, which it declares by
# hand, as no header of ours does.
plant_call() {
    printf 'void %s(void);\nvoid %s(void);\nvoid %s(void)\n{\n    %s();\n}\n' "$2" "$3" "$3" "$2" |
        cc -fno-builtin -x c -c -o "$1" -
}
