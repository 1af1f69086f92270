#include "server/core/leaf_view.h"
#include "server/core/produce_internal.h"

/* The leaves in the order given, and the fields that both replies with leaves have. */
struct shown {
    Alcove__EventLeaf *leaves;
    Alcove__EventLeaf **list;
    struct leaf_view *views;
};

static void shown_free(struct shown *shown)
{
    free(shown->leaves);
    free(shown->list);
    free(shown->views);
}

static enum status shown_load(struct txn *txn, const struct core_answer *answer, struct shown *out)
{
    size_t count = answer->seq_count;
    out->leaves = calloc(count + 1, sizeof *out->leaves);
    out->list = calloc(count + 1, sizeof(Alcove__EventLeaf *));
    out->views = calloc(count + 1, sizeof *out->views);
    if (out->leaves == NULL || out->list == NULL || out->views == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        enum status status =
            leaf_view_load_any(txn, answer->seqs[i], answer->view, &out->views[i], &out->leaves[i]);
        if (status != STATUS_OK) {
            return status;
        }
        out->list[i] = &out->leaves[i];
    }
    return STATUS_OK;
}

enum status produce_events(struct txn *txn, const struct core_answer *answer,
                           const struct core_checkpoints *heads, uint8_t **out_body,
                           size_t *out_size)
{
    Alcove__EventsReply reply = ALCOVE__EVENTS_REPLY__INIT;
    struct shown shown = {NULL, NULL, NULL};
    enum status status = shown_load(txn, answer, &shown);
    struct path consistency;
    Alcove__Advance advance;
    if (status == STATUS_OK) {
        status = path_advance(txn, LEDGER_EVENTS, answer, heads, &consistency, &advance);
    }
    struct path inclusion = {.proof = {.count = 0}};
    if (status == STATUS_OK && answer->seq_count > 0) {
        status = path_inclusion(txn, LEDGER_EVENTS, answer->seqs[answer->seq_count - 1],
                                heads->events_size, &inclusion);
    }
    if (status == STATUS_OK) {
        reply.n_leaf = answer->seq_count;
        reply.leaf = shown.list;
        reply.more = answer->more;
        reply.advance = &advance;
        reply.n_inclusion = inclusion.proof.count;
        reply.inclusion = inclusion.fields;
        reply.event = answer->event;
        reply.scanned_to = answer->scanned_to;
        status = message_pack(&reply.base, out_body, out_size);
    }
    shown_free(&shown);
    return status;
}

enum status produce_event_leaves(struct txn *txn, const struct core_answer *answer,
                                 const struct core_checkpoints *heads, uint8_t **out_body,
                                 size_t *out_size)
{
    Alcove__EventLeavesReply reply = ALCOVE__EVENT_LEAVES_REPLY__INIT;
    struct shown shown = {NULL, NULL, NULL};
    enum status status = shown_load(txn, answer, &shown);
    struct path consistency;
    Alcove__Advance advance;
    if (status == STATUS_OK) {
        status = path_advance(txn, LEDGER_EVENTS, answer, heads, &consistency, &advance);
    }
    if (status == STATUS_OK) {
        reply.n_leaf = answer->seq_count;
        reply.leaf = shown.list;
        reply.advance = &advance;
        reply.event = answer->event;
        status = message_pack(&reply.base, out_body, out_size);
    }
    shown_free(&shown);
    return status;
}
