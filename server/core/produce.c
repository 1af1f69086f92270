#include "server/core/produce.h"

#include "proto/message.h"
#include "proto/words.h"
#include "server/core/leaf_view.h"
#include "server/core/produce_internal.h"
#include "server/store/chain_log.h"
#include "server/store/ledger.h"
#include "server/store/section_log.h"

enum status produce_leaves(struct txn *txn, const struct core_answer *answer,
                           const struct core_checkpoints *heads, uint8_t **out_body,
                           size_t *out_size)
{
    (void)heads;
    Alcove__LeavesReply reply = ALCOVE__LEAVES_REPLY__INIT;
    size_t count = (size_t)(answer->to - answer->from);
    uint8_t *leaves = malloc(count * LEDGER_STATEMENT_LEAF_BYTES + 1);

    if (leaves == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = ledger_statement_leaves(txn, answer->from, count, leaves, &count);
    if (status == STATUS_OK) {
        reply.from = answer->from;
        reply.leaves = field_of(leaves, count * LEDGER_STATEMENT_LEAF_BYTES);
        reply.event = answer->event;
        status = message_pack(&reply.base, out_body, out_size);
    }
    free(leaves);
    return status;
}

static enum status collect_chain(struct txn *txn, const struct core_answer *answer,
                                 Alcove__ChainEntry *entries, Alcove__ChainEntry **list,
                                 struct chain_statement *found, size_t *out_count, bool *out_more)
{
    uint64_t number = answer->from;
    uint64_t seq = 0; /* of a chain they rise with the number */
    size_t count = 0;
    size_t bytes = 0;
    while (number < answer->to && count < CHAIN_PAGE_STATEMENTS_MAX &&
           bytes < CHAIN_PAGE_BYTES_MAX) {
        enum status status = chain_log_seek(txn, &answer->label, number, seq, &seq);
        if (status == STATUS_OK) {
            status = chain_log_get(txn, seq, &found[count]);
        }
        if (status != STATUS_OK) {
            return status;
        }
        alcove__chain_entry__init(&entries[count]);
        entries[count].statement = field_of(found[count].bytes.data, found[count].bytes.size);
        entries[count].seq = seq;
        entries[count].time_ms = found[count].time_ms;
        entries[count].opening = field_of(found[count].opening, CHAIN_LOG_OPENING_BYTES);
        list[count] = &entries[count];
        bytes += found[count].bytes.size;
        count++;
        number++;
    }
    *out_count = count;
    *out_more = number < answer->to;
    return STATUS_OK;
}

enum status produce_chain(struct txn *txn, const struct core_answer *answer,
                          const struct core_checkpoints *heads, uint8_t **out_body,
                          size_t *out_size)
{
    (void)heads;
    Alcove__ChainReply reply = ALCOVE__CHAIN_REPLY__INIT;
    Alcove__ChainEntry *entries = calloc(CHAIN_PAGE_STATEMENTS_MAX, sizeof *entries);
    Alcove__ChainEntry **list = calloc(CHAIN_PAGE_STATEMENTS_MAX, sizeof(Alcove__ChainEntry *));
    struct chain_statement *found = calloc(CHAIN_PAGE_STATEMENTS_MAX, sizeof *found);
    enum status status = STATUS_NO_MEMORY;
    size_t count = 0;
    bool more = false;

    if (entries != NULL && list != NULL && found != NULL) {
        status = collect_chain(txn, answer, entries, list, found, &count, &more);
    }
    if (status == STATUS_OK) {
        reply.n_entry = count;
        reply.entry = list;
        reply.more = more;
        reply.event = answer->event;
        status = message_pack(&reply.base, out_body, out_size);
    }
    free(entries);
    free(list);
    free(found);
    return status;
}

enum status produce_checkpoint(struct txn *txn, const struct core_answer *answer,
                               const struct core_checkpoints *heads, uint8_t **out_body,
                               size_t *out_size)
{
    Alcove__CheckpointReply reply = ALCOVE__CHECKPOINT_REPLY__INIT;
    struct path statements_path;
    Alcove__Advance statements;
    enum status status =
        path_advance(txn, LEDGER_STATEMENTS, answer, heads, &statements_path, &statements);
    struct path events_path;
    Alcove__Advance events;
    if (status == STATUS_OK) {
        status = path_advance(txn, LEDGER_EVENTS, answer, heads, &events_path, &events);
    }
    if (status != STATUS_OK) {
        return status;
    }
    reply.statements = &statements;
    reply.events = &events;
    reply.event = answer->event;
    return message_pack(&reply.base, out_body, out_size);
}

enum status produce_proof(struct txn *txn, const struct core_answer *answer,
                          const struct core_checkpoints *heads, uint8_t **out_body,
                          size_t *out_size)
{
    (void)heads;
    Alcove__ProofReply reply = ALCOVE__PROOF_REPLY__INIT;
    struct path path;
    enum status status = path_inclusion(txn, answer->log == 1 ? LEDGER_STATEMENTS : LEDGER_EVENTS,
                                        answer->from, answer->to, &path);

    if (status != STATUS_OK) {
        return status;
    }
    reply.n_inclusion = path.proof.count;
    reply.inclusion = path.fields;
    reply.event = answer->event;
    return message_pack(&reply.base, out_body, out_size);
}

enum status produce_login(struct txn *txn, const struct core_answer *answer,
                          const struct core_checkpoints *heads, uint8_t **out_body,
                          size_t *out_size)
{
    (void)heads;
    Alcove__LoginReply reply = ALCOVE__LOGIN_REPLY__INIT;
    Alcove__Consistency statements = ALCOVE__CONSISTENCY__INIT;
    Alcove__Consistency events = ALCOVE__CONSISTENCY__INIT;
    struct path statements_path;
    enum status status = path_consistency(txn, LEDGER_STATEMENTS, answer->seen_statements,
                                          answer->from, &statements_path);

    struct path events_path;
    if (status == STATUS_OK) {
        status =
            path_consistency(txn, LEDGER_EVENTS, answer->seen_events, answer->to, &events_path);
    }
    if (status != STATUS_OK) {
        return status;
    }
    statements.n_path = statements_path.proof.count;
    statements.path = statements_path.fields;
    events.n_path = events_path.proof.count;
    events.path = events_path.fields;
    reply.signature = field_of(answer->body, answer->body_bytes);
    reply.event = answer->event;
    if (answer->status == STATUS_REWOUND) {
        reply.statements_size = answer->from;
        reply.events_size = answer->to;
    } else {
        reply.statements = &statements;
        reply.events = &events;
    }
    return message_pack(&reply.base, out_body, out_size);
}

/* The change before the page, whose head and times it goes on from: all zero before the first. */
static enum status change_before(struct txn *txn, const struct core_answer *answer,
                                 struct section_change *out_change)
{
    *out_change = (struct section_change){.number = 0};
    if (answer->from <= 1) {
        return STATUS_OK;
    }
    return section_log_get(txn, answer->local, answer->from - 1, out_change) == STATUS_OK
               ? STATUS_OK
               : STATUS_CORRUPT;
}

/* The event of an answer with what proves it; the parts from which it is packed. */
struct proved {
    struct leaf_view view;
    Alcove__EventLeaf leaf;
    struct path inclusion;
    struct path consistency;
    Alcove__Advance advance;
    Alcove__EventProof proof;
};

static enum status prove_event(struct txn *txn, const struct core_answer *answer,
                               const struct core_checkpoints *heads, struct proved *out)
{
    enum status status =
        leaf_view_load(txn, answer->event, CORE_VIEW_ACTOR, &out->view, &out->leaf);
    if (status == STATUS_OK) {
        status =
            path_inclusion(txn, LEDGER_EVENTS, answer->event, heads->events_size, &out->inclusion);
    }
    if (status == STATUS_OK) {
        status = path_advance(txn, LEDGER_EVENTS, answer, heads, &out->consistency, &out->advance);
    }
    if (status != STATUS_OK) {
        return status;
    }
    alcove__event_proof__init(&out->proof);
    out->proof.leaf = &out->leaf;
    out->proof.advance = &out->advance;
    out->proof.n_inclusion = out->inclusion.proof.count;
    out->proof.inclusion = out->inclusion.fields;
    return STATUS_OK;
}

enum status produce_page_head(struct txn *txn, const struct core_answer *answer,
                              const struct core_checkpoints *heads, uint8_t **out_body,
                              size_t *out_size)
{
    Alcove__PageReply reply = ALCOVE__PAGE_REPLY__INIT;
    struct proved proved;
    enum status status = prove_event(txn, answer, heads, &proved);
    struct section_change before;
    if (status == STATUS_OK) {
        status = change_before(txn, answer, &before);
    }
    if (status != STATUS_OK) {
        return status;
    }
    reply.proof = &proved.proof;
    if (answer->from > 1) {
        reply.section_head_before = field_of(before.head.bytes, HASH_BYTES);
        reply.section_times_before = field_of(before.times.bytes, HASH_BYTES);
    }
    reply.from = answer->from;
    reply.to = answer->to;
    return message_pack(&reply.base, out_body, out_size);
}

/* The rest of the reply was made with the change. Its last field is the proof, so that the one
 * follows the other in the canonical form. */
enum status produce_submit(struct txn *txn, const struct core_answer *answer,
                           const struct core_checkpoints *heads, uint8_t **out_body,
                           size_t *out_size)
{
    Alcove__SubmitReply last = ALCOVE__SUBMIT_REPLY__INIT;
    struct proved proved;
    enum status status = prove_event(txn, answer, heads, &proved);
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (status == STATUS_OK) {
        last.proof = &proved.proof;
        status = message_pack(&last.base, &bytes, &size);
    }
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t *body = malloc(answer->body_bytes + size);
    if (body == NULL) {
        free(bytes);
        return STATUS_NO_MEMORY;
    }
    memcpy(body, answer->body, answer->body_bytes);
    memcpy(body + answer->body_bytes, bytes, size);
    free(bytes);
    *out_body = body;
    *out_size = answer->body_bytes + size;
    return STATUS_OK;
}

enum status produce_reply(struct txn *txn, const struct core_answer *answer,
                          const struct core_checkpoints *heads, uint8_t **out_body,
                          size_t *out_size)
{
    if (answer->produce != NULL) {
        return answer->produce(txn, answer, heads, out_body, out_size);
    }
    *out_body = NULL;
    *out_size = 0;
    return STATUS_OK;
}
