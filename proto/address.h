/*
 * HOST:PORT as it stands in configurations, keystores and codes, taken apart. Pure.
 */
#pragma once

#include "proto/span.h"
#include "proto/status.h"

#define ADDRESS_HOST_CHARS_MAX 255u

struct address {
    char host[ADDRESS_HOST_CHARS_MAX + 1]; /* without brackets */
    bool bracketed;
    uint16_t port;
};

/* HOST:PORT or [HOST]:PORT, port 0..65535; the last colon counts. Which characters a host may
 * have is for the caller, but for a zero byte, which is refused. STATUS_MALFORMED. */
MUST_CHECK enum status address_parse(struct span text, struct address *out_address);

/* The address of a server to connect to: port 1..65535, and a host of letters, digits, dots,
 * hyphens and underscores; colons and percent signs within brackets only. STATUS_MALFORMED. */
MUST_CHECK enum status address_of_server(const char *text, struct address *out_address);
