# The table "Who may do what" of SECURITY.md or PROTOCOL.md, as the same lines as policy_rows.awk.
BEGIN {
    FS = "|"
    does["create"] = "create_section"
    does["read"] = "read opened"
    does["write"] = "write rotate"
    does["own"] = "grant revoke reseal"
    does["reseal to own devices"] = "reseal"
    does["let in a therapist who treats"] = "grant"
    does["invite clients"] = "invite_client"
    does["invite staff"] = "invite_staff"
    does["delegate"] = "delegate"
    does["relate"] = "relate"
    does["suspend"] = "suspend"
    does["revoke a device"] = "revoke_device"
    does["read the access log of the chart"] = "log_chart"
    does["read the whole access log"] = "log_all"
    does["read the log of what they did"] = "log_own"
    does["log in"] = "login"
    does["sync statements"] = "sync_authority"
    does["subscribe"] = "subscribe"
    does["own devices"] = "device"
    is["own chart"] = "own_chart"
    is["own chart without owner"] = "unowned"
    is["trains its author"] = "trains"
}
function trim(s) { gsub(/^[[:space:]]+|[[:space:]]+$/, "", s); return s }
function word(list, s) { return s in list ? list[s] : s }
/^## / { inside = /^## ([0-9]+\. )?Who may do what$/ }
inside && NF == 6 && $2 !~ /^ role |^-/ {
    roles = trim($2) == "everyone" ? "therapist,client,auditor,admin" : trim($2)
    class_words = trim($4) ~ /^[a-z]/ ? $4 : "none"
    a = split(roles, role, ",")
    b = split($3, relation, ",")
    c = split(class_words, class, ",")
    d = split($5, act, ",")
    for (i = 1; i <= a; i++) for (j = 1; j <= b; j++) for (k = 1; k <= c; k++) for (l = 1; l <= d; l++) {
        if (!(trim(act[l]) in does)) { print "no action is called: " trim(act[l]); continue }
        m = split(does[trim(act[l])], one, " ")
        for (o = 1; o <= m; o++)
            print trim(role[i]), word(is, trim(relation[j])), trim(class[k]), one[o]
    }
}
