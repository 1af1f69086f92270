/* Shared by the door's files. */
#pragma once

#include "proto/message.h"
#include "proto/words.h"
#include "server/core/produce.h"
#include "server/door/door.h"
#include "server/store/section_log.h"

#include <stdatomic.h>

/* Read transactions that are kept for the next page. */
#define DOOR_READERS_MAX 64u

struct door {
    struct db *db;
    struct practice_id practice;
    const struct login_key *login_key;
    struct public_key login_public;
    struct run *run;
    struct net *net;
    struct txn *after; /* the committer's read transaction, reset between uses */
    struct txn *_Atomic idle[DOOR_READERS_MAX]; /* reset; NULL: none there */
};

/* Lends a read transaction; door_end_read takes it back. Any thread. */
MUST_CHECK enum status door_begin_read(struct door *door, struct txn **out_txn);
/* NULL is allowed. */
void door_end_read(struct door *door, struct txn *txn);

/* Everything that was decoded from a request's frame; the request owns it. */
struct door_request {
    struct arena arena;
    struct core_login login; /* of a login: the hello's part, and the hash of what was sent */
    struct brought *brought; /* of a submit: what it holds, read; NULL: not read */
};

/* Packs a frame into a new buffer from malloc; NULL: no memory. */
uint8_t *door_frame(uint32_t kind, const struct request_id *id, uint32_t code, struct span body,
                    size_t *out_size);

/* Decodes the body of ask->op, checks the signatures in it and reads the revisions; leaves
 * ask->message NULL when it is malformed. What is decoded is owned by |owned|. STATUS_NO_MEMORY:
 * whether it is malformed is not known. */
MUST_CHECK enum status door_decode(const struct door *door, const struct core_peer *peer,
                                   struct span body, struct door_request *owned,
                                   struct core_ask *ask);

/* Writes to the log, once an hour for the same place, what could not be read there, and for whom:
 * ids and numbers alone. |peer| NULL: before login. Any thread. */
void door_page_failed(struct txn *txn, const struct core_peer *peer,
                      const struct section_walk *walk, enum status status);
/* The same for a revision that was handed out without what is damaged of it. */
void door_page_damaged(struct txn *txn, const struct core_peer *peer, uint32_t section_local,
                       const struct produce_damage *damage);
void door_answer_failed(const struct core_peer *peer, uint32_t op, const struct core_answer *answer,
                        enum status status);

/* Sends a page that was allowed: its reply and its entries, made on the connection's thread
 * as the reader takes them, and stopped when the connection's losses differ from the
 * request's. Moves request->answer in. False without memory: nothing is sent then. */
bool page_start(struct door *door, struct net *net, struct run_request *request,
                struct run_checkpoints *heads);
