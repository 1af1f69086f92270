#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/map.h"
#include "keys/public/bytes/random.h"
#include "keys/public/log/leaf.h"
#include "tests/support/practice_timeline.h"

/* One statement of every type, really signed. */
struct sample {
    struct made made[20];
    size_t count;
};

static void add(struct practice *p, struct sample *sample, struct made made)
{
    make_take(&p->w, made);
    sample->made[sample->count++] = made;
}

static void take_one_of_each(struct practice *p, struct sample *out)
{
    struct make_world *w = &p->w;
    struct make_person *stranger = make_stranger(w, ROLE_CLIENT);
    for (size_t i = 0; i < 3; i++) {
        out->made[out->count++] = (struct made){.bytes = w->log[i].bytes};
    }
    add(p, out, make_delegation(w, p->t3, p->ad1, 0));
    struct hash delegation = out->made[out->count - 1u].hash;
    add(p, out, make_invitation(w, stranger, p->t3, &delegation));
    add(p, out, make_enrolment(w, stranger));
    add(p, out, make_device_statement(w, stranger));
    add(p, out, make_relation(w, stranger, p->t3, RELATION_TREATS, 0, p->ad1));
    struct make_section *made = NULL;
    add(p, out, make_section_statement(w, CLASS_SHARED, stranger, p->t3, &made));
    add(p, out, make_grant(w, made, stranger, RW, 0, 0, p->t3));
    struct hash grant = out->made[out->count - 1u].hash;
    add(p, out, make_epoch(w, made, p->t3, 0));
    struct hash epoch = out->made[out->count - 1u].hash;
    struct authority_recipient recipient = {{{0}}, RECIPIENT_DEVICE};
    recipient.hash = stranger->device[1].statement;
    add(p, out, make_reseal(w, made, &recipient, 1, 1, stranger, 0));
    add(p, out, make_bad_seal(w, made, &epoch, stranger, 0));
    add(p, out, make_revocation(w, made, &grant, p->t3));
    add(p, out, make_device_revocation(w, stranger, &stranger->device[1].statement, stranger, 0));
    add(p, out, make_suspension(w, stranger, p->ad1, true));
    add(p, out, make_suspension(w, stranger, p->ad1, false));
    struct hash relation = authority_member(w->authority, &stranger->id)->relations->statement;
    add(p, out, make_relation_end(w, stranger, &relation, p->ad1));
}

static enum status parse(const struct practice *p, const void *data, size_t size)
{
    struct statement statement;
    enum status status = statement_parse(span_of(data, size), &p->w.practice, &statement);
    statement_free(&statement);
    return status;
}

/* Goal: each type has one row in the table, and the sample has one of each. Method: count
 * the types by their numbers. */
static void test_rules_cover_every_type_once(void **state)
{
    struct practice *p = *state;
    struct sample sample = {.count = 0};
    take_one_of_each(p, &sample);
    uint32_t seen[64] = {0};
    for (size_t i = 0; i < sample.count; i++) {
        struct statement statement;
        assert_int_equal(statement_parse(sample.made[i].bytes, &p->w.practice, &statement),
                         STATUS_OK);
        seen[statement.rule->type]++;
        statement_free(&statement);
    }
    size_t types = 0;
    for (uint32_t type = 0; type < ARRAY_LEN(seen); type++) {
        const struct statement_rule *rule = statement_rule(type);
        assert_int_equal(seen[type], rule != NULL ? 1 : 0);
        types += rule != NULL;
        for (uint32_t other = 0; rule != NULL && other < type; other++) {
            const struct statement_rule *before = statement_rule(other);
            assert_true(before == NULL || before->label != rule->label);
            assert_true(before == NULL || before->body != rule->body);
        }
    }
    assert_int_equal(types, 18);
    assert_null(statement_rule(UINT32_MAX));
}

/* Goal: one statement has one encoding. Method: for each type cut at every byte, add a
 * byte, and flip every bit: it is refused, or it is another statement with another hash
 * that no key has signed. */
