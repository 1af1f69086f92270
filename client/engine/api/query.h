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

#include "client/engine/query/query.h"

struct engine;

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

/* A client's own chart: their whole history, every event of it kept with the ticket. */
MUST_CHECK enum status query_verify_chart(struct engine *engine, const struct chart_id *chart,
                                          uint64_t *out_ticket);
/* Auditor: the whole events log, leaf by leaf; kept for query_export. */
MUST_CHECK enum status query_verify_all(struct engine *engine, uint64_t *out_ticket);
/*
 * The same of |chart|, or of the whole log for NULL, from where the last proof of it on this device
 * ended: what was proved then is not read again, and its events and leaves are not kept. A proof
 * that is lost, or that does not fit any more, is made from the beginning. What was proved before
 * is in the log now too, since every checkpoint extends the ones that were seen.
 */
MUST_CHECK enum status query_verify_on(struct engine *engine, const struct chart_id *chart,
                                       uint64_t *out_ticket);
/* For a DONE or FAILED ticket of query_verify_*. STATUS_NOT_FOUND. */
MUST_CHECK enum status query_verdict(const struct engine *engine, uint64_t ticket,
                                     struct query_verdict *out_verdict);

/* From a DONE ticket of query_verify_all: C2SP tlog-tiles, with the checkpoint note that
 * it was proved against. STATUS_NOT_FOUND, STATUS_IO (the writer said no). */
MUST_CHECK enum status query_export(const struct engine *engine, uint64_t ticket,
                                    query_write_file *write, void *writer);

void query_drop(struct engine *engine, uint64_t ticket);
