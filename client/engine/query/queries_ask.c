#include "client/engine/query/queries.h"

#include "client/engine/common/alarm.h"
#include "client/engine/log/advance.h"
#include "keys/public/bytes/array.h"

/* The requests behind query.h, page by page. */

/* What the server cannot answer is not asked for ever: a person waits for it. */
#define REFUSED_MAX 3u

static ProtobufCBinaryData id_or_none(const uint8_t id[ID_BYTES])
{
    static const uint8_t none[ID_BYTES];
    return memcmp(id, none, ID_BYTES) == 0 ? field_of(NULL, 0) : field_of(id, ID_BYTES);
}

static uint32_t page_limit(const struct query *query)
{
    if (query->terms.limit == 0) {
        return EVENTS_PER_PAGE_MAX;
    }
    size_t left = query->terms.limit - query->event_count;
    return left < EVENTS_PER_PAGE_MAX ? (uint32_t)left : EVENTS_PER_PAGE_MAX;
}

static enum status ask_events(struct queries *queries, struct query *query)
{
    const struct query_terms *terms = &query->terms;
    Alcove__EventsAsk ask;
    alcove__events_ask__init(&ask);
    ask.scope = terms->scope;
    ask.chart = id_or_none(terms->chart.bytes);
    ask.actor = id_or_none(terms->actor.bytes);
    ask.section = id_or_none(terms->section.bytes);
    ask.action = terms->action;
    ask.outcome = terms->outcome;
    ask.time_from_ms = terms->time_from_ms;
    ask.time_to_ms = terms->time_to_ms;
    ask.after = query->after;
    ask.limit = page_limit(query);
    ask.events_size = queries->log->events.size;
    struct request *request = NULL;
    enum status status =
        request_ask(&queries->common->requests, OP_EVENTS, NULL, &ask.base, &request);
    if (status == STATUS_OK) {
        request->ticket = query->ticket;
        request->events = queries->log->events;
    }
    return status;
}

static enum status ask_leaves(struct queries *queries, struct query *query)
{
    uint64_t goal = query->goal.size > 0 ? query->goal.size : queries->log->events.size;
    uint64_t left = goal - query->leaf_count;
    Alcove__EventLeavesAsk ask;
    alcove__event_leaves_ask__init(&ask);
    ask.from = query->leaf_count;
    ask.to = query->leaf_count + (left < EVENTS_PER_PAGE_MAX ? left : EVENTS_PER_PAGE_MAX);
    ask.events_size = queries->log->events.size;
    struct request *request = NULL;
    enum status status =
        request_ask(&queries->common->requests, OP_EVENT_LEAVES, NULL, &ask.base, &request);
    if (status == STATUS_OK) {
        request->ticket = query->ticket;
        request->events = queries->log->events;
        request->to = ask.to;
    }
    return status;
}

static enum status ask_section(struct queries *queries, struct query *query)
{
    Alcove__PageAsk ask;
    alcove__page_ask__init(&ask);
    ask.section = field_of(query->terms.section.bytes, ID_BYTES);
    ask.from = 1;
    struct request *request = NULL;
    enum status status =
        request_ask(&queries->common->requests, OP_PAGE, NULL, &ask.base, &request);
    if (status == STATUS_OK) {
        request->ticket = query->ticket;
    }
    return status;
}

static enum status ask_one(struct queries *queries, struct query *query)
{
    if (query->kind == QUERY_TRY) {
        return ask_section(queries, query);
    }
    return query->kind == QUERY_ALL ? ask_leaves(queries, query) : ask_events(queries, query);
}

/* What was proved, from the beginning or from the last proof on. */
static const char *proof_of(const struct query *query)
{
    if (query->kind == QUERY_ALL) {
        return query->from == 0
                   ? "Every leaf of the log was read: the root is the signed one, and the running "
                     "numbers of every chart and section hold."
                   : "Every leaf since the last proof was read: with what was proved before, the "
                     "root is the signed one, and the running numbers of every chart and section "
                     "hold.";
    }
    return query->from == 0 ? "The history is whole: every event links to the one before."
                            : "The history goes on without a gap from where it was proved last: "
                              "every event links to the one before.";
}

/* All that was read holds. */
static void end_well(struct queries *queries, struct query *query, const char *reason)
{
    char text[ENGINE_ALARM_CHARS_MAX];
    queries_tell_gaps(query, text, sizeof text);
    bool proves = query->kind != QUERY_ASK && query->gap_count > 0;
    queries_end(queries, query, proves ? STATUS_CORRUPT : STATUS_OK, proves ? text : reason);
}

/* What cannot be kept is proved from the beginning the next time, which is no reason to doubt it. */
static void proved(struct queries *queries, struct query *query)
{
    if (query->gap_count == 0) { /* damaged ones are told of by every proof */
        (void)!queries_keep_proved(queries, query);
    }
    end_well(queries, query, proof_of(query));
}

