/*
 * The access log: asking for it, proving it, exporting it.
 *
 * A query's events come with an inclusion proof of the last one; what they claim is the
 * server's until query_verify. A chart's history is proved whole (decision 15): running
 * numbers without a gap, each linked to the one before by its leaf hash, the last included
 * in a checkpoint that extends all we have seen, and not shorter than any number that we or
 * the author of any revision ever saw. An auditor's check recomputes the whole log's root
 * from its leaves, and every chart's and section's running numbers in it.
 */
#pragma once

#include "client/engine/exchange/engine.h"
#include "proto/alcove.pb-c.h"

struct query_terms {
    uint32_t scope; /* ACTION_LOG_OWN, ACTION_LOG_CHART or ACTION_LOG_ALL */
    struct chart_id chart;
    struct member_id actor; /* zero: anybody; likewise below */
    struct section_id section;
    uint32_t action, outcome;
    uint64_t time_from_ms, time_to_ms;
    uint64_t after; /* event seq; for a chart: its running number */
    uint32_t limit; /* 0: everything */
};

/* One event. The parts that are withheld from us are NULL. Borrowed for the call. */
struct query_event {
    uint64_t seq;
    struct hash leaf;
    const Alcove__EventOpen *open;
    const Alcove__EventTarget *target;
    const Alcove__EventRestricted *restricted;
};
typedef bool query_visit(void *visitor, const struct query_event *event);

/* STATUS_USAGE, STATUS_REFUSED (not ours to ask), STATUS_NO_MEMORY. Results are kept with
 * the ticket in memory until query_drop(). */
MUST_CHECK enum status query_ask(struct engine *engine, const struct query_terms *terms,
                                 uint64_t *out_ticket);
/* For a DONE ticket. STATUS_NOT_FOUND. */
MUST_CHECK enum status query_events(const struct engine *engine, uint64_t ticket,
                                    query_visit *visit, void *visitor);

/*
 * Asks the server for a section that was never shared with us. It can only be refused, and
 * the refusal is in the log like anybody's: for whoever wants to see that a door is shut.
 * The ticket fails with STATUS_REFUSED. STATUS_USAGE for a section that we may read.
 */
MUST_CHECK enum status query_try(struct engine *engine, const struct section_id *section,
                                 uint64_t *out_ticket);

struct query_verdict {
    enum status status;   /* STATUS_OK: proved */
    uint64_t events;      /* looked at */
    uint64_t first, last; /* chart numbers, or seqs */
    uint64_t size;        /* of the checkpoint that it was proved against */
    struct hash root;
    uint64_t charts, sections;           /* auditor: whose heads were recomputed */
    char reason[ENGINE_ALARM_CHARS_MAX]; /* what failed, or what was shown */
};
/* A client's own chart: their whole history. */
MUST_CHECK enum status query_verify_chart(struct engine *engine, const struct chart_id *chart,
                                          uint64_t *out_ticket);
/* Auditor: the whole events log, leaf by leaf; kept for query_export. */
MUST_CHECK enum status query_verify_all(struct engine *engine, uint64_t *out_ticket);
/* For a DONE or FAILED ticket of query_verify_*. STATUS_NOT_FOUND. */
MUST_CHECK enum status query_verdict(const struct engine *engine, uint64_t ticket,
                                     struct query_verdict *out_verdict);

/* Called for each file of the export, |path| relative ("tile/0/000"). False stops. */
typedef bool query_write_file(void *writer, const char *path, struct span bytes);
/* From a DONE ticket of query_verify_all: C2SP tlog-tiles, with the checkpoint note that
 * it was proved against. STATUS_NOT_FOUND, STATUS_IO (the writer said no). */
MUST_CHECK enum status query_export(const struct engine *engine, uint64_t ticket,
                                    query_write_file *write, void *writer);

void query_drop(struct engine *engine, uint64_t ticket);
