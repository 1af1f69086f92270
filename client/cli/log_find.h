/* Charts and sections as an auditor calls them. Nothing is shared with an auditor, so that they
 * are found in the access log itself, where their making is on record. */
#pragma once

#include "client/cli/cli.h"

/* By the beginning of the chart's id or of its client's. CLI_OK, or an exit code after saying why. */
MUST_CHECK int log_find_chart(struct cli *cli, const char *word, struct chart_id *out_chart);
MUST_CHECK int log_find_section(struct cli *cli, const char *word, struct section_id *out_section);
