/*
 * A line for each frame that goes in or out, in builds with test hooks: for whoever looks for a
 * fault in the exchange. Compiled to nothing in a release.
 *
 * ALCOVE_TRACE=1 writes to standard error, ALCOVE_TRACE=FILE appends to that file. A line has the
 * time (UTC), the direction, the connection's number, kind and op or status by name, the request
 * id, and the sizes of frame and body; never a byte of a body:
 *
 *   09:30:00.125 in  65 REQUEST CHECKPOINT 0c51…f2 112 bytes, body 90
 *   09:30:00.131 out 65 REPLY CHECKPOINT OK 0c51…f2 1204 bytes, body 1180
 *
 * The op of a reply or chunk is that of the request with its id, when the same thread traced that
 * request lately; else "?".
 */
#pragma once

#include "proto/span.h"

enum trace_way { TRACE_IN, TRACE_OUT };

#ifdef ALCOVE_TEST_HOOKS
/* Any thread. Frames of one connection are traced on one thread. */
void trace_frame(enum trace_way way, uint64_t connection, struct span frame);
#else
static inline void trace_frame(enum trace_way way, uint64_t connection, struct span frame)
{
    (void)way;
    (void)connection;
    (void)frame;
}
#endif
