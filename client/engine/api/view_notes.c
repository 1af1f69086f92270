#include "client/engine/api/view.h"

#include "client/engine/api/view_inside.h"
#include "client/engine/exchange/inside.h"

/* Notes, from the index and the store. */

struct shown {
    struct arena arena;

    struct view_revision revision;
};

static void shown_free(struct shown *shown)
{
    arena_free(&shown->arena);
    *shown = (struct shown){0};
}

static void from_index(const struct section *section, uint32_t class, const struct indexed *item,
                       struct view_revision *out)
{
    *out = (struct view_revision){.section = section->id,
                                  .class = class,
                                  .note = item->note,
                                  .link = item->link,
                                  .number = item->number,
                                  .revision = item->revision,
                                  .kind = item->kind,
                                  .author = item->author,
                                  .device = item->device,
                                  .epoch = item->epoch,
                                  .parent_count = item->parent_count,
                                  .parents = &section->index.parents[item->parent_first],
                                  .head = item->head,
                                  .server_ms = item->time_ms,
                                  .erased = item->state == KEPT_ERASED,
                                  .unopened = item->state == KEPT_UNOPENED,
                                  .damaged = item->state == KEPT_DAMAGED};
}

static enum status read_text(struct engine *engine, const struct section *section,
                             const struct indexed *item, struct shown *shown)
{
    uint8_t key[KEPT_KEY_BYTES];
    struct span name = span_of(key, kept_key(section->local, item->number, key));
    struct span value;
    enum status status = storage_get(&engine->common.storage, STORAGE_REVISION, name, &value);
    struct kept kept;
    if (status == STATUS_OK) {
        status = kept_decode(value, item->number, &kept);
    }
    if (status != STATUS_OK && status != STATUS_NO_MEMORY) {
        (void)!storage_doubt(&engine->common.storage);
        return STATUS_CORRUPT;
    }
    if (status != STATUS_OK) {
        return status;
    }
    Alcove__NoteBody *body = NULL;
    if (kept.item.state == KEPT_OPEN) {
        status = kept_body(kept.text, &shown->arena, &body);
    }
    shown->revision.body = body;
    return status;
}

static enum status show_item(struct engine *engine, const struct section *section,
                             const struct indexed *item, struct shown *shown)
{
    const struct authority_section *facts = authority_section(engine->log.authority, &section->id);
    *shown = (struct shown){0};
    from_index(section, facts == NULL ? 0 : facts->class, item, &shown->revision);
    return read_text(engine, section, item, shown);
}

static enum status show_wish(const struct engine *engine, const struct wish *wish,
                             struct shown *shown)
{
    const struct authority_section *facts =
        authority_section(engine->log.authority, &wish->section);
    *shown = (struct shown){0};
    shown->revision = (struct view_revision){.section = wish->section,
                                             .class = facts == NULL ? 0 : facts->class,
                                             .note = wish->note,
                                             .kind = wish->revision_kind,
                                             .author = engine->common.content->member,
                                             .device = engine->common.content->device_statement,
                                             .parent_count = wish->parent_count,
                                             .parents = wish->parents,
                                             .head = true,
                                             .pending = true,
                                             .ticket = wish->ticket};
    Alcove__NoteBody *body = NULL;
    enum status status = kept_body(span_of(wish->body.data, wish->body.size), &shown->arena, &body);
    shown->revision.body = body;
    return status;
}

static enum status open_section(struct engine *engine, const struct section_id *id,
                                struct section **out_section)
{
    struct section *section = section_find(&engine->sections, id);
    if (section == NULL || engine->log.authority == NULL) {
        return STATUS_NOT_FOUND;
    }
    *out_section = section;
    return section_index_whole(&engine->sections, section);
}

/* Counts a note's revisions; returns its newest head, else the one that began it. */
static const struct indexed *sum_up(const struct index *index, struct view_note *note)
{
    struct index_run run = index_note(index, &note->note);
    const struct indexed *newest = index_at(index, run.from);
    for (size_t place = run.from; place < run.to; place++) {
        const struct indexed *item = index_at(index, place);
        note->revisions++;
        note->locked |= item->kind == REVISION_SIGNED;
        note->erased |= item->kind == REVISION_TOMBSTONE;
        if (item->head) {
            note->heads++;
            newest = item;
        }
    }
    return newest;
}

