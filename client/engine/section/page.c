#include "client/engine/section/page.h"

#include "client/engine/common/alarm.h"
#include "client/engine/common/clock.h"
#include "client/engine/common/decode.h"
#include "client/engine/log/advance.h"
#include "client/engine/log/event.h"
#include "keys/public/bytes/wipe.h"

struct page *page_new(void)
{
    struct page *page = calloc(1, sizeof *page);
    if (page != NULL) {
        authors_init(&page->authors);
    }
    return page;
}

void page_free(struct page *page)
{
    if (page == NULL) {
        return;
    }
    timeline_free(&page->timeline);
    for (size_t i = 0; i < page->item_count; i++) {
        wipe(page->items[i].bytes, page->items[i].size);
        free(page->items[i].bytes);
    }
    free(page->items);
    free(page->devices);
    authors_deinit(&page->authors);
    wipe(page->scratch, page->scratch_size);
    free(page->scratch);
    free(page);
}

void page_drop(struct request *request)
{
    page_free(request->page);
    request->page = NULL;
    free(request->pieces);
    request->pieces = NULL;
    request->pieces_size = 0;
}

/* That the event is about this very page: ours, read, of this section, from and to. */
static bool event_names(const struct sections *sections, const struct section *section,
                        const struct event *event, const Alcove__PageReply *reply)
{
    const Alcove__EventTarget *target = event->target;
    struct member_id actor;
    struct section_id id;
    return target != NULL && field_member(event->open->actor, &actor) &&
           ID_EQUAL(&actor, &sections->common->content->member) &&
           event->open->action == ACTION_READ && event->open->outcome == OUTCOME_OK &&
           field_section(target->section, &id) && ID_EQUAL(&id, &section->id) &&
           target->from == reply->from && target->to == reply->to &&
           target->section_number >= reply->to;
}

static enum status see_chart(const struct sections *sections, struct page *page,
                             const struct event *event)
{
    struct chart_seen told = {.number = event->target->chart_number, .leaf = event->leaf};
    if (told.number == 0) {
        return STATUS_OK;
    }
    if (!field_chart(event->target->chart, &told.chart)) {
        return STATUS_MALFORMED;
    }
    return page_chart(sections, page, &told);
}

/* The working copy; the section's own stays as it is until the page is whole. */
static enum status copy_timeline(const struct timeline *from, struct timeline *out)
{
    *out = *from;
    out->device_capacity = from->device_count;
    out->devices = NULL;
    if (from->device_count == 0) {
        return STATUS_OK;
    }
    out->devices = malloc(from->device_count * sizeof *from->devices);
    if (out->devices == NULL) {
        *out = (struct timeline){0};
        return STATUS_NO_MEMORY;
    }
    memcpy(out->devices, from->devices, from->device_count * sizeof *from->devices);
    return STATUS_OK;
}

static enum status fill(struct sections *sections, struct request *request, struct page *page,
                        const Alcove__PageReply *reply)
{
    struct event event;
    enum status status = event_prove(sections->log, reply->proof, request, &event, &page->seen);
    if (status == STATUS_OK &&
        !event_names(sections, &sections->items[request->section], &event, reply)) {
        status = STATUS_BAD_PROOF;
    }
    if (status == STATUS_OK && (!field_hash(event.target->section_head, &page->event_head) ||
                                !field_hash(event.target->section_times, &page->event_times))) {
        status = STATUS_MALFORMED;
    }
    if (status == STATUS_OK) {
        page->event_number = event.target->section_number;
        page->time_ms = event.open->time_ms;
        status = see_chart(sections, page, &event);
    }
    event_free(&event);
    if (status == STATUS_OK &&
        (!field_optional(reply->section_head_before, page->head_before.bytes, HASH_BYTES) ||
         !field_optional(reply->section_times_before, page->times_before.bytes, HASH_BYTES))) {
        status = STATUS_MALFORMED;
    }
    return status;
}

/* That the event says of the section's end what the entries up to there give. */
static bool event_ends(const struct page *page, const struct timeline *timeline)
{
    return ID_EQUAL(&timeline->head, &page->event_head) &&
           (!timeline->times_known || ID_EQUAL(&timeline->times, &page->event_times));
}

