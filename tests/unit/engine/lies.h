/*
 * Ways in which a server may lie to a client, each by changing one message of the honest one.
 */
#pragma once

#include "tests/unit/engine/inproc.h"

/* One way of lying; applied to the first message of its op after arming. */
struct lie {
    const char *name;
    uint32_t op;
    enum status expected;
    void (*change)(ProtobufCMessage *body);
    bool done;
};

/* All of them; `done` is the caller's. */
struct lie *lies_all(size_t *out_count);
