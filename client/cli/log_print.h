/* Events of the access log in plain words, as JSON and as CSV. */
#pragma once

#include "client/cli/cli.h"
#include "client/cli/log_pick.h"

/* Prints what query_events gives for the ticket of |pick|'s query, the newest first, at most its limit
 * of them (0: all). What hides who did what is counted, unless it is JSON. */
MUST_CHECK int log_print_events(struct cli *cli, const struct log_pick *pick, uint64_t ticket);
/* One event as a JSON object; the caller deletes it. */
cJSON *log_print_object(const struct engine *engine, const struct query_event *event);
const char *log_print_outcome(uint32_t outcome);
/* "treatment" of TREAT. */
const char *log_print_purpose(uint32_t purpose);
const char *log_print_basis(uint32_t basis_kind);
