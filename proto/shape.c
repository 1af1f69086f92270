#include "proto/shape.h"

#define ASK(op, name, text)                                                                        \
    case op:                                                                                       \
        return &alcove__##name##_ask__descriptor;
#define REPLY(op, name, text)                                                                      \
    case op:                                                                                       \
        return &alcove__##name##_reply__descriptor;

const ProtobufCMessageDescriptor *shape_ask(uint32_t op)
{
    switch (op) {
        OP_LIST(ASK)
    default:
        return NULL;
    }
}

const ProtobufCMessageDescriptor *shape_reply(uint32_t op)
{
    switch (op) {
        OP_LIST(REPLY)
    default:
        return NULL;
    }
}
