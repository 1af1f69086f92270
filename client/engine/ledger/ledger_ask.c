#include "client/engine/ledger/ledger_inside.h"

#include "client/engine/exchange/sync_reply.h"

/* The requests behind ledger.h, page by page. */

static ProtobufCBinaryData id_or_none(const uint8_t id[ID_BYTES])
{
    static const uint8_t none[ID_BYTES];
    return memcmp(id, none, ID_BYTES) == 0 ? field_of(NULL, 0) : field_of(id, ID_BYTES);
}

static uint32_t page_limit(const struct ledger *ledger)
{
    if (ledger->query.limit == 0) {
        return EVENTS_PER_PAGE_MAX;
    }
    size_t left = ledger->query.limit - ledger->event_count;
    return left < EVENTS_PER_PAGE_MAX ? (uint32_t)left : EVENTS_PER_PAGE_MAX;
}

static enum status ask_events(struct engine *engine, struct ledger *ledger)
{
    const struct ledger_query *query = &ledger->query;
    Alcove__EventsAsk ask;
    alcove__events_ask__init(&ask);
    ask.scope = query->scope;
    ask.chart = id_or_none(query->chart.bytes);
    ask.actor = id_or_none(query->actor.bytes);
    ask.section = id_or_none(query->section.bytes);
    ask.action = query->action;
    ask.outcome = query->outcome;
    ask.time_from_ms = query->time_from_ms;
    ask.time_to_ms = query->time_to_ms;
    ask.after = ledger->after;
    ask.limit = page_limit(ledger);
    ask.events_size = engine->events.size;
    struct request *request = NULL;
    enum status status = request_ask(&engine->requests, OP_EVENTS, NULL, &ask.base, &request);
    if (status == STATUS_OK) {
        request->ticket = ledger->ticket;
        request->events = engine->events;
    }
    return status;
}

static enum status ask_leaves(struct engine *engine, struct ledger *ledger)
{
    uint64_t goal = ledger->goal.size > 0 ? ledger->goal.size : engine->events.size;
    uint64_t left = goal - ledger->leaf_count;
    Alcove__EventLeavesAsk ask;
    alcove__event_leaves_ask__init(&ask);
    ask.from = ledger->leaf_count;
    ask.to = ledger->leaf_count + (left < EVENTS_PER_PAGE_MAX ? left : EVENTS_PER_PAGE_MAX);
    ask.events_size = engine->events.size;
    struct request *request = NULL;
    enum status status = request_ask(&engine->requests, OP_EVENT_LEAVES, NULL, &ask.base, &request);
    if (status == STATUS_OK) {
        request->ticket = ledger->ticket;
        request->events = engine->events;
        request->to = ask.to;
    }
    return status;
}

static enum status ask_section(struct engine *engine, struct ledger *ledger)
{
    Alcove__PageAsk ask;
    alcove__page_ask__init(&ask);
    ask.section = field_of(ledger->query.section.bytes, ID_BYTES);
    ask.from = 1;
    struct request *request = NULL;
    enum status status = request_ask(&engine->requests, OP_PAGE, NULL, &ask.base, &request);
    if (status == STATUS_OK) {
        request->ticket = ledger->ticket;
    }
    return status;
}

static enum status ask_one(struct engine *engine, struct ledger *ledger)
{
    if (ledger->kind == LEDGER_TRY) {
        return ask_section(engine, ledger);
    }
    return ledger->kind == LEDGER_ALL ? ask_leaves(engine, ledger) : ask_events(engine, ledger);
}

enum status ledger_next(struct engine *engine, bool *out_asked)
{
    struct ledger *ledger = engine->ledgers;
    while (ledger != NULL && ledger->state != ENGINE_WISH_WAITING) {
        ledger = ledger->next;
    }
    *out_asked = false;
    if (ledger == NULL) {
        return STATUS_OK;
    }
    enum status status = ask_one(engine, ledger);
    if (status == STATUS_OK) {
        ledger->state = ENGINE_WISH_SENT;
        *out_asked = true;
    }
    return status;
}

