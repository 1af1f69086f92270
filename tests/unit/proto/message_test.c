#include "proto/message.h"
#include "tests/support/test.h"

/* Of the linker's --wrap. */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

static bool memory_is_out;

void *__wrap_malloc(size_t size)
{
    return memory_is_out ? NULL : __real_malloc(size);
}

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

/* A message with something in each kind of field, two deep. */
static size_t sample(uint8_t *out, size_t capacity)
{
    static uint8_t bytes[32] = {1, 2, 3};
    Alcove__Revision revision = ALCOVE__REVISION__INIT;
    Alcove__Revision empty = ALCOVE__REVISION__INIT;
    Alcove__Revision *revisions[] = {&revision, &empty};
    ProtobufCBinaryData statements[] = {field_of(bytes, 7), field_of(bytes, 0)};
    Alcove__SubmitAsk ask = ALCOVE__SUBMIT_ASK__INIT;
    revision.context = field_of(bytes, sizeof bytes);
    revision.wrap = field_of(bytes, 3);
    ask.n_statement = 2;
    ask.statement = statements;
    ask.n_revision = 2;
    ask.revision = revisions;
    ask.purpose = 300;
    size_t size = 0;
    assert_int_equal(message_pack_into(&ask.base, out, capacity, &size), STATUS_OK);
    assert_int_equal(message_pack_into(&ask.base, out, size - 1u, &size), STATUS_TOO_LARGE);
    return size;
}

/* Goal: what was packed is read, and read back the same. Method: field by field. */
static void test_decode_gives_what_was_packed(void **state)
{
    (void)state;
    uint8_t bytes[256];
    size_t size = sample(bytes, sizeof bytes);
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    assert_int_equal(
        message_decode(&alcove__submit_ask__descriptor, span_of(bytes, size), &arena, &message),
        STATUS_OK);
    const Alcove__SubmitAsk *ask = (const Alcove__SubmitAsk *)message;
    assert_int_equal(ask->n_revision, 2);
    assert_int_equal(ask->statement[0].len, 7);
    assert_int_equal(ask->revision[0]->context.len, 32);
    assert_int_equal(ask->purpose, 300);
    uint8_t *again = NULL;
    size_t again_size = 0;
    assert_int_equal(message_pack(message, &again, &again_size), STATUS_OK);
    assert_true(span_equal(span_of(again, again_size), span_of(bytes, size)));
    free(again);
    arena_free(&arena);
}

/* Goal: one message has one encoding. Method: cut at every byte, add each byte at the
 * end, flip every bit; whatever still decodes must pack to exactly those bytes. */
static void test_decode_of_changed_bytes_is_refused_or_means_another(void **state)
{
    (void)state;
    uint8_t bytes[256];
    size_t size = sample(bytes, sizeof bytes);
    for (unsigned int extra = 0; extra < 256; extra++) {
        bytes[size] = (uint8_t)extra;
        assert_int_equal(decode(&alcove__submit_ask__descriptor, bytes, size + 1u),
                         STATUS_MALFORMED);
    }
    for (size_t bit = 0; bit < size * 8u; bit++) {
        uint8_t changed[256];
        memcpy(changed, bytes, size);
        changed[bit / 8u] ^= (uint8_t)(1u << (bit % 8u));
        struct arena arena = {0};
        ProtobufCMessage *message = NULL;
        if (message_decode(&alcove__submit_ask__descriptor, span_of(changed, size), &arena,
                           &message) == STATUS_OK) {
            uint8_t *again = NULL;
            size_t again_size = 0;
            assert_int_equal(message_pack(message, &again, &again_size), STATUS_OK);
            assert_true(span_equal(span_of(again, again_size), span_of(changed, size)));
            free(again);
        }
        arena_free(&arena);
    }
    for (size_t cut = 1; cut < size; cut++) {
        (void)decode(&alcove__submit_ask__descriptor, bytes, cut);
    }
}

/* Goal: decision 18's second readings are all refused. Method: hand-made bytes of
 * LeavesAsk (two uint64) and of StateReply: each with one way to say a thing twice. */
