/*
 * A practice's first statements and its members' keys, made in one process: what
 * founder, admin and newcomers do one after the other. For tests; failures end
 * the process.
 */
#pragma once

#include "tests/bench/author.h"
#include "tests/bench/peer.h"

enum {
    MEMBER_STATEMENTS_MAX = 32,
};

struct practice {
    struct identity_signer *root;
    struct practice_id id;
    struct keystore_pins pins;
    char address[KEYSTORE_ADDRESS_CHARS_MAX + 1];
    struct author_bytes statements[MEMBER_STATEMENTS_MAX]; /* in the order of the log */
    size_t count;
};

struct member {
    const char *name;
    uint32_t role;
    struct keystore_content content;
    struct chain_label label;
    uint64_t next_number; /* of the member's chain */
    struct hash last;     /* statement of it */
};

/* Root, genesis and server keys. */
void member_found_practice(struct practice *practice, uint64_t now_ms);

void member_practice_free(struct practice *practice);

/* Invited by the root (|inviter| NULL) or by a member's device, and enrolled. |delegation|:
 * what a therapist's invitation of a client rests on. */
void member_join(struct practice *practice, const struct member *inviter, struct member *member,
                 const struct hash *delegation, uint64_t now_ms);

/* Lets a therapist invite clients. */
void member_delegate(struct practice *practice, const struct member *admin,
                     struct member *therapist, struct hash *out_delegation);

/* The therapist treats the client. */
void member_relate(struct practice *practice, const struct member *admin, struct member *client,
                   const struct member *therapist);
