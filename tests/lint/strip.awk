# C source without comments and without what stands inside string and character
# literals (with -v keep=1 their text stays); line numbers stay. Enough of C for lints: no trigraphs, no spliced
# comment markers.
{
    out = ""
    n = length($0)
    for (i = 1; i <= n; i++) {
        c = substr($0, i, 1)
        two = substr($0, i, 2)
        if (state == "block") {
            if (two == "*/") { state = ""; i++ }
        } else if (state == "string" || state == "char") {
            if (keep) { out = out c }
            if (c == "\\") { i++; if (keep) out = out substr($0, i, 1) }
            else if (c == (state == "string" ? "\"" : "'")) { state = ""; if (!keep) out = out c }
        } else if (two == "/*") { state = "block"; i++; out = out " " }
        else if (two == "//") { break }
        else if (c == "\"" && $0 !~ /^[ \t]*#[ \t]*include/) { state = "string"; out = out c }
        else if (c == "'") { state = "char"; out = out c }
        else { out = out c }
    }
    if (state == "string" || state == "char") state = ""
    print out
}
