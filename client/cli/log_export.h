/* Writing the access log into files: C2SP tlog-tiles for tools that nobody here wrote, JSON
 * lines for a collector, CSV for a spreadsheet. */
#pragma once

#include "client/cli/cli.h"
#include "client/engine/api/query.h"

bool log_export_is_format(const char *format);
bool log_export_is_tiles(const char *format);

/* From a ticket of query_verify_all; |folder| must not exist yet, here and below. Says what was
 * written. */
MUST_CHECK int log_export_tiles(struct cli *cli, uint64_t ticket, const char *folder);
/* What |query| wants of the ticket's events; |format| is jsonl or csv. */
MUST_CHECK int log_export_lines(struct cli *cli, const struct query_terms *query, uint64_t ticket,
                                const char *format, const char *folder);