static enum status show_note(struct engine *engine, const struct section *section,
                             const struct indexed *first, view_visit_note *visit, void *visitor,
                             bool *out_more)
{
    struct view_note note = {
        .section = section->id, .note = first->note, .first_number = first->number};
    const struct indexed *newest = sum_up(&section->index, &note);
    note.pending = wish_of_note(&engine->outbox, &section->id, &note.note) != NULL;
    struct shown shown;
    enum status status = show_item(engine, section, newest, &shown);
    if (status == STATUS_OK) {
        note.class = shown.revision.class;
        note.newest = shown.revision;
        *out_more = visit(visitor, &note);
    }
    shown_free(&shown);
    return status;
}

/* A note that exists only in the outbox so far. */
static enum status show_pending_note(struct engine *engine, const struct wish *wish,
                                     view_visit_note *visit, void *visitor, bool *out_more)
{
    struct shown shown;
    enum status status = show_wish(engine, wish, &shown);
    if (status == STATUS_OK) {
        struct view_note note = {.section = wish->section,
                                 .class = shown.revision.class,
                                 .note = wish->note,
                                 .revisions = 1,
                                 .heads = 1,
                                 .locked = wish->revision_kind == REVISION_SIGNED,
                                 .pending = true,
                                 .newest = shown.revision};
        *out_more = visit(visitor, &note);
    }
    shown_free(&shown);
    return status;
}

bool view_is_new_note(const struct wish *wish, const struct section_id *section)
{
    return wish->kind == WISH_NOTE && ID_EQUAL(&wish->section, section) &&
           wish->parent_count == 0 && wish->parent_ticket == 0;
}

/* The place of the first revision that began one of the last |notes| notes. */
static size_t last_notes(const struct index *index, size_t notes)
{
    size_t at = notes < index->notes ? index->count : 0;
    for (size_t left = notes; at > 0 && left > 0; at--) {
        left -= index->items[at - 1].first ? 1 : 0;
    }
    return at;
}

enum status view_last_notes(struct engine *engine, const struct section_id *section, size_t last,
                            view_visit_note *visit, void *visitor)
{
    struct section *found = NULL;
    enum status status = open_section(engine, section, &found);
    size_t begin = status == STATUS_OK ? last_notes(&found->index, last) : 0;
    bool more = true;
    for (size_t i = begin; status == STATUS_OK && more && i < found->index.count; i++) {
        if (found->index.items[i].first) {
            status = show_note(engine, found, &found->index.items[i], visit, visitor, &more);
        }
    }
    for (const struct wish *wish = engine->outbox.first;
         status == STATUS_OK && more && wish != NULL; wish = wish->next) {
        if (view_is_new_note(wish, section)) {
            status = show_pending_note(engine, wish, visit, visitor, &more);
        }
    }
    return status;
}

enum status view_notes(struct engine *engine, const struct section_id *section,
                       view_visit_note *visit, void *visitor)
{
    return view_last_notes(engine, section, SIZE_MAX, visit, visitor);
}

static enum status show_pending(struct engine *engine, const struct section_id *section,
                                const struct note_id *note, view_visit_revision *visit,
                                void *visitor)
{
    enum status status = STATUS_OK;
    bool more = true;
    for (const struct wish *wish = engine->outbox.first;
         status == STATUS_OK && more && wish != NULL; wish = wish->next) {
        if (wish->kind != WISH_NOTE || !ID_EQUAL(&wish->section, section) ||
            (note != NULL && !ID_EQUAL(&wish->note, note))) {
            continue;
        }
        struct shown shown;
        status = show_wish(engine, wish, &shown);
        if (status == STATUS_OK) {
            more = visit(visitor, &shown.revision);
        }
        shown_free(&shown);
    }
    return status;
}

