/*
 * Shared by statement.c and statement_body.c only.
 */
#pragma once

#include "keys/public/statement.h"

/*
 * Decodes statement->body by its rule and fills link and u. The arena is the
 * statement's. STATUS_MALFORMED, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status statement_body_parse(struct statement *statement);
