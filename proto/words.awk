# Writes words.h from alcove.proto: short names for its enums, so that code reads as the schema
# does, and lists of its ops and messages. Each value is the codec's own, hence always equal to
# it. Fields on the wire are uint32, never of these types: a number out of the list is a peer's
# fault and is judged by whoever reads the field; 0 is never valid in a message.
#
#   OP_LIST(X)       X(OP_EVENT_LEAVES, event_leaves, "event-leaves") for each value but 0; so for
#                    every enum
#   OP_COUNT         how many these are
#   MESSAGE_LIST(X)  X(event_leaves_ask) for each message, as in alcove__event_leaves_ask__init
function snake(camel) {
    gsub(/[A-Z]/, "_&", camel)
    return tolower(substr(camel, 2))
}
BEGIN {
    print "/* Made from alcove.proto by words.awk. */\n#pragma once\n\n#include \"proto/alcove.pb-c.h\""
}
/^enum / {
    name = snake($2)
    print "\nenum " name " {"
}
/^message / { messages = messages " \\\n    X(" snake($2) ")" }
/^  [A-Z0-9_]+ = [0-9]+;/ && name != "" {
    print "    " $1 " = ALCOVE__" toupper(name) "__" $1 ","
    count += $3 != "0;"
    word = tolower(substr($1, index($1, "_") + 1))
    text = word
    gsub(/_/, "-", text)
    if ($3 != "0;") list = list " \\\n    X(" $1 ", " word ", \"" text "\")"
}
/^}/ && name != "" {
    print "};\n#define " toupper(name) "_COUNT " count "u\n#define " toupper(name) "_LIST(X)" list
    name = list = ""
    count = 0
}
END { print "\n#define MESSAGE_LIST(X)" messages }
