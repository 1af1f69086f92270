/*
 * Statements and the chains that they form (decisions 3 and 18).
 *
 * A statement is stored as it was received, beside the opening and the leaf time that went
 * into its 80-byte leaf. The store keeps numbers and hashes in order; whether a statement
 * may be made at all, and its signature, is core's and keys_public's to judge.
 *
 * Writing: committer thread. Reading: any transaction. A statement that is read is checked
 * against its leaf.
 */
#pragma once

#include "proto/limits.h"
#include "server/store/db.h"

#define CHAIN_LOG_OPENING_BYTES 32u

/* The newest of a chain. */
struct chain_head {
    uint8_t subject_kind;   /* core's number: practice, member, section … */
    uint32_t subject_local; /* local number of that member or section; 0: the practice */
    uint32_t chain_local;
    uint64_t count;   /* of statements, hence the next one's number: chains start at 0 */
    struct hash last; /* hash of the newest, as the next one names it */
    uint64_t last_seq;
};

/* STATUS_NOT_FOUND for a label that has no statement. */
MUST_CHECK enum status chain_log_head(struct txn *txn, const struct chain_label *label,
                                      struct chain_head *out_head);

struct chain_statement_new {
    struct chain_label label;
    uint8_t subject_kind; /* used with number 0 only, as is subject_local */
    uint32_t subject_local;
    uint16_t type;                            /* into the leaf */
    uint64_t number;                          /* the head's count; 0 for a new chain */
    struct hash hash;                         /* of this statement, as its successor will name it */
    struct span bytes;                        /* 1..STATEMENT_BYTES_MAX, borrowed, copied */
    uint64_t time_ms;                         /* leaf time, from events_time */
    uint8_t opening[CHAIN_LOG_OPENING_BYTES]; /* fresh random */
};

/*
 * Appends to the chain and to the statements log. STATUS_CONFLICT when |number| is not the
 * next one (somebody else appended first); STATUS_TOO_LARGE; otherwise the sticky status.
 * Nothing was written unless STATUS_OK or a sticky failure.
 */
MUST_CHECK enum status chain_log_append(struct txn *txn,
                                        const struct chain_statement_new *statement,
                                        uint64_t *out_seq, struct hash *out_leaf_hash);

struct chain_statement {
    uint64_t seq;
    uint16_t type;
    struct chain_label label;
    uint64_t number;
    uint64_t time_ms;
    uint8_t opening[CHAIN_LOG_OPENING_BYTES];
    struct span bytes; /* points into the map */
    uint8_t leaf[80];
};

/* STATUS_NOT_FOUND; STATUS_CORRUPT when bytes, time and opening do not give the leaf. */
MUST_CHECK enum status chain_log_get(struct txn *txn, uint64_t seq,
                                     struct chain_statement *out_statement);

/* The statement seq of |number| in a chain. STATUS_NOT_FOUND. */
MUST_CHECK enum status chain_log_find(struct txn *txn, uint32_t chain_local, uint64_t number,
                                      uint64_t *out_seq);

/* The same by the chain's label, for a statement that is there. Where the rows of the chain are
 * damaged, the leaves of all statements from |from_seq| on are read, which name chain and number
 * too. STATUS_CORRUPT. */
MUST_CHECK enum status chain_log_seek(struct txn *txn, const struct chain_label *label,
                                      uint64_t number, uint64_t from_seq, uint64_t *out_seq);
