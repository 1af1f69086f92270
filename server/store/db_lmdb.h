/*
 * What db.c, db_copy.c, db_rows.c and db_guard.c share of LMDB, and nobody else includes.
 */
#pragma once

#include "server/store/db_internal.h"

#include <lmdb.h>

/* The status of LMDB's or errno's |rc|; what is neither fine nor "not found" is logged once,
 * here, where it is seen: callers know only the status. */
MUST_CHECK enum status db_lmdb_status(const char *what, int rc);

/* Looks at every page (db_pages.h), before anything else reads one. STATUS_CORRUPT: nothing may be
 * served. What is damaged is kept in |db|, and in |out_damage| if it is given. */
MUST_CHECK enum status db_guard_check(struct db *db, struct db_damage *out_damage);
/* For mdb_env_set_assert: ends the process, with words. LMDB would end it after this, without. */
void db_guard_assertion(MDB_env *env, const char *what);
