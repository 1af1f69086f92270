#include "proto/message.h"
#include "proto/words.h"
#include "tests/support/test.h"

/* All message types, so that none is forgotten in the tables of limits. */
static const ProtobufCMessageDescriptor *const all[] = {
#define DESCRIPTOR(name) &alcove__##name##__descriptor,
    MESSAGE_LIST(DESCRIPTOR)
#undef DESCRIPTOR
};

static enum status decode(const ProtobufCMessageDescriptor *descriptor, const void *data,
                          size_t size)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    enum status status = message_decode(descriptor, span_of(data, size), &arena, &message);
    assert_true((status == STATUS_OK) == (message != NULL));
    arena_free(&arena);
    return status;
}

/* Goal: the list above is whole. Method: count the messages in the schema's text. */
static void test_list_holds_every_message(void **state)
{
    (void)state;
    FILE *schema = fopen(ALCOVE_SOURCE_DIR "/proto/alcove.proto", "r");
    assert_non_null(schema);
    char line[512];
    size_t count = 0;
    while (fgets(line, sizeof line, schema) != NULL) {
        count += strncmp(line, "message ", 8) == 0;
    }
    assert_int_equal(fclose(schema), 0);
    assert_int_equal(count, ARRAY_LEN(all));
}

/* Goal: every repeated field has a limit, and nothing the schema must not have is in it.
 * Method: walk all descriptors. */
static void test_schema_obeys_its_own_rules(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        for (unsigned int j = 0; j < all[i]->n_fields; j++) {
            const ProtobufCFieldDescriptor *field = &all[i]->fields[j];
            bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
            assert_int_equal(message_count_max(all[i], field->id) > 0, repeated);
            assert_true(
                field->type == PROTOBUF_C_TYPE_UINT32 || field->type == PROTOBUF_C_TYPE_UINT64 ||
                field->type == PROTOBUF_C_TYPE_BOOL || field->type == PROTOBUF_C_TYPE_BYTES ||
                field->type == PROTOBUF_C_TYPE_MESSAGE);
            assert_false(field->type == PROTOBUF_C_TYPE_MESSAGE && field->descriptor == all[i]);
        }
    }
    assert_int_equal(message_count_max(&alcove__frame__descriptor, 999), 0);
}

/* Goal: every type decodes the empty message and refuses noise. Method: all descriptors
 * with nothing, and with bytes that are no protobuf. */
static void test_every_type_takes_nothing_and_refuses_noise(void **state)
{
    (void)state;
    uint8_t noise[64];
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        assert_int_equal(decode(all[i], NULL, 0), STATUS_OK);
        for (unsigned int fill = 0; fill < 256; fill++) {
            memset(noise, (int)fill, sizeof noise);
            assert_int_equal(decode(all[i], noise, sizeof noise), STATUS_MALFORMED);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_list_holds_every_message),
        cmocka_unit_test(test_schema_obeys_its_own_rules),
        cmocka_unit_test(test_every_type_takes_nothing_and_refuses_noise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