static void test_parse_of_changed_bytes_never_gives_a_signed_statement(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct sample sample = {.count = 0};
    take_one_of_each(p, &sample);
    uint8_t bytes[8192];
    for (size_t i = 0; i < sample.count; i++) {
        size_t size = sample.made[i].bytes.size;
        assert_true(size < sizeof bytes);
        memcpy(bytes, sample.made[i].bytes.data, size);
        assert_int_equal(parse(p, bytes, size), STATUS_OK);
        for (size_t cut = 0; cut < size; cut++) {
            assert_int_not_equal(parse(p, bytes, cut), STATUS_OK);
        }
        bytes[size] = 0;
        assert_int_not_equal(parse(p, bytes, size + 1u), STATUS_OK);
        for (size_t bit = 0; bit < size * 8u; bit++) {
            bytes[bit / 8u] ^= (uint8_t)(1u << (bit % 8u));
            struct statement statement;
            struct authority_result result;
            struct authority_judgement judgement;
            if (statement_parse(span_of(bytes, size), &w->practice, &statement) == STATUS_OK) {
                assert_memory_not_equal(statement.hash.bytes, sample.made[i].hash.bytes,
                                        HASH_BYTES);
                assert_int_not_equal(authority_judge(w->authority, &statement, w->seq, w->time_ms,
                                                     AUTHORITY_VERIFIED, &result, &judgement),
                                     STATUS_OK);
            }
            statement_free(&statement);
            bytes[bit / 8u] ^= (uint8_t)(1u << (bit % 8u));
        }
    }
}

/* Goal: each body is checked field by field. Method: of every type, empty each bytes
 * field of the body in turn, and put every number to its largest; none may crash, and
 * required ones may not be missing. */
static void test_parse_of_bodies_with_a_field_emptied(void **state)
{
    struct practice *p = *state;
    struct sample sample = {.count = 0};
    take_one_of_each(p, &sample);
    size_t refused = 0;
    for (size_t i = 0; i < sample.count; i++) {
        struct arena arena = {0};
        ProtobufCMessage *outer = NULL;
        assert_int_equal(
            message_decode(&alcove__statement__descriptor, sample.made[i].bytes, &arena, &outer),
            STATUS_OK);
        Alcove__Statement *said = (Alcove__Statement *)outer;
        const struct statement_rule *rule = statement_rule(said->type);
        ProtobufCMessage *body = NULL;
        assert_int_equal(message_decode(rule->body, field_span(said->body), &arena, &body),
                         STATUS_OK);
        for (unsigned int f = 1; f < rule->body->n_fields; f++) {
            const ProtobufCFieldDescriptor *field = &rule->body->fields[f];
            if (field->type != PROTOBUF_C_TYPE_BYTES) {
                continue;
            }
            void *place = (uint8_t *)body + field->offset;
            ProtobufCBinaryData *at = place;
            ProtobufCBinaryData kept = *at;
            at->len = kept.len > 0 ? kept.len - 1u : 0;
            uint8_t *packed = NULL;
            size_t size = 0;
            assert_int_equal(message_pack(body, &packed, &size), STATUS_OK);
            said->body = field_of(packed, size);
            uint8_t *whole = NULL;
            assert_int_equal(message_pack(outer, &whole, &size), STATUS_OK);
            bool any_length = said->type == STATEMENT_WITNESS_POLICY;
            enum status status = parse(p, whole, size);
            if (kept.len > 0 && !any_length) {
                assert_int_equal(status, STATUS_MALFORMED);
                refused++;
            }
            *at = kept;
            free(packed);
            free(whole);
        }
        arena_free(&arena);
    }
    assert_true(refused > 25);
}

static void set_suite(uint8_t *bytes)
{
    bytes[1] = 2; /* field 1, varint 1 comes first */
}

/* Goal: another suite is unsupported before anything else is looked at, an oversize
 * statement is too large. Method: change the suite; a long body. */
static void test_parse_of_another_suite_or_size(void **state)
{
    struct practice *p = *state;
    static uint8_t bytes[STATEMENT_BYTES_MAX + 1u];
    struct span good = p->w.log[3].bytes;
    memcpy(bytes, good.data, good.size);
    set_suite(bytes);
    assert_int_equal(parse(p, bytes, good.size), STATUS_UNSUPPORTED);
    assert_int_equal(parse(p, bytes, sizeof bytes), STATUS_TOO_LARGE);
}

