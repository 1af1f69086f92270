/*
 * The names of a practice's two logs: "alcove.invalid/<hex>/events" and ".../statements",
 * where <hex> is the first 16 bytes of the practice id.
 *
 * Each is the origin of a log's checkpoints and the name of its key (c2sp.org/tlog-checkpoint).
 * It has no schema, and a domain that can never exist (RFC 2606), since a log is found by its
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
