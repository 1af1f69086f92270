/* Messages with descriptors over a Unix socket of type SOCK_SEQPACKET: a message comes whole
 * or not at all. Internal to the agent's folder. */
#pragma once

#include "proto/status.h"

#define TALK_FDS_ONE_GO_MAX 8u

/* |fds| are borrowed. STATUS_TOO_LARGE: the kernel does not take it; STATUS_OFFLINE: the other
 * end is gone, or |at_once| and it does not read. */
MUST_CHECK enum status talk_fds_send(int socket, struct span bytes, const int *fds, size_t count,
                                     bool at_once);
/* The descriptors are the caller's, close-on-exec. STATUS_OFFLINE: the end, or nothing came in
 * the time the socket allows; STATUS_MALFORMED: more than there is room for. */
MUST_CHECK enum status talk_fds_receive(int socket, uint8_t *out, size_t capacity, size_t *out_size,
                                        int *out_fds, size_t fds_max, size_t *out_count);
/* Closes those that are not -1 and sets them to -1. */
void talk_fds_close(int *fds, size_t count);