static struct event *room(struct ledger *ledger)
{
    if (ledger->event_count == ledger->event_capacity) {
        size_t capacity = ledger->event_capacity == 0 ? 64 : ledger->event_capacity * 2;
        struct event *events = realloc(ledger->events, capacity * sizeof *events);
        if (events == NULL) {
            return NULL;
        }
        ledger->events = events;
        ledger->event_capacity = capacity;
    }
    return &ledger->events[ledger->event_count];
}

/* A chart's history comes by its running number, oldest first; all else newest first. */
static bool in_order(const struct ledger *ledger, const struct event *event)
{
    if (ledger->event_count == 0) {
        return true;
    }
    uint64_t before = ledger->events[ledger->event_count - 1].seq;
    return ledger->query.scope == ACTION_LOG_CHART ? event->seq > before : event->seq < before;
}

static enum status take_events(struct engine *engine, struct ledger *ledger,
                               const Alcove__EventsReply *reply)
{
    for (size_t i = 0; i < reply->n_leaf; i++) {
        struct event *event = room(ledger);
        if (event == NULL) {
            return STATUS_NO_MEMORY;
        }
        enum status status = event_take(engine, reply->leaf[i], event);
        if (status == STATUS_OK && !in_order(ledger, event)) {
            status = STATUS_BAD_PROOF;
        }
        if (status == STATUS_OK && ledger->kind == LEDGER_CHART) {
            status = ledger_check_chart(engine, ledger, event);
        }
        if (status != STATUS_OK) {
            event_free(event);
            return status;
        }
        ledger->event_count++;
    }
    return STATUS_OK;
}

/* Where the next page begins; false when there is none, or the server would lead us round. */
static bool goes_on(struct ledger *ledger, const Alcove__EventsReply *reply, bool grew)
{
    uint64_t before = ledger->after;
    const struct event *last = grew ? &ledger->events[ledger->event_count - 1] : NULL;
    if (ledger->query.scope == ACTION_LOG_CHART) {
        ledger->after = grew && last->target != NULL ? last->target->chart_number : before;
        return reply->more && grew;
    }
    ledger->after = reply->scanned_to;
    return reply->more && reply->scanned_to != 0 && (before == 0 || reply->scanned_to < before);
}

static enum status on_events(struct engine *engine, struct ledger *ledger,
                             const struct request *request, const Alcove__EventsReply *reply)
{
    struct seen_log seen;
    size_t before = ledger->event_count;
    enum status status =
        advance_check(engine, ADVANCE_EVENTS, reply->advance, &request->events, &seen);
    if (status == STATUS_OK) {
        status = take_events(engine, ledger, reply);
    }
    if (status == STATUS_OK && ledger->event_count > before) {
        const struct event *last = &ledger->events[ledger->event_count - 1];
        status =
            event_included(&last->leaf, last->seq, reply->inclusion, reply->n_inclusion, &seen);
    }
    if (status != STATUS_OK) {
        return status;
    }
    advance_accept(engine, ADVANCE_EVENTS, &seen);
    bool full = ledger->query.limit > 0 && ledger->event_count >= ledger->query.limit;
    if (goes_on(ledger, reply, ledger->event_count > before) && !full) {
        ledger->state = ENGINE_WISH_WAITING;
        return STATUS_OK;
    }
    if (ledger->kind == LEDGER_CHART) {
        status = ledger_check_chart_end(engine, ledger);
    }
    if (status == STATUS_OK) {
        ledger_end(engine, ledger, STATUS_OK,
                   "The history is whole: every event links to the one before.");
    }
    return status;
}

