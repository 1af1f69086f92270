#include "proto/message.h"
#include "tests/support/test.h"

/* All message types, so that none is forgotten in the tables of limits. */
static const ProtobufCMessageDescriptor *const all[] = {
    &alcove__frame__descriptor,
    &alcove__hello__descriptor,
    &alcove__seen__descriptor,
    &alcove__login__descriptor,
    &alcove__login_reply__descriptor,
    &alcove__consistency__descriptor,
    &alcove__advance__descriptor,
    &alcove__statement__descriptor,
    &alcove__link__descriptor,
    &alcove__genesis__descriptor,
    &alcove__server_keys__descriptor,
    &alcove__witness_policy__descriptor,
    &alcove__invitation__descriptor,
    &alcove__device_keys__descriptor,
    &alcove__enrolment__descriptor,
    &alcove__device__descriptor,
    &alcove__device_revocation__descriptor,
    &alcove__delegation__descriptor,
    &alcove__relation__descriptor,
    &alcove__relation_end__descriptor,
    &alcove__suspension__descriptor,
    &alcove__resumption__descriptor,
    &alcove__section__descriptor,
    &alcove__grant__descriptor,
    &alcove__revocation__descriptor,
    &alcove__seal__descriptor,
    &alcove__author_start__descriptor,
    &alcove__epoch__descriptor,
    &alcove__reseal_key__descriptor,
    &alcove__reseal__descriptor,
    &alcove__bad_seal__descriptor,
    &alcove__context__descriptor,
    &alcove__header__descriptor,
    &alcove__revision__descriptor,
    &alcove__note_field__descriptor,
    &alcove__note_body__descriptor,
    &alcove__event_open__descriptor,
    &alcove__event_target__descriptor,
    &alcove__event_restricted__descriptor,
    &alcove__event_leaf__descriptor,
    &alcove__event_proof__descriptor,
    &alcove__bundle_ask__descriptor,
    &alcove__bundle_reply__descriptor,
    &alcove__bundle__descriptor,
    &alcove__enrol_ask__descriptor,
    &alcove__enrol_reply__descriptor,
    &alcove__state_ask__descriptor,
    &alcove__chain_state__descriptor,
    &alcove__section_state__descriptor,
    &alcove__state_reply__descriptor,
    &alcove__leaves_ask__descriptor,
    &alcove__leaves_reply__descriptor,
    &alcove__chain_ask__descriptor,
    &alcove__chain_entry__descriptor,
    &alcove__chain_reply__descriptor,
    &alcove__checkpoint_ask__descriptor,
    &alcove__checkpoint_reply__descriptor,
    &alcove__proof_ask__descriptor,
    &alcove__proof_reply__descriptor,
    &alcove__submit_ask__descriptor,
    &alcove__submit_reply__descriptor,
    &alcove__page_ask__descriptor,
    &alcove__page_reply__descriptor,
    &alcove__page_entry__descriptor,
    &alcove__page_chunk__descriptor,
    &alcove__subscribe_ask__descriptor,
    &alcove__subscribe_reply__descriptor,
    &alcove__push__descriptor,
    &alcove__opened__descriptor,
    &alcove__opened_ask__descriptor,
    &alcove__opened_reply__descriptor,
    &alcove__events_ask__descriptor,
    &alcove__events_reply__descriptor,
    &alcove__event_leaves_ask__descriptor,
    &alcove__event_leaves_reply__descriptor,
    &alcove__founding__descriptor,
    &alcove__server_public__descriptor,
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
    char line[512];
    size_t count = 0;
    FILE *schema = fopen(ALCOVE_SOURCE_DIR "/proto/alcove.proto", "r");
    assert_non_null(schema);
    while (fgets(line, sizeof(line), schema) != NULL) {
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
            memset(noise, (int)fill, sizeof(noise));
            assert_int_equal(decode(all[i], noise, sizeof(noise)), STATUS_MALFORMED);
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
