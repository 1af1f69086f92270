/*
 * Every message of alcove.proto: whatever is accepted packs to the very bytes received,
 * within the arena's bound. The same bytes are tried as each message, since a peer
 * chooses the bytes and the place they are read at.
 */
#include "tests/fuzz/fuzz.h"

#include "proto/message.h"
#include "tests/fuzz/messages.h"

static void message_try(const ProtobufCMessageDescriptor *descriptor, struct span bytes)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    enum status status = message_decode(descriptor, bytes, &arena, &message);
    CHECK((status == STATUS_OK) == (message != NULL));
    if (status == STATUS_OK) {
        CHECK(message->descriptor == descriptor);
        uint8_t *packed = NULL;
        size_t size = 0;
        CHECK(message_pack(message, &packed, &size) == STATUS_OK);
        CHECK(span_equal(span_of(packed, size), bytes));
        free(packed);
    }
    arena_free(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < ARRAY_LEN(fuzz_messages); i++) {
        message_try(fuzz_messages[i], span_of(data, size));
    }
    return 0;
}
