#include "client/engine/section/section.h"

#include "client/engine/log/advance.h"
#include "client/engine/log/fold.h"
#include "keys/public/bytes/array.h"
#include "proto/purpose.h"

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
        sections->items[i].refused_at = 0;
    }
    for (size_t i = 0; i < state->n_section; i++) {
        take_listed(sections, state->section[i]);
    }
    return STATUS_OK;
}

void section_refused(struct sections *sections, struct section *section, uint64_t statements)
{
    section->denied = section->ended_at > 0 ? section->ended_at : section->known;
    section->listed = false;
    section->refused_at = statements;
    sections->common->wants.fold = true;
    sections->common->wants.subscribe = true;
}

enum status section_index_to(const struct sections *sections, struct section *section,
                             uint64_t last)
{
    return index_build(&section->index, &sections->common->storage, section->local, last);
}

/* That the index could not be stored costs the next start some time, and nothing else. */
static void store_index(const struct storage *storage, struct section *section)
{
    size_t before = section->index.stored;
    if (storage->begin(storage->context) == STATUS_OK &&
        storage_end(storage, index_store(&section->index, storage, section->local)) != STATUS_OK) {
        section->index.stored = before;
    }
}

enum status section_index(const struct sections *sections, struct section *section)
{
    bool built = section->index.built;
    enum status status = section_index_to(sections, section, section->timeline.number);
    if (status == STATUS_OK && !built && index_is_behind(&section->index)) {
        store_index(&sections->common->storage, section);
    }
    return status;
}

/* Each number of the log that was read is kept, as a revision or as another entry. A file that lost
 * some of its pages holds less without a fault in what is left, and would show less without a word. */
static enum status all_kept(const struct storage *storage, const struct section *section)
{
    const struct index *index = &section->index;
    size_t i = 0;
    enum status status = STATUS_OK;
    for (uint64_t n = section->timeline.start_number + 1u;
         n <= section->timeline.number && status == STATUS_OK; n++) {
        while (i < index->count && index->items[i].number < n) {
            i++;
        }
        if (i == index->count || index->items[i].number != n) {
            uint8_t key[KEPT_KEY_BYTES];
            struct span value;
            status = storage_get(storage, STORAGE_ENTRY,
                                 span_of(key, kept_key(section->local, n, key)), &value);
        }
    }
    return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
}

enum status section_index_whole(const struct sections *sections, struct section *section)
{
    bool built = section->index.built;
    enum status status = section_index(sections, section);
    if (status == STATUS_OK && !built && section->started) {
        status = all_kept(&sections->common->storage, section);
    }
    if (status != STATUS_OK) {
        index_deinit(&section->index);
    }
    if (status == STATUS_CORRUPT) {
        (void)!storage_doubt(&sections->common->storage);
    }
    return status;
}

uint32_t section_purpose(const struct sections *sections, const struct section_id *section)
{
    const struct authority *authority = sections->log->authority;
    const struct authority_member *self = fold_self(sections->log);
    const struct authority_section *facts =
        self == NULL ? NULL : authority_section(authority, section);
    return facts == NULL ? (uint32_t)PURPOSE_NONE
                         : purpose_of(self->role,
                                      authority_section_relations(authority, facts, self,
                                                                  advance_when(sections->log)),
                                      facts->class);
}

bool section_behind(const struct section *section)
{
    uint64_t last = section->ended_at > 0 ? section->ended_at : section->known;
    return section->started && section->timeline.number < last && section->denied < last;
}

bool section_withheld(const struct section *section)
{
    return !section->listed || section->ended_at > 0 ||
           (section->started && section->timeline.number < section->known &&
            !section_behind(section));
}

bool section_asks(const struct section *section, uint64_t now_ms)
{
    return section_behind(section) && !section->held && backoff_over(&section->stopped, now_ms);
}

bool section_asks_again(const struct section *section, uint64_t now_ms)
{
    return section->gaps > 0 && section->started && section->listed && section->ended_at == 0 &&
           backoff_over(&section->again, now_ms);
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
