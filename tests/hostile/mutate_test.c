#include "tests/hostile/mutate.h"
#include "tests/hostile/schema.h"
#include "tests/support/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A page with two revisions and one entry of another kind, deep enough for all. */
struct sample {
    uint8_t *bytes;
    size_t size;
};

static uint8_t *pack(const ProtobufCMessage *message, size_t *out_size)
{
    uint8_t *bytes = NULL;
    assert_int_equal(message_pack(message, &bytes, out_size), STATUS_OK);
    return bytes;
}

static struct sample make_page(void)
{
    static uint8_t id[16] = {1, 2, 3, 4};
    static uint8_t hash[32] = {9, 8, 7};
    static uint8_t signature[64] = {6}; /* long enough that no size shrinks to one byte */
    Alcove__Context context = ALCOVE__CONTEXT__INIT;
    context.section = field_of(id, sizeof id);
    context.class_ = ALCOVE__NOTE_CLASS__CLASS_SHARED;
    ProtobufCBinaryData parents[] = {field_of(hash, 32), field_of(id, 16)};
    context.parent = parents;
    context.n_parent = 2;
    context.epoch = 300;
    Alcove__Header header = ALCOVE__HEADER__INIT;
    header.context_hash = field_of(hash, sizeof hash);
    uint8_t text[] = "sealed bytes";
    header.envelope_size = sizeof text;
    size_t context_size = 0;
    uint8_t *context_bytes = pack(&context.base, &context_size);
    size_t header_size = 0;
    uint8_t *header_bytes = pack(&header.base, &header_size);
    Alcove__PageEntry entries[3] = {ALCOVE__PAGE_ENTRY__INIT, ALCOVE__PAGE_ENTRY__INIT,
                                    ALCOVE__PAGE_ENTRY__INIT};
    Alcove__PageEntry *list[3];
    for (size_t i = 0; i < 3; i++) {
        entries[i].number = i + 1;
        entries[i].kind =
            i == 2 ? ALCOVE__ENTRY_KIND__ENTRY_ECHO : ALCOVE__ENTRY_KIND__ENTRY_REVISION;
        if (i == 2) {
            entries[i].object = field_of(hash, sizeof hash);
        } else {
            entries[i].context = field_of(context_bytes, context_size);
            entries[i].header = field_of(header_bytes, header_size);
            entries[i].signature = field_of(signature, sizeof signature);
            entries[i].envelope = field_of(text, sizeof text);
        }
        list[i] = &entries[i];
    }
    Alcove__PageChunk chunk = ALCOVE__PAGE_CHUNK__INIT;
    chunk.entry = list;
    chunk.n_entry = 3;
    chunk.last = 1;
    struct sample sample = {0};
    sample.bytes = pack(&chunk.base, &sample.size);
    free(context_bytes);
    free(header_bytes);
    return sample;
}

static enum status decode(const uint8_t *bytes, size_t size)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    const enum status status =
        message_decode(&alcove__page_chunk__descriptor, span_of(bytes, size), &arena, &message);
    arena_free(&arena);
    return status;
}

static size_t find(const struct mutate_tree *tree, const char *path)
{
    char text[256];
    for (size_t i = 0; i < tree->count; i++) {
        mutate_path(tree, i, text, sizeof text);
        if (strcmp(text, path) == 0) {
            return i;
        }
    }
    fail_msg("no field %s", path);
    return MUTATE_NONE;
}

/* Goal: the whole tree is reached, also what lies inside bytes fields. Method:
 * count by hand, and look for the deepest places by name. */
static void test_parse_reaches_inside(void **state)
{
    (void)state;
    const struct sample sample = make_page();
    struct mutate_tree tree;
    mutate_parse(span_of(sample.bytes, sample.size), &alcove__page_chunk__descriptor, &tree);
    /* 3 entries + last; per revision 6 fields, 5 in its context, 2 in its header; 3 in the last */
    assert_int_equal(tree.count, 4 + 2 * (6 + 5 + 2) + 3);
    const size_t deep = find(&tree, "PageChunk.entry.context.parent");
    assert_int_equal(mutate_value(&tree, deep).size, 32);
    (void)find(&tree, "PageChunk.entry.header.envelope_size");
    mutate_free(&tree);
    free(sample.bytes);
}

/* Goal: an operator changes its place and nothing else, and sizes around it are
 * right. Method: every operator on every field; those that keep the schema must
 * decode strictly, and laying the result out again shows the same tree around. */
