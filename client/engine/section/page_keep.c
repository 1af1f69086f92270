#include "client/engine/section/page.h"

#include "client/engine/common/alarm.h"
#include "client/engine/common/clock.h"
#include "client/engine/log/carried.h"
#include "client/engine/section/name.h"

/* Keeping a whole page at once, and what follows from what it holds. */

static enum status put_items(struct sections *sections, const struct section *section,
                             const struct page *page)
{
    for (size_t i = 0; i < page->item_count; i++) {
        const struct page_item *item = &page->items[i];
        uint8_t key[KEPT_KEY_BYTES];
        size_t size = kept_key(section->local, item->number, key);
        enum status status =
            storage_put(&sections->common->storage,
                        item->kind == ENTRY_REVISION ? STORAGE_REVISION : STORAGE_ENTRY,
                        span_of(key, size), span_of(item->bytes, item->size));
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* The text of one revision goes; context, header and signature stay, so that chains still
 * verify (decision 17). */
static enum status empty_one(struct sections *sections, struct section *section,
                             struct indexed *item)
{
    uint8_t key[KEPT_KEY_BYTES];
    struct span name = span_of(key, kept_key(section->local, item->number, key));
    struct span value;
    enum status status = storage_get(&sections->common->storage, STORAGE_REVISION, name, &value);
    struct kept kept;
    if (status == STATUS_OK) {
        status = kept_decode(value, item->number, &kept);
    }
    if (status != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    kept.item.state = KEPT_ERASED;
    kept.wrap = span_of(NULL, 0);
    kept.text = span_of(NULL, 0);
    uint8_t *bytes = NULL;
    size_t size = 0;
    status = kept_encode(&kept, &bytes, &size);
    if (status == STATUS_OK) {
        status =
            storage_put(&sections->common->storage, STORAGE_REVISION, name, span_of(bytes, size));
    }
    free(bytes);
    if (status == STATUS_OK) {
        status = index_drop_stored(&section->index, &sections->common->storage, section->local);
    }
    if (status == STATUS_OK) {
        section->gaps -= kept_is_gap(item->state) ? 1 : 0;
        index_erase(&section->index, item);
    }
    return status;
}

static enum status empty_note(struct sections *sections, struct section *section,
                              const struct note_id *note, uint64_t before)
{
    struct index_run run = index_note(&section->index, note);
    enum status status = STATUS_OK;
    for (size_t place = run.from; place < run.to && status == STATUS_OK; place++) {
        struct indexed *item = index_at(&section->index, place);
        if (item->number < before && item->state != KEPT_ERASED) {
            status = empty_one(sections, section, item);
        }
    }
    return status;
}

static bool has_tombstone(const struct index *index, const struct indexed *erased)
{
    struct index_run run = index_note(index, &erased->note);
    for (size_t place = run.from; place < run.to; place++) {
        const struct indexed *item = index_at(index, place);
        if (item->kind == REVISION_TOMBSTONE && item->number >= erased->number) {
            return true;
        }
    }
    return false;
}

static const struct indexed *unproved(const struct index *index)
{
    for (size_t i = 0; index->erased > 0 && i < index->count; i++) {
        if (index->items[i].state == KEPT_ERASED && !has_tombstone(index, &index->items[i])) {
            return &index->items[i];
        }
    }
    return NULL;
}

/* Of a section that is whole: an emptied revision needs its author's side to have said so. */
static enum status check_erasures(struct sections *sections, struct section *section)
{
    enum status status = section_index(sections, section);
    const struct indexed *item = status == STATUS_OK ? unproved(&section->index) : NULL;
    return item == NULL ? status
                        : alarm_stop_at(sections->common, STATUS_BAD_PROOF,
                                        "The server withholds the text of a note that nobody "
                                        "erased.",
                                        "number in the section:", item->number);
}

/* After that failed: what was kept of the section before is fetched again if it is the cause. */
static enum status forget_unproved(struct sections *sections, struct section *section)
{
    index_deinit(&section->index);
    enum status status = section_index(sections, section);
    return status == STATUS_OK && unproved(&section->index) != NULL
               ? section_forget(sections, section)
               : status;
}

static enum status erase(struct sections *sections, struct section *section,
                         const struct page *page)
{
    bool needed = page->erased;
    for (size_t i = 0; i < page->item_count; i++) {
        needed |=
            page->items[i].kind == ENTRY_REVISION && page->items[i].item.kind == REVISION_TOMBSTONE;
    }
    bool whole = page->timeline.number >= section->known;
    if (!needed && !whole) {
        return STATUS_OK;
    }
    enum status status = section_index_to(sections, section, page->timeline.number);
    for (size_t i = 0; i < page->item_count && status == STATUS_OK; i++) {
        const struct page_item *item = &page->items[i];
        if (item->kind == ENTRY_REVISION && item->item.kind == REVISION_TOMBSTONE) {
            status = empty_note(sections, section, &item->item.note, item->item.number);
        }
    }
    return status == STATUS_OK && whole ? check_erasures(sections, section) : status;
}

static enum status add_to_index(struct section *section, const struct page *page)
{
    for (size_t i = 0; i < page->item_count; i++) {
        const struct page_item *item = &page->items[i];
        enum status status = item->kind == ENTRY_REVISION
                                 ? index_add(&section->index, &item->item, item->parents)
                                 : STATUS_OK;
        if (status != STATUS_OK) {
            return status;
        }
    }
    return index_settle(&section->index);
}

/* Ends by the clock are told to the authority: the server wrote them down. */
static enum status mark_ended(struct sections *sections, const struct page *page)
{
    for (size_t i = 0; i < page->item_count; i++) {
        if (page->items[i].kind != ENTRY_ENDED) {
            continue;
        }
        enum status status = authority_mark_ended(
            sections->log->authority, &sections->items[page->section].id, &page->items[i].object);
        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            return status;
        }
    }
    return STATUS_OK;
}

static void move_on(struct section *section, struct page *page)
{
    struct timeline old = section->timeline;
    section->timeline = page->timeline;
    page->timeline = old;
    for (size_t i = 0; i < page->first_count && section->verified_count < EPOCH_STARTS_MAX; i++) {
        section->verified_device[section->verified_count++] = page->first_seen[i];
    }
    section->missing_number = 0;
}

enum status page_take_names(struct sections *sections, const struct page *page)
{
    const struct authority_section *facts =
        authority_section(sections->log->authority, &sections->items[page->section].id);
    for (size_t i = 0; i < page->item_count && facts != NULL; i++) {
        const struct page_item *item = &page->items[i];
        struct kept kept;
        if (item->kind != ENTRY_REVISION ||
            kept_decode(span_of(item->bytes, item->size), item->number, &kept) != STATUS_OK ||
            !kept.item.name) {
            continue;
        }
        enum status status = name_take(sections->names, facts, &kept.item.author, kept.text);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* What a page that was kept tells beyond its own section. It is checked already, so that all that
 * can fail here is memory; then the engine stops, and a restart reads the same from the storage. */
static enum status remember(struct sections *sections, const struct page *page)
{
    sections->revisions_verified += page->revisions;
    sections->signatures_checked += page->signatures;
    for (size_t i = 0; i < page->device_count; i++) {
        if (page->devices[i].has_seen) {
            carried_take(sections->log, &page->devices[i].device, &page->devices[i].seen);
        }
    }
    enum status status = section_chart_saw(sections, &page->chart);
    if (status == STATUS_OK) {
        status = page_take_names(sections, page);
    }
    return status == STATUS_OK ? mark_ended(sections, page) : status;
}

/* The first ask for what came just now is soon, whatever was asked for in vain before. */
static void count_gaps(const struct sections *sections, struct section *section,
                       const struct page *page)
{
    section->gaps += page->gaps;
    if (page->gaps > 0) {
        section->again.times = 0;
        common_wait(sections->common, &section->again, BACKOFF_UNOPENED);
    }
}

static enum status store(struct sections *sections, struct section *section, struct page *page)
{
    count_gaps(sections, section, page);
    enum status status = put_items(sections, section, page);
    if (status == STATUS_OK) {
        status = add_to_index(section, page);
    }
    if (status == STATUS_OK) {
        status = erase(sections, section, page);
    }
    if (status == STATUS_OK) {
        status = index_store(&section->index, &sections->common->storage, section->local);
    }
    if (status == STATUS_OK) {
        move_on(section, page);
        status = section_store(sections, section);
    }
    return status;
}

/* A section as it was, for when nothing could be kept. */
struct before {
    struct timeline timeline;
    size_t verified;
    uint64_t missing, gaps;
    struct backoff again;
};

static struct before before_of(const struct section *section)
{
    return (struct before){.timeline = section->timeline,
                           .verified = section->verified_count,
                           .missing = section->missing_number,
                           .gaps = section->gaps,
                           .again = section->again};
}

/* The index is made again when needed. */
static void put_back(struct section *section, struct page *page, const struct before *before)
{
    if (section->timeline.number != before->timeline.number) {
        page->timeline = section->timeline;
        section->timeline = before->timeline;
    }
    section->verified_count = before->verified;
    section->missing_number = before->missing;
    section->gaps = before->gaps;
    section->again = before->again;
    index_deinit(&section->index);
}

/* Of several places in one chart the highest: what is remembered is not yet what is stored. */
static enum status store_charts(const struct sections *sections, struct page *const *pages,
                                size_t count)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        const struct chart_seen *told = &pages[i]->chart;
        bool highest = true;
        for (size_t other = 0; other < count; other++) {
            highest &= !ID_EQUAL(&pages[other]->chart.chart, &told->chart) ||
                       pages[other]->chart.number <= told->number;
        }
        status = highest ? section_store_chart(sections, told) : STATUS_OK;
    }
    return status;
}

/*
 * One transaction, in this order: an erasure looks for what it empties through the index, so that
 * the page's own revisions must be stored and indexed before; the section is stored last, since its
 * number says that everything up to it is here. Only then is anybody else told of what the page
 * says: they cannot be told to forget it, and a page that was not kept comes again.
 */
enum status page_keep_all(struct sections *sections, struct page *const *pages, size_t count)
{
    const struct storage *storage = &sections->common->storage;
    CHECK(count <= SECTION_HELD_MAX);
    enum status status = storage->begin(storage->context);
    if (status != STATUS_OK) {
        return status;
    }
    size_t moved = 0;
    struct before before[SECTION_HELD_MAX];
    for (; moved < count && status == STATUS_OK; moved++) {
        struct section *section = &sections->items[pages[moved]->section];
        before[moved] = before_of(section);
        status = store(sections, section, pages[moved]);
    }
    if (status == STATUS_OK) {
        status = store_charts(sections, pages, count);
    }
    if (status == STATUS_OK) {
        status = clock_store(sections->common);
    }
    status = storage_end(storage, status);
    for (size_t i = 0; i < moved && status != STATUS_OK; i++) {
        put_back(&sections->items[pages[i]->section], pages[i], &before[i]);
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = remember(sections, pages[i]);
    }
    return status;
}

enum status page_keep(struct sections *sections, struct page *page)
{
    enum status status = page_keep_all(sections, &page, 1);
    if (status == STATUS_BAD_PROOF) {
        enum status forgot = forget_unproved(sections, &sections->items[page->section]);
        return forgot == STATUS_OK ? status : forgot;
    }
    return status;
}