static enum status set_goal(struct ledger *ledger, const Alcove__EventLeavesReply *reply,
                            const struct seen_log *seen)
{
    if (ledger->note != NULL) {
        return STATUS_OK;
    }
    ledger->note = malloc(reply->advance->checkpoint.len + 1);
    if (ledger->note == NULL) {
        return STATUS_NO_MEMORY;
    }
    ledger->note_size = reply->advance->checkpoint.len;
    memcpy(ledger->note, reply->advance->checkpoint.data, ledger->note_size);
    ledger->goal = *seen;
    return STATUS_OK;
}

static enum status on_leaves(struct engine *engine, struct ledger *ledger,
                             const struct request *request, const Alcove__EventLeavesReply *reply)
{
    struct seen_log seen;
    enum status status =
        advance_check(engine, ADVANCE_EVENTS, reply->advance, &request->events, &seen);
    if (status == STATUS_OK) {
        status = set_goal(ledger, reply, &seen);
    }
    if (status == STATUS_OK && reply->n_leaf == 0) {
        status = STATUS_BAD_PROOF;
    }
    for (size_t i = 0; i < reply->n_leaf && status == STATUS_OK; i++) {
        if (ledger->leaf_count == ledger->goal.size) {
            break;
        }
        struct event event;
        status = event_take(engine, reply->leaf[i], &event);
        if (status == STATUS_OK) {
            status = ledger_check_all(ledger, &event, reply->leaf[i]);
        }
        event_free(&event);
    }
    if (status != STATUS_OK) {
        return status;
    }
    advance_accept(engine, ADVANCE_EVENTS, &seen);
    if (ledger->leaf_count < ledger->goal.size) {
        ledger->state = ENGINE_WISH_WAITING;
        return STATUS_OK;
    }
    struct hash root;
    merkle_frontier_root(&ledger->frontier, &root);
    if (!ID_EQUAL(&root, &ledger->goal.root)) {
        return STATUS_BAD_PROOF;
    }
    ledger_end(engine, ledger, STATUS_OK,
               "Every leaf of the log was read: the root is the signed one, and the running "
               "numbers of every chart and section hold.");
    return STATUS_OK;
}

static enum status failed(struct engine *engine, struct ledger *ledger, enum status status)
{
    const char *reason = status == STATUS_REWOUND
                             ? "The history is shorter than what was seen of it before."
                         : status == STATUS_EQUIVOCATION
                             ? "The history is another than the one that was seen before."
                             : "The server's access log does not hold together.";
    ledger_end(engine, ledger, status, reason);
    return alarm_stop_at(engine, status, reason, "events looked at:", ledger->verdict.events);
}

enum status ledger_reply(struct engine *engine, struct request *request, uint32_t code,
                         struct span body)
{
    struct ledger *ledger = engine->ledgers;
    while (ledger != NULL && ledger->ticket != request->ticket) {
        ledger = ledger->next;
    }
    CHECK(ledger != NULL); /* one that was sent cannot be dropped */
    if (code == STATUS_BUSY || code == STATUS_UNAVAILABLE) {
        ledger->state = ENGINE_WISH_WAITING;
        engine->retry_at_ms = engine->now_ms + SYNC_RETRY_MS;
        return STATUS_OK;
    }
    if (code != STATUS_OK) {
        ledger_end(engine, ledger,
                   code < STATUS_BAD_SIGNATURE ? (enum status)code : STATUS_MALFORMED,
                   "The server refused.");
        return STATUS_OK;
    }
    if (ledger->kind == LEDGER_TRY) {
        return failed(engine, ledger, STATUS_MALFORMED);
    }
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    bool all = ledger->kind == LEDGER_ALL;
    enum status status = message_decode(all ? &alcove__event_leaves_reply__descriptor
                                            : &alcove__events_reply__descriptor,
                                        body, &arena, &message);
    if (status == STATUS_OK) {
        const void *reply = message;
        status = all ? on_leaves(engine, ledger, request, reply)
                     : on_events(engine, ledger, request, reply);
    }
    arena_free(&arena);
    return status == STATUS_OK || alarm_is_ours(status) ? status : failed(engine, ledger, status);
}
