#include "client/engine/section/lost.h"
#include "client/engine/section/page.h"
#include "keys/public/hash.h"

/*
 * Revisions that the server cannot read any more, and says so. Their links stand in the head, which
 * others have signed that they saw; so nothing can be put in their place, and a good copy that comes
 * later is known by its link. A server that lies about one withholds it, and that is shown.
 */

static const struct authority_device *device_by_id(const struct authority *authority,
                                                   ProtobufCBinaryData id)
{
    struct device_id wanted;
    if (!field_required(id, wanted.bytes, ID_BYTES)) {
        return NULL;
    }
    for (size_t i = 0; i < authority_member_count(authority); i++) {
        const struct authority_device *device = authority_member_at(authority, i)->devices;
        for (; device != NULL; device = device->next) {
            if (ID_EQUAL(&device->keys.id, &wanted)) {
                return device;
            }
        }
    }
    return NULL;
}

/* Its device is the server's word. A false one is found out at the device's next revision, whose
 * number and link then do not follow. No signature vouches through it for what the device wrote
 * before, so that is checked here. */
static enum status take_lost(struct sections *sections, struct page *page,
                             const Alcove__PageEntry *entry, const struct hash *link)
{
    const struct authority_device *device = device_by_id(sections->log->authority, entry->device);
    if (device == NULL) {
        return STATUS_NOT_FOUND; /* the chains moved on, page.c asks for them once */
    }
    enum status status = page_verify_device(sections, page, &device->statement);
    if (status != STATUS_OK) {
        return page_bad(sections, status, "A revision's signature is not its author's.",
                        entry->number);
    }
    struct timeline_entry next = {.kind = ENTRY_REVISION,
                                  .object = *link,
                                  .lost_device = &device->statement,
                                  .time_ms = entry->time_ms};
    status = page_take_step(sections, page, entry->number, &next);
    if (status != STATUS_OK) {
        return status;
    }
    struct lost lost = {.number = entry->number, .link = *link, .device = device->statement};
    timeline_device_position(&page->timeline, &device->statement, &lost.device_number, &lost.link);
    struct page_item *item = &page->items[page->item_count];
    *item = (struct page_item){.number = entry->number, .kind = ENTRY_NONE, .object = *link};
    item->size = LOST_BYTES;
    item->bytes = malloc(item->size);
    if (item->bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    lost_encode(&lost, item->bytes);
    page->item_count++;
    page->gaps++;
    return STATUS_OK;
}

enum status page_take_damaged(struct sections *sections, struct page *page,
                              const Alcove__PageEntry *entry)
{
    bool bare = entry->context.len == 0;
    struct hash object;
    bool formed = entry->damaged == 1 && field_hash(entry->object, &object) &&
                  entry->wrap.len == 0 && entry->envelope.len == 0 &&
                  bare == (entry->header.len == 0) && bare == (entry->signature.len == 0) &&
                  bare == (entry->device.len != 0);
    if (formed && bare) {
        return take_lost(sections, page, entry, &object);
    }
    struct revision_context context;
    struct signature signature;
    enum status status = formed && field_signature(entry->signature, &signature)
                             ? revision_context_parse(field_span(entry->context), &context)
                             : STATUS_MALFORMED;
    struct revision_header header;
    if (status == STATUS_OK) {
        status = revision_header_parse(field_span(entry->header), &header);
    }
    struct hash link;
    if (status == STATUS_OK) {
        revision_link(field_span(entry->header), &signature, &sections->common->practice, &link);
        status = ID_EQUAL(&header.context_hash, &context.hash) && ID_EQUAL(&link, &object)
                     ? STATUS_OK
                     : STATUS_CORRUPT;
    }
    return status == STATUS_OK
               ? page_take_judged(sections, page, entry, &context, &link, &signature)
               : page_bad(sections, status, "A revision is not the one that its author signed.",
                          entry->number);
}
