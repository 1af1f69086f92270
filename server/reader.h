/*
 * Reads files again for a server that may open none.
 *
 * The server's sandbox lets it open no file, and its configuration and its TLS key must be read anew
 * without a restart. So a small process is forked before the database, the keys or the network are
 * open. It is asked with one byte and gives back what is in the files that were named at the fork,
 * all or nothing: no order can name another file. It can open files below one folder and nothing else
 * (sandbox.h), hears no peer, keeps nothing, and ends with the server, whatever ends that. One thread.
 */
#pragma once

#include "proto/status.h"

#define READER_FILES_MAX 3u
#define READER_FILE_MAX  (64u * 1024u)

struct reader;

/* Forks: call it while the process has one thread. |folder| and the |count| paths, all below it, are
 * copied by the fork. The caller frees it with reader_free. STATUS_UNAVAILABLE, STATUS_NO_MEMORY. */
MUST_CHECK enum status reader_new(const char *folder, const char *const *paths, size_t count,
                                  struct reader **out_reader);

struct reader_file {
    enum status status; /* STATUS_OK, STATUS_NOT_FOUND, STATUS_TOO_LARGE or STATUS_IO */
    uint8_t *bytes;     /* a zero byte that does not count stands behind them */
    size_t size;
};

/* What is in the files now, in the order of reader_new. The caller clears them with
 * reader_files_clear. STATUS_UNAVAILABLE: the other process is gone or did not answer within five
 * seconds, for good; |out_files| is empty. */
MUST_CHECK enum status reader_read(struct reader *reader,
                                   struct reader_file out_files[static READER_FILES_MAX]);
/* Wipes and frees: a key may be among them. */
void reader_files_clear(struct reader_file files[static READER_FILES_MAX]);

/* Accepts NULL. */
void reader_free(struct reader *reader);
