#include "client/engine/common/alarm.h"
#include "client/engine/section/lost.h"
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

struct range {
    uint64_t from;
    uint64_t first, next, last;
};

static void add_gap(struct range *range, uint64_t number)
{
    range->first = range->first == 0 || number < range->first ? number : range->first;
    if (number >= range->from) {
        range->next = range->next == 0 || number < range->next ? number : range->next;
    }
    range->last = number > range->last ? number : range->last;
}

static bool add_lost(void *visitor, const struct lost *lost)
{
    add_gap(visitor, lost->number);
    return true;
}

/* From the first gap at or after *from, or after the section's beginning, to the last one. */
static enum status range(struct sections *sections, struct section *section, uint64_t *from,
                         uint64_t *out_last)
{
    struct range range = {.from = *from};
    enum status status = section_index(sections, section);
    for (size_t i = 0; status == STATUS_OK && i < section->index.count; i++) {
        if (kept_is_gap(section->index.items[i].state)) {
            add_gap(&range, section->index.items[i].number);
        }
    }
    if (status == STATUS_OK) {
        status = lost_all(&sections->common->storage, section->local, add_lost, &range);
    }
    *from = range.next != 0 ? range.next : range.first;
    *out_last = range.last;
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

/* STATUS_EQUIVOCATION, with an alarm. */
static enum status is_another(struct sections *sections, uint64_t number)
{
    return alarm_stop_at(sections->common, STATUS_EQUIVOCATION,
                         "A revision is not the one that the server handed out before.",
                         "number in the section:", number);
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

/* Opens |kept|, which holds wrap and envelope, and adds it to the page if that changed what it is. */
static enum status try_open(struct sections *sections, struct section *section, struct page *page,
                            struct kept *kept)
{
    const struct secret *key = section_key(section, &kept->epoch_statement);
    enum kept_state before = kept->item.state;
    kept->item.state = KEPT_SEALED;
    struct span text;
    enum status status = key == NULL
                             ? STATUS_OK
                             : page_open_text(sections, page, kept, key, &kept->item.state, &text);
    if (status != STATUS_OK || kept->item.state == before) {
        return status;
    }
    if (kept->item.state != KEPT_OPEN) {
        return add_item(page, kept);
    }
    kept->wrap = span_of(NULL, 0);
    kept->text = text;
    kept->item.name = kept_is_name(text);
    return add_item(page, kept);
}

/* A revision that was lost: its link is known, and so its header and signature are those that stand
 * in the head. What could not be judged without the context is judged now. */
static enum status judge_found(struct sections *sections, const Alcove__PageEntry *entry,
                               const struct lost *lost, struct revision_context *context,
                               struct hash *out_link)
{
    enum status status = revision_context_parse(field_span(entry->context), context);
    struct signature signature;
    if (status == STATUS_OK && !field_signature(entry->signature, &signature)) {
        status = STATUS_MALFORMED;
    }
    struct revision_header header;
    if (status == STATUS_OK) {
        status = revision_header_parse(field_span(entry->header), &header);
    }
    if (status != STATUS_OK) {
        return status;
    }
    revision_link(field_span(entry->header), &signature, &sections->common->practice, out_link);
    const struct authority_device *facts =
        authority_device(sections->log->authority, &lost->device);
    bool same = ID_EQUAL(out_link, &lost->link) && ID_EQUAL(&header.context_hash, &context->hash) &&
                envelope_is(field_span(entry->header), field_span(entry->envelope)) &&
                ID_EQUAL(&context->device, &lost->device) &&
                context->device_number == lost->device_number && facts != NULL &&
                ID_EQUAL(&facts->member, &context->member);
    return same ? revision_verify(field_span(entry->header), &signature,
                                  &sections->common->practice, &facts->keys.content)
                : STATUS_EQUIVOCATION;
}

static enum status find_lost(struct sections *sections, struct page *page,
                             const Alcove__PageEntry *entry)
{
    const struct section *section = &sections->items[page->section];
    struct lost lost;
    enum status status = lost_get(&sections->common->storage, section->local, entry->number, &lost);
    if (status != STATUS_OK || entry->envelope.len == 0) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    struct revision_context context;
    struct hash link;
    status = judge_found(sections, entry, &lost, &context, &link);
    if (status != STATUS_OK || !ID_EQUAL(&context.section, &section->id)) {
        return status == STATUS_NO_MEMORY ? status : is_another(sections, entry->number);
    }
    if (array_grow(&page->items, &page->item_capacity, page->item_count + 1, sizeof *page->items) !=
        STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    status = page_add_revision(sections, page, entry, &context, &link);
    if (status == STATUS_OK) {
        page->items[page->item_count - 1].found = true;
    }
    return status;
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
    if (status != STATUS_OK || entry->kind != ENTRY_REVISION || entry->damaged != 0) {
        return status; /* no revision, or as unreadable as before */
    }
    const struct indexed *item = find(section, entry->number);
    if (item == NULL) {
        return find_lost(sections, page, entry);
    }
    if (!kept_is_gap(item->state)) {
        return STATUS_OK;
    }
    struct kept kept;
    status = load(sections, section, entry->number, &kept);
    if (status != STATUS_OK) {
        return status;
    }
    bool emptied = entry->wrap.len == 0 || entry->envelope.len == 0;
    if (!is_same(&kept, entry) ||
        (!emptied && !envelope_is(kept.header, field_span(entry->envelope)))) {
        return is_another(sections, entry->number);
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
    const struct storage *storage = &sections->common->storage;
    enum status status = page->item_count > 0
                             ? index_drop_stored(&section->index, storage, section->local)
                             : STATUS_OK;
    for (size_t i = 0; i < page->item_count && status == STATUS_OK; i++) {
        const struct page_item *item = &page->items[i];
        uint8_t key[KEPT_KEY_BYTES];
        status = storage_put(storage, STORAGE_REVISION,
                             span_of(key, kept_key(section->local, item->number, key)),
                             span_of(item->bytes, item->size));
        if (status == STATUS_OK && item->found) {
            status = sections->common->storage.remove(
                sections->common->storage.context, STORAGE_ENTRY,
                span_of(key, kept_key(section->local, item->number, key)));
        }
    }
    return status == STATUS_OK ? section_store(sections, section) : status;
}

static bool was_gap(struct section *section, const struct page_item *item)
{
    return item->found || kept_is_gap(find(section, item->number)->state);
}

static enum status keep(struct sections *sections, struct section *section, struct page *page)
{
    const struct storage *storage = &sections->common->storage;
    uint64_t before = section->gaps;
    for (size_t i = 0; i < page->item_count; i++) {
        section->gaps += kept_is_gap(page->items[i].item.state) ? 1 : 0;
        section->gaps -= was_gap(section, &page->items[i]) ? 1 : 0;
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
        }
    }
    if (status == STATUS_OK && page->item_count > 0) {
        status = keep(sections, section, page);
    }
    section->unseal = status != STATUS_OK;
    page_free(page);
    return status;
}
