#include "client/engine/common/alarm.h"
#include "client/engine/section/name.h"
#include "client/engine/section/page.h"
#include "keys/public/bytes/array.h"
#include "keys/public/hash.h"

/*
 * Revisions that are here and whose text is not. They were judged when they came, and stand in the
 * section's head: what is asked for again is their text alone, so that nothing that a second answer
 * says can change anything else.
 */

static enum status load(const struct sections *sections, const struct section *section,
                        uint64_t number, struct kept *out_kept)
{
    uint8_t key[KEPT_KEY_BYTES];
    struct span value;
    enum status status = storage_get(&sections->common->storage, STORAGE_REVISION,
                                     span_of(key, kept_key(section->local, number, key)), &value);
    if (status == STATUS_OK) {
        status = kept_decode(value, number, out_kept);
    }
    return status == STATUS_OK || status == STATUS_NO_MEMORY || status == STATUS_IO
               ? status
               : STATUS_CORRUPT;
}

static struct indexed *find(struct section *section, uint64_t number)
{
    for (size_t i = 0; i < section->index.count; i++) {
        if (section->index.items[i].number == number) {
            return &section->index.items[i];
        }
    }
    return NULL;
}

/* From the first gap at or after *from, or after the section's beginning, to the last one. */
static enum status range(struct sections *sections, struct section *section, uint64_t *from,
                         uint64_t *out_last)
{
    enum status status = section_index(sections, section);
    *out_last = 0;
    uint64_t first = 0;
    uint64_t next = 0;
    for (size_t i = 0; status == STATUS_OK && i < section->index.count; i++) {
        const struct indexed *item = &section->index.items[i];
        if (kept_is_gap(item->state)) {
            first = first == 0 ? item->number : first;
            next = next == 0 && item->number >= *from ? item->number : next;
            *out_last = item->number;
        }
    }
    *from = next != 0 ? next : first;
    return status;
}

enum status page_again_ask(struct sections *sections, size_t index)
{
    struct section *section = &sections->items[index];
    uint64_t from = section->again_from;
    uint64_t last = 0;
    enum status status = range(sections, section, &from, &last);
    if (status != STATUS_OK || last == 0) {
        section->gaps = status == STATUS_OK ? 0 : section->gaps;
        return status;
    }
    uint64_t end = page_ask_end(sections, from);
    end = end < last ? end : last;
    section->again_from = end + 1;
    common_wait(sections->common, &section->again, BACKOFF_UNOPENED);
    return page_ask_range(sections, index, from, end, true);
}

static bool is_same(const struct kept *kept, const Alcove__PageEntry *entry)
{
    return span_equal(kept->context, field_span(entry->context)) &&
           span_equal(kept->header, field_span(entry->header)) &&
           span_equal(kept->signature, field_span(entry->signature));
}

static bool envelope_is(struct span header, struct span envelope)
{
    struct hash hash;
    hash_bytes(envelope, &hash);
    struct revision_header named;
    return revision_header_parse(header, &named) == STATUS_OK &&
           named.envelope_size == envelope.size && ID_EQUAL(&named.envelope_hash, &hash);
}

