/*
 * Small files that only their owner may read: written whole or not at all.
 *
 * Temp file in the same folder, fsync, rename, fsync of the folder: after a crash the
 * old bytes or the new ones are there, never a mixture. Modes 0600 in 0700. One thread
 * per folder.
 */
#pragma once

#include "proto/span.h"
#include "proto/status.h"

/* Makes |folder| with mode 0700 if absent (its parent must exist); an existing one must
 * belong to us and is closed to others. STATUS_OK, STATUS_REFUSED (owner, or no folder),
 * STATUS_IO. */
MUST_CHECK enum status private_file_folder(const char *folder);

/* Replaces folder/name. STATUS_OK; STATUS_IO, with the old file still in place. */
MUST_CHECK enum status private_file_write(const char *folder, const char *name, struct span bytes);

/* The whole file, at most |size_max| bytes, in memory that the caller frees; symbolic
 * links are not followed. STATUS_OK, STATUS_NOT_FOUND, STATUS_TOO_LARGE, STATUS_REFUSED
 * (owner or mode), STATUS_IO, STATUS_NO_MEMORY. */
MUST_CHECK enum status private_file_read(const char *folder, const char *name, size_t size_max,
                                         uint8_t **out_bytes, size_t *out_size);

/* Takes folder/name as a lock until *out_fd is closed, or the process ends.
 * STATUS_OK, STATUS_BUSY (another process or handle has it), STATUS_IO. */
MUST_CHECK enum status private_file_lock(const char *folder, const char *name, int *out_fd);
