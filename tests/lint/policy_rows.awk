# The table of proto/policy.c as one line a cell: role relation class action, in lower case.
function expand(expr,    part, n, i, out) {
    gsub(/[[:space:]]/, "", expr)
    n = split(expr, part, "|")
    for (i = 1; i <= n; i++) {
        sub(/^\(A\(/, "A(", part[i])
        if (part[i] ~ /^\(?A\(/) {
            gsub(/^\(?A\(|\)+$/, "", part[i])
            out = out " " part[i]
        } else {
            gsub(/[()]/, "", part[i])
            out = out " " (part[i] in macro ? macro[part[i]] : "?" part[i])
        }
    }
    return out
}
/^#define [A-Z]+[[:space:]]/ {
    name = $2
    text = $0
    sub(/^#define [A-Z]+[[:space:]]+/, "", text)
    macro[name] = expand(text)
}
/policy_table\[\] = \{/ { inside = 1; next }
inside && /^};/ { inside = 0 }
inside { sub(/\/\*.*\*\//, ""); rows = rows $0 }
END {
    n = split(rows, row, "}")
    for (i = 1; i <= n; i++) {
        sub(/^[^{]*\{/, "", row[i])
        if (split(row[i], field, ",") < 4) continue
        m = split(expand(field[4]), action, " ")
        for (j = 1; j <= m; j++) {
            line = field[1] " " field[2] " " field[3] " " action[j]
            gsub(/ROLE_|POLICY_|CLASS_/, "", line)
            gsub(/[[:space:]]+/, " ", line)
            print tolower(line)
        }
    }
}
