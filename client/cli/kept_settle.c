#include "client/cli/kept_settle.h"

#include "client/cli/kept_text.h"
#include "client/engine/api/view.h"
#include "proto/message.h"

struct search {
    struct cli *cli;
    const struct kept_text *text;
    uint64_t ticket;
    bool found;
};

static bool is_it(void *visitor, const struct view_revision *revision)
{
    struct search *search = visitor;
    search->found |= revision->pending && revision->ticket == search->ticket &&
                     revision->body != NULL &&
                     revision->body->written_ms == search->text->typed_ms &&
                     span_equal(field_span(revision->body->text), search->text->text);
    return !search->found;
}

static bool look(void *visitor, uint64_t ticket, const struct engine_ticket *info)
{
    static const struct note_id no_note;
    struct search *search = visitor;
    search->ticket = ticket;
    if (!ID_EQUAL(&info->note, &no_note)) {
        (void)!view_revisions(host_engine(search->cli->host), &info->section, &info->note, is_it,
                              search);
    }
    return !search->found;
}

static bool settle_one(void *visitor, const char *name)
{
    struct cli *cli = visitor;
    struct kept_text text;
    if (kept_text_open(cli, name, &text) == STATUS_OK) {
        struct search search = {.cli = cli, .text = &text};
        engine_outbox(host_engine(cli->host), look, &search);
        if (search.found) {
            (void)!kept_text_drop(cli->profile, name);
        }
    }
    kept_text_deinit(&text);
    return true;
}

void kept_settle(struct cli *cli)
{
    kept_text_all(cli->profile, settle_one, cli);
}
