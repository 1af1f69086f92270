/*
 * Whole files and whole messages: every byte, or a status.
 *
 * The one place that knows how a file is made to last. New files have mode 0600, are never
 * written through a symbolic link and never left half written under their name; the bytes are
 * synced before anybody may rely on the name, and the folder after it, since a name is part of
 * the folder and not of the file. Interrupted calls are taken up again and short ones go on.
 * A full disk is STATUS_IO, as is whatever else the system refuses. Any thread.
 */
#pragma once

#include "proto/status.h"

/*
 * All that |fd| still gives, at most |max| bytes; a zero byte that does not count stands behind
 * them. The caller frees *out_bytes. What had to move while it grew is wiped, since notes come
 * this way. STATUS_TOO_LARGE, STATUS_IO, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status disk_read(int fd, size_t max, uint8_t **out_bytes, size_t *out_size);
/* The same of the file |path|. STATUS_NOT_FOUND too. */
MUST_CHECK enum status disk_read_path(const char *path, size_t max, uint8_t **out_bytes,
                                      size_t *out_size);
/* Exactly |size| bytes into |out|, and the file ends there: else STATUS_CORRUPT. STATUS_IO. */
MUST_CHECK enum status disk_read_exact(int fd, void *out, size_t size);

/*
 * A file of our own for reading, |folder_fd| as openat takes it: a plain file that belongs to us
 * and that nobody else may read or write, else STATUS_REFUSED. *out_size is its size now.
 * STATUS_NOT_FOUND, STATUS_IO. The caller closes *out_fd.
 */
MUST_CHECK enum status disk_open_private(int folder_fd, const char *name, int *out_fd,
                                         size_t *out_size);

/* A new file of |bytes|, synced with its folder; gone again if that fails. STATUS_ALREADY when
 * there is one. STATUS_IO. */
MUST_CHECK enum status disk_create(const char *path, struct span bytes);

/*
 * Puts |bytes| in the place of |name|: written as |temp|, synced, renamed, the folder synced. A
 * crash leaves the old file or the new one. A |temp| that a crash left is replaced. After a
 * failure a half-written |temp| may be left: to remove it is the caller's, since alcove-signer
 * calls this within a sandbox that has no unlinking. STATUS_IO.
 */
MUST_CHECK enum status disk_replace(int folder_fd, const char *temp, const char *name,
                                    struct span bytes);

/* So that the names in the folder |path| survive a power cut. STATUS_IO. */
MUST_CHECK enum status disk_sync_folder(const char *path);
/* The same of the folder that |path| lies in. STATUS_IO, STATUS_NO_MEMORY. */
MUST_CHECK enum status disk_sync_parent(const char *path);

/* All of |bytes| over a stream socket, without SIGPIPE. STATUS_IO. */
MUST_CHECK enum status disk_send(int socket_fd, struct span bytes);
/* Exactly |size| bytes of a stream. STATUS_IO: it ended, or the socket's time ran out. */
MUST_CHECK enum status disk_receive(int fd, void *out, size_t size);
