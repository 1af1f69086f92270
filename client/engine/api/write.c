#include "client/engine/api/write.h"

#include "client/engine/exchange/inside.h"
#include "client/engine/log/advance.h"
#include "client/engine/log/fold.h"
#include "keys/public/bytes/random.h"

static bool is_unnamed(const struct note_id *note)
{
    static const struct note_id none;
    return ID_EQUAL(note, &none);
}

static enum status permitted(const struct engine *engine, const struct write_note *note,
                             const struct section *section)
{
    const struct authority_member *self = fold_self(&engine->log);
    const struct authority_section *facts =
        self == NULL ? NULL : authority_section(engine->log.authority, &section->id);
    if (facts == NULL) {
        return STATUS_NOT_FOUND;
    }
    uint32_t action = note->kind == REVISION_TOMBSTONE ? ACTION_ERASE : ACTION_WRITE;
    bool may = authority_may(engine->log.authority, self, action, facts->class, facts, NULL,
                             advance_when(&engine->log), NULL, NULL);
    return may ? STATUS_OK : STATUS_REFUSED;
}

/* Heads as known here; a signed note takes appended kinds only. */
static enum status find_parents(struct engine *engine, const struct write_note *note,
                                struct section *section, struct wish *wish)
{
    enum status status = section_index(&engine->sections, section);
    if (status != STATUS_OK) {
        return status;
    }
    bool edits = note->kind == REVISION_DRAFT || note->kind == REVISION_SIGNED;
    const struct wish *before = wish_of_note(&engine->outbox, &note->section, &note->note);
    struct index_run run = index_note(&section->index, &note->note);
    const struct member_id *author = index_author(&section->index, &note->note);
    if (author != NULL && !ID_EQUAL(author, &engine->common.content->member) &&
        note->kind != REVISION_TOMBSTONE) {
        return STATUS_REFUSED;
    }
    size_t heads = 0;
    bool locked = false;
    bool unread = false;
    for (size_t place = run.from; place < run.to; place++) {
        const struct indexed *item = index_at(&section->index, place);
        locked |= item->kind == REVISION_SIGNED;
        unread |= item->head && kept_is_gap(item->state);
        if (item->head && note->parent_count == 0 && heads < WRITE_PARENTS_MAX) {
            wish->parents[heads++] = item->link;
        }
    }
    if (edits && (locked || (before != NULL && before->revision_kind == REVISION_SIGNED))) {
        return STATUS_LOCKED;
    }
    if (edits && unread && before == NULL) {
        return STATUS_DAMAGED; /* it would stand in the place of a text that nobody here has read */
    }
    if (before != NULL && note->parent_count == 0) {
        wish->parent_ticket = before->ticket;
        heads = 0;
    }
    wish->parent_count = heads;
    return heads == 0 && before == NULL && note->parent_count == 0 ? STATUS_NOT_FOUND : STATUS_OK;
}

/* The number of the first revision here that follows one of the wish's parents; 0: they are heads. */
static uint64_t first_after(const struct section *section, const struct wish *wish)
{
    const struct index *index = &section->index;
    struct index_run run = index_note(index, &wish->note);
    for (size_t place = run.from; place < run.to; place++) {
        const struct indexed *item = index_at(index, place);
        for (size_t i = 0; i < item->parent_count; i++) {
            for (size_t j = 0; j < wish->parent_count; j++) {
                if (ID_EQUAL(&index->parents[item->parent_first + i], &wish->parents[j])) {
                    return item->number;
                }
            }
        }
    }
    return 0;
}

/* Two editors were open on one draft, and the other was faster: this one was written by somebody who
 * looked before that. Said so, both are kept as siblings; else the server would refuse this one for
 * good. STATUS_CONFLICT: too much came since. */
