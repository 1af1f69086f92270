/* Whole files in and out: read into memory, written new with mode 0600 and synced. */
#pragma once

#include "proto/status.h"

/* At most |max| bytes; "-" reads |in|. The caller frees. STATUS_NOT_FOUND, STATUS_TOO_LARGE,
 * STATUS_IO, STATUS_NO_MEMORY. */
MUST_CHECK enum status files_read(const char *path, int in, size_t max, uint8_t **out_bytes,
                                  size_t *out_size);
/* The same for a file that was made here and given to an editor. Whatever else an editor left in its
 * place, a pipe that nobody writes to above all, is waited for by nobody: STATUS_NOT_FOUND. */
MUST_CHECK enum status files_read_own(const char *path, size_t max, uint8_t **out_bytes,
                                      size_t *out_size);
/* Never over an existing file: STATUS_ALREADY. */
MUST_CHECK enum status files_write_new(const char *path, struct span bytes);
/* A folder of mode 0700; one that exists is fine. STATUS_IO. */
MUST_CHECK enum status files_folder(const char *path);
/* The folders above |path|, made with mode 0700 where they are missing. STATUS_IO. */
MUST_CHECK enum status files_parents(const char *path);
/* FOLDER/NAME. STATUS_USAGE: too long. */
#define FILES_PATH_BYTES_MAX 4096u
MUST_CHECK enum status files_join(const char *folder, const char *name,
                                  char out[static FILES_PATH_BYTES_MAX]);