static enum status add_item(struct page *page, const struct kept *kept)
{
    if (array_grow(&page->items, &page->item_capacity, page->item_count + 1, sizeof *page->items) !=
        STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    struct page_item *item = &page->items[page->item_count];
    *item = (struct page_item){.number = kept->item.number,
                               .kind = ENTRY_REVISION,
                               .object = kept->item.link,
                               .item = kept->item};
    enum status status = kept_encode(kept, &item->bytes, &item->size);
    page->item_count += status == STATUS_OK ? 1 : 0;
    return status;
}

/* Opens |kept|, which holds wrap and envelope, and adds it to the page if it is readable. */
static enum status try_open(struct sections *sections, struct section *section, struct page *page,
                            struct kept *kept)
{
    const struct secret *key = section_key(section, &kept->epoch_statement);
    if (key == NULL) {
        return STATUS_OK;
    }
    struct span text;
    enum status status = page_open_text(sections, page, kept, key, &kept->item.state, &text);
    if (status != STATUS_OK || kept->item.state != KEPT_OPEN) {
        return status;
    }
    kept->wrap = span_of(NULL, 0);
    kept->text = text;
    kept->item.name = kept_is_name(text);
    return add_item(page, kept);
}

enum status page_again_entry(struct sections *sections, struct page *page,
                             const Alcove__PageEntry *entry)
{
    struct section *section = &sections->items[page->section];
    if (entry->number != page->timeline.number + 1 || entry->number > page->to) {
        return alarm_stop_at(sections->common, STATUS_BAD_PROOF,
                             "The server leaves out or moves an entry.",
                             "number in the section:", entry->number);
    }
    page->timeline.number = entry->number;
    enum status status = section_index(sections, section);
    const struct indexed *item = status == STATUS_OK ? find(section, entry->number) : NULL;
    if (item == NULL || !kept_is_gap(item->state)) {
        return status;
    }
    struct kept kept;
    status = load(sections, section, entry->number, &kept);
    if (status != STATUS_OK) {
        return status;
    }
    bool emptied = entry->wrap.len == 0 || entry->envelope.len == 0;
    if (!is_same(&kept, entry) ||
        (!emptied && !envelope_is(kept.header, field_span(entry->envelope)))) {
        return alarm_stop_at(sections->common, STATUS_EQUIVOCATION,
                             "A revision is not the one that the server handed out before.",
                             "number in the section:", entry->number);
    }
    if (emptied) {
        return STATUS_OK; /* as unreadable as before */
    }
    kept.wrap = field_span(entry->wrap);
    kept.text = field_span(entry->envelope);
    return try_open(sections, section, page, &kept);
}

static enum status store(struct sections *sections, struct section *section,
                         const struct page *page)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < page->item_count && status == STATUS_OK; i++) {
        const struct page_item *item = &page->items[i];
        uint8_t key[KEPT_KEY_BYTES];
        status = storage_put(&sections->common->storage, STORAGE_REVISION,
                             span_of(key, kept_key(section->local, item->number, key)),
                             span_of(item->bytes, item->size));
    }
    return status == STATUS_OK ? section_store(sections, section) : status;
}

static enum status keep(struct sections *sections, struct section *section, struct page *page)
{
    const struct storage *storage = &sections->common->storage;
    uint64_t before = section->gaps;
    for (size_t i = 0; i < page->item_count; i++) {
        section->gaps += kept_is_gap(page->items[i].item.state) ? 1 : 0;
        section->gaps -= kept_is_gap(find(section, page->items[i].number)->state) ? 1 : 0;
    }
    enum status status = storage->begin(storage->context);
    if (status == STATUS_OK) {
        status = storage_end(storage, store(sections, section, page));
    }
    if (status != STATUS_OK) {
        section->gaps = before;
        return status;
    }
    bool named = false;
    for (size_t i = 0; i < page->item_count; i++) {
        named |= page->items[i].item.name;
    }
    /* Made anew when it is needed: what it counts of a note depends on more than one item. */
    if (page->item_count > 0) {
        index_deinit(&section->index);
    }
    /* All of them, in order: what opened now may be older than the name that stands. */
    return named ? name_load(sections->names, sections) : STATUS_OK;
}

enum status page_again_keep(struct sections *sections, struct page *page)
{
    return keep(sections, &sections->items[page->section], page);
}

enum status page_again_unseal(struct sections *sections, struct section *section)
{
    struct page *page = page_new();
    if (page == NULL) {
        return STATUS_NO_MEMORY;
    }
    page->section = (size_t)(section - sections->items);
    enum status status = section_index(sections, section);
    for (size_t i = 0; status == STATUS_OK && i < section->index.count; i++) {
        struct kept kept;
        if (section->index.items[i].state == KEPT_SEALED) {
            status = load(sections, section, section->index.items[i].number, &kept);
            if (status == STATUS_OK) {
                status = try_open(sections, section, page, &kept);
            }
            if (status == STATUS_OK && kept.item.state == KEPT_UNOPENED) {
                status = add_item(page, &kept);
            }
        }
    }
    if (status == STATUS_OK && page->item_count > 0) {
        status = keep(sections, section, page);
    }
    section->unseal = status != STATUS_OK;
    page_free(page);
    return status;
}
