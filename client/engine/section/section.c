#include "client/engine/section/section.h"

#include "keys/public/bytes/array.h"

struct section *section_find(const struct sections *sections, const struct section_id *id)
{
    for (size_t i = 0; i < sections->count; i++) {
        if (ID_EQUAL(&sections->items[i].id, id)) {
            return &sections->items[i];
        }
    }
    return NULL;
}

static struct section *add(struct sections *sections)
{
    if (array_grow(&sections->items, &sections->capacity, sections->count + 1,
                   sizeof *sections->items) != STATUS_OK) {
        return NULL;
    }
    struct section *section = &sections->items[sections->count];
    *section = (struct section){0};
    for (size_t i = 0; i < sections->count; i++) {
        if (sections->items[i].local > section->local) {
            section->local = sections->items[i].local;
        }
    }
    section->local++;
    sections->count++;
    return section;
}

static void drop_keys(struct section *section)
{
    for (size_t i = 0; i < section->key_count; i++) {
        secret_free(section->keys[i].key);
    }
    free(section->keys);
    section->keys = NULL;
    section->key_count = 0;
}

void section_deinit(struct sections *sections)
{
    for (size_t i = 0; i < sections->count; i++) {
        struct section *section = &sections->items[i];
        drop_keys(section);
        timeline_free(&section->timeline);
        index_deinit(&section->index);
    }
    free(sections->items);
    free(sections->charts);
    sections->items = NULL;
    sections->charts = NULL;
    sections->count = 0;
    sections->chart_count = 0;
}

/* A section that we did not know is added at once, since it can be taken off again. */
static enum status check_listed(struct sections *sections, const Alcove__SectionState *state)
{
    struct section_id id;
    struct chain_label label;
    if (!field_section(state->section, &id) || !field_label(state->label, &label)) {
        return STATUS_MALFORMED;
    }
    struct section *section = section_find(sections, &id);
    if (section == NULL) {
        section = add(sections);
        if (section == NULL) {
            return STATUS_NO_MEMORY;
        }
        section->id = id;
        section->label = label;
        timeline_init(&section->timeline, &sections->common->practice, &section->id);
    }
    if (!ID_EQUAL(&section->label, &label)) {
        return STATUS_BAD_CHAIN;
    }
    if (section->started && state->ended_at == 0 && state->number < section->timeline.number) {
        return STATUS_REWOUND;
    }
    return STATUS_OK;
}

static void take_listed(struct sections *sections, const Alcove__SectionState *state)
{
    struct section_id id;
    CHECK(field_section(state->section, &id));
    struct section *section = section_find(sections, &id);
    CHECK(section != NULL);
    section->listed = true;
    section->ended_at = state->ended_at;
    if (state->ended_at == 0) {
        section->denied = 0; /* listed as ours: asked for again */
    }
    if (state->number > section->known) {
        section->known = state->number;
    }
}

enum status section_list(struct sections *sections, const Alcove__StateReply *state)
{
    size_t before = sections->count;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < state->n_section && status == STATUS_OK; i++) {
        status = check_listed(sections, state->section[i]);
    }
    if (status != STATUS_OK) {
        while (sections->count > before) {
            timeline_free(&sections->items[--sections->count].timeline);
        }
        return status;
    }
    for (size_t i = 0; i < sections->count; i++) {
        sections->items[i].listed = false;
    }
    for (size_t i = 0; i < state->n_section; i++) {
        take_listed(sections, state->section[i]);
    }
    return STATUS_OK;
}

void section_deny(struct section *section)
{
    section->denied = section->ended_at > 0 ? section->ended_at : section->known;
}

enum status section_index(const struct sections *sections, struct section *section)
{
    return index_build(&section->index, &sections->common->storage, section->local);
}

bool section_behind(const struct section *section)
{
    uint64_t last = section->ended_at > 0 ? section->ended_at : section->known;
    return section->started && section->timeline.number < last && section->denied < last;
}

const struct secret *section_key(const struct section *section, const struct hash *epoch)
{
    for (size_t i = section->key_count; i > 0; i--) {
        if (ID_EQUAL(&section->keys[i - 1].statement, epoch)) {
            return section->keys[i - 1].key;
        }
    }
    return NULL;
}

