#include "client/engine/section/kept.h"
#include "client/engine/section/section.h"

/* Where a section begins, and how it begins anew. */

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
        status = index_drop_stored(&section->index, storage, section->local);
    }
    if (status == STATUS_OK) {
        section->started = false;
        section->gaps = 0;
        section->told = 0;
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
