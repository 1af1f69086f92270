#include "client/engine/api/query.h"

#include "client/engine/exchange/inside.h"
#include "client/engine/log/fold.h"

/* Whose question is whose to ask, and giving out what came. */

static bool owns_chart(const struct engine *engine, const struct chart_id *chart)
{
    const struct authority_chart *facts =
        engine->log.authority == NULL ? NULL : authority_chart(engine->log.authority, chart);
    return facts != NULL && ID_EQUAL(&facts->client, &engine->common.content->member);
}

static bool is_auditor(const struct engine *engine)
{
    const struct authority_member *self = fold_self(&engine->log);
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
    return may ? queries_add(&engine->queries, QUERY_ASK, terms, out_ticket) : STATUS_REFUSED;
}

/* |chart| NULL: the whole log. */
static enum status verify(struct engine *engine, const struct chart_id *chart, bool goes_on,
                          uint64_t *out_ticket)
{
    struct query_terms terms = {.scope = chart == NULL ? ACTION_LOG_ALL : ACTION_LOG_CHART};
    if (chart == NULL ? !is_auditor(engine) : !owns_chart(engine, chart)) {
        return STATUS_REFUSED;
    }
    if (chart != NULL) {
        terms.chart = *chart;
    }
    enum status status =
        queries_add(&engine->queries, chart == NULL ? QUERY_ALL : QUERY_CHART, &terms, out_ticket);
    if (status == STATUS_OK) {
        queries_whole(&engine->queries, *out_ticket, !goes_on);
    }
    return status;
}

enum status query_verify_chart(struct engine *engine, const struct chart_id *chart,
                               uint64_t *out_ticket)
{
    return verify(engine, chart, false, out_ticket);
}

enum status query_verify_all(struct engine *engine, uint64_t *out_ticket)
{
    return verify(engine, NULL, false, out_ticket);
}

enum status query_verify_on(struct engine *engine, const struct chart_id *chart,
                            uint64_t *out_ticket)
{
    return verify(engine, chart, true, out_ticket);
}

enum status query_try(struct engine *engine, const struct section_id *section, uint64_t *out_ticket)
{
    struct query_terms terms = {.section = *section};
    if (engine->log.authority != NULL &&
        authority_section(engine->log.authority, section) != NULL) {
        return STATUS_USAGE;
    }
    return queries_add(&engine->queries, QUERY_TRY, &terms, out_ticket);
}

enum status query_events(const struct engine *engine, uint64_t ticket, query_visit *visit,
                         void *visitor)
{
    const struct query *query = queries_find(&engine->queries, ticket);
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
    const struct query *query = queries_find(&engine->queries, ticket);
    if (query == NULL || query->kind == QUERY_ASK ||
        (query->state != ENGINE_WISH_DONE && query->state != ENGINE_WISH_FAILED)) {
        return STATUS_NOT_FOUND;
    }
    *out_verdict = query->verdict;
    return STATUS_OK;
}

enum status query_export(const struct engine *engine, uint64_t ticket, query_write_file *write,
                         void *writer)
{
    const struct query *query = queries_find(&engine->queries, ticket);
    if (query == NULL || !query->keeps || query->state != ENGINE_WISH_DONE) {
        return STATUS_NOT_FOUND;
    }
    return queries_export(query, write, writer);
}

void query_drop(struct engine *engine, uint64_t ticket)
{
    queries_drop(&engine->queries, ticket);
}
