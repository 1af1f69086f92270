/* Events of the access log in plain words, as JSON and as CSV. */
#pragma once

#include "client/cli/cli.h"
#include "client/engine/api/query.h"

/* Prints what query_events gives for the ticket of |query|, the newest first, at most
 * |query|'s limit of them (0: all). */
MUST_CHECK int log_print_events(struct cli *cli, const struct query_terms *query, uint64_t ticket);
/* Whether an event is what |query| asked for: a chart's history comes whole. */
bool log_print_wanted(const struct query_terms *query, const struct query_event *event);
/* One event as a JSON object; the caller deletes it. */
cJSON *log_print_object(const struct engine *engine, const struct query_event *event);
const char *log_print_outcome(uint32_t outcome);
const char *log_print_basis(uint32_t basis_kind);
