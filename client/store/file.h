/*
 * One LMDB file of the store: opening it safely, its tables, its one transaction. With
 * file_guard.c the only client file that knows LMDB. Internal to client/store.
 *
 * LMDB reads through a memory map, so a file that was cut short would kill the process on
 * access. Its size is compared with the size in its header before anything else is read. LMDB has
 * no sums: a page that is not what it was may be noticed by its own checks only, which end the
 * process, or by a fault of the map. Both are guarded (file_guard.h).
 */
#pragma once

#include "client/engine/common/storage.h"

struct file;

/* STATUS_CORRUPT when LMDB cannot use the file, STATUS_IO, STATUS_NO_MEMORY.
 * |droppable|: it is removed when a page of it turns out to be damaged, and else left alone. */
MUST_CHECK enum status file_open(const char *path, size_t map_bytes, bool droppable,
                                 struct file **out_file);
/* Aborts what is open. NULL is allowed. */
void file_close(struct file *file);

/* Begins a write transaction if there is none. STATUS_IO, STATUS_NO_MEMORY. */
MUST_CHECK enum status file_begin(struct file *file);
/* STATUS_OK without a transaction. STATUS_FULL, STATUS_IO. */
MUST_CHECK enum status file_commit(struct file *file);
void file_abort(struct file *file);

/* Room for |size| bytes of a record, to be filled before the next call. Begins a
 * transaction if there is none. STATUS_FULL, STATUS_IO. */
MUST_CHECK enum status file_reserve(struct file *file, enum storage_table table, struct span key,
                                    size_t size, uint8_t **out_room);
MUST_CHECK enum status file_remove(struct file *file, enum storage_table table, struct span key);
/* Borrowed from the map until the next call. STATUS_NOT_FOUND, STATUS_CORRUPT, STATUS_IO. */
MUST_CHECK enum status file_get(struct file *file, enum storage_table table, struct span key,
                                struct span *out_value);
/* Stops at the first status that is not STATUS_OK and returns it; STATUS_NOT_FOUND from
 * |visit| ends the walk with STATUS_OK. */
MUST_CHECK enum status file_scan(struct file *file, enum storage_table table, struct span prefix,
                                 enum status (*visit)(void *context, struct span key,
                                                      struct span value),
                                 void *context);
