#include "client/engine/section/page.h"

/* Asking for pages. */

enum status page_ask_range(struct sections *sections, size_t index, uint64_t from, uint64_t to,
                           bool again)
{
    const struct section *section = &sections->items[index];
    Alcove__PageAsk ask;
    alcove__page_ask__init(&ask);
    ask.section = field_of(section->id.bytes, ID_BYTES);
    ask.from = from;
    ask.to = to;
    ask.events_size = sections->log->events.size;
    ask.purpose = section_purpose(sections, &section->id);
    struct request *request = NULL;
    enum status status =
        request_ask(&sections->common->requests, OP_PAGE, NULL, &ask.base, &request);
    if (status == STATUS_OK) {
        request->section = index;
        request->again = again;
        request->from = from;
        request->to = to;
        request->events = sections->log->events;
        request->statements = sections->log->statements;
        request->newest_ms = sections->common->clock.newest_leaf_ms;
    }
    return status;
}

uint64_t page_ask_end(const struct sections *sections, uint64_t from)
{
    uint32_t entries = sections->common->config.page_entries;
    return from + (entries > 0 ? entries : ENGINE_PAGE_ENTRIES) - 1;
}

enum status page_ask_from(struct sections *sections, size_t index, uint64_t from)
{
    return page_ask_range(sections, index, from, page_ask_end(sections, from), false);
}

enum status page_ask(struct sections *sections, size_t section)
{
    return page_ask_from(sections, section, sections->items[section].timeline.number + 1);
}

void page_stopped(struct sections *sections, size_t index, enum status why)
{
    if (why == STATUS_UNAVAILABLE) {
        common_wait(sections->common, &sections->items[index].stopped, BACKOFF_CORRUPT);
        sections->stopped_in_row++;
    }
    if (why != STATUS_UNAVAILABLE || sections->stopped_in_row > 1) {
        common_retry_later(sections->common, why);
    }
}
