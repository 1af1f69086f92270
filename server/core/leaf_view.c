#include "server/core/leaf_view.h"

#include "proto/message.h"
#include "proto/words.h"

static ProtobufCBinaryData field_of_span(struct span bytes)
{
    return field_of(bytes.data, bytes.size);
}

static void show_target(const struct event_stored *event, Alcove__EventLeaf *leaf)
{
    leaf->target_opening = field_of_span(event->target_opening);
    leaf->target = field_of_span(event->target);
}

static void show_restricted(const struct event_stored *event, Alcove__EventLeaf *leaf)
{
    leaf->restricted_opening = field_of_span(event->restricted_opening);
    leaf->restricted = field_of_span(event->restricted);
}

enum status leaf_view_load(struct txn *txn, uint64_t seq, enum core_view view,
                           struct leaf_view *out_view, Alcove__EventLeaf *out_leaf)
{
    struct event_stored *event = &out_view->event;
    enum status status = events_get(txn, seq, event);
    if (status != STATUS_OK) {
        return status;
    }
    alcove__event_leaf__init(out_leaf);
    out_leaf->seq = seq;
    out_leaf->open = field_of_span(event->open);
    out_leaf->target_hash = field_of(event->target_hash.bytes, HASH_BYTES);
    out_leaf->restricted_hash = field_of(event->restricted_hash.bytes, HASH_BYTES);
    /* The actor of a refused request must not learn whether the target exists. The actor of an
     * echo (a suspension, say) must not learn which sections the other person is in. */
    if (view != CORE_VIEW_ACTOR ||
        (event->fields.outcome != OUTCOME_REFUSED && event->change.kind != ENTRY_ECHO)) {
        show_target(event, out_leaf);
    }
    if (view != CORE_VIEW_CLIENT) {
        show_restricted(event, out_leaf);
    }
    return STATUS_OK;
}

enum status leaf_view_load_any(struct txn *txn, uint64_t seq, enum core_view view,
                               struct leaf_view *out_view, Alcove__EventLeaf *out_leaf)
{
    enum status status = leaf_view_load(txn, seq, view, out_view, out_leaf);
    if (status != STATUS_CORRUPT && status != STATUS_NOT_FOUND) {
        return status;
    }
    alcove__event_leaf__init(out_leaf);
    out_leaf->seq = seq;
    out_leaf->damaged = 1;
    if (events_leaf_hash(txn, seq, &out_view->lost) == STATUS_OK) {
        out_leaf->leaf = field_of(out_view->lost.bytes, HASH_BYTES);
    }
    return STATUS_OK;
}