static void test_decode_of_second_encodings_is_malformed(void **state)
{
    (void)state;
    const struct {
        const char *what;
        uint8_t bytes[8];
        size_t size;
        enum status status;
    } cases[] = {
        {"plain", {0x08, 1, 0x10, 2}, 4, STATUS_OK},
        {"empty", {0}, 0, STATUS_OK},
        {"zero written out", {0x08, 0, 0x10, 2}, 4, STATUS_MALFORMED},
        {"field twice", {0x08, 1, 0x08, 1}, 4, STATUS_MALFORMED},
        {"out of order", {0x10, 2, 0x08, 1}, 4, STATUS_MALFORMED},
        {"long varint", {0x08, 0x81, 0x00}, 3, STATUS_MALFORMED},
        {"long tag", {0x88, 0x00, 1}, 3, STATUS_MALFORMED},
        {"unknown field", {0x08, 1, 0x18, 1}, 4, STATUS_MALFORMED},
        {"wrong wire type", {0x0a, 1, 1}, 3, STATUS_MALFORMED},
        {"field number zero", {0x00, 1}, 2, STATUS_MALFORMED},
        {"cut varint", {0x08, 0x80}, 2, STATUS_MALFORMED},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        enum status status = decode(&alcove__leaves_ask__descriptor, cases[i].bytes, cases[i].size);
        if (status != cases[i].status) {
            fail_msg("%s: %s", cases[i].what, status_name(status));
        }
    }
    /* CheckpointAsk.seen given twice would be merged by protobuf-c. */
    const uint8_t merged[] = {0x0a, 2, 0x08, 1, 0x0a, 2, 0x18, 1};
    assert_int_equal(decode(&alcove__checkpoint_ask__descriptor, merged, 4), STATUS_OK);
    assert_int_equal(decode(&alcove__checkpoint_ask__descriptor, merged, 8), STATUS_MALFORMED);
    /* Unknown fields are refused at depth, not only at the top. */
    const uint8_t deep[] = {0x0a, 2, 0x78, 1};
    assert_int_equal(decode(&alcove__checkpoint_ask__descriptor, deep, 4), STATUS_MALFORMED);
    /* A bool of 2 reads as true and would pack as 1. */
    const uint8_t two[] = {0x10, 2};
    assert_int_equal(decode(&alcove__chain_reply__descriptor, two, 2), STATUS_MALFORMED);
}

/* Goal: no message makes us take much more memory than it sends (test 7 of the issue).
 * Method: 40 kB of empty sub-messages, and the arena's own count. */
static void test_decode_of_many_empty_messages_stays_in_budget(void **state)
{
    (void)state;
    static uint8_t bytes[40000];
    const struct {
        const ProtobufCMessageDescriptor *descriptor;
        uint8_t tag;
    } cases[] = {{&alcove__submit_ask__descriptor, 0x12},
                 {&alcove__events_reply__descriptor, 0x0a},
                 {&alcove__state_reply__descriptor, 0x0a},
                 {&alcove__page_chunk__descriptor, 0x0a}};
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        for (size_t j = 0; j < sizeof bytes; j += 2) {
            bytes[j] = cases[i].tag;
            bytes[j + 1u] = 0;
        }
        struct arena arena = {0};
        ProtobufCMessage *message = NULL;
        assert_int_equal(
            message_decode(cases[i].descriptor, span_of(bytes, sizeof bytes), &arena, &message),
            STATUS_MALFORMED);
        assert_false(arena.no_memory);
        arena_free(&arena);
    }
}

/* Goal: a message is not called malformed because the system has no memory. */
static void test_decode_without_memory(void **state)
{
    uint8_t bytes[4096];
    size_t size = sample(bytes, sizeof bytes);
    (void)state;
    memory_is_out = true;
    enum status status = decode(&alcove__submit_ask__descriptor, bytes, size);
    memory_is_out = false;
    assert_int_equal(status, STATUS_NO_MEMORY);
    assert_int_equal(decode(&alcove__submit_ask__descriptor, bytes, size), STATUS_OK);
}

/* Goal: counts and sizes have limits. Method: exactly at and one over each. */
static void test_decode_over_a_limit_is_refused(void **state)
{
    (void)state;
    static uint8_t bytes[MESSAGE_BYTES_MAX + 1u];
    uint8_t statements[2u * (SUBMIT_STATEMENTS_MAX + 1u)];
    for (size_t i = 0; i < sizeof statements; i += 2) {
        statements[i] = 0x0a;
        statements[i + 1u] = 0;
    }
    assert_int_equal(decode(&alcove__submit_ask__descriptor, statements, sizeof statements - 2u),
                     STATUS_OK);
    assert_int_equal(decode(&alcove__submit_ask__descriptor, statements, sizeof statements),
                     STATUS_MALFORMED);
    assert_int_equal(decode(&alcove__page_ask__descriptor, bytes, sizeof bytes), STATUS_TOO_LARGE);
    assert_int_equal(message_size_max(&alcove__page_ask__descriptor), MESSAGE_BYTES_MAX);
    assert_int_equal(message_size_max(&alcove__statement__descriptor), STATEMENT_BYTES_MAX);
}

/* Goal: the largest honest messages fit the budget. Method: epochs with the most seals
 * and starts, a page of the most leaves' hashes, the fullest subscribe. */
