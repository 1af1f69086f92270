/*
 * Between world.c and world_bodies.c: the statement being made.
 */
#pragma once

#include "tests/fuzz/world.h"

#define WORLD_DAY_MS 86400000u

/* Fixed bytes of a length, told apart by |kind| and |index|. */
struct world_bytes {
    uint8_t bytes[SIGNATURE_BYTES];
};

/* Everything that a body borrows while it is packed. */
struct world_body {
    struct statement_rule rule;
    Alcove__Link link;
    struct chain_label label;
    struct hash previous;
    struct member_id member;
    struct hash device;
    struct member_id subject;
    struct section_id section;
    struct hash object;
    struct hash membership;
    struct world_bytes rooms[8];
    Alcove__DeviceKeys keys;
    struct authority_recipient recipients[EPOCH_SEALS_MAX];
    Alcove__Seal seals[EPOCH_SEALS_MAX];
    Alcove__Seal *seal_list[EPOCH_SEALS_MAX];
    Alcove__ResealKey reseal_keys[EPOCH_SEALS_MAX];
    Alcove__ResealKey *reseal_list[EPOCH_SEALS_MAX];
    size_t recipient_count;
};

/* The packed body of the type that |body->rule| says; the caller frees its bytes. */
struct span world_bodies_practice(const struct world_ask *ask, struct world_body *body);
struct span world_bodies_invitation(const struct world_ask *ask, const struct hash *object,
                                    uint64_t now_ms, struct world_body *body);
struct span world_bodies_enrolment(struct world_body *body);
struct span world_bodies_member(const struct world_ask *ask, const struct hash *object,
                                uint64_t until_ms, struct world_body *body);
struct span world_bodies_section(const struct authority *authority, const struct world_ask *ask,
                                 struct world_body *body);
struct span world_bodies_grant(const struct authority *authority, const struct world_ask *ask,
                               uint64_t until_ms, struct world_body *body);
struct span world_bodies_epoch(const struct authority *authority,
                               const struct authority_section *section, const struct hash *last,
                               uint64_t now_ms, struct world_body *body);
struct span world_bodies_section_chain(const struct hash *object, struct world_body *body);

/* The packed bytes of any message, which the caller frees. */
struct span world_bodies_packed(ProtobufCMessage *message);
ProtobufCBinaryData world_bodies_fill(struct world_bytes *room, uint8_t kind, uint8_t index,
                                      size_t size);
