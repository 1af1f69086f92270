#include "server/door/internal.h"

#include "keys/public/hash.h"
#include "keys/public/verify.h"
#include "proto/shape.h"
#include "server/core/brought.h"

static bool revision_signed(const struct door *door, const struct core_peer *peer,
                            const Alcove__Revision *revision)
{
    struct span header = field_span(revision->header);
    struct signature signature;

    return field_signature(revision->signature, &signature) &&
           verify_frame(LABEL_REVISION, &door->practice, &header, 1, &peer->content_key,
                        &signature) == STATUS_OK;
}

static bool opened_signed(const struct door *door, const struct core_peer *peer,
                          const Alcove__OpenedAsk *ask)
{
    struct span opened = field_span(ask->opened);
    struct signature signature;

    return field_signature(ask->signature, &signature) &&
           verify_frame(LABEL_OPENED, &door->practice, &opened, 1, &peer->content_key,
                        &signature) == STATUS_OK;
}

/* A revision that cannot be read here is left to the committer, which tells its fault. */
static void read_revisions(const struct door *door, const struct core_peer *peer,
                           const Alcove__SubmitAsk *submit, struct door_request *owned,
                           struct core_ask *ask)
{
    size_t count = submit->n_revision;

    owned->brought = count == 0 ? NULL : calloc(count, sizeof(*owned->brought));
    if (owned->brought == NULL) {
        return;
    }
    owned->brought_bytes += count * sizeof(*owned->brought);
    for (size_t i = 0; i < count; i++) {
        if (brought_read(&door->practice, peer, submit->revision[i], &owned->brought[i]) !=
            STATUS_OK) {
            return;
        }
    }
    ask->brought = owned->brought;
}

static bool check_submit(const struct door *door, const struct core_peer *peer,
                         const Alcove__SubmitAsk *submit, struct door_request *owned,
                         struct core_ask *ask)
{
    if (submit->n_statement > SUBMIT_STATEMENTS_MAX) {
        return false;
    }
    if (submit->n_statement > 0) {
        owned->statement_count = submit->n_statement;
        owned->statements =
            brought_statements(&door->practice, peer, submit, &owned->brought_bytes);
        ask->brought_statements = owned->statements;
    }
    for (size_t i = 0; i < submit->n_revision; i++) {
        if (!revision_signed(door, peer, submit->revision[i])) {
            return false;
        }
    }
    ask->revisions_verified = true;
    read_revisions(door, peer, submit, owned, ask);
    return true;
}

static bool signatures_hold(const struct door *door, const struct core_peer *peer,
                            const ProtobufCMessage *message, struct door_request *owned,
                            struct core_ask *ask)
{
    /* Without a peer there is no key to check with, and the login may be admitted meanwhile. */
    if (ask->op == OP_SUBMIT) {
        return peer != NULL &&
               check_submit(door, peer, (const Alcove__SubmitAsk *)(const void *)message, owned,
                            ask);
    }
    if (ask->op == OP_OPENED) {
        return peer != NULL &&
               opened_signed(door, peer, (const Alcove__OpenedAsk *)(const void *)message);
    }
    return true;
}

void door_decode(const struct door *door, const struct core_peer *peer, struct span body,
                 struct door_request *owned, struct core_ask *ask)
{
    const ProtobufCMessageDescriptor *shape =
        ask->op == CORE_OP_LOGIN ? &alcove__login__descriptor : shape_ask(ask->op);
    ProtobufCMessage *message = NULL;

    hash_bytes(body, &ask->body_hash);
    if (shape != NULL && message_decode(shape, body, &owned->arena, &message) == STATUS_OK &&
        signatures_hold(door, peer, message, owned, ask)) {
        ask->message = message;
    }
}
