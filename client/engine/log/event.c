#include "client/engine/log/event.h"

#include "client/engine/common/decode.h"
#include "client/engine/log/advance.h"
#include "keys/public/log/leaf.h"
#include "keys/public/log/merkle_proof.h"

static enum status open_target(const struct log *log, const Alcove__EventLeaf *leaf,
                               const struct hash *target_hash, struct event *event)
{
    if (leaf->target.len == 0 && leaf->target_opening.len == 0) {
        return STATUS_OK;
    }
    struct hash opening;
    if (!field_hash(leaf->target_opening, &opening)) {
        return STATUS_MALFORMED;
    }
    struct hash have;
    leaf_target_hash(&log->common->practice, opening.bytes, field_span(leaf->target), &have);
    if (!ID_EQUAL(&have, target_hash)) {
        return STATUS_BAD_PROOF;
    }
    return decode_event_target(field_span(leaf->target), &event->arena, &event->target);
}

static enum status open_restricted(const struct log *log, const Alcove__EventLeaf *leaf,
                                   const struct hash *restricted_hash, struct event *event)
{
    if (leaf->restricted.len == 0 && leaf->restricted_opening.len == 0) {
        return STATUS_OK;
    }
    struct hash opening;
    if (!field_hash(leaf->restricted_opening, &opening)) {
        return STATUS_MALFORMED;
    }
    struct hash have;
    leaf_restricted_hash(&log->common->practice, opening.bytes, field_span(leaf->restricted),
                         &have);
    if (!ID_EQUAL(&have, restricted_hash)) {
        return STATUS_BAD_PROOF;
    }
    return decode_event_restricted(field_span(leaf->restricted), &event->arena, &event->restricted);
}

/* Only its place and, if the server has it, its leaf hash. */
static enum status take_damaged(const Alcove__EventLeaf *leaf, struct event *event)
{
    static const Alcove__EventOpen none = ALCOVE__EVENT_OPEN__INIT;
    event->open = &none;
    event->damaged = true;
    event->lost = leaf->leaf.len == 0;
    bool bare = leaf->damaged == 1 && leaf->open.len == 0 && leaf->target_hash.len == 0 &&
                leaf->restricted_hash.len == 0 && leaf->target_opening.len == 0 &&
                leaf->target.len == 0 && leaf->restricted_opening.len == 0 &&
                leaf->restricted.len == 0;
    return bare && (event->lost || field_hash(leaf->leaf, &event->leaf)) ? STATUS_OK
                                                                         : STATUS_MALFORMED;
}

enum status event_take(const struct log *log, const Alcove__EventLeaf *leaf,
                       struct event *out_event)
{
    *out_event = (struct event){0};
    if (leaf != NULL && leaf->damaged != 0) {
        out_event->seq = leaf->seq;
        return take_damaged(leaf, out_event);
    }
    struct hash target_hash;
    struct hash restricted_hash;
    if (leaf == NULL || !field_hash(leaf->target_hash, &target_hash) ||
        !field_hash(leaf->restricted_hash, &restricted_hash)) {
        return STATUS_MALFORMED;
    }
    out_event->seq = leaf->seq;
    leaf_event_hash(field_span(leaf->open), &target_hash, &restricted_hash, &out_event->leaf);
    enum status status =
        decode_event_open(field_span(leaf->open), &out_event->arena, &out_event->open);
    if (status == STATUS_OK) {
        status = open_target(log, leaf, &target_hash, out_event);
    }
    if (status == STATUS_OK) {
        status = open_restricted(log, leaf, &restricted_hash, out_event);
    }
    return status;
}

void event_free(struct event *event)
{
    arena_free(&event->arena);
    *event = (struct event){0};
}

enum status event_included(const struct hash *leaf, uint64_t seq, const ProtobufCBinaryData *path,
                           size_t path_count, const struct seen_log *seen)
{
    struct merkle_proof proof = {.count = path_count};
    if (path_count > MERKLE_PROOF_HASHES_MAX || seq >= seen->size) {
        return STATUS_BAD_PROOF;
    }
    for (size_t i = 0; i < path_count; i++) {
        if (path[i].len != HASH_BYTES) {
            return STATUS_MALFORMED;
        }
        memcpy(proof.hashes[i].bytes, path[i].data, HASH_BYTES);
    }
    return merkle_proof_check_inclusion(&proof, leaf, seq, seen->size, &seen->root);
}

enum status event_prove(const struct log *log, const Alcove__EventProof *proof,
                        const struct request *asked, struct event *out_event,
                        struct seen_log *out_seen)
{
    *out_event = (struct event){0};
    if (proof == NULL) {
        return STATUS_MALFORMED;
    }
    enum status status =
        advance_check(log, ADVANCE_EVENTS, proof->advance, &asked->events, out_seen);
    if (status != STATUS_OK) {
        return status;
    }
    status = event_take(log, proof->leaf, out_event);
    if (status != STATUS_OK) {
        return status;
    }
    if (out_event->seq < asked->events.size || out_event->open->time_ms < asked->newest_ms) {
        return STATUS_BAD_PROOF;
    }
    return event_included(&out_event->leaf, out_event->seq, proof->inclusion, proof->n_inclusion,
                          out_seen);
}
