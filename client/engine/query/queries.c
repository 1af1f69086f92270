#include "client/engine/query/queries.h"

/* Asking, and giving out what came. */

void queries_drop_events(struct query *query)
{
    for (size_t i = 0; i < query->event_count; i++) {
        event_free(&query->events[i]);
    }
    query->event_count = 0;
}

static void free_one(struct query *query)
{
    queries_drop_events(query);
    free(query->events);
    free(query->note);
    free(query->hashes);
    free(query->leaves);
    free(query->gaps);
    free(query->charts.runs);
    free(query->sections.runs);
    free(query);
}

const struct query *queries_find(const struct queries *queries, uint64_t ticket)
{
    struct query *query = queries->first;
    while (query != NULL && query->ticket != ticket) {
        query = query->next;
    }
    return query;
}

void queries_whole(struct queries *queries, uint64_t ticket, bool whole)
{
    struct query *query = queries->first;
    while (query != NULL && query->ticket != ticket) {
        query = query->next;
    }
    CHECK(query != NULL);
    query->goes_on = !whole;
    query->keeps = whole && query->kind == QUERY_ALL;
}

void queries_deinit(struct queries *queries)
{
    while (queries->first != NULL) {
        struct query *query = queries->first;
        queries->first = query->next;
        free_one(query);
    }
}

void queries_drop(struct queries *queries, uint64_t ticket)
{
    for (struct query **place = &queries->first; *place != NULL; place = &(*place)->next) {
        if ((*place)->ticket == ticket && (*place)->state != ENGINE_WISH_SENT) {
            struct query *query = *place;
            *place = query->next;
            free_one(query);
            return;
        }
    }
}

void queries_lost(struct queries *queries)
{
    for (struct query *query = queries->first; query != NULL; query = query->next) {
        if (query->state == ENGINE_WISH_SENT) {
            query->state = ENGINE_WISH_WAITING;
        }
    }
}

bool queries_ticket(const struct queries *queries, uint64_t ticket,
                    struct engine_ticket *out_ticket)
{
    const struct query *query = queries_find(queries, ticket);
    if (query == NULL) {
        return false;
    }
    *out_ticket = (struct engine_ticket){.wish = query->state, .status = query->status};
    return true;
}

enum status queries_add(struct queries *queries, enum query_kind kind,
                        const struct query_terms *terms, uint64_t *out_ticket)
{
    struct query *query = calloc(1, sizeof *query);
    if (query == NULL) {
        return STATUS_NO_MEMORY;
    }
    query->ticket = queries->common->next_ticket++;
    query->kind = kind;
    query->state = ENGINE_WISH_WAITING;
    query->terms = *terms;
    query->after = terms->after;
    merkle_frontier_init(&query->frontier);
    struct query **place = &queries->first;
    while (*place != NULL) {
        place = &(*place)->next;
    }
    *place = query;
    *out_ticket = query->ticket;
    return STATUS_OK;
}

void queries_end(const struct queries *queries, struct query *query, enum status status,
                 const char *reason)
{
    query->state = status == STATUS_OK ? ENGINE_WISH_DONE : ENGINE_WISH_FAILED;
    query->status = status;
    struct query_verdict *verdict = &query->verdict;
    bool all = query->kind == QUERY_ALL;
    verdict->status = status;
    verdict->events = all ? query->leaf_count - query->from : query->event_count;
    verdict->first = verdict->events == 0 ? 0 : query->from + (all ? 0 : 1);
    verdict->last = all ? (query->leaf_count > 0 ? query->leaf_count - 1 : 0) : query->number;
    verdict->before = query->from;
    verdict->whole_ms = query->whole_ms;
    verdict->size = all ? query->goal.size : queries->log->events.size;
    verdict->root = all ? query->goal.root : queries->log->events.root;
    verdict->charts = query->charts.known;
    verdict->sections = query->sections.known;
    (void)snprintf(verdict->reason, sizeof verdict->reason, "%s", reason == NULL ? "" : reason);
}
