/*
 * Putting statements together: link, body, signatures. Internal to the engine, join and
 * found.
 */
#pragma once

#include "keys/private/identity.h"
#include "proto/message.h"
#include "proto/words.h"

/* A statement's place and signer; borrows all. */
struct make_place {
    const struct chain_label *label;
    uint64_t number;
    const struct hash *previous;    /* not used at 0 */
    const struct member_id *member; /* NULL: the root */
    const struct hash *device;      /* NULL: root or identity */
    Alcove__Seen *seen;             /* NULL: none */
};
/* Borrows what |place| points at, not |place|. */
void make_link(const struct make_place *place, Alcove__Link *out_link);

struct made {
    uint8_t *data;
    size_t size;
    struct hash hash;
};
void make_free(struct made *made);

/* Packs |body|, signs it with each signer under the type's label, and packs the statement.
 * |practice| NULL for a genesis. STATUS_TOO_LARGE, STATUS_NO_MEMORY. */
MUST_CHECK enum status make_statement(const struct practice_id *practice, enum statement_type type,
                                      const ProtobufCMessage *body,
                                      const struct identity_signer *const *signers, size_t count,
                                      struct made *out_made);
/* The same from signatures that exist. */
MUST_CHECK enum status make_signed(const struct practice_id *practice, enum statement_type type,
                                   struct span body, const struct signature *signatures,
                                   size_t count, struct made *out_made);