/* Goal: a leaf says exactly type, label, number and a commitment. Method: make, parse,
 * change time, opening and each byte. */
static void test_leaf_commits_to_statement_time_and_opening(void **state)
{
    struct practice *p = *state;
    struct statement statement;
    assert_int_equal(statement_parse(p->w.log[4].bytes, &p->w.practice, &statement), STATUS_OK);
    struct hash opening = {{1}};
    uint8_t leaf[LEAF_BYTES];
    statement_leaf(&statement, &p->w.practice, &opening, 5, leaf);
    struct leaf_statement parts;
    assert_int_equal(leaf_statement_decode(span_of(leaf, LEAF_BYTES), &parts), STATUS_OK);
    assert_int_equal(parts.type, statement.rule->type);
    assert_int_equal(parts.number, statement.link.number);
    assert_memory_equal(parts.label.bytes, statement.link.label.bytes, HASH_BYTES);
    uint8_t other[LEAF_BYTES];
    statement_leaf(&statement, &p->w.practice, &opening, 6, other);
    assert_memory_not_equal(leaf, other, LEAF_BYTES);
    opening.bytes[31] ^= 1u;
    statement_leaf(&statement, &p->w.practice, &opening, 5, other);
    assert_memory_not_equal(leaf, other, LEAF_BYTES);
    for (size_t size = 0; size < LEAF_BYTES; size++) {
        assert_int_not_equal(leaf_statement_decode(span_of(leaf, size), &parts), STATUS_OK);
    }
    leaf[LEAF_BYTES - 1u] = 1;
    assert_int_equal(leaf_statement_decode(span_of(leaf, LEAF_BYTES), &parts), STATUS_MALFORMED);
    leaf[LEAF_BYTES - 1u] = 0;
    leaf[3] = 200;
    OK(leaf_statement_decode(span_of(leaf, LEAF_BYTES), &parts));
    assert_null(statement_rule(parts.type));
    leaf[0] = 9;
    assert_int_equal(leaf_statement_decode(span_of(leaf, LEAF_BYTES), &parts), STATUS_UNSUPPORTED);
    statement_free(&statement);
}

/* Goal: contexts, headers and links of revisions. Method: a real one parses and verifies;
 * cut, lengthened and flipped it does not verify. */
static void test_revision_parts_are_strict(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    const struct public_key *key = &p->t1->device[0].content.public;
    struct make_revision r;
    make_revision(w, made, p->t1, 0, &r);
    struct span bytes = span_of(r.header, r.header_size);
    struct revision_header header;
    assert_int_equal(revision_header_parse(bytes, &header), STATUS_OK);
    assert_memory_equal(header.context_hash.bytes, r.parsed.hash.bytes, HASH_BYTES);
    assert_int_equal(revision_verify(bytes, &r.signature, &w->practice, key), STATUS_OK);
    struct revision_context context;
    for (size_t cut = 0; cut < r.context_size; cut++) {
        assert_int_equal(revision_context_parse(span_of(r.context, cut), &context),
                         STATUS_MALFORMED);
    }
    for (size_t cut = 0; cut < r.header_size; cut++) {
        assert_int_equal(revision_header_parse(span_of(r.header, cut), &header), STATUS_MALFORMED);
    }
    for (size_t bit = 0; bit < r.header_size * 8u; bit++) {
        r.header[bit / 8u] ^= (uint8_t)(1u << (bit % 8u));
        assert_int_equal(revision_verify(bytes, &r.signature, &w->practice, key),
                         STATUS_BAD_SIGNATURE);
        struct hash link;
        revision_link(bytes, &r.signature, &w->practice, &link);
        assert_memory_not_equal(link.bytes, r.link.bytes, HASH_BYTES);
        r.header[bit / 8u] ^= (uint8_t)(1u << (bit % 8u));
    }
    for (size_t bit = 0; bit < r.context_size * 8u; bit++) {
        r.context[bit / 8u] ^= (uint8_t)(1u << (bit % 8u));
        (void)!revision_context_parse(span_of(r.context, r.context_size), &context);
        assert_memory_not_equal(context.hash.bytes, r.parsed.hash.bytes, HASH_BYTES);
        r.context[bit / 8u] ^= (uint8_t)(1u << (bit % 8u));
    }
}

