/* Writing the access log into files: C2SP tlog-tiles for tools that nobody here wrote, JSON
 * lines for a collector, CSV for a spreadsheet. */
#pragma once

#include "client/cli/cli.h"
#include "client/cli/log_pick.h"
#include "client/engine/api/query.h"

enum log_format {
    LOG_FORMAT_TILES = 1,
    LOG_FORMAT_JSONL,
    LOG_FORMAT_CSV,
};
/* Their names, from the first; NULL at the end. */
extern const char *const log_export_formats[];

/* From a ticket of query_verify_all; |folder| must not exist yet, here and below. Says what was
 * written. */
MUST_CHECK int log_export_tiles(struct cli *cli, uint64_t ticket, const char *folder);
/* What |query| wants of the ticket's events; |format| is LOG_FORMAT_JSONL or LOG_FORMAT_CSV. */
MUST_CHECK int log_export_lines(struct cli *cli, const struct log_pick *pick, uint64_t ticket,
                                uint32_t format, const char *folder);
