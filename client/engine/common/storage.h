/*
 * Where the engine keeps its facts: a few ordered tables of bytes behind a small set of
 * functions, so that the engine itself touches no file.
 *
 * client/store implements it over a sealed LMDB file; tests do over memory. Within a
 * table keys are at most STORAGE_KEY_BYTES_MAX bytes and are visited in byte order. Keys
 * hold random ids and numbers only, never a name or a word of a note; values hold
 * anything and are sealed by the implementation. One storage belongs to one thread.
 */
#pragma once

#include "proto/status.h"

#define STORAGE_KEY_BYTES_MAX   48u
#define STORAGE_VALUE_BYTES_MAX (1u << 20)

/* The numbers are stored: never reuse one. All but OUTBOX and TYPED can be fetched from
 * the server again, so only those two may not be dropped when the file is damaged. */
enum storage_table {
    STORAGE_META = 1,      /* small facts of the engine */
    STORAGE_LEAF = 2,      /* statement leaves by index */
    STORAGE_STATEMENT = 3, /* statements that we may see, by their index in the log */
    STORAGE_SECTION = 4,   /* how far each section was verified */
    STORAGE_ENTRY = 5,     /* what is no revision in a section's log, by number */
    STORAGE_REVISION = 6,  /* revisions by section and number */
    STORAGE_OUTBOX = 7,    /* what was written here and is not yet on the server */
    STORAGE_TYPED = 8,     /* of this device alone: own names for people, what was looked at */
    STORAGE_TABLE_COUNT = 9,
};

/* Called for each record; spans are borrowed for the call. False ends the scan. It may
 * not change the storage. */
typedef bool storage_visit(void *visitor, struct span key, struct span value);

struct storage {
    void *context;
    /* One transaction at a time; get and scan see its puts. STATUS_IO, STATUS_FULL,
     * STATUS_NO_MEMORY. After a failed commit nothing of it is there. */
    enum status (*begin)(void *context);
    /* Durable once it returns STATUS_OK. */
    enum status (*commit)(void *context);
    void (*abort)(void *context);
    /* Inside a transaction only. Replaces. */
    enum status (*put)(void *context, enum storage_table table, struct span key, struct span value);
    /* Inside a transaction only. STATUS_NOT_FOUND. */
    enum status (*remove)(void *context, enum storage_table table, struct span key);
    /* *out_value is borrowed until the next call of any function here.
     * STATUS_NOT_FOUND, STATUS_CORRUPT. */
    enum status (*get)(void *context, enum storage_table table, struct span key,
                       struct span *out_value);
    /* Every record whose key begins with |prefix|, in order. STATUS_CORRUPT. */
    enum status (*scan)(void *context, enum storage_table table, struct span prefix,
                        storage_visit *visit, void *visitor);
};

/* The functions above by a storage's name. A visitor that stops for a reason of its own leaves it
 * in |*visited|, and storage_scan returns that if the scan itself went well. */
MUST_CHECK enum status storage_get(const struct storage *storage, enum storage_table table,
                                   struct span key, struct span *out_value);
MUST_CHECK enum status storage_put(const struct storage *storage, enum storage_table table,
                                   struct span key, struct span value);
MUST_CHECK enum status storage_scan(const struct storage *storage, enum storage_table table,
                                    struct span prefix, storage_visit *visit, void *visitor,
                                    const enum status *visited);

/* Ends the open transaction: commits it if |status| is STATUS_OK, else aborts it and returns
 * |status|. */
MUST_CHECK enum status storage_end(const struct storage *storage, enum status status);
/* One change in a transaction of its own, durable once it returns STATUS_OK. */
MUST_CHECK enum status storage_put_now(const struct storage *storage, enum storage_table table,
                                       struct span key, struct span value);
/* STATUS_NOT_FOUND: there was none. */
MUST_CHECK enum status storage_remove_now(const struct storage *storage, enum storage_table table,
                                          struct span key);
/* What was read contradicts itself: from the next engine_new on, STATUS_CORRUPT until the tables of
 * what the server holds are emptied. */
MUST_CHECK enum status storage_doubt(const struct storage *storage);
/* STATUS_CORRUPT: it was doubted. */
MUST_CHECK enum status storage_trusted(const struct storage *storage);
