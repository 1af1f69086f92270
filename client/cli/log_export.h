/* Writing the access log into files: C2SP tlog-tiles for tools that nobody here wrote, JSON
 * lines for a collector, CSV for a spreadsheet. */
#pragma once

#include "client/cli/cli.h"

/* From a ticket of ledger_verify_all; |folder| must not exist yet. Says what was written. */
MUST_CHECK int log_export(struct cli *cli, uint64_t ticket, const char *format, const char *folder);
