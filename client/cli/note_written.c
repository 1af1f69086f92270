#include "client/cli/note_written.h"

#include "client/cli/ids.h"
#include "client/cli/note_words.h"
#include "keys/public/bytes/hex.h"

struct search {
    struct cli *cli;
    uint64_t typed_ms;
    enum note_written found;
    uint64_t ticket;
};

static bool visit(void *visitor, const struct view_revision *revision)
{
    struct search *search = visitor;
    if (revision->body == NULL || revision->body->written_ms != search->typed_ms) {
        return true;
    }
    bool refused = note_is_refused(search->cli, revision);
    search->ticket = revision->ticket;
    search->found = refused ? NOTE_WAS_REFUSED : NOTE_IS_WRITTEN;
    return refused;
}

enum note_written note_written(struct cli *cli, const struct section_id *section,
                               const struct note_id *note, uint64_t typed_ms, uint64_t *out_ticket)
{
    struct search search = {.cli = cli, .typed_ms = typed_ms, .found = NOTE_NOT_WRITTEN};
    /* A note that is not there has no revision either. */
    (void)!view_revisions(host_engine(cli->host), section, note, visit, &search);
    *out_ticket = search.ticket;
    return search.found;
}

enum note_written note_written_kept(struct cli *cli, const struct kept_text *text,
                                    struct note_id *out_note)
{
    const char *words = text->becomes[0] != '\0' ? text->becomes : text->input.note;
    bool found = false;
    struct section_id section;
    struct hex_prefix prefix;
    if (words != NULL && text->becomes[0] != '\0') {
        found = hex_prefix_parse(span_of(words, strlen(words)), &prefix) == STATUS_OK &&
                view_find_note(host_engine(cli->host), &prefix, &section, out_note) == STATUS_OK;
    } else if (words != NULL) {
        found = ids_note_quietly(cli, words, &section, out_note);
    }
    uint64_t ticket = 0;
    return found ? note_written(cli, &section, out_note, text->typed_ms, &ticket)
                 : NOTE_NOT_WRITTEN;
}
