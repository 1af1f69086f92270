/*
 * Listening sockets that share one port: one per net thread, all with
 * SO_REUSEPORT, so that the kernel spreads the connections.
 */
#pragma once

#include "proto/status.h"

/* Opens `count` of them on host and port; port 0: the first one learns the port
 * and the others share it. host is a name or a numeric address; its first
 * address is used. Every socket is non-blocking and closed on exec.
 * STATUS_IO: the reason is on standard error, and no socket stays open. */
MUST_CHECK enum status listen_open(const char *host, uint16_t port, uint32_t count, int *out_fds,
                                   uint16_t *out_port);
