#include "client/engine/ledger/ledger_inside.h"

/* Asking, and giving out what came. */

static void free_one(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->event_count; i++) {
        event_free(&ledger->events[i]);
    }
    free(ledger->events);
    free(ledger->note);
    free(ledger->hashes);
    free(ledger->leaves);
    free(ledger->charts.runs);
    free(ledger->sections.runs);
    free(ledger);
}

static struct ledger *find(const struct engine *engine, uint64_t ticket)
{
    struct ledger *ledger = engine->ledgers;
    while (ledger != NULL && ledger->ticket != ticket) {
        ledger = ledger->next;
    }
    return ledger;
}

void ledger_deinit(struct engine *engine)
{
    while (engine->ledgers != NULL) {
        struct ledger *ledger = engine->ledgers;
        engine->ledgers = ledger->next;
        free_one(ledger);
    }
}

void ledger_drop(struct engine *engine, uint64_t ticket)
{
    for (struct ledger **place = &engine->ledgers; *place != NULL; place = &(*place)->next) {
        if ((*place)->ticket == ticket && (*place)->state != ENGINE_WISH_SENT) {
            struct ledger *ledger = *place;
            *place = ledger->next;
            free_one(ledger);
            return;
        }
    }
}

void ledger_lost(struct engine *engine)
{
    for (struct ledger *ledger = engine->ledgers; ledger != NULL; ledger = ledger->next) {
        if (ledger->state == ENGINE_WISH_SENT) {
            ledger->state = ENGINE_WISH_WAITING;
        }
    }
}

bool ledger_ticket(const struct engine *engine, uint64_t ticket, struct engine_ticket *out_ticket)
{
    const struct ledger *ledger = find(engine, ticket);
    if (ledger == NULL) {
        return false;
    }
    *out_ticket = (struct engine_ticket){.wish = ledger->state, .status = ledger->status};
    return true;
}

static enum status add(struct engine *engine, enum ledger_kind kind,
                       const struct ledger_query *query, uint64_t *out_ticket)
{
    struct ledger *ledger = calloc(1, sizeof *ledger);
    if (ledger == NULL) {
        return STATUS_NO_MEMORY;
    }
    ledger->ticket = engine->next_ticket++;
    ledger->kind = kind;
    ledger->state = ENGINE_WISH_WAITING;
    ledger->query = *query;
    ledger->after = query->after;
    merkle_frontier_init(&ledger->frontier);
    struct ledger **place = &engine->ledgers;
    while (*place != NULL) {
        place = &(*place)->next;
    }
    *place = ledger;
    *out_ticket = ledger->ticket;
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

enum status ledger_ask(struct engine *engine, const struct ledger_query *query,
                       uint64_t *out_ticket)
{
    bool may = query->scope == ACTION_LOG_OWN ||
               (query->scope == ACTION_LOG_CHART && owns_chart(engine, &query->chart)) ||
               (query->scope == ACTION_LOG_ALL && is_auditor(engine));
    if (query->scope != ACTION_LOG_OWN && query->scope != ACTION_LOG_CHART &&
        query->scope != ACTION_LOG_ALL) {
        return STATUS_USAGE;
    }
    return may ? add(engine, LEDGER_QUERY, query, out_ticket) : STATUS_REFUSED;
}

enum status ledger_verify_chart(struct engine *engine, const struct chart_id *chart,
                                uint64_t *out_ticket)
{
    struct ledger_query query = {.scope = ACTION_LOG_CHART, .chart = *chart};
    return owns_chart(engine, chart) ? add(engine, LEDGER_CHART, &query, out_ticket)
                                     : STATUS_REFUSED;
}

enum status ledger_verify_all(struct engine *engine, uint64_t *out_ticket)
{
    struct ledger_query query = {.scope = ACTION_LOG_ALL};
    return is_auditor(engine) ? add(engine, LEDGER_ALL, &query, out_ticket) : STATUS_REFUSED;
}

enum status ledger_try(struct engine *engine, const struct section_id *section,
                       uint64_t *out_ticket)
{
    struct ledger_query query = {.section = *section};
    if (engine->authority != NULL && authority_section(engine->authority, section) != NULL) {
        return STATUS_USAGE;
    }
    return add(engine, LEDGER_TRY, &query, out_ticket);
}

enum status ledger_events(const struct engine *engine, uint64_t ticket, ledger_visit *visit,
                          void *visitor)
{
    const struct ledger *ledger = find(engine, ticket);
    if (ledger == NULL || ledger->state != ENGINE_WISH_DONE) {
        return STATUS_NOT_FOUND;
    }
    for (size_t i = 0; i < ledger->event_count; i++) {
        const struct event *event = &ledger->events[i];
        struct ledger_event shown = {.seq = event->seq,
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

enum status ledger_verdict(const struct engine *engine, uint64_t ticket,
                           struct ledger_verdict *out_verdict)
{
    const struct ledger *ledger = find(engine, ticket);
    if (ledger == NULL || ledger->kind == LEDGER_QUERY ||
        (ledger->state != ENGINE_WISH_DONE && ledger->state != ENGINE_WISH_FAILED)) {
        return STATUS_NOT_FOUND;
    }
    *out_verdict = ledger->verdict;
    return STATUS_OK;
}

void ledger_end(struct engine *engine, struct ledger *ledger, enum status status,
                const char *reason)
{
    ledger->state = status == STATUS_OK ? ENGINE_WISH_DONE : ENGINE_WISH_FAILED;
    ledger->status = status;
    struct ledger_verdict *verdict = &ledger->verdict;
    bool all = ledger->kind == LEDGER_ALL;
    verdict->status = status;
    verdict->events = all ? ledger->leaf_count : ledger->event_count;
    verdict->first = all || verdict->events == 0 ? 0 : 1;
    verdict->last = all ? (ledger->leaf_count > 0 ? ledger->leaf_count - 1 : 0) : ledger->number;
    verdict->size = all ? ledger->goal.size : engine->events.size;
    verdict->root = all ? ledger->goal.root : engine->events.root;
    verdict->charts = ledger->charts.count;
    verdict->sections = ledger->sections.count;
    (void)snprintf(verdict->reason, sizeof verdict->reason, "%s", reason == NULL ? "" : reason);
}
