/* Numbers and addresses in text, and the shapes of requests. */
#include "proto/address.h"
#include "proto/number.h"
#include "proto/shape.h"
#include "tests/support/test.h"

/* Goal: digits alone make a number, within its bounds. Method: both ends of the range, one
 * beyond, and what other parsers would let pass. */
static void test_number_takes_digits_alone(void **state)
{
    (void)state;
    static const char *const bad[] = {"",    "+1",  "-1", " 1",  "1 ",
                                      "0x1", "1.0", "a",  "1\n", "18446744073709551616"};
    uint64_t number = 7;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(number_of(bad[i], 0, UINT64_MAX, &number));
    }
    assert_false(number_of("4", 5, 9, &number));
    assert_false(number_of("10", 5, 9, &number));
    assert_false(number_parse(span_of("5\0", 2), 0, 9, &number));
    assert_int_equal(number, 7);
    assert_true(number_of("0000000000000000000000009", 5, 9, &number));
    assert_int_equal(number, 9);
    assert_true(number_of("18446744073709551615", 0, UINT64_MAX, &number));
    assert_true(number == UINT64_MAX);
}

/* Goal: the last colon and brackets part an address, and nothing is cut off unseen. Method:
 * good ones with their parts, and what is none. */
static void test_address_is_taken_apart(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *host;
        bool bracketed;
        uint16_t port;
    } good[] = {{"a:0", "a", false, 0},
                {"::1:80", "::1", false, 80},
                {"[::1]:65535", "::1", true, 65535},
                {"a]:1", "a]", false, 1}};
    static const char *const bad[] = {"",     ":1",  "a",    "a:",   "a:65536",
                                      "[]:1", "[:1", "[a:1", "a:+1", "[::1]x:1"};
    struct address address;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        struct span text = span_of(good[i].text, strlen(good[i].text));
        assert_int_equal(address_parse(text, &address), STATUS_OK);
        assert_string_equal(address.host, good[i].host);
        assert_int_equal(address.bracketed, good[i].bracketed);
        assert_int_equal(address.port, good[i].port);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        struct span text = span_of(bad[i], strlen(bad[i]));
        assert_int_equal(address_parse(text, &address), STATUS_MALFORMED);
    }
    assert_int_equal(address_parse(span_of("a\0b:1", 5), &address), STATUS_MALFORMED);
    char longest[ADDRESS_HOST_CHARS_MAX + 3];
    memset(longest, 'a', sizeof longest);
    memcpy(longest + ADDRESS_HOST_CHARS_MAX, ":1", 2);
    assert_int_equal(address_parse(span_of(longest, ADDRESS_HOST_CHARS_MAX + 2), &address),
                     STATUS_OK);
    memcpy(longest + ADDRESS_HOST_CHARS_MAX, "a:1", 3);
    assert_int_equal(address_parse(span_of(longest, ADDRESS_HOST_CHARS_MAX + 3), &address),
                     STATUS_MALFORMED);
}

/* Goal: each op has a request and a reply, named after it, and no other number has any.
 * Method: the names that the codec knows. */
static void test_shapes_follow_the_names_of_ops(void **state)
{
    (void)state;
    const ProtobufCEnumDescriptor *ops = &alcove__op__descriptor;
    size_t found = 0;
    for (uint32_t op = 0; op < 2000; op++) {
        const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(ops, (int)op);
        if (value == NULL || op == OP_NONE) {
            assert_null(shape_ask(op));
            assert_null(shape_reply(op));
            continue;
        }
        found++;
        const char *name = shape_ask(op)->short_name;
        assert_string_equal(name + strlen(name) - 3, "Ask");
        assert_memory_equal(name, shape_reply(op)->short_name, strlen(name) - 3);
        assert_string_equal(shape_reply(op)->short_name + strlen(name) - 3, "Reply");
        for (size_t i = 0, at = 3; i < strlen(name) - 3; i++, at++) {
            at += value->name[at] == '_' ? 1u : 0u;
            assert_int_equal(value->name[at] | 32, name[i] | 32);
        }
    }
    assert_int_equal(found, ops->n_values - 1u);
    assert_ptr_equal(shape_ask(OP_EVENT_LEAVES), &alcove__event_leaves_ask__descriptor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_number_takes_digits_alone),
        cmocka_unit_test(test_address_is_taken_apart),
        cmocka_unit_test(test_shapes_follow_the_names_of_ops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
