/* What the server refused for good, before it is dropped from the outbox. */
#pragma once

#include "client/cli/cli.h"

/* Keeps the text of a refused note, of which there is no other copy, as if `write` had been told to
 * write it into its section again; nothing for what was no note. STATUS_NOT_FOUND, STATUS_FULL,
 * STATUS_IO, STATUS_NO_MEMORY: it is not kept. */
MUST_CHECK enum status kept_refused(struct cli *cli, uint64_t ticket);
