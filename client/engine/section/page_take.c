#include "client/engine/section/page.h"

#include "client/engine/common/alarm.h"
#include "client/engine/log/carried.h"
#include "client/engine/log/fact.h"
#include "client/engine/section/seal_text.h"
#include "keys/public/bytes/array.h"
#include "keys/public/bytes/wipe.h"
#include "keys/public/hash.h"

/* Entries of a page, one by one: nothing is believed of a revision that its own hashes, its
 * author's rights at that number, its epoch and the chain of its device do not show. */

enum status page_bad(struct sections *sections, enum status status, const char *reason,
                     uint64_t number)
{
    if (alarm_is_ours(status)) {
        return status;
    }
    return alarm_stop_at(sections->common, status, reason, "number in the section:", number);
}

enum status page_take_step(struct sections *sections, struct page *page, uint64_t number,
                           const struct timeline_entry *next)
{
    enum timeline_reason reason = TIMELINE_FINE;
    enum status status = timeline_step(&page->timeline, sections->log->authority, next, &reason);
    if (status == STATUS_OK || status == STATUS_NOT_FOUND || alarm_is_ours(status)) {
        return status; /* not found: the chains moved on, page.c asks for them once */
    }
    char text[ENGINE_ALARM_CHARS_MAX];
    (void)snprintf(text, sizeof text, "An entry may not stand in this section: %s.",
                   timeline_reason_text(reason));
    return page_bad(sections, status, text, number);
}

static struct page_device *device_of(struct page *page, const struct hash *device)
{
    for (size_t i = 0; i < page->device_count; i++) {
        if (ID_EQUAL(&page->devices[i].device, device)) {
            return &page->devices[i];
        }
    }
    struct page_device *devices =
        realloc(page->devices, (page->device_count + 1) * sizeof *devices);
    if (devices == NULL) {
        return NULL;
    }
    page->devices = devices;
    devices[page->device_count] = (struct page_device){.device = *device};
    return &devices[page->device_count++];
}

static bool was_verified(const struct section *section, const struct page *page,
                         const struct hash *device)
{
    for (size_t i = 0; i < section->verified_count; i++) {
        if (ID_EQUAL(&section->verified_device[i], device)) {
            return true;
        }
    }
    for (size_t i = 0; i < page->first_count; i++) {
        if (ID_EQUAL(&page->first_seen[i], device)) {
            return true;
        }
    }
    return false;
}

static enum status verify(const struct sections *sections, struct page *page,
                          const struct page_device *device)
{
    const struct authority_device *facts =
        authority_device(sections->log->authority, &device->device);
    if (facts == NULL) {
        return STATUS_NOT_FOUND;
    }
    page->signatures++;
    return revision_verify(span_of(device->header, device->header_size), &device->signature,
                           &sections->common->practice, &facts->keys.content);
}

enum status page_verify_device(const struct sections *sections, struct page *page,
                               const struct hash *id)
{
    for (size_t i = 0; i < page->device_count; i++) {
        struct page_device *device = &page->devices[i];
        if (ID_EQUAL(&device->device, id) && !device->verified) {
            enum status status = verify(sections, page, device);
            device->verified = status == STATUS_OK;
            return status;
        }
    }
    return STATUS_OK;
}

/* The first revision that we see of a device is always verified; the others through the last
 * one of the page, which vouches for those that it links to (decision 12). */
static enum status note_device(struct sections *sections, struct page *page,
                               const Alcove__PageEntry *entry,
                               const struct revision_context *context,
                               const struct signature *signature)
{
    struct page_device *device = device_of(page, &context->device);
    if (device == NULL) {
        return STATUS_NO_MEMORY;
    }
    device->number = entry->number;
    device->header_size = entry->header.len;
    memcpy(device->header, entry->header.data, entry->header.len);
    device->signature = *signature;
    device->has_seen = context->has_seen;
    device->seen = context->seen;
    device->verified = false;
    if (was_verified(&sections->items[page->section], page, &context->device)) {
        return STATUS_OK;
    }
    enum status status = verify(sections, page, device);
    if (status != STATUS_OK) {
        return page_bad(sections, status, "A revision's signature is not its author's.",
                        entry->number);
    }
    device->verified = true;
    if (page->first_count < EPOCH_STARTS_MAX) {
        page->first_seen[page->first_count++] = context->device;
    }
    return STATUS_OK;
}

