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

static bool check_submit(const struct door *door, const struct core_peer *peer,
                         const Alcove__SubmitAsk *submit, struct door_request *owned,
                         struct core_ask *ask)
{
    for (size_t i = 0; i < submit->n_revision; i++) {
        if (!revision_signed(door, peer, submit->revision[i])) {
            return false;
        }
    }
    ask->revisions_verified = true;
    /* Without memory it is left to the committer; so is the answer to whatever is wrong with it. */
    owned->brought = brought_read(&door->practice, peer, submit);
    ask->brought = owned->brought;
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

enum status door_decode(const struct door *door, const struct core_peer *peer, struct span body,
                        struct door_request *owned, struct core_ask *ask)
{
    const ProtobufCMessageDescriptor *shape =
        ask->op == CORE_OP_LOGIN ? &alcove__login__descriptor : shape_ask(ask->op);
    hash_bytes(body, &ask->body_hash);
    ProtobufCMessage *message = NULL;
    enum status status =
        shape == NULL ? STATUS_MALFORMED : message_decode(shape, body, &owned->arena, &message);
    if (status == STATUS_OK && signatures_hold(door, peer, message, owned, ask)) {
        ask->message = message;
    }
    return status == STATUS_NO_MEMORY ? status : STATUS_OK;
}