enum status page_reply(struct sections *sections, struct request *request,
                       const Alcove__PageReply *reply)
{
    struct section *section = &sections->items[request->section];
    struct page *page = page_new();
    if (page == NULL) {
        return STATUS_NO_MEMORY;
    }
    page->section = request->section;
    page->again = request->again;
    enum status status = reply->from == request->from && reply->to >= reply->from
                             ? fill(sections, request, page, reply)
                             : STATUS_BAD_PROOF;
    if (status != STATUS_OK) {
        page_free(page);
        if (alarm_is_ours(status)) {
            return status;
        }
        return alarm_stop_at(sections->common, status,
                             reply->to < reply->from
                                 ? "The server does not hand out what it said is new."
                                 : "The server cannot prove that it wrote down what it hands out.",
                             "page from number", request->from);
    }
    /* Ours from here on, whatever the entries turn out to be: the checkpoint is signed, extends
     * what we had, and shows that this reading was written down. */
    advance_accept(sections->log, ADVANCE_EVENTS, &page->seen);
    clock_saw_leaf(sections->common, page->time_ms);
    page->from = reply->from;
    page->to = reply->to;
    if (page->event_number > section->known) {
        section->known = page->event_number;
    }
    request->chunks = true;
    if (request->discard) {
        page_free(page);
        return STATUS_OK;
    }
    sections->bytes_expected += reply->bytes;
    request->page = page;
    return page->event_number > page->to && !page->again
               ? page_ask_from(sections, request->section, page->to + 1)
               : STATUS_OK;
}

/* What was asked for after a page that is dropped has no place any more. */
static void discard_after(struct sections *sections, const struct request *dropped)
{
    for (size_t i = 0; i < REQUEST_SLOTS; i++) {
        struct request *request = &sections->common->requests.slots[i];
        if (request->used && request != dropped && request->op == OP_PAGE &&
            request->section == dropped->section) {
            page_drop(request);
            request->discard = true;
        }
    }
}

enum status page_enter(struct sections *sections, struct page *page)
{
    const struct section *section = &sections->items[page->section];
    page->entered = true;
    if (page->again) {
        page->timeline.number = page->from - 1;
        return STATUS_OK;
    }
    if (section->timeline.number + 1 != page->from ||
        !ID_EQUAL(&section->timeline.head, &page->head_before)) {
        return alarm_stop_at(sections->common, STATUS_EQUIVOCATION,
                             "The server shows another history of a section than before.",
                             "up to number", page->from - 1);
    }
    enum status status = copy_timeline(&section->timeline, &page->timeline);
    if (status == STATUS_OK && !timeline_take_times(&page->timeline, &page->times_before)) {
        status = alarm_stop_at(sections->common, STATUS_EQUIVOCATION,
                               "The server shows other times of a section's entries than before.",
                               "up to number", page->from - 1);
    }
    return status;
}

enum status page_finish(struct sections *sections, struct page *page)
{
    if (page->timeline.number != page->to || page->timeline.time_ms > page->time_ms ||
        (!page->again && page->event_number == page->to && !event_ends(page, &page->timeline))) {
        return alarm_stop_at(sections->common, STATUS_BAD_PROOF,
                             "A section's entries are not those that the access log names.",
                             "up to number", page->to);
    }
    enum status status = page->again ? STATUS_OK : page_take_signatures(sections, page);
    if (status == STATUS_OK && !page->again) {
        backoff_well(&sections->items[page->section].stopped);
        sections->stopped_in_row = 0;
    }
    return status;
}

/* Whole and checked: kept, now or with those of other sections. Pages that wait are kept before one
 * that cannot wait, which is compared with what they tell. */
static enum status settle(struct sections *sections, struct request *request)
{
    struct page *page = request->page;
    enum status status = page_finish(sections, page);
    if (status != STATUS_OK) {
        return status;
    }
    if (page_hold(sections, page)) {
        request->page = NULL;
        return STATUS_OK;
    }
    status = page_keep_held(sections);
    if (status == STATUS_OK && !page->again && page->chart.number > 0) {
        status = section_chart_fits(sections, &page->chart);
        status =
            status == STATUS_OK
                ? status
                : page_bad(sections, status,
                           "The server shows this author another history of the chart than us.",
                           page->to);
    }
    if (status != STATUS_OK) {
        return status;
    }
    return page->again ? page_again_keep(sections, page) : page_keep(sections, page);
}

