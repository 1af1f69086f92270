#include "server/core/header.h"

#include "proto/message.h"

enum status header_hashes(void *context, struct span header, struct hash *out_context_hash,
                          struct hash *out_envelope_hash)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    enum status status = message_decode(&alcove__header__descriptor, header, &arena, &message);
    (void)context;
    if (status == STATUS_OK) {
        const Alcove__Header *parsed = (const Alcove__Header *)(const void *)message;
        if (!field_hash(parsed->context_hash, out_context_hash) ||
            !field_hash(parsed->envelope_hash, out_envelope_hash)) {
            status = STATUS_CORRUPT;
        }
    }
    arena_free(&arena);
    return status;
}