static void test_apply_keeps_message_well_formed(void **state)
{
    (void)state;
    const struct sample sample = make_page();
    struct mutate_tree tree;
    mutate_parse(span_of(sample.bytes, sample.size), &alcove__page_chunk__descriptor, &tree);
    size_t applied[MUTATE_OPS] = {0};
    for (size_t field = 0; field < tree.count; field++) {
        for (int op = 0; op < MUTATE_OPS; op++) {
            size_t size = 0;
            uint8_t *bytes = mutate_apply(&tree, field, (enum mutate_op)op, field * 5,
                                          span_of(sample.bytes, 9), &size);
            if (bytes == NULL) {
                continue;
            }
            applied[op]++;
            assert_false(size == sample.size && memcmp(bytes, sample.bytes, size) == 0);
            /* Only what lies in bytes fields may be shaped anyhow for this decoder. */
            const struct mutate_field *at = &tree.fields[field];
            const bool in_bytes = at->parent != MUTATE_NONE && tree.fields[at->parent].message !=
                                                                   &alcove__page_chunk__descriptor;
            if (in_bytes && op != MUTATE_DUPLICATE) {
                assert_int_equal(decode(bytes, size), STATUS_OK);
            }
            free(bytes);
        }
    }
    for (int op = 0; op < MUTATE_OPS; op++) {
        assert_true(applied[op] > 0);
    }
    mutate_free(&tree);
    free(sample.bytes);
}

static void expect(const char *path, enum mutate_op op, uint64_t choice, struct span donor,
                   enum status expected, size_t expected_size)
{
    const struct sample sample = make_page();
    struct mutate_tree tree;
    mutate_parse(span_of(sample.bytes, sample.size), &alcove__page_chunk__descriptor, &tree);
    size_t size = 0;
    uint8_t *bytes = mutate_apply(&tree, find(&tree, path), op, choice, donor, &size);
    assert_non_null(bytes);
    assert_int_equal(size, expected_size);
    assert_int_equal(decode(bytes, size), expected);
    free(bytes);
    mutate_free(&tree);
    free(sample.bytes);
}

/* Goal: the operators do what their names say. Method: sizes worked out by hand. */
static void test_apply_by_hand(void **state)
{
    (void)state;
    const struct sample sample = make_page();
    const size_t size = sample.size;
    free(sample.bytes);
    const char *envelope = "PageChunk.entry.envelope";
    const struct span none = {0};
    expect(envelope, MUTATE_FLIP, 3, none, STATUS_OK, size);
    expect(envelope, MUTATE_TRUNCATE, 0, none, STATUS_OK, size - 1);
    expect(envelope, MUTATE_EXTEND, 0, none, STATUS_OK, size + 1);
    expect(envelope, MUTATE_EMPTY, 0, none, STATUS_OK, size - 15); /* tag, size, 13 */
    expect(envelope, MUTATE_REPLACE, 0, span_of("ab", 2), STATUS_OK, size - 11);
    expect(envelope, MUTATE_DUPLICATE, 0, none, STATUS_MALFORMED, size + 15);
    const char *parent = "PageChunk.entry.context.parent";
    expect(parent, MUTATE_DROP, 0, none, STATUS_OK, size - 34);
    expect(parent, MUTATE_EMPTY, 0, none, STATUS_OK, size - 32); /* an empty one in a list stays */
    expect(parent, MUTATE_SWAP, 0, none, STATUS_OK, size);
    expect("PageChunk.entry.number", MUTATE_STEP, 1, none, STATUS_OK, size - 2); /* 1 to 0: gone */
    expect("PageChunk.entry", MUTATE_SWAP, 0, none, STATUS_OK, size);
    expect("PageChunk.entry", MUTATE_INJECT, 0, none, STATUS_MALFORMED, size + 5);
}

/* Goal: every reply, ask and statement body of the schema is known to the table,
 * so none is passed over. Method: walk the enums of the schema itself. */
static void test_schema_knows_every_type(void **state)
{
    (void)state;
    for (unsigned i = 0; i < alcove__op__descriptor.n_values; i++) {
        const int op = alcove__op__descriptor.values[i].value;
        if (op != ALCOVE__OP__OP_NONE) {
            assert_non_null(schema_server_body(ALCOVE__FRAME_KIND__FRAME_REPLY, (uint32_t)op));
            assert_non_null(schema_client_body(ALCOVE__FRAME_KIND__FRAME_REQUEST, (uint32_t)op));
        }
    }
    for (unsigned i = 0; i < alcove__statement_type__descriptor.n_values; i++) {
        const int type = alcove__statement_type__descriptor.values[i].value;
        if (type != ALCOVE__STATEMENT_TYPE__STATEMENT_NONE) {
            assert_non_null(schema_inside(&alcove__statement__descriptor, 3, (uint32_t)type));
        }
    }
    assert_null(schema_inside(&alcove__statement__descriptor, 3, 999));
    assert_null(schema_inside(&alcove__header__descriptor, 1, 0));
    assert_null(schema_server_body(ALCOVE__FRAME_KIND__FRAME_REPLY, 999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_reaches_inside),
        cmocka_unit_test(test_apply_keeps_message_well_formed),
        cmocka_unit_test(test_apply_by_hand),
        cmocka_unit_test(test_schema_knows_every_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