static void assert_hex(const void *bytes, const char *text)
{
    struct hash wanted;
    assert_int_equal(hex_decode(span_of(text, strlen(text)), wanted.bytes, HASH_BYTES), STATUS_OK);
    assert_memory_equal(bytes, wanted.bytes, HASH_BYTES);
}

/* Goal: hashes are those of the protocol. Method: values computed outside the C code, by
 * SHA-256 over 00 ‖ label ‖ 00 ‖ 0001 ‖ practice ‖ body. */
static void test_hashes_match_values_from_outside(void **state)
{
    (void)state;
    uint8_t count[128];
    for (size_t i = 0; i < sizeof count; i++) {
        count[i] = (uint8_t)i;
    }
    struct practice_id practice;
    memcpy(practice.bytes, count, 32);
    struct public_key key;
    memcpy(key.bytes, count + 32, 32);
    struct signature signature;
    memcpy(signature.bytes, count + 64, 64);
    struct hash out;
    statement_identity_hash(&key, &practice, &out);
    assert_hex(out.bytes, "e201fe6f9e2046ef89eb564ad2fe1105b4fb3ee78370ef2e0ddfa5dffba27ffd");
    statement_hash(span_of("abc", 3), &practice, &out);
    assert_hex(out.bytes, "6ce0ac1594204b98fca51aef57b90791c3f9d4d88c7183d6775639448cbf7e68");
    statement_hash(span_of("abc", 3), NULL, &out);
    assert_hex(out.bytes, "4153c3b0cc63eb745a39018f15f7ee9cf06283be903a1c5501509b5caef2f587");
    struct practice_id genesis;
    statement_practice_id(span_of("abc", 3), &genesis);
    assert_hex(genesis.bytes, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    revision_link(span_of("header", 6), &signature, &practice, &out);
    assert_hex(out.bytes, "07cb7afbfdadbab9dc887ee7d11be656150541239b9906af83089d81a97e0f8a");
}

/* Goal: the map finds what was put and nothing else. Method: random puts and removes
 * beside a plain array, asked about every key each round. */
static void test_map_agrees_with_a_list(void **state)
{
    (void)state;
    enum { KEYS = 600 };
    static uint8_t keys[KEYS][ID_BYTES];
    static bool in[KEYS];
    struct map map;
    map_init(&map, ID_BYTES);
    random_bytes(keys, sizeof keys);
    for (size_t i = 0; i < KEYS; i++) {
        keys[i][0] = (uint8_t)(i & 3u); /* alike at the start */
        assert_null(map_get(&map, keys[i]));
    }
    for (size_t round = 0; round < 6000; round++) {
        uint32_t random = 0;
        random_bytes(&random, sizeof random);
        size_t i = random % KEYS;
        if (in[i]) {
            assert_ptr_equal(map_remove(&map, keys[i]), keys[i]);
        } else {
            assert_null(map_remove(&map, keys[i]));
            assert_int_equal(map_reserve(&map, 1), STATUS_OK);
            map_put(&map, keys[i], keys[i]);
        }
        in[i] = !in[i];
        for (size_t j = 0; round % 50u == 0 && j < KEYS; j++) {
            assert_ptr_equal(map_get(&map, keys[j]), in[j] ? keys[j] : NULL);
        }
    }
    map_free(&map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PRACTICE_TEST(test_rules_cover_every_type_once),
        PRACTICE_TEST(test_parse_of_changed_bytes_never_gives_a_signed_statement),
        PRACTICE_TEST(test_parse_of_bodies_with_a_field_emptied),
        PRACTICE_TEST(test_parse_of_another_suite_or_size),
        PRACTICE_TEST(test_leaf_commits_to_statement_time_and_opening),
        PRACTICE_TEST(test_revision_parts_are_strict),
        PRACTICE_TEST(test_hashes_match_values_from_outside),
        PRACTICE_TEST(test_map_agrees_with_a_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