/* The entry named a statement that we do not have: the chains moved on meanwhile. Once. */
static enum status fetch_chains(struct sections *sections, struct request *request,
                                const struct page *page)
{
    struct section *section = &sections->items[page->section];
    uint64_t number = page->timeline.number + 1;
    if (section->missing_number == number) {
        return alarm_stop_at(sections->common, STATUS_BAD_CHAIN,
                             "A section's log names a statement that the server does not show.",
                             "number in the section:", number);
    }
    section->missing_number = number;
    sections->common->wants.checkpoint = true;
    sections->common->wants.state = true;
    discard_after(sections, request);
    page_drop(request);
    return STATUS_OK;
}

static enum status take_chunk(struct sections *sections, struct request *request,
                              const Alcove__PageChunk *chunk)
{
    struct page *page = request->page;
    enum status status = STATUS_OK;
    if (page != NULL && !page->entered) {
        status = page_enter(sections, page);
    }
    for (size_t i = 0; i < chunk->n_entry && status == STATUS_OK && page != NULL; i++) {
        status = page->again ? page_again_entry(sections, page, chunk->entry[i])
                             : page_take_entry(sections, page, chunk->entry[i]);
        if (status == STATUS_NOT_FOUND) {
            status = fetch_chains(sections, request, page);
            page = NULL;
        }
    }
    if (status != STATUS_OK || (!chunk->last && chunk->status == STATUS_OK)) {
        return status;
    }
    if (page != NULL && chunk->status == STATUS_OK) {
        status = settle(sections, request);
    } else if (chunk->status != STATUS_OK) {
        /* Stopped on the way, by a removal for instance: what we hold stays as it was. What the
         * server cannot read it could not read at once again either. */
        page_stopped(sections, request->section, common_code(chunk->status));
        sections->common->wants.state |= chunk->status == STATUS_REFUSED;
        discard_after(sections, request);
    }
    page_drop(request);
    request_release(request);
    return status;
}

static enum status add_piece(struct request *request, struct span body)
{
    if (body.size > PAGE_CHUNK_BYTES_MAX - request->pieces_size) {
        return STATUS_TOO_LARGE;
    }
    uint8_t *pieces = realloc(request->pieces, request->pieces_size + body.size + 1);
    if (pieces == NULL) {
        return STATUS_NO_MEMORY;
    }
    memcpy(pieces + request->pieces_size, body.data, body.size);
    request->pieces = pieces;
    request->pieces_size += body.size;
    return STATUS_OK;
}

/* A stream that is stopped within a chunk ends with a chunk of its own, which only says why:
 * what came of the unfinished one is dropped. */
static enum status decode_last(const struct request *request, struct span body, struct arena *arena,
                               const Alcove__PageChunk **out_chunk)
{
    if (request->pieces_size == 0) {
        return decode_page_chunk(body, arena, out_chunk);
    }
    enum status status =
        decode_page_chunk(span_of(request->pieces, request->pieces_size), arena, out_chunk);
    if (status == STATUS_MALFORMED) {
        status = decode_page_chunk(body, arena, out_chunk);
        if (status == STATUS_OK &&
            ((*out_chunk)->status == STATUS_OK || (*out_chunk)->n_entry > 0)) {
            status = STATUS_MALFORMED;
        }
    }
    return status;
}

enum status page_chunk(struct sections *sections, struct request *request, bool more,
                       struct span body)
{
    sections->bytes_received += body.size;
    enum status status = STATUS_OK;
    if (more || request->pieces_size > 0) {
        status = add_piece(request, body);
    }
    if (status == STATUS_OK && more) {
        return STATUS_OK;
    }
    struct arena arena = {0};
    const Alcove__PageChunk *chunk = NULL;
    if (status == STATUS_OK) {
        status = decode_last(request, body, &arena, &chunk);
    }
    free(request->pieces);
    request->pieces = NULL;
    request->pieces_size = 0;
    if (status == STATUS_OK) {
        status = take_chunk(sections, request, chunk);
    } else if (!alarm_is_ours(status)) {
        status =
            alarm_stop(sections->common, status, "The server sent something that is no page.", "");
    }
    arena_free(&arena);
    return status;
}
