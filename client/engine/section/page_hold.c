#include "client/engine/section/page.h"

/* Pages that wait for others, to be kept in one transaction with them. */

static size_t size_of(const struct page *page)
{
    size_t size = 0;
    for (size_t i = 0; i < page->item_count; i++) {
        size += page->items[i].size;
    }
    return size;
}

/* What page_keep would still judge is judged at once: texts that were emptied, and places in a
 * chart, which are compared with what was remembered and not with what waits. */
static bool may_wait(const struct sections *sections, const struct page *page)
{
    const struct section *section = &sections->items[page->section];
    bool whole = page->timeline.number >= section->known;
    bool emptied = page->erased || (section->index.built ? section->index.erased > 0
                                                         : section->timeline.number > 0);
    for (size_t i = 0; i < sections->held.count; i++) {
        const struct chart_seen *other = &sections->held.pages[i]->chart;
        if (ID_EQUAL(&other->chart, &page->chart.chart) && other->number == page->chart.number &&
            !ID_EQUAL(&other->leaf, &page->chart.leaf)) {
            return false;
        }
    }
    return !page->again && whole && !emptied && !section->held;
}

bool page_hold(struct sections *sections, struct page *page)
{
    struct held_pages *held = &sections->held;
    size_t size = size_of(page);
    if (!may_wait(sections, page) || held->count == SECTION_HELD_MAX ||
        size > SECTION_HELD_BYTES_MAX - held->bytes) {
        return false;
    }
    held->pages[held->count++] = page;
    held->bytes += size;
    sections->items[page->section].held = true;
    return true;
}

void page_drop_held(struct sections *sections)
{
    struct held_pages *held = &sections->held;
    for (size_t i = 0; i < held->count; i++) {
        sections->items[held->pages[i]->section].held = false;
        page_free(held->pages[i]);
    }
    *held = (struct held_pages){.count = 0};
}

enum status page_keep_held(struct sections *sections)
{
    struct held_pages *held = &sections->held;
    if (held->count == 0) {
        return STATUS_OK;
    }
    enum status status = page_keep_all(sections, held->pages, held->count);
    page_drop_held(sections);
    return status;
}