static enum status look_back(const struct section *section, struct wish *wish)
{
    uint64_t number = first_after(section, wish);
    if (number == 0) {
        return STATUS_OK;
    }
    const struct hash *head = timeline_head_at(&section->timeline, number - 1u);
    if (head == NULL) {
        return STATUS_CONFLICT;
    }
    wish->seen_number = number - 1u;
    wish->seen_head = *head;
    return STATUS_OK;
}

static enum status fill(struct engine *engine, const struct write_note *note,
                        struct section *section, struct wish *wish)
{
    wish->section = note->section;
    wish->note = note->note;
    wish->revision_kind = note->kind;
    if (section->started) {
        /* What the author had seen when writing: by this the server tells a sibling, written
         * at the same time, from a write on something old. */
        wish->seen_number = section->timeline.number;
        wish->seen_head = section->timeline.head;
    }
    enum status status = STATUS_OK;
    if (is_unnamed(&note->note)) {
        random_bytes(wish->note.bytes, sizeof wish->note.bytes);
    } else if (!note->is_new) {
        status = find_parents(engine, note, section, wish);
    }
    if (status == STATUS_OK && note->parent_count > 0) {
        wish->parent_count = note->parent_count;
        memcpy(wish->parents, note->parents, sizeof wish->parents);
        status = look_back(section, wish);
    }
    if (status != STATUS_OK || note->body == NULL) {
        return status;
    }
    status = wish_pack(&wish->body, &note->body->base);
    return status == STATUS_OK && wish->body.size > NOTE_BODY_BYTES_MAX ? STATUS_TOO_LARGE : status;
}

enum status write_note(struct engine *engine, const struct write_note *note, uint64_t now_ms,
                       struct note_id *out_note, uint64_t *out_ticket)
{
    engine->common.now_ms = now_ms;
    if (note->kind < REVISION_DRAFT || note->kind > REVISION_TOMBSTONE ||
        note->parent_count > WRITE_PARENTS_MAX ||
        (note->kind != REVISION_TOMBSTONE && note->body == NULL)) {
        return STATUS_USAGE;
    }
    struct section *section = section_find(&engine->sections, &note->section);
    if (section == NULL) {
        return STATUS_NOT_FOUND;
    }
    enum status status = permitted(engine, note, section);
    struct wish *wish = NULL;
    if (status == STATUS_OK) {
        status = wish_new(&engine->outbox, WISH_NOTE, &wish);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = fill(engine, note, section, wish);
    if (status != STATUS_OK) {
        wish_free(wish);
        return status;
    }
    struct note_id id = wish->note;
    status = wish_add(&engine->outbox, wish, out_ticket);
    if (status == STATUS_OK && out_note != NULL) {
        *out_note = id;
    }
    return status;
}

enum status write_opened(struct engine *engine, const struct section_id *section,
                         const struct note_id *note, const struct hash *link, uint64_t now_ms,
                         uint64_t *out_ticket)
{
    engine->common.now_ms = now_ms;
    struct wish *wish = NULL;
    enum status status = section_find(&engine->sections, section) == NULL
                             ? STATUS_NOT_FOUND
                             : wish_new(&engine->outbox, WISH_OPENED, &wish);
    if (status != STATUS_OK) {
        return status;
    }
    wish->section = *section;
    wish->note = *note;
    wish->object = *link;
    wish->until_ms = now_ms;
    return wish_add(&engine->outbox, wish, out_ticket);
}

enum status write_exported(struct engine *engine, const struct section_id *section, uint64_t now_ms,
                           uint64_t *out_ticket)
{
    engine->common.now_ms = now_ms;
    const struct section *held = section_find(&engine->sections, section);
    if (held == NULL || held->timeline.number == 0) {
        return STATUS_NOT_FOUND;
    }
    struct wish *wish = NULL;
    enum status status = wish_new(&engine->outbox, WISH_OPENED, &wish);
    if (status != STATUS_OK) {
        return status;
    }
    wish->section = *section;
    wish->until_ms = now_ms;
    wish->history_from = held->timeline.number;
    return wish_add(&engine->outbox, wish, out_ticket);
}
