/*
 * The names of a practice's two logs: "alcove.invalid/<hex>/events" and ".../statements",
 * where <hex> is the first 16 bytes of the practice id.
 *
 * A checkpoint's origin and its key's name (c2sp.org/tlog-checkpoint). A name without a
 * schema, under a domain that can never exist (RFC 2606), since the log is found by its
 * practice and not by an address. Pure; any thread.
 */
#pragma once

#include "proto/ids.h"
#include "proto/status.h"

/* The longer of the two, with a terminator. */
#define ORIGIN_CHARS_MAX 64u

enum origin_log {
    ORIGIN_STATEMENTS,
    ORIGIN_EVENTS,
};

/* With a terminator. */
void origin_format(const struct practice_id *practice, enum origin_log log,
                   char out_origin[static ORIGIN_CHARS_MAX]);
