/*
 * Questions to the access log that are under way or answered. Internal to the engine.
 */
#pragma once

#include "client/engine/ledger/ledger.h"
#include "client/engine/log/event.h"

enum ledger_kind { LEDGER_QUERY = 1, LEDGER_CHART = 2, LEDGER_ALL = 3, LEDGER_TRY = 4 };

/* Where one chart's or section's running number stands, in an auditor's pass. */
struct ledger_run {
    uint8_t id[ID_BYTES];
    uint64_t number;
    struct hash last; /* leaf hash, or section head */
};
struct ledger_runs {
    struct ledger_run *runs;
    size_t count, capacity;
};

struct ledger {
    struct ledger *next;
    uint64_t ticket;
    enum ledger_kind kind;
    enum engine_wish state;
    enum status status;
    struct ledger_query query;
    uint64_t after;
    struct event *events; /* QUERY and CHART */
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
    struct ledger_runs charts, sections;
    struct ledger_verdict verdict;
};

/* Ends the question; |reason| NULL: none. */
void ledger_end(struct engine *engine, struct ledger *ledger, enum status status,
                const char *reason);

/* ledger_check.c: one event more. STATUS_BAD_CHAIN, STATUS_BAD_PROOF, STATUS_EQUIVOCATION. */
MUST_CHECK enum status ledger_check_chart(const struct engine *engine, struct ledger *ledger,
                                          const struct event *event);
/* Nothing of the chart's history that anybody saw is missing. */
MUST_CHECK enum status ledger_check_chart_end(const struct engine *engine,
                                              const struct ledger *ledger);
MUST_CHECK enum status ledger_check_all(struct ledger *ledger, const struct event *event,
                                        const Alcove__EventLeaf *leaf);
