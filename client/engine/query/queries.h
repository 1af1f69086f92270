/*
 * Questions to the access log that are under way or answered. Internal to the engine.
 */
#pragma once

#include "client/engine/log/event.h"
#include "client/engine/query/query.h"

enum query_kind { QUERY_ASK = 1, QUERY_CHART = 2, QUERY_ALL = 3, QUERY_TRY = 4 };

/* Where one chart's or section's running number stands, in an auditor's pass. */
struct query_run {
    uint8_t id[ID_BYTES];
    uint64_t number;
    struct hash last; /* leaf hash, or section head */
};
struct query_runs {
    struct query_run *runs;
    size_t count, capacity;
};

struct query {
    struct query *next;
    uint64_t ticket;
    enum query_kind kind;
    enum engine_wish state;
    enum status status;
    struct query_terms terms;
    uint64_t after;
    struct event *events; /* ASK and CHART */
    size_t event_count, event_capacity;
    /* CHART: where the chain stands. */
    uint64_t number;
    struct hash last_leaf;
    bool seen_met; /* the highest place that anybody told us of was passed, and fits */
    /* ALL */
    struct seen_log goal;
    uint8_t *note; /* the checkpoint of the goal */
    size_t note_size;
    struct merkle_frontier frontier;
    struct hash *hashes;
    uint8_t *leaves; /* each: u16 size, bytes */
    size_t leaves_size, leaves_capacity;
    size_t leaf_count, hash_capacity;
    uint64_t time_ms;
    struct query_runs charts, sections;
    struct query_verdict verdict;
};

/* Ends the question; |reason| NULL: none. */
void queries_end(struct engine *engine, struct query *query, enum status status,
                 const char *reason);

/* queries_check.c: one event more. STATUS_BAD_CHAIN, STATUS_BAD_PROOF, STATUS_EQUIVOCATION. */
MUST_CHECK enum status queries_check_chart(const struct engine *engine, struct query *query,
                                           const struct event *event);
/* Nothing of the chart's history that anybody saw is missing. */
MUST_CHECK enum status queries_check_chart_end(const struct engine *engine,
                                               const struct query *query);
MUST_CHECK enum status queries_check_all(struct query *query, const struct event *event,
                                         const Alcove__EventLeaf *leaf);