static enum status show_stored(struct engine *engine, const struct section *section,
                               const struct indexed *item, view_visit_revision *visit,
                               void *visitor, bool *out_more)
{
    struct shown shown;
    enum status status = show_item(engine, section, item, &shown);
    if (status == STATUS_OK) {
        *out_more = visit(visitor, &shown.revision);
    }
    shown_free(&shown);
    return status;
}

static enum status show_run(struct engine *engine, const struct section *section,
                            const struct note_id *note, view_visit_revision *visit, void *visitor,
                            bool *out_more)
{
    struct index_run run = index_note(&section->index, note);
    enum status status = STATUS_OK;
    for (size_t place = run.from; status == STATUS_OK && *out_more && place < run.to; place++) {
        status = show_stored(engine, section, index_at(&section->index, place), visit, visitor,
                             out_more);
    }
    return status;
}

static enum status show_all(struct engine *engine, const struct section *section, bool heads_only,
                            view_visit_revision *visit, void *visitor, bool *out_more)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && *out_more && i < section->index.count; i++) {
        if (!heads_only || section->index.items[i].head) {
            status =
                show_stored(engine, section, &section->index.items[i], visit, visitor, out_more);
        }
    }
    return status;
}

enum status view_revisions(struct engine *engine, const struct section_id *section,
                           const struct note_id *note, view_visit_revision *visit, void *visitor)
{
    struct section *found = NULL;
    enum status status = open_section(engine, section, &found);
    bool more = true;
    if (status == STATUS_OK) {
        status = note != NULL ? show_run(engine, found, note, visit, visitor, &more)
                              : show_all(engine, found, false, visit, visitor, &more);
    }
    return status == STATUS_OK && more ? show_pending(engine, section, note, visit, visitor)
                                       : status;
}

struct finding {
    const struct hex_prefix *prefix;
    size_t count;
    struct section_id section;
    struct note_id note;
};

static void find_one(struct finding *finding, const struct section_id *section,
                     const struct note_id *note)
{
    finding->count++;
    finding->section = *section;
    finding->note = *note;
}

/* A note counts once, by the revision that began it. */
static void find_stored(const struct section *section, struct finding *finding)
{
    struct index_run run = index_prefix(&section->index, finding->prefix);
    for (size_t place = run.from; place < run.to && finding->count < 2; place++) {
        const struct indexed *item = index_at(&section->index, place);
        if (item->first) {
            find_one(finding, &section->id, &item->note);
        }
    }
}

enum status view_find_note(struct engine *engine, const struct hex_prefix *prefix,
                           struct section_id *out_section, struct note_id *out_note)
{
    struct finding finding = {.prefix = prefix};
    for (size_t i = 0; engine->log.authority != NULL && i < engine->sections.count; i++) {
        struct section *section = &engine->sections.items[i];
        if (authority_section(engine->log.authority, &section->id) == NULL) {
            continue; /* view_sections does not show it either */
        }
        enum status status = section_index_whole(&engine->sections, section);
        if (status == STATUS_NO_MEMORY) {
            return status;
        }
        if (status != STATUS_OK) {
            continue;
        }
        find_stored(section, &finding);
        for (const struct wish *wish = engine->outbox.first; wish != NULL; wish = wish->next) {
            if (view_is_new_note(wish, &section->id) &&
                hex_prefix_matches(prefix, ID_SPAN(&wish->note))) {
                find_one(&finding, &wish->section, &wish->note);
            }
        }
    }
    if (finding.count != 1) {
        return finding.count == 0 ? STATUS_NOT_FOUND : STATUS_CONFLICT;
    }
    *out_section = finding.section;
    *out_note = finding.note;
    return STATUS_OK;
}

enum status view_heads(struct engine *engine, struct section *section, view_visit_revision *visit,
                       void *visitor)
{
    enum status status = section_index_whole(&engine->sections, section);
    bool more = true;
    if (status == STATUS_OK) {
        status = show_all(engine, section, true, visit, visitor, &more);
    }
    return status == STATUS_OK && more ? show_pending(engine, &section->id, NULL, visit, visitor)
                                       : status;
}
