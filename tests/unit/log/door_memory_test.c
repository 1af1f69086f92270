/* Goal: a frame for which there is no memory is not called malformed: that would be an accusation, and
 * a line in the log. Method: decoding has no memory, once; the same frame is decoded after that. */
#include "server/door/internal.h"

#include "proto/message.h"
#include "tests/support/test.h"

static bool no_memory;

enum status __real_message_decode(const ProtobufCMessageDescriptor *descriptor, struct span bytes,
                                  struct arena *arena, ProtobufCMessage **out_message);
enum status __wrap_message_decode(const ProtobufCMessageDescriptor *descriptor, struct span bytes,
                                  struct arena *arena, ProtobufCMessage **out_message);

enum status __wrap_message_decode(const ProtobufCMessageDescriptor *descriptor, struct span bytes,
                                  struct arena *arena, ProtobufCMessage **out_message)
{
    if (no_memory) {
        *out_message = NULL;
        return STATUS_NO_MEMORY;
    }
    return __real_message_decode(descriptor, bytes, arena, out_message);
}

static void test_no_memory_is_not_malformed(void **state)
{
    (void)state;
    no_memory = true;
    struct door_request owned = {.brought = NULL};
    struct core_ask ask = {.op = OP_STATE};
    assert_int_equal(door_decode(NULL, NULL, span_of(NULL, 0), &owned, &ask), STATUS_NO_MEMORY);
    assert_null(ask.message);
    no_memory = false;
    OK(door_decode(NULL, NULL, span_of(NULL, 0), &owned, &ask));
    assert_non_null(ask.message);
    ask.message = NULL;
    OK(door_decode(NULL, NULL, span_of("\xff", 1), &owned, &ask));
    assert_null(ask.message);
    arena_free(&owned.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_memory_is_not_malformed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