static bool root_holds(const struct query *query, const struct hash *root)
{
    struct hash have;
    merkle_frontier_root(&query->frontier, &have);
    return ID_EQUAL(&have, root);
}

/* Nobody wrote anything since the last proof, so that there is nothing to ask for: done. */
static bool nothing_new(struct queries *queries, struct query *query)
{
    const struct seen_log *events = &queries->log->events;
    if (query->kind != QUERY_ALL || query->from == 0 || query->goal.size > 0 ||
        query->leaf_count != events->size) {
        return false;
    }
    if (!root_holds(query, &events->root)) {
        queries_begin_anew(query);
        return false;
    }
    query->goal = *events;
    proved(queries, query);
    return true;
}

enum status queries_next(struct queries *queries, bool *out_asked)
{
    struct query *query = queries->first;
    while (query != NULL && query->state != ENGINE_WISH_WAITING) {
        query = query->next;
    }
    *out_asked = false;
    if (query == NULL) {
        return STATUS_OK;
    }
    if (query->goes_on) {
        query->goes_on = false;
        queries_take_up(queries, query);
    }
    if (nothing_new(queries, query)) {
        return STATUS_OK;
    }
    enum status status = ask_one(queries, query);
    if (status == STATUS_OK) {
        query->state = ENGINE_WISH_SENT;
        *out_asked = true;
    }
    return status;
}

static struct event *room(struct query *query)
{
    if (array_grow(&query->events, &query->event_capacity, query->event_count + 1,
                   sizeof *query->events) != STATUS_OK) {
        return NULL;
    }
    return &query->events[query->event_count];
}

/* A chart's history comes by its running number, oldest first; all else newest first. */
static bool in_order(const struct query *query, const struct event *event)
{
    if (query->event_count == 0) {
        return true;
    }
    uint64_t before = query->events[query->event_count - 1].seq;
    return query->terms.scope == ACTION_LOG_CHART ? event->seq > before : event->seq < before;
}

static enum status take_events(struct queries *queries, struct query *query,
                               const Alcove__EventsReply *reply)
{
    for (size_t i = 0; i < reply->n_leaf; i++) {
        struct event *event = room(query);
        if (event == NULL) {
            return STATUS_NO_MEMORY;
        }
        enum status status = event_take(queries->log, reply->leaf[i], event);
        if (status == STATUS_OK && !in_order(query, event)) {
            status = STATUS_BAD_PROOF;
        }
        if (status == STATUS_OK && query->kind == QUERY_CHART) {
            status = queries_check_chart(queries, query, event);
        }
        if (status != STATUS_OK) {
            event_free(event);
            return status;
        }
        query->event_count++;
    }
    return STATUS_OK;
}

/* Where the next page begins; false when there is none, or the server would lead us round. */
static bool goes_on(struct query *query, const Alcove__EventsReply *reply, bool grew)
{
    uint64_t before = query->after;
    const struct event *last = grew ? &query->events[query->event_count - 1] : NULL;
    if (query->terms.scope == ACTION_LOG_CHART) {
        bool numbered = grew && (last->target != NULL || last->damaged);
        query->after = !numbered                               ? before
                       : last->damaged || last->target == NULL ? query->number
                                                               : last->target->chart_number;
        return reply->more && grew;
    }
    query->after = reply->scanned_to;
    return reply->more && reply->scanned_to != 0 && (before == 0 || reply->scanned_to < before);
}

/* The checkpoint is accepted last: what it is accepted with must first be shown to lie in it. */
static enum status on_events(struct queries *queries, struct query *query,
                             const struct request *request, const Alcove__EventsReply *reply,
                             bool *out_extends)
{
    size_t before = query->event_count;
    struct seen_log seen;
    enum status status =
        advance_check(queries->log, ADVANCE_EVENTS, reply->advance, &request->events, &seen);
    *out_extends = status == STATUS_OK;
    if (status == STATUS_OK) {
        status = take_events(queries, query, reply);
    }
    if (status == STATUS_OK && query->event_count > before) {
        const struct event *last = &query->events[query->event_count - 1];
        status =
            event_included(&last->leaf, last->seq, reply->inclusion, reply->n_inclusion, &seen);
    }
    if (status != STATUS_OK) {
        return status;
    }
    bool full = query->terms.limit > 0 && query->event_count >= query->terms.limit;
    bool more = goes_on(query, reply, query->event_count > before) && !full;
    if (!more && query->kind == QUERY_CHART) {
        status = queries_check_chart_end(queries, query);
    }
    if (status != STATUS_OK) {
        return status;
    }
    advance_accept(queries->log, ADVANCE_EVENTS, &seen);
    if (more) {
        query->state = ENGINE_WISH_WAITING;
    } else if (query->kind == QUERY_CHART) {
        proved(queries, query);
    } else {
        end_well(queries, query, NULL);
    }
    return STATUS_OK;
}