enum status page_take_signatures(struct sections *sections, struct page *page)
{
    for (size_t i = 0; i < page->device_count; i++) {
        struct page_device *device = &page->devices[i];
        enum status status = device->verified ? STATUS_OK : verify(sections, page, device);
        if (status != STATUS_OK) {
            return page_bad(sections, status, "A revision's signature is not its author's.",
                            device->number);
        }
        device->verified = true;
        status = device->has_seen ? carried_check(sections->log, &device->device, &device->seen)
                                  : STATUS_OK;
        if (status != STATUS_OK) {
            return page_bad(sections, status,
                            "The server shows this author another history of the practice than us.",
                            device->number);
        }
    }
    return STATUS_OK;
}

static enum status header_fits(const Alcove__PageEntry *entry,
                               const struct revision_context *context, bool erased)
{
    struct revision_header header;
    enum status status = revision_header_parse(field_span(entry->header), &header);
    if (status != STATUS_OK) {
        return status;
    }
    if (!ID_EQUAL(&header.context_hash, &context->hash)) {
        return STATUS_CORRUPT;
    }
    if (erased) {
        return STATUS_OK;
    }
    struct hash hash;
    hash_bytes(field_span(entry->envelope), &hash);
    return header.envelope_size == entry->envelope.len && ID_EQUAL(&header.envelope_hash, &hash)
               ? STATUS_OK
               : STATUS_CORRUPT;
}

enum status page_add_revision(struct sections *sections, struct page *page,
                              const Alcove__PageEntry *entry,
                              const struct revision_context *context, const struct hash *link)
{
    struct kept kept = {.context = field_span(entry->context),
                        .header = field_span(entry->header),
                        .signature = field_span(entry->signature),
                        .epoch_statement = context->epoch_statement};
    kept.item = (struct indexed){.state = KEPT_SEALED,
                                 .number = entry->number,
                                 .note = context->note,
                                 .link = *link,
                                 .revision = context->revision,
                                 .kind = context->kind,
                                 .author = context->member,
                                 .device = context->device,
                                 .epoch = context->epoch,
                                 .time_ms = entry->time_ms,
                                 .parent_count = context->parent_count};
    memcpy(kept.parents, context->parent, sizeof kept.parents);
    const struct secret *key =
        section_key(&sections->items[page->section], &context->epoch_statement);
    kept.wrap = field_span(entry->wrap);
    kept.text = field_span(entry->envelope);
    if (entry->damaged != 0) {
        kept.item.state = KEPT_DAMAGED;
    } else if (entry->envelope.len == 0) {
        kept.item.state = KEPT_ERASED;
        page->erased = true;
    } else if (key != NULL) {
        /* Whose fault it is cannot be told from here: the wrap is under no signature, and what an
         * author sealed wrongly looks the same. So it is nobody's alarm, and no other note's
         * trouble. */
        struct span text;
        enum status status = page_open_text(sections, page, &kept, key, &kept.item.state, &text);
        if (status != STATUS_OK) {
            return status;
        }
        if (kept.item.state == KEPT_OPEN) {
            kept.wrap = span_of(NULL, 0);
            kept.text = text;
        }
    }
    kept.item.name = kept.item.state == KEPT_OPEN && kept_is_name(kept.text);
    page->gaps += kept_is_gap(kept.item.state) ? 1 : 0;
    struct page_item *item = &page->items[page->item_count];
    *item = (struct page_item){
        .number = entry->number, .kind = ENTRY_REVISION, .object = *link, .item = kept.item};
    memcpy(item->parents, kept.parents, sizeof item->parents);
    enum status status = kept_encode(&kept, &item->bytes, &item->size);
    if (status == STATUS_OK) {
        page->item_count++;
    }
    return status;
}

enum status page_chart(const struct sections *sections, struct page *page,
                       const struct chart_seen *told)
{
    if (told->number == 0) {
        return STATUS_OK;
    }
    const struct authority_section *facts =
        authority_section(sections->log->authority, &sections->items[page->section].id);
    if (facts == NULL || !facts->has_chart || !ID_EQUAL(&facts->chart, &told->chart)) {
        return STATUS_BAD_CHAIN;
    }
    enum status status = section_chart_fits(sections, told);
    if (page->chart.number == told->number && !ID_EQUAL(&page->chart.leaf, &told->leaf)) {
        status = STATUS_EQUIVOCATION;
    }
    if (status == STATUS_OK && told->number > page->chart.number) {
        page->chart = *told;
    }
    return status;
}

/* A note is its author's alone: nobody edits, signs or adds to what another wrote. Only erasing is
 * no word of the author's. */
static enum status check_author(struct sections *sections, struct page *page,
                                const struct revision_context *context)
{
    struct section *section = &sections->items[page->section];
    enum status status = section_index(sections, section);
    if (status != STATUS_OK) {
        return status;
    }
    const struct member_id *author = index_author(&section->index, &context->note);
    if (author == NULL) {
        author = authors_of(&page->authors, &context->note);
    }
    if (author == NULL) {
        return authors_add(&page->authors, &context->note, &context->member);
    }
    return ID_EQUAL(author, &context->member) || context->kind == REVISION_TOMBSTONE
               ? STATUS_OK
               : STATUS_BAD_CHAIN;
}

