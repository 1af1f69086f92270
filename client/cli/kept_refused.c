#include "client/cli/kept_refused.h"

#include "client/cli/command.h"
#include "client/cli/kept_text.h"
#include "client/engine/api/view.h"
#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/random.h"
#include "proto/message.h"
#include "proto/words.h"

#include <stdlib.h>

struct refused_text {
    struct cli *cli;
    uint64_t ticket;
    enum status status;
};

static bool is_same(struct cli *cli, const char *name, const Alcove__NoteBody *body)
{
    struct kept_text text;
    bool same = kept_text_open(cli, name, &text) == STATUS_OK &&
                text.typed_ms == body->written_ms && span_equal(text.text, field_span(body->text));
    kept_text_deinit(&text);
    return same;
}

struct same_search {
    struct cli *cli;
    const Alcove__NoteBody *body;
    bool found;
};

static bool find_same(void *visitor, const char *name)
{
    struct same_search *search = visitor;
    search->found = is_same(search->cli, name, search->body);
    return !search->found;
}

/* The caller frees; NULL: it is empty. */
static char *text_of(ProtobufCBinaryData field)
{
    char *text = field.len == 0 ? NULL : strndup((const char *)field.data, field.len);
    CHECK(field.len == 0 || text != NULL);
    return text;
}

/* As `write` would be told to write it again, into the same section. */
static struct kept_outcome keep_refused(struct cli *cli, const struct view_revision *revision)
{
    char section[HEX_CHARS(ID_BYTES) + 1];
    hex_encode(ID_SPAN(&revision->section), section);
    char note[HEX_CHARS(ID_BYTES) + 1];
    hex_encode(ID_SPAN(&revision->note), note);
    struct note_id id;
    random_bytes(id.bytes, sizeof id.bytes);
    char becomes[KEPT_BECOMES_BYTES];
    hex_encode(ID_SPAN(&id), becomes);
    bool first = revision->parent_count == 0;
    char *title = text_of(revision->body->title);
    char *reason = text_of(revision->body->reason);
    struct note_input input = {
        .chart = section,
        .class = revision->class,
        .title = title,
        .reason = reason,
        .note = first ? NULL : note,
        .becomes = first ? becomes : NULL,
        .typed_ms = revision->body->written_ms,
        .draft = first && revision->kind == REVISION_DRAFT,
        .sign = !first && revision->kind == REVISION_SIGNED,
        .addendum = revision->kind == REVISION_ADDENDUM,
        .correction = revision->kind == REVISION_CORRECTION,
        .late_entry = revision->kind == REVISION_LATE_ENTRY,
    };
    struct kept clear;
    kept_none(&clear);
    char name[KEPT_NAME_BYTES];
    kept_text_draw(cli->profile, name);
    const struct kept_words words = {command_find(cli->commands, "write", NULL), &input};
    struct kept_outcome outcome =
        kept_text_seal(cli, name, &words, field_span(revision->body->text), &clear);
    (void)kept_leave(&clear);
    free(title);
    free(reason);
    return outcome;
}

static bool keep_one(void *visitor, const struct view_revision *revision)
{
    struct refused_text *text = visitor;
    if (!revision->pending || revision->ticket != text->ticket || revision->body == NULL) {
        return true;
    }
    struct same_search search = {text->cli, revision->body, false};
    kept_text_all(text->cli->profile, find_same, &search);
    struct kept_outcome outcome = {STATUS_OK, true};
    if (!search.found) {
        outcome = keep_refused(text->cli, revision);
    }
    text->status = outcome.sealed ? STATUS_OK : outcome.disk;
    return false;
}

enum status kept_refused(struct cli *cli, uint64_t ticket)
{
    static const struct note_id no_note;
    struct engine *engine = host_engine(cli->host);
    struct refused_text text = {cli, ticket, STATUS_NOT_FOUND};
    struct engine_ticket info;
    engine_ticket(engine, ticket, &info);
    if (ID_EQUAL(&info.note, &no_note)) {
        return STATUS_OK;
    }
    enum status status = view_revisions(engine, &info.section, &info.note, keep_one, &text);
    return status == STATUS_OK ? text.status : status;
}
