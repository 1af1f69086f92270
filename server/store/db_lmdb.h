/*
 * What db.c and db_rows.c share of LMDB, and nobody else includes.
 */
#pragma once

#include "server/store/db_internal.h"

#include <lmdb.h>

/* The status of LMDB's or errno's |rc|; what is neither fine nor "not found" is logged once,
 * here, where it is seen: callers know only the status. */
MUST_CHECK enum status db_lmdb_status(const char *what, int rc);
