/*
 * What we believe: both logs as far as they were verified, the statements that we may see, and
 * the authority that they make. Internal to the engine. One thread.
 *
 * The struct of the room and its parts; each part's functions are in the header of its file:
 * advance.h (checkpoints), leaves.h, chain.h, fact.h, fold.h, carried.h, event.h.
 */
#pragma once

#include "client/engine/common/common.h"
#include "client/engine/log/leaves.h"
#include "keys/public/authority/authority.h"
#include "keys/public/log/merkle_proof.h"
#include "keys/public/statement.h"

/* A statement that we may see, verified against its leaf (fact.c). */
struct fact {
    uint64_t seq;
    uint64_t time_ms;
    struct hash opening;
    struct chain_label label;
    uint64_t number;
    uint32_t type;
    uint8_t *bytes;
    size_t size;
    bool folded; /* signatures and place checked by the authority once */
    bool stored;
};

/* A chain that the server says we may see (chain.c). */
struct chain_known {
    struct chain_label label;
    uint32_t subject; /* StatementType of its number 0 */
    uint8_t id[ID_BYTES];
    uint64_t count; /* of its statements here */
};

/* What one author device signed that it has seen (carried.c). */
struct carried {
    struct hash device;
    struct seen seen;
    bool waited; /* it is ahead of us and we asked for a newer checkpoint already */
};

/* Devices whose word waits at the same time; the smallest gives way. */
#define CARRIED_MAX 64u

struct carried_list {
    struct carried items[CARRIED_MAX];
    size_t count;
    /* The proof under way, of the first item. */
    struct seen_log own; /* what it is proved against */
    struct merkle_proof path;
    struct hash leaf;
    bool has_path, has_leaf;
};

/* Statements from |size| on were written after a leaf of |time_ms|, of either log (advance.c). */
struct log_floor {
    uint64_t size;
    uint64_t time_ms;
};

struct log {
    struct common *common;
    struct seen_log statements, events; /* verified (advance.c) */
    struct log_floor floor;             /* of statements that are not folded yet */
    struct log_floor next_floor;        /* of those after them, once they are */
    struct carried_list carried;
    struct leaves leaves;
    uint64_t leaves_stored;      /* so many of them last in the storage */
    struct seen_log leaves_goal; /* the checkpoint that the pending leaves lead to */
    struct fact *facts;          /* by seq */
    size_t fact_count, fact_capacity;
    struct chain_known *chains;
    size_t chain_count, chain_capacity;
    struct authority *authority; /* NULL before the first fold */
    uint64_t folded_seq;         /* one more than the last fact folded */
    uint64_t secrets_seq;        /* invitations below it were looked at (secrets.c); not kept */
};
