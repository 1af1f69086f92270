/*
 * Ways to spoil the link of a statement before it is signed: for make_world.tamper.
 */
#pragma once

#include "tests/support/make_statements.h"

/* Every body has its link first. */
static inline Alcove__Link *tamper_link(ProtobufCMessage *body)
{
    return ((Alcove__Suspension *)body)->link;
}
static inline void tamper_number(void *number, ProtobufCMessage *body)
{
    tamper_link(body)->number = *(const uint64_t *)number;
}
static inline void tamper_previous(void *hash, ProtobufCMessage *body)
{
    tamper_link(body)->previous = field_of(((const struct hash *)hash)->bytes, HASH_BYTES);
}
static inline void tamper_label(void *label, ProtobufCMessage *body)
{
    tamper_link(body)->label = field_of(((const struct chain_label *)label)->bytes, HASH_BYTES);
}
static inline void tamper_member(void *member, ProtobufCMessage *body)
{
    tamper_link(body)->member = field_of(((const struct member_id *)member)->bytes, ID_BYTES);
}
static inline void tamper_device(void *device, ProtobufCMessage *body)
{
    tamper_link(body)->device = field_of(((const struct hash *)device)->bytes, HASH_BYTES);
}
