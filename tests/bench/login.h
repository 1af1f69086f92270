/*
 * The login of a device that never saw the logs, for tests that speak past the
 * engine. Failures end the process.
 */
#pragma once

#include "keys/private/keystore.h"
#include "proto/message.h"
#include "proto/packing.h"

#define LOGIN_BODY_BYTES_MAX 512u

/* The Login that answers |hello| (a Hello's bytes) on the connection of |exporter|. Returns its
 * size. */
size_t login_body(const struct keystore_content *content, struct span hello,
                  const uint8_t exporter[static WIRE_EXPORTER_BYTES],
                  uint8_t out[static LOGIN_BODY_BYTES_MAX]);
