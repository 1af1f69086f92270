#include "client/cli/note_words.h"

#include "client/cli/cli.h"
#include "proto/words.h"

_Static_assert((RIGHT_READ | RIGHT_WRITE | RIGHT_OWN) == 7, "a place for each");

bool note_is_refused(const struct cli *cli, const struct view_revision *revision)
{
    if (!revision->pending) {
        return false;
    }
    struct engine_ticket info;
    engine_ticket(host_engine(cli->host), revision->ticket, &info);
    return info.wish == ENGINE_WISH_FAILED;
}

const char *note_no_text(const struct view_revision *revision)
{
    if (revision->damaged) {
        return "damaged at the server; see `alcove doctor`";
    }
    if (revision->unopened) {
        return "does not open; see `alcove doctor`";
    }
    return revision->erased ? "erased" : "not shared with you";
}

const char *note_kind_name(uint32_t kind)
{
    static const char *const names[] = {"?",          "draft",      "signed",   "addendum",
                                        "correction", "late entry", "tombstone"};
    return kind < ARRAY_LEN(names) ? names[kind] : names[0];
}

const char *note_rights(uint32_t rights)
{
    static const char *const names[] = {"",     "read",     " write",     "read write",
                                        " own", "read own", " write own", "read write own"};
    return names[rights & (RIGHT_READ | RIGHT_WRITE | RIGHT_OWN)];
}
