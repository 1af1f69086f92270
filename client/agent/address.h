/* HOST:PORT as it stands in a keystore or a code, taken apart for the wire. */
#pragma once

#include "proto/status.h"

#define ADDRESS_HOST_CHARS_MAX 255u

struct address {
    char host[ADDRESS_HOST_CHARS_MAX + 1];
    uint16_t port;
};

/* HOST:PORT or [HOST]:PORT, port 1..65535. STATUS_MALFORMED. */
MUST_CHECK enum status address_parse(const char *text, struct address *out_address);
