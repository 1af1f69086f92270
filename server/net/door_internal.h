/* Shared by the door's files. */
#pragma once

#include "proto/message.h"
#include "proto/words.h"
#include "server/net/door.h"

#include <stdatomic.h>

struct door {
    struct db *db;
    struct practice_id practice;
    const struct login_key *login_key;
    struct public_key login_public;
    struct run *run;
    struct net *_Atomic net;
    struct txn *after; /* the committer's read transaction, reset between uses */
};

/* What a request owns: the frame's bytes and all that was decoded from them. */
struct door_request {
    struct arena arena;
    uint8_t *bytes;
};

/* A frame into a buffer from malloc; NULL without memory. */
uint8_t *door_frame(uint32_t kind, const struct request_id *id, uint32_t code, struct span body,
                    size_t *out_size);

/* Decodes the body of |op| and checks the signatures in it; leaves ask->message NULL when
 * it is malformed. */
void door_decode(const struct door *door, const struct core_peer *peer, uint32_t op,
                 struct span body, struct arena *arena, struct core_ask *ask);
