#include "client/engine/api/act.h"
#include "client/engine/api/act_inside.h"
#include "client/engine/log/advance.h"
#include "client/engine/log/fold.h"
#include "client/engine/section/petname.h"
#include "keys/public/bytes/random.h"
#include "proto/policy.h"

/* What people are called: notes of kind NOTE_NAME, and names of this device. */

static enum status name_note(struct engine *engine, const struct section_id *section,
                             const struct member_id *member, struct span name, uint64_t *out_ticket)
{
    Alcove__NoteBody body;
    alcove__note_body__init(&body);
    body.kind = NOTE_NAME;
    body.title = field_of(name.data, name.size);
    body.written_ms = engine->common.now_ms;
    body.member = field_of(member->bytes, ID_BYTES);
    struct wish *wish = NULL;
    enum status status = wish_new(&engine->outbox, WISH_NOTE, &wish);
    if (status != STATUS_OK) {
        return status;
    }
    wish->section = *section;
    wish->revision_kind = REVISION_DRAFT;
    random_bytes(wish->note.bytes, sizeof wish->note.bytes);
    status = wish_pack(&wish->body, &body.base);
    if (status != STATUS_OK) {
        wish_free(wish);
        return status;
    }
    return wish_add(&engine->outbox, wish, out_ticket);
}

bool act_may_write(const struct engine *engine, const struct authority_section *facts)
{
    return authority_may(engine->log.authority, fold_self(&engine->log), ACTION_WRITE, facts->class,
                         facts, NULL, advance_when(&engine->log), NULL, NULL);
}

enum status act_name(struct engine *engine, uint32_t class, const struct section_id *section,
                     const struct member_id *member, struct span name)
{
    if (section != NULL) {
        return name_note(engine, section, member, name, NULL);
    }
    for (size_t i = 0; i < engine->sections.count; i++) {
        const struct authority_section *facts =
            authority_section(engine->log.authority, &engine->sections.items[i].id);
        if (facts != NULL && facts->class == class && act_may_write(engine, facts)) {
            return name_note(engine, &facts->id, member, name, NULL);
        }
    }
    return STATUS_OK;
}

enum status act_call(struct engine *engine, const struct member_id *client, struct span name,
                     uint64_t now_ms, bool *out_written, uint64_t *out_ticket)
{
    enum status status = act_begin(engine, now_ms);
    *out_written = false;
    for (size_t i = 0; i < engine->sections.count && status == STATUS_OK && !*out_written; i++) {
        const struct authority_section *facts =
            authority_section(engine->log.authority, &engine->sections.items[i].id);
        if (facts != NULL && facts->class == CLASS_SESSION && ID_EQUAL(&facts->client, client) &&
            act_may_write(engine, facts)) {
            *out_written = true;
            status = name_note(engine, &facts->id, client, name, out_ticket);
        }
    }
    return status == STATUS_OK ? petname_set(&engine->names, client, name) : status;
}
