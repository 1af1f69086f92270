#include "client/engine/query/queries.h"

/* Asking, and giving out what came. */

static void free_one(struct query *query)
{
    for (size_t i = 0; i < query->event_count; i++) {
        event_free(&query->events[i]);
    }
    free(query->events);
    free(query->note);
    free(query->hashes);
    free(query->leaves);
    free(query->charts.runs);
    free(query->sections.runs);
    free(query);
}

static struct query *find(const struct engine *engine, uint64_t ticket)
{
    struct query *query = engine->queries;
    while (query != NULL && query->ticket != ticket) {
        query = query->next;
    }
    return query;
}

void queries_deinit(struct engine *engine)
{
    while (engine->queries != NULL) {
        struct query *query = engine->queries;
        engine->queries = query->next;
        free_one(query);
    }
}

void query_drop(struct engine *engine, uint64_t ticket)
{
    for (struct query **place = &engine->queries; *place != NULL; place = &(*place)->next) {
        if ((*place)->ticket == ticket && (*place)->state != ENGINE_WISH_SENT) {
            struct query *query = *place;
            *place = query->next;
            free_one(query);
            return;
        }
    }
}

void queries_lost(struct engine *engine)
{
    for (struct query *query = engine->queries; query != NULL; query = query->next) {
        if (query->state == ENGINE_WISH_SENT) {
            query->state = ENGINE_WISH_WAITING;
        }
    }
}

bool queries_ticket(const struct engine *engine, uint64_t ticket, struct engine_ticket *out_ticket)
{
    const struct query *query = find(engine, ticket);
    if (query == NULL) {
        return false;
    }
    *out_ticket = (struct engine_ticket){.wish = query->state, .status = query->status};
    return true;
}

static enum status add(struct engine *engine, enum query_kind kind, const struct query_terms *terms,
                       uint64_t *out_ticket)
{
    struct query *query = calloc(1, sizeof *query);
    if (query == NULL) {
        return STATUS_NO_MEMORY;
    }
    query->ticket = engine->next_ticket++;
    query->kind = kind;
    query->state = ENGINE_WISH_WAITING;
    query->terms = *terms;
    query->after = terms->after;
    merkle_frontier_init(&query->frontier);
    struct query **place = &engine->queries;
    while (*place != NULL) {
        place = &(*place)->next;
    }
    *place = query;
    *out_ticket = query->ticket;
    return STATUS_OK;
}

static bool owns_chart(const struct engine *engine, const struct chart_id *chart)
{
    const struct authority_chart *facts =
        engine->authority == NULL ? NULL : authority_chart(engine->authority, chart);
    return facts != NULL && ID_EQUAL(&facts->client, &engine->content->member);
}

static bool is_auditor(const struct engine *engine)
{
    const struct authority_member *self = fold_self(engine);
    return self != NULL && self->role == ROLE_AUDITOR;
}

enum status query_ask(struct engine *engine, const struct query_terms *terms, uint64_t *out_ticket)
{
    bool may = terms->scope == ACTION_LOG_OWN ||
               (terms->scope == ACTION_LOG_CHART && owns_chart(engine, &terms->chart)) ||
               (terms->scope == ACTION_LOG_ALL && is_auditor(engine));
    if (terms->scope != ACTION_LOG_OWN && terms->scope != ACTION_LOG_CHART &&
        terms->scope != ACTION_LOG_ALL) {
        return STATUS_USAGE;
    }
    return may ? add(engine, QUERY_ASK, terms, out_ticket) : STATUS_REFUSED;
}

enum status query_verify_chart(struct engine *engine, const struct chart_id *chart,
                               uint64_t *out_ticket)
{
    struct query_terms terms = {.scope = ACTION_LOG_CHART, .chart = *chart};
    return owns_chart(engine, chart) ? add(engine, QUERY_CHART, &terms, out_ticket)
                                     : STATUS_REFUSED;
}

enum status query_verify_all(struct engine *engine, uint64_t *out_ticket)
{
    struct query_terms terms = {.scope = ACTION_LOG_ALL};
    return is_auditor(engine) ? add(engine, QUERY_ALL, &terms, out_ticket) : STATUS_REFUSED;
}

enum status query_try(struct engine *engine, const struct section_id *section, uint64_t *out_ticket)
{
    struct query_terms terms = {.section = *section};
    if (engine->authority != NULL && authority_section(engine->authority, section) != NULL) {
        return STATUS_USAGE;
    }
    return add(engine, QUERY_TRY, &terms, out_ticket);
}

enum status query_events(const struct engine *engine, uint64_t ticket, query_visit *visit,
                         void *visitor)
{
    const struct query *query = find(engine, ticket);
    if (query == NULL || query->state != ENGINE_WISH_DONE) {
        return STATUS_NOT_FOUND;
    }
    for (size_t i = 0; i < query->event_count; i++) {
        const struct event *event = &query->events[i];
        struct query_event shown = {.seq = event->seq,
                                    .leaf = event->leaf,
                                    .open = event->open,
                                    .target = event->target,
                                    .restricted = event->restricted};
        if (!visit(visitor, &shown)) {
            break;
        }
    }
    return STATUS_OK;
}

enum status query_verdict(const struct engine *engine, uint64_t ticket,
                          struct query_verdict *out_verdict)
{
    const struct query *query = find(engine, ticket);
    if (query == NULL || query->kind == QUERY_ASK ||
        (query->state != ENGINE_WISH_DONE && query->state != ENGINE_WISH_FAILED)) {
        return STATUS_NOT_FOUND;
    }
    *out_verdict = query->verdict;
    return STATUS_OK;
}

void queries_end(struct engine *engine, struct query *query, enum status status, const char *reason)
{
    query->state = status == STATUS_OK ? ENGINE_WISH_DONE : ENGINE_WISH_FAILED;
    query->status = status;
    struct query_verdict *verdict = &query->verdict;
    bool all = query->kind == QUERY_ALL;
    verdict->status = status;
    verdict->events = all ? query->leaf_count : query->event_count;
    verdict->first = all || verdict->events == 0 ? 0 : 1;
    verdict->last = all ? (query->leaf_count > 0 ? query->leaf_count - 1 : 0) : query->number;
    verdict->size = all ? query->goal.size : engine->events.size;
    verdict->root = all ? query->goal.root : engine->events.root;
    verdict->charts = query->charts.count;
    verdict->sections = query->sections.count;
    (void)snprintf(verdict->reason, sizeof verdict->reason, "%s", reason == NULL ? "" : reason);
}
