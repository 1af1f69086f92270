/*
 * Which message is the body of a request and of its reply, by the schema's own names:
 * OP_EVENT_LEAVES asks with EventLeavesAsk and is answered with EventLeavesReply. Pure.
 */
#pragma once

#include "proto/words.h"

/* NULL: the schema has no such op. Live for ever. */
const ProtobufCMessageDescriptor *shape_ask(uint32_t op);
const ProtobufCMessageDescriptor *shape_reply(uint32_t op);
