/*
 * A thousand connections that never finish their handshake: from several addresses, so that
 * the limit of one address is not what ends them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HALF_OPEN_COUNT 1000u

/* Opens all of them to 127.0.0.1:port; every second says the beginning of a ClientHello, the
 * others nothing. False with *out_what said when one cannot be opened. */
bool half_open_begin(uint16_t port, const char **out_what);
/* Waits until the server has closed every one, at most |wait_s| seconds. */
bool half_open_end(unsigned wait_s, size_t *out_closed);
