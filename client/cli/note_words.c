#include "client/cli/note_words.h"

const char *note_kind_name(uint32_t kind)
{
    static const char *const names[] = {"?",          "draft",      "signed",   "addendum",
                                        "correction", "late entry", "tombstone"};

    return kind < ARRAY_LEN(names) ? names[kind] : names[0];
}
