/* Shared by the files that produce answers: proofs in the form that the codec packs. */
#pragma once

#include "proto/message.h"
#include "server/core/produce.h"
#include "server/store/ledger.h"

/* A proof with one bytes field per hash, borrowed from it. */
struct path {
    struct merkle_proof proof;
    ProtobufCBinaryData fields[MERKLE_PROOF_HASHES_MAX];
};

/* The proof from size |from|, which the asker had, to |to|. A |from| beyond the log is the
 * asker's mistake and gives an empty proof: the reply then carries the checkpoint alone. */
MUST_CHECK enum status path_consistency(struct txn *txn, enum ledger_log log, uint64_t from,
                                        uint64_t to, struct path *out_path);
MUST_CHECK enum status path_inclusion(struct txn *txn, enum ledger_log log, uint64_t index,
                                      uint64_t size, struct path *out_path);
/* The checkpoint of |heads| and the proof from what the asker had seen of the log.
 * |*out_advance| borrows |heads| and |*out_path|, and is set when the status is STATUS_OK. */
MUST_CHECK enum status path_advance(struct txn *txn, enum ledger_log log,
                                    const struct core_answer *answer,
                                    const struct core_checkpoints *heads, struct path *out_path,
                                    Alcove__Advance *out_advance);

/* Makes one kind of reply, for core_answer.produce. The body of an op that nobody else needs
 * is made in the file of its op. */
#define PRODUCER(name)                                                                             \
    MUST_CHECK enum status produce_##name(struct txn *txn, const struct core_answer *answer,       \
                                          const struct core_checkpoints *heads,                    \
                                          uint8_t **out_body, size_t *out_size);
PRODUCER(login)
PRODUCER(leaves)
PRODUCER(chain)
PRODUCER(checkpoint)
PRODUCER(proof)
PRODUCER(page_head)
PRODUCER(submit)
PRODUCER(events)
PRODUCER(event_leaves)
#undef PRODUCER