static enum status take_revision(struct sections *sections, struct page *page,
                                 const Alcove__PageEntry *entry)
{
    struct revision_context context;
    enum status status = revision_context_parse(field_span(entry->context), &context);
    bool erased = entry->wrap.len == 0 && entry->envelope.len == 0;
    struct signature signature;
    if (status == STATUS_OK && (!field_signature(entry->signature, &signature) ||
                                (entry->wrap.len == 0) != (entry->envelope.len == 0) ||
                                (!erased && entry->wrap.len != WRAP_BYTES))) {
        status = STATUS_MALFORMED;
    }
    if (status == STATUS_OK) {
        status = header_fits(entry, &context, erased);
    }
    if (status != STATUS_OK) {
        return page_bad(sections, status, "A revision is not the one that its author signed.",
                        entry->number);
    }
    struct hash link;
    revision_link(field_span(entry->header), &signature, &sections->common->practice, &link);
    return page_take_judged(sections, page, entry, &context, &link, &signature);
}

enum status page_take_judged(struct sections *sections, struct page *page,
                             const Alcove__PageEntry *entry, const struct revision_context *context,
                             const struct hash *link, const struct signature *signature)
{
    struct timeline_entry next = {
        .kind = ENTRY_REVISION, .object = *link, .context = context, .time_ms = entry->time_ms};
    enum status status = page_take_step(sections, page, entry->number, &next);
    if (status != STATUS_OK) {
        return status;
    }
    if (context->has_seen &&
        entry->time_ms < fact_time_below(sections->log, context->seen.statements_size)) {
        return page_bad(sections, STATUS_BAD_CHAIN,
                        "A revision is said to be older than a statement that its author had seen.",
                        entry->number);
    }
    status = check_author(sections, page, context);
    if (status != STATUS_OK) {
        return page_bad(sections, status, "Somebody changed a note that is not theirs.",
                        entry->number);
    }
    status = note_device(sections, page, entry, context, signature);
    if (status == STATUS_OK && context->has_chart) {
        struct chart_seen told = {context->chart, context->chart_number, context->chart_leaf};
        status = page_chart(sections, page, &told);
        if (status != STATUS_OK) {
            return page_bad(sections, status,
                            "The server shows this author another history of the chart than us.",
                            entry->number);
        }
    }
    if (status == STATUS_OK) {
        status = page_add_revision(sections, page, entry, context, link);
    }
    page->revisions += status == STATUS_OK ? 1 : 0;
    return status;
}

static enum status take_other(struct sections *sections, struct page *page,
                              const Alcove__PageEntry *entry)
{
    struct timeline_entry next = {.kind = entry->kind, .time_ms = entry->time_ms};
    if (!field_hash(entry->object, &next.object)) {
        return page_bad(sections, STATUS_MALFORMED, "An entry without an object.", entry->number);
    }
    enum status status = page_take_step(sections, page, entry->number, &next);
    if (status != STATUS_OK) {
        return status;
    }
    struct page_item *item = &page->items[page->item_count];
    *item = (struct page_item){.number = entry->number, .kind = entry->kind, .object = next.object};
    item->size = 4 + HASH_BYTES;
    item->bytes = malloc(item->size);
    if (item->bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    item->bytes[0] = 0;
    item->bytes[1] = 0;
    item->bytes[2] = 0;
    item->bytes[3] = (uint8_t)entry->kind;
    memcpy(item->bytes + 4, next.object.bytes, HASH_BYTES);
    page->item_count++;
    return STATUS_OK;
}

enum status page_take_entry(struct sections *sections, struct page *page,
                            const Alcove__PageEntry *entry)
{
    if (entry->number != page->timeline.number + 1 || entry->number > page->to) {
        return page_bad(sections, STATUS_BAD_PROOF, "The server leaves out or moves an entry.",
                        entry->number);
    }
    if (array_grow(&page->items, &page->item_capacity, page->item_count + 1, sizeof *page->items) !=
        STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    if (entry->kind == ENTRY_REVISION && entry->damaged != 0) {
        return page_take_damaged(sections, page, entry);
    }
    if (entry->kind == ENTRY_REVISION) {
        return take_revision(sections, page, entry);
    }
    if (entry->kind == ENTRY_STATEMENT || entry->kind == ENTRY_ECHO || entry->kind == ENTRY_ENDED) {
        return take_other(sections, page, entry);
    }
    return page_bad(sections, STATUS_MALFORMED, "An entry of an unknown kind.", entry->number);
}