/* From the epoch at which we were let in, or from the beginning. */
static enum status begin_at(struct sections *sections, struct section *section,
                            const struct authority_epoch *epoch)
{
    struct statement statement;
    enum status status = statement_parse(epoch->bytes, &sections->common->practice, &statement);
    if (status == STATUS_OK) {
        timeline_free(&section->timeline);
        status = timeline_init_at(&section->timeline, sections->log->authority, &statement);
    }
    statement_free(&statement);
    return status;
}

static enum status remove_kept(const struct storage *storage, const struct section *section)
{
    enum status status = STATUS_OK;
    for (uint64_t n = 1; n <= section->timeline.number && status == STATUS_OK; n++) {
        uint8_t key[KEPT_KEY_BYTES];
        struct span name = span_of(key, kept_key(section->local, n, key));
        status = storage->remove(storage->context, STORAGE_ENTRY, name);
        if (status == STATUS_OK || status == STATUS_NOT_FOUND) {
            status = storage->remove(storage->context, STORAGE_REVISION, name);
        }
        status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    return status;
}

enum status section_forget(struct sections *sections, struct section *section)
{
    const struct storage *storage = &sections->common->storage;
    enum status status = storage->begin(storage->context);
    if (status != STATUS_OK) {
        return status;
    }
    status = remove_kept(storage, section);
    if (status == STATUS_OK) {
        section->started = false;
        status = section_store(sections, section);
    }
    status = storage_end(storage, status);
    section->started = status != STATUS_OK;
    if (status == STATUS_OK) {
        index_deinit(&section->index);
        section->verified_count = 0;
    }
    return status;
}

/*
 * A section begins at the lowest epoch whose key we hold, or at its first entry for whoever made it
 * or holds the first key: before that place nothing opens, and the epoch statement says where each
 * device's own numbers stood (decision 12). A reseal may open an earlier beginning later; then what
 * was kept is forgotten and fetched again from there, so that there is one timeline without a gap.
 */
enum status section_begin(struct sections *sections, struct section *section)
{
    const struct authority_section *facts =
        authority_section(sections->log->authority, &section->id);
    if (facts == NULL || section->key_count == 0) {
        return STATUS_OK;
    }
    uint64_t lowest = section->keys[0].epoch;
    for (size_t i = 1; i < section->key_count; i++) {
        lowest = section->keys[i].epoch < lowest ? section->keys[i].epoch : lowest;
    }
    bool whole = lowest == 1 || ID_EQUAL(&facts->maker, &sections->common->content->member);
    uint64_t start = whole ? 0 : lowest;
    if (section->started && section->start_epoch <= start) {
        return STATUS_OK;
    }
    enum status status = STATUS_OK;
    if (section->started) {
        status = section_forget(sections, section);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (whole) {
        timeline_free(&section->timeline);
        timeline_init(&section->timeline, &sections->common->practice, &section->id);
    } else {
        status = begin_at(sections, section, &facts->epochs[lowest - 1]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    section->start_epoch = start;
    section->started = true;
    return STATUS_OK;
}

const struct chart_seen *section_chart_seen(const struct sections *sections,
                                            const struct chart_id *chart)
{
    for (size_t i = 0; i < sections->chart_count; i++) {
        if (ID_EQUAL(&sections->charts[i].chart, chart)) {
            return &sections->charts[i];
        }
    }
    return NULL;
}

enum status section_chart_fits(const struct sections *sections, const struct chart_seen *told)
{
    const struct chart_seen *seen = section_chart_seen(sections, &told->chart);
    return seen != NULL && seen->number == told->number && !ID_EQUAL(&seen->leaf, &told->leaf)
               ? STATUS_EQUIVOCATION
               : STATUS_OK;
}

enum status section_chart_saw(struct sections *sections, const struct chart_seen *told)
{
    if (told->number == 0) {
        return STATUS_OK;
    }
    enum status status = section_chart_fits(sections, told);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < sections->chart_count; i++) {
        struct chart_seen *seen = &sections->charts[i];
        if (ID_EQUAL(&seen->chart, &told->chart)) {
            *seen = told->number > seen->number ? *told : *seen;
            return STATUS_OK;
        }
    }
    struct chart_seen *charts =
        realloc(sections->charts, (sections->chart_count + 1) * sizeof *sections->charts);
    if (charts == NULL) {
        return STATUS_NO_MEMORY;
    }
    sections->charts = charts;
    charts[sections->chart_count++] = *told;
    return STATUS_OK;
}
