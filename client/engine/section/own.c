#include "client/engine/section/own.h"

#include "client/engine/common/alarm.h"
#include "client/engine/common/clock.h"
#include "client/engine/common/decode.h"
#include "client/engine/log/advance.h"
#include "client/engine/log/event.h"
#include "client/engine/section/page.h"

void own_drop(struct sections *sections)
{
    if (sections->own != NULL) {
        free(sections->own->asked);
    }
    free(sections->own);
    sections->own = NULL;
}

/* The object of the last thing in a submit: revisions come after statements. */
static bool last_object(const struct sections *sections, const Alcove__SubmitAsk *ask,
                        struct hash *out)
{
    const struct practice_id *practice = &sections->common->practice;
    if (ask->n_revision > 0) {
        const Alcove__Revision *revision = ask->revision[ask->n_revision - 1];
        struct signature signature;
        if (!field_signature(revision->signature, &signature)) {
            return false;
        }
        revision_link(field_span(revision->header), &signature, practice, out);
        return true;
    }
    if (ask->n_statement > 0) {
        statement_hash(field_span(ask->statement[ask->n_statement - 1]), practice, out);
    }
    return ask->n_statement > 0;
}

/* That the event is about this very submit: ours, done, and its last thing the last of the
 * section's log. */
static bool event_names(const struct sections *sections, const struct section_id *section,
                        const struct event *event, const struct hash *object)
{
    const Alcove__EventTarget *target = event->target;
    struct member_id actor;
    struct section_id id;
    struct hash named;
    return target != NULL && field_member(event->open->actor, &actor) &&
           ID_EQUAL(&actor, &sections->common->content->member) &&
           event->open->outcome == OUTCOME_OK && field_section(target->section, &id) &&
           ID_EQUAL(&id, section) && field_hash(target->object, &named) &&
           ID_EQUAL(&named, object) && target->from == target->section_number &&
           target->to == target->section_number;
}

static enum status read_event(const struct event *event, uint64_t count, struct own *own)
{
    const Alcove__EventTarget *target = event->target;
    own->last = target->section_number;
    own->first = target->section_number - count + 1;
    own->time_ms = event->open->time_ms;
    if (target->section_number < count || !field_hash(target->section_head, &own->head) ||
        !field_hash(target->section_times, &own->times)) {
        return STATUS_MALFORMED;
    }
    own->chart = (struct chart_seen){.number = target->chart_number, .leaf = event->leaf};
    return target->chart_number == 0 || field_chart(target->chart, &own->chart.chart)
               ? STATUS_OK
               : STATUS_MALFORMED;
}

static enum status prove(struct sections *sections, const struct request *request,
                         const Alcove__EventProof *proof, const Alcove__SubmitAsk *ask,
                         struct own *own)
{
    struct event event;
    struct seen_log seen;
    enum status status = event_prove(sections->log, proof, request, &event, &seen);
    struct hash object;
    if (status == STATUS_OK && (!last_object(sections, ask, &object) ||
                                !event_names(sections, &own->section, &event, &object))) {
        status = STATUS_BAD_PROOF;
    }
    if (status == STATUS_OK) {
        status = read_event(&event, ask->n_statement + ask->n_revision, own);
    }
    event_free(&event);
    if (status == STATUS_OK) {
        advance_accept(sections->log, ADVANCE_EVENTS, &seen);
        clock_saw_leaf(sections->common, own->time_ms);
    }
    return status;
}

enum status own_hold(struct sections *sections, const struct section_id *section,
                     const struct request *request, const Alcove__EventProof *proof,
                     struct span asked)
{
    own_drop(sections);
    struct arena arena = {0};
    const Alcove__SubmitAsk *ask = NULL;
    enum status status = decode_submit_ask(asked, &arena, &ask);
    if (status != STATUS_OK || proof == NULL || ask->events_size != request->events.size) {
        arena_free(&arena);
        return status;
    }
    struct own *own = calloc(1, sizeof *own);
    uint8_t *copy = malloc(asked.size);
    if (own == NULL || copy == NULL) {
        status = STATUS_NO_MEMORY;
    } else {
        memcpy(copy, asked.data, asked.size);
        *own = (struct own){.section = *section, .asked = copy, .size = asked.size};
        status = prove(sections, request, proof, ask, own);
    }
    arena_free(&arena);
    if (status == STATUS_OK) {
        sections->own = own;
        return STATUS_OK;
    }
    free(copy);
    free(own);
    return alarm_is_ours(status)
               ? status
               : alarm_stop(sections->common, status,
                            "The server cannot prove that it wrote down what it took.", "");
}

/* One after the other, as the server numbered them. STATUS_NOT_FOUND: a statement that is not known
 * here yet. */
static enum status take_entries(struct sections *sections, struct page *page,
                                const Alcove__SubmitAsk *ask)
{
    uint64_t number = page->from;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < ask->n_statement && status == STATUS_OK; i++) {
        Alcove__PageEntry entry = ALCOVE__PAGE_ENTRY__INIT;
        struct hash object;
        statement_hash(field_span(ask->statement[i]), &sections->common->practice, &object);
        entry.number = number++;
        entry.time_ms = page->time_ms;
        entry.kind = ENTRY_STATEMENT;
        entry.object = field_of(object.bytes, HASH_BYTES);
        status = page_take_entry(sections, page, &entry);
    }
    for (size_t i = 0; i < ask->n_revision && status == STATUS_OK; i++) {
        Alcove__PageEntry entry = ALCOVE__PAGE_ENTRY__INIT;
        entry.number = number++;
        entry.time_ms = page->time_ms;
        entry.kind = ENTRY_REVISION;
        entry.context = ask->revision[i]->context;
        entry.header = ask->revision[i]->header;
        entry.signature = ask->revision[i]->signature;
        entry.wrap = ask->revision[i]->wrap;
        entry.envelope = ask->revision[i]->envelope;
        status = page_take_entry(sections, page, &entry);
    }
    return status;
}

static enum status take(struct sections *sections, const struct section *section,
                        const struct own *own, const Alcove__SubmitAsk *ask)
{
    struct page *page = page_new();
    if (page == NULL) {
        return STATUS_NO_MEMORY;
    }
    page->section = (size_t)(section - sections->items);
    page->from = own->first;
    page->to = own->last;
    page->head_before = section->timeline.head;
    page->event_number = own->last;
    page->event_head = own->head;
    page->event_times = own->times;
    page->times_before = section->timeline.times;
    page->time_ms = own->time_ms;
    enum status status = page_enter(sections, page);
    if (status == STATUS_OK) {
        status = page_chart(sections, page, &own->chart);
    }
    if (status == STATUS_OK) {
        status = take_entries(sections, page, ask);
    }
    if (status == STATUS_OK) {
        status = page_finish(sections, page);
    }
    if (status == STATUS_OK) {
        status = page_keep(sections, page);
    }
    page_free(page);
    return status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status own_take(struct sections *sections)
{
    struct own *own = sections->own;
    if (own == NULL) {
        return STATUS_OK;
    }
    struct section *section = section_find(sections, &own->section);
    enum status status = STATUS_OK;
    if (section != NULL && section->started && section->ended_at == 0) {
        section->known = own->last > section->known ? own->last : section->known;
        if (section->timeline.number + 1 == own->first && section->timeline.times_known) {
            struct arena arena = {0};
            const Alcove__SubmitAsk *ask = NULL;
            status = decode_submit_ask(span_of(own->asked, own->size), &arena, &ask);
            if (status == STATUS_OK) {
                status = take(sections, section, own, ask);
            }
            arena_free(&arena);
        }
    }
    own_drop(sections);
    return status;
}
