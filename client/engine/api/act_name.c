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
    if (!name_is_good(name)) {
        return STATUS_MALFORMED;
    }
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

/* Made by us and not sent yet. */
static bool is_coming(const struct engine *engine, const struct section_id *section,
                      const struct member_id *member)
{
    for (const struct wish *wish = engine->outbox.first; wish != NULL; wish = wish->next) {
        if (wish->kind == WISH_NOTE && ID_EQUAL(&wish->section, section) &&
            name_note_is_of(span_of(wish->body.data, wish->body.size), member)) {
            return true;
        }
    }
    return false;
}

enum status act_name_colleague(struct engine *engine, const struct member_id *client,
                               const struct member_id *staff)
{
    const struct member_id *self = &engine->common.content->member;
    const struct authority_member *facts_of = authority_member(engine->log.authority, staff);
    const char *name = name_of(&engine->names, staff);
    if (name == NULL || facts_of == NULL || facts_of->role == ROLE_CLIENT) {
        return STATUS_OK;
    }
    for (size_t i = 0; i < engine->sections.count; i++) {
        struct section *section = &engine->sections.items[i];
        const struct authority_section *facts =
            authority_section(engine->log.authority, &section->id);
        if (facts == NULL || facts->class != CLASS_SHARED || !ID_EQUAL(&facts->client, client) ||
            (authority_rights(engine->log.authority, facts, fold_self(&engine->log),
                              advance_when(&engine->log), NULL) &
             RIGHT_OWN) == 0) {
            continue;
        }
        bool given = is_coming(engine, &section->id, staff);
        enum status status =
            given ? STATUS_OK : name_is_given(&engine->sections, section, self, staff, &given);
        return status == STATUS_OK && !given
                   ? name_note(engine, &section->id, staff, span_of(name, strlen(name)), NULL)
                   : status;
    }
    return STATUS_OK;
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
    enum status status = name_is_good(name) ? act_begin(engine, now_ms) : STATUS_MALFORMED;
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