static void test_largest_honest_messages_are_accepted(void **state)
{
    (void)state;
    static Alcove__Seal seals[EPOCH_SEALS_MAX];
    static Alcove__Seal *seal_list[EPOCH_SEALS_MAX];
    static Alcove__AuthorStart starts[EPOCH_STARTS_MAX];
    static Alcove__AuthorStart *start_list[EPOCH_STARTS_MAX];
    static uint8_t one[64];
    Alcove__Epoch epoch = ALCOVE__EPOCH__INIT;
    memset(one, 1, sizeof one);
    for (size_t i = 0; i < EPOCH_SEALS_MAX; i++) {
        alcove__seal__init(&seals[i]);
        seals[i].kind = 1;
        seals[i].mode = 2;
        seals[i].recipient = field_of(one, HASH_BYTES);
        seals[i].share = field_of(one, SEAL_SHARE_BYTES);
        seals[i].sealed = field_of(one, SEAL_SEALED_BYTES);
        seal_list[i] = &seals[i];
        alcove__author_start__init(&starts[i]);
        starts[i].device = field_of(one, HASH_BYTES);
        starts[i].link = field_of(one, HASH_BYTES);
        starts[i].number = UINT64_MAX;
        start_list[i] = &starts[i];
    }
    epoch.n_seal = EPOCH_SEALS_MAX;
    epoch.seal = seal_list;
    epoch.n_start = EPOCH_STARTS_MAX;
    epoch.start = start_list;
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(message_pack(&epoch.base, &bytes, &size), STATUS_OK);
    assert_true(size < STATEMENT_BODY_BYTES_MAX);
    assert_int_equal(decode(&alcove__epoch__descriptor, bytes, size), STATUS_OK);
    free(bytes);
    static ProtobufCBinaryData ids[SUBSCRIBE_SECTIONS_MAX];
    Alcove__SubscribeAsk subscribe = ALCOVE__SUBSCRIBE_ASK__INIT;
    for (size_t i = 0; i < SUBSCRIBE_SECTIONS_MAX; i++) {
        ids[i] = field_of(one, ID_BYTES);
    }
    subscribe.n_section = SUBSCRIBE_SECTIONS_MAX;
    subscribe.section = ids;
    assert_int_equal(message_pack(&subscribe.base, &bytes, &size), STATUS_OK);
    assert_int_equal(decode(&alcove__subscribe_ask__descriptor, bytes, size), STATUS_OK);
    free(bytes);
    static Alcove__ChainState chains[2000];
    static Alcove__ChainState *chain_list[2000];
    Alcove__StateReply reply = ALCOVE__STATE_REPLY__INIT;
    for (size_t i = 0; i < ARRAY_LEN(chains); i++) {
        alcove__chain_state__init(&chains[i]);
        chains[i].label = field_of(one, HASH_BYTES);
        chains[i].id = field_of(one, ID_BYTES);
        chains[i].subject = 4;
        chains[i].count = 2;
        chain_list[i] = &chains[i];
    }
    reply.n_chain = ARRAY_LEN(chains);
    reply.chain = chain_list;
    assert_int_equal(message_pack(&reply.base, &bytes, &size), STATUS_OK);
    assert_int_equal(decode(&alcove__state_reply__descriptor, bytes, size), STATUS_OK);
    free(bytes);
}

/* Goal: exact lengths. Method: one less, exact, one more, zero and all-zero fields. */
static void test_fields_have_exact_lengths(void **state)
{
    (void)state;
    static uint8_t bytes[33] = {0, 0, 9};
    static uint8_t zero[33];
    struct hash out;
    for (size_t size = 0; size <= 33; size++) {
        assert_int_equal(field_required(field_of(bytes, size), &out, HASH_BYTES),
                         size == HASH_BYTES);
        assert_int_equal(out.bytes[2], size == HASH_BYTES ? 9 : 0);
        assert_int_equal(field_optional(field_of(bytes, size), &out, HASH_BYTES),
                         size == HASH_BYTES || size == 0);
        assert_false(field_required(field_of(zero, size), &out, HASH_BYTES));
        assert_int_equal(field_optional(field_of(zero, size), &out, HASH_BYTES),
                         size == HASH_BYTES || size == 0);
    }
    assert_true(field_hash(field_of(bytes, HASH_BYTES), &out));
}

/* Goal: the arena gives what was granted and no more, aligned and zeroed. Method: fill it. */
static void test_arena_keeps_to_its_budget(void **state)
{
    (void)state;
    struct arena arena = {0};
    assert_null(arena_alloc(&arena, 1));
    arena_grant(&arena, 100000);
    for (size_t i = 0; i < 100000u / 48u; i++) {
        uint8_t *got = arena_alloc(&arena, 33);
        assert_non_null(got);
        assert_int_equal((uintptr_t)got % 16u, 0);
        for (size_t j = 0; j < 33; j++) {
            assert_int_equal(got[j], 0);
        }
        memset(got, 0xff, 48);
    }
    assert_null(arena_alloc(&arena, 33));
    assert_false(arena.no_memory);
    assert_null(arena_alloc(&arena, SIZE_MAX));
    arena_free(&arena);
    assert_null(arena_alloc(&arena, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode_gives_what_was_packed),
        cmocka_unit_test(test_decode_of_changed_bytes_is_refused_or_means_another),
        cmocka_unit_test(test_decode_of_second_encodings_is_malformed),
        cmocka_unit_test(test_decode_of_many_empty_messages_stays_in_budget),
        cmocka_unit_test(test_decode_without_memory),
        cmocka_unit_test(test_decode_over_a_limit_is_refused),
        cmocka_unit_test(test_largest_honest_messages_are_accepted),
        cmocka_unit_test(test_fields_have_exact_lengths),
        cmocka_unit_test(test_arena_keeps_to_its_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