/* The first reply's checkpoint stays the goal: the log grows while it is read, also by this. */
static enum status set_goal(struct query *query, const Alcove__EventLeavesReply *reply,
                            const struct seen_log *seen)
{
    if (query->note != NULL) {
        return STATUS_OK;
    }
    query->note = malloc(reply->advance->checkpoint.len + 1);
    if (query->note == NULL) {
        return STATUS_NO_MEMORY;
    }
    query->note_size = reply->advance->checkpoint.len;
    memcpy(query->note, reply->advance->checkpoint.data, query->note_size);
    query->goal = *seen;
    return STATUS_OK;
}

static enum status on_leaves(struct queries *queries, struct query *query,
                             const struct request *request, const Alcove__EventLeavesReply *reply,
                             bool *out_extends)
{
    struct seen_log seen;
    enum status status =
        advance_check(queries->log, ADVANCE_EVENTS, reply->advance, &request->events, &seen);
    *out_extends = status == STATUS_OK;
    if (status == STATUS_OK) {
        status = set_goal(query, reply, &seen);
    }
    if (status == STATUS_OK && reply->n_leaf == 0) {
        status = STATUS_BAD_PROOF;
    }
    for (size_t i = 0; i < reply->n_leaf && status == STATUS_OK; i++) {
        if (query->leaf_count == query->goal.size) {
            break;
        }
        struct event event;
        status = event_take(queries->log, reply->leaf[i], &event);
        if (status == STATUS_OK) {
            status = queries_check_all(queries, query, &event, reply->leaf[i]);
        }
        event_free(&event);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (query->leaf_count < query->goal.size) {
        advance_accept(queries->log, ADVANCE_EVENTS, &seen);
        query->state = ENGINE_WISH_WAITING;
        return STATUS_OK;
    }
    if (!query->unprovable && !root_holds(query, &query->goal.root)) {
        return STATUS_BAD_PROOF;
    }
    advance_accept(queries->log, ADVANCE_EVENTS, &seen);
    proved(queries, query);
    return STATUS_OK;
}

static enum status failed(struct queries *queries, struct query *query, enum status status)
{
    const char *reason = status == STATUS_REWOUND
                             ? "The history is shorter than what was seen of it before."
                         : status == STATUS_EQUIVOCATION
                             ? "The history is another than the one that was seen before."
                             : "The server's access log does not hold together.";
    queries_end(queries, query, status, reason);
    return alarm_stop_at(queries->common, status, reason,
                         "events looked at:", query->verdict.events);
}

enum status queries_reply(struct queries *queries, struct request *request, uint32_t code,
                          struct span body)
{
    struct query *query = queries->first;
    while (query != NULL && query->ticket != request->ticket) {
        query = query->next;
    }
    CHECK(query != NULL); /* one that was sent cannot be dropped */
    if (common_passes(common_code(code)) && ++query->refused < REFUSED_MAX) {
        /* What cannot be read may stay so for long: whoever waits for it is told. */
        query->state = ENGINE_WISH_WAITING;
        query->status = common_code(code) == STATUS_BUSY ? STATUS_OK : common_code(code);
        common_retry_later(queries->common, common_code(code));
        return STATUS_OK;
    }
    if (common_passes(common_code(code))) {
        queries_end(queries, query, common_code(code),
                    "The server could not read this part of its log, several times.");
        return STATUS_OK;
    }
    query->refused = 0;
    query->status = STATUS_OK;
    if (code != STATUS_OK) {
        queries_end(queries, query, common_code(code), "The server refused.");
        return STATUS_OK;
    }
    if (query->kind == QUERY_TRY) {
        return failed(queries, query, STATUS_MALFORMED);
    }
    bool all = query->kind == QUERY_ALL;
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    enum status status = message_decode(all ? &alcove__event_leaves_reply__descriptor
                                            : &alcove__events_reply__descriptor,
                                        body, &arena, &message);
    bool extends = false;
    if (status == STATUS_OK) {
        const void *reply = message;
        status = all ? on_leaves(queries, query, request, reply, &extends)
                     : on_events(queries, query, request, reply, &extends);
    }
    arena_free(&arena);
    if (extends && query->from > 0 && status != STATUS_OK && !alarm_is_ours(status)) {
        /* What does not fit may be what was kept here: nobody is accused by that alone. */
        queries_begin_anew(query);
        query->state = ENGINE_WISH_WAITING;
        return STATUS_OK;
    }
    return status == STATUS_OK || alarm_is_ours(status) ? status : failed(queries, query, status);
}
