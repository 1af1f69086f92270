#include "client/cli/note_words.h"

#include "client/cli/cli.h"

bool note_is_refused(const struct cli *cli, const struct view_revision *revision)
{
    struct engine_ticket info;

    if (!revision->pending) {
        return false;
    }
    engine_ticket(host_engine(cli->host), revision->ticket, &info);
    return info.wish == ENGINE_WISH_FAILED;
}

const char *note_kind_name(uint32_t kind)
{
    static const char *const names[] = {"?",          "draft",      "signed",   "addendum",
                                        "correction", "late entry", "tombstone"};

    return kind < ARRAY_LEN(names) ? names[kind] : names[0];
}
