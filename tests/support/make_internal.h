/*
 * Between make_statements.c and make_sections.c only.
 */
#pragma once

#include "keys/public/bytes/random.h"
#include "tests/support/make_statements.h"

/* Fills the link for the next place of a chain; the key that must sign. */
const struct make_key *make_link_by(const struct make_world *world, Alcove__Link *link,
                                    const struct chain_label *label,
                                    const struct make_person *signer, size_t device);
struct made make_sign_by(struct make_world *world, uint32_t type, ProtobufCMessage *body,
                         const struct make_key *key);
