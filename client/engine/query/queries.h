/*
 * Questions to the access log that are under way or answered. Internal to the engine.
 */
#pragma once

#include "client/engine/log/event.h"
#include "client/engine/query/query.h"
#include "client/engine/section/section.h"

enum query_kind { QUERY_ASK = 1, QUERY_CHART = 2, QUERY_ALL = 3, QUERY_TRY = 4 };

/* Where one chart's or section's running number stands, in a pass over all its events. */
struct query_run {
    uint8_t id[ID_BYTES];
    uint64_t number;
    struct hash last;  /* leaf hash, or section head */
    struct hash times; /* section: running hash of its entries' times */
    size_t gaps;       /* damaged events before the last event of it */
};
struct query_gap {
    uint64_t seq;
    struct hash leaf;
};
struct query_runs {
    struct query_run *runs; /* those that were met in this pass */
    size_t count, capacity;
    uint64_t known; /* of the whole log */
};

struct query {
    struct query *next;
    uint64_t ticket;
    enum query_kind kind;
    enum engine_wish state;
    enum status status;
    struct query_terms terms;
    uint64_t after;
    uint64_t from;     /* CHART, ALL: how much was proved before and is not read again; 0: none */
    uint64_t whole_ms; /* when all of it was read from the beginning; 0: it is being read so */
    bool goes_on;      /* the last proof is to be taken up */
    bool keeps;        /* ALL: leaves are kept for an export */
    struct event *events; /* ASK and CHART */
    size_t event_count, event_capacity;
    /* CHART: where the chain stands. */
    uint64_t number;
    struct hash last_leaf;
    struct chart_seen met; /* the highest place that was told when it was proved last */
    bool seen_met;         /* the highest place that anybody told us of was passed, and fits */
    /* ALL */
    struct seen_log goal;
    uint8_t *note; /* the checkpoint of the goal */
    size_t note_size;
    struct merkle_frontier frontier;
    struct hash *hashes;
    uint8_t *leaves; /* each: u16 size, bytes */
    size_t leaves_size, leaves_capacity;
    size_t leaf_count, hash_count, hash_capacity;
    /* CHART and ALL */
    uint64_t time_ms;
    struct query_runs charts, sections;
    /* Damaged at the server, in order; what the runs and the root can still say of them. */
    struct query_gap *gaps;
    size_t gap_count, gap_capacity;
    bool unprovable;  /* the leaf hash of one is lost: no root */
    uint32_t refused; /* in a row: the server could not answer */
    struct query_verdict verdict;
};

struct queries {
    struct common *common;
    struct log *log;
    const struct sections *sections; /* for what authors told of charts */
    struct query *first;
};

MUST_CHECK enum status queries_add(struct queries *queries, enum query_kind kind,
                                   const struct query_terms *terms, uint64_t *out_ticket);
/* Of a proof that was just added: |whole|, from the beginning, with all that an export needs; else
 * from where the last one ended. */
void queries_whole(struct queries *queries, uint64_t ticket, bool whole);
/* NULL: none. */
const struct query *queries_find(const struct queries *queries, uint64_t ticket);
void queries_drop(struct queries *queries, uint64_t ticket);
void queries_drop_events(struct query *query);
void queries_deinit(struct queries *queries);
/* The connection went: what was under way waits again. */
void queries_lost(struct queries *queries);
/* False: not a ticket of the access log. */
bool queries_ticket(const struct queries *queries, uint64_t ticket,
                    struct engine_ticket *out_ticket);
/* Ends the question; |reason| NULL: none. */
void queries_end(const struct queries *queries, struct query *query, enum status status,
                 const char *reason);

/* queries_ask.c */
MUST_CHECK enum status queries_next(struct queries *queries, bool *out_asked);
MUST_CHECK enum status queries_reply(struct queries *queries, struct request *request,
                                     uint32_t code, struct span body);

/* queries_check.c: one event more. STATUS_BAD_CHAIN, STATUS_BAD_PROOF, STATUS_EQUIVOCATION. */
MUST_CHECK enum status queries_check_chart(const struct queries *queries, struct query *query,
                                           const struct event *event);
/* Nothing of the chart's history that anybody saw is missing. */
MUST_CHECK enum status queries_check_chart_end(const struct queries *queries,
                                               const struct query *query);
/* What is told of a log that holds but for what is damaged. */
void queries_tell_gaps(const struct query *query, char *out, size_t size);
/* Notes a damaged event. */
MUST_CHECK enum status queries_add_gap(struct query *query, const struct event *event);
MUST_CHECK enum status queries_check_all(const struct queries *queries, struct query *query,
                                         const struct event *event, const Alcove__EventLeaf *leaf);

/* queries_proved.c: what was proved is kept, and the next proof goes on from there. */
/* Begins where the last proof of the same ended; at the beginning if there is none that is good. */
void queries_take_up(const struct queries *queries, struct query *query);
void queries_begin_anew(struct query *query);
/* Where a chart's ('c') or a section's ('s', 't') number |run->id| stood. STATUS_NOT_FOUND: it had none.
 * STATUS_CORRUPT, STATUS_NO_MEMORY. */
MUST_CHECK enum status queries_run_take_up(const struct queries *queries, const struct query *query,
                                           char kind, struct query_run *run);
/* Of a query that proved all up to its end; durable. STATUS_IO, STATUS_FULL, STATUS_NO_MEMORY. */
MUST_CHECK enum status queries_keep_proved(const struct queries *queries, struct query *query);

/* queries_export.c: of a DONE QUERY_ALL. STATUS_IO: the writer said no. */
MUST_CHECK enum status queries_export(const struct query *query, query_write_file *write,
                                      void *writer);
