/* Stored revisions and statements: exact page use, damage, erasure, chains. */

#include "keys/public/hash.h"
#include "keys/public/log/leaf.h"
#include "server/store/chain_log.h"
#include "server/store/ledger.h"
#include "store_fixture.h"
#include "tests/support/test.h"

#define CONTEXT_BYTES  700u
#define HEADER_BYTES   72u
#define ENVELOPE_BYTES 3000u

struct sample {
    uint8_t context[CONTEXT_BYTES];
    uint8_t header[HEADER_BYTES];
    uint8_t envelope[3u * 4096u];
    uint8_t wrap[WRAP_BYTES];
    struct record record;
    struct record_hashes hashes;
    struct hash object;
};

static void make(uint64_t *seed, const struct practice_id *practice, struct sample *sample,
                 size_t envelope_size)
{
    memset(sample, 0, sizeof *sample);
    fixture_random_bytes(seed, sample->context, sizeof sample->context);
    fixture_random_bytes(seed, sample->header, sizeof sample->header);
    fixture_random_bytes(seed, sample->envelope, envelope_size);
    fixture_random_bytes(seed, sample->wrap, sizeof sample->wrap);
    fixture_random_bytes(seed, sample->record.signature.bytes, SIGNATURE_BYTES);
    sample->record.context = span_of(sample->context, sizeof sample->context);
    sample->record.header = span_of(sample->header, sizeof sample->header);
    sample->record.envelope = span_of(sample->envelope, envelope_size);
    hash_bytes(sample->record.context, &sample->hashes.context);
    hash_bytes(sample->record.envelope, &sample->hashes.envelope);
    record_object_hash(practice, &sample->record, &sample->object);
}

static uint64_t store(struct txn *txn, const struct sample *sample)
{
    uint64_t seq = UINT64_MAX;
    assert_int_equal(
        record_append(txn, &sample->record, span_of(sample->wrap, sizeof sample->wrap), &seq),
        STATUS_OK);
    return seq;
}

static enum status read_back(struct txn *txn, uint64_t seq, const struct sample *sample,
                             struct record *out_record)
{
    enum status status = record_get(txn, seq, &sample->object, out_record);
    return status == STATUS_OK ? record_check(out_record, &sample->hashes) : status;
}

static bool same(const struct record *record, const struct sample *sample)
{
    return span_equal(record->context, sample->record.context) &&
           span_equal(record->header, sample->record.header) &&
           span_equal(record->envelope, sample->record.envelope) &&
           ID_EQUAL(&record->signature, &sample->record.signature);
}

/* Goal: a record of RECORD_VALUE_BYTES_PAGE takes exactly one page and one byte more takes
 * two; likewise for two and three. Method: store 64 of each size and count pages in use. */
static void test_pages(void **state)
{
    static struct sample sample;
    (void)state;
    struct fixture f;
    uint64_t seed = 1;
    for (size_t pages = 1; pages <= 3; pages++) {
        size_t content = RECORD_CONTENT_BYTES_PAGES(pages);
        size_t envelope = content - CONTEXT_BYTES - HEADER_BYTES;
        for (size_t more = 0; more <= 1 && pages + more <= 3; more++) {
            fixture_init(&f, 0);
            struct db_stats before;
            assert_int_equal(db_stats(f.db, &before), STATUS_OK);
            make(&seed, &f.practice, &sample, envelope + more);
            struct txn *txn = fixture_write(&f);
            for (size_t i = 0; i < 64; i++) {
                assert_int_equal(record_append(txn, &sample.record, span_of(NULL, 0), &seed),
                                 STATUS_OK);
            }
            fixture_commit(txn);
            struct db_stats after;
            assert_int_equal(db_stats(f.db, &after), STATUS_OK);
            /* and a few for the table's own leaf, root and the free list */
            assert_in_range((after.used_bytes - before.used_bytes) / 4096, 64 * (pages + more),
                            64 * (pages + more) + 8);
            fixture_deinit(&f);
        }
    }
    assert_int_equal(RECORD_CONTENT_BYTES_PAGE, RECORD_CONTENT_BYTES_PAGES(1));
}

/* Goal: verbatim in, verbatim out, by explicit numbers. */
static void test_append_and_get(void **state)
{
    struct fixture *f = *state;
    static struct sample a;
    static struct sample b;
    uint64_t seed = 2;
    make(&seed, &f->practice, &a, ENVELOPE_BYTES);
    make(&seed, &f->practice, &b, 9000);
    struct txn *txn = fixture_write(f);
    assert_int_equal(store(txn, &a), 0);
    assert_int_equal(store(txn, &b), 1);
    fixture_commit(txn);
    fixture_reopen(f);
    txn = fixture_read(f);
    struct record record;
    assert_int_equal(read_back(txn, 0, &a, &record), STATUS_OK);
    assert_true(same(&record, &a));
    assert_int_equal(read_back(txn, 1, &b, &record), STATUS_OK);
    assert_true(same(&record, &b));
    assert_int_equal(read_back(txn, 1, &a, &record), STATUS_CORRUPT);
    assert_int_equal(read_back(txn, 2, &a, &record), STATUS_NOT_FOUND);
    struct span wrap;
    assert_int_equal(record_wrap(txn, 1, &wrap), STATUS_OK);
    assert_true(span_equal(wrap, span_of(b.wrap, sizeof b.wrap)));
    db_abort(txn);
}

/* Goal: a damaged record is STATUS_CORRUPT. Method: flip every bit, cut at every length. */
static void test_damage(void **state)
{
    struct fixture *f = *state;
    static struct sample sample;
    static uint8_t value[8192];
    struct schema_key key = schema_key_seq(0);
    uint64_t seed = 3;
    make(&seed, &f->practice, &sample, 120);
    struct txn *txn = fixture_write(f);
    (void)store(txn, &sample);
    size_t size = fixture_value(txn, SCHEMA_RECORD, 0, value, sizeof value);
    struct record record;
    for (size_t bit = 0; bit < size * 8; bit++) {
        value[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        db_put(txn, SCHEMA_RECORD, schema_key_span(&key), span_of(value, size));
        assert_int_equal(read_back(txn, 0, &sample, &record), STATUS_CORRUPT);
        value[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    for (size_t cut = 0; cut <= size + 1; cut++) {
        db_put(txn, SCHEMA_RECORD, schema_key_span(&key), span_of(value, cut));
        assert_int_equal(read_back(txn, 0, &sample, &record),
                         cut == size ? STATUS_OK : STATUS_CORRUPT);
    }
    db_abort(txn);
}

/* Goal: erasing takes envelope and wrap and leaves what chains need; the number is not given
 * again; a wrap can be replaced before and not after. */
static void test_erase(void **state)
{
    struct fixture *f = *state;
    static struct sample sample;
    uint64_t seed = 4;
    make(&seed, &f->practice, &sample, ENVELOPE_BYTES);
    struct txn *txn = fixture_write(f);
    (void)store(txn, &sample);
    assert_int_equal(record_set_wrap(txn, 0, span_of("new wrap", 8)), STATUS_OK);
    struct span wrap;
    assert_int_equal(record_wrap(txn, 0, &wrap), STATUS_OK);
    assert_true(span_equal(wrap, span_of("new wrap", 8)));
    assert_int_equal(record_erase(txn, 0), STATUS_OK);
    assert_int_equal(record_erase(txn, 0), STATUS_OK);
    assert_int_equal(record_erase(txn, 1), STATUS_NOT_FOUND);
    struct record record;
    assert_int_equal(read_back(txn, 0, &sample, &record), STATUS_OK);
    assert_true(record.erased);
    assert_int_equal(record.envelope.size, 0);
    assert_true(span_equal(record.context, sample.record.context));
    assert_int_equal(record_wrap(txn, 0, &wrap), STATUS_NOT_FOUND);
    assert_int_equal(record_set_wrap(txn, 0, span_of("x", 1)), STATUS_REFUSED);
    assert_int_equal(store(txn, &sample), 1);
    fixture_commit(txn);
}

/* Goal: parts past their limits are refused before anything is stored. */
static void test_limits(void **state)
{
    static uint8_t big[ENVELOPE_BYTES_MAX + 1];
    struct fixture *f = *state;
    static struct sample sample;
    uint64_t seed = 5;
    make(&seed, &f->practice, &sample, 10);
    struct txn *txn = fixture_write(f);
    struct record record = sample.record;
    record.context = span_of(big, CONTEXT_BYTES_MAX + 1);
    uint64_t seq;
    assert_int_equal(record_append(txn, &record, span_of(big, 1), &seq), STATUS_TOO_LARGE);
    record = sample.record;
    record.header = span_of(big, HEADER_BYTES_MAX + 1);
    assert_int_equal(record_append(txn, &record, span_of(big, 1), &seq), STATUS_TOO_LARGE);
    record = sample.record;
    record.envelope = span_of(big, sizeof big);
    assert_int_equal(record_append(txn, &record, span_of(big, 1), &seq), STATUS_TOO_LARGE);
    assert_int_equal(
        record_append(txn, &sample.record, span_of(big, RECORD_WRAP_BYTES_MAX + 1), &seq),
        STATUS_TOO_LARGE);
    record.envelope = span_of(big, ENVELOPE_BYTES_MAX);
    assert_int_equal(record_append(txn, &record, span_of(big, 1), &seq), STATUS_OK);
    assert_int_equal(seq, 0);
    db_abort(txn);
}

static void statement(uint64_t *seed, const struct chain_label *label, uint64_t number,
                      uint8_t *bytes, size_t size, struct chain_statement_new *out)
{
    memset(out, 0, sizeof *out);
    out->label = *label;
    out->subject_kind = 2;
    out->subject_local = 9;
    out->type = (uint16_t)(4 + number);
    out->number = number;
    out->time_ms = 5000 + number;
    fixture_random_bytes(seed, bytes, size);
    fixture_random_bytes(seed, out->hash.bytes, HASH_BYTES);
    fixture_random_bytes(seed, out->opening, sizeof out->opening);
    out->bytes = span_of(bytes, size);
}

/* Goal: appending to a chain is compare-and-set, and a statement gives its leaf back. */
static void test_chain(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_write(f);
    struct chain_label label = {{7}};
    struct chain_head head;
    assert_int_equal(chain_log_head(txn, &label, &head), STATUS_NOT_FOUND);
    struct chain_statement_new new;
    uint8_t bytes[500];
    uint64_t seed = 6;
    statement(&seed, &label, 1, bytes, 500, &new);
    struct hash leaf;
    uint64_t seq = 0;
    assert_int_equal(chain_log_append(txn, &new, &seq, &leaf), STATUS_CONFLICT);
    statement(&seed, &label, 0, bytes, 500, &new);
    assert_int_equal(chain_log_append(txn, &new, &seq, &leaf), STATUS_OK);
    assert_int_equal(chain_log_append(txn, &new, &seq, &leaf), STATUS_CONFLICT);
    statement(&seed, &label, 1, bytes, 333, &new);
    assert_int_equal(chain_log_append(txn, &new, &seq, &leaf), STATUS_OK);
    assert_int_equal(seq, 1);
    struct chain_statement got;
    assert_int_equal(chain_log_get(txn, 1, &got), STATUS_OK);
    assert_true(span_equal(got.bytes, new.bytes));
    assert_int_equal(got.number, 1);
    assert_int_equal(got.type, 5);
    assert_int_equal(got.time_ms, 5001);
    struct hash found;
    merkle_leaf_hash(span_of(got.leaf, sizeof got.leaf), &found);
    assert_true(ID_EQUAL(&found, &leaf));
    assert_int_equal(chain_log_head(txn, &label, &head), STATUS_OK);
    assert_int_equal(head.count, 2);
    assert_int_equal(head.subject_local, 9);
    assert_true(ID_EQUAL(&head.last, &new.hash));
    assert_int_equal(chain_log_find(txn, head.chain_local, 0, &seq), STATUS_OK);
    assert_int_equal(seq, 0);
    assert_int_equal(chain_log_find(txn, head.chain_local, 2, &seq), STATUS_NOT_FOUND);
    struct chain_label other = {{8}};
    statement(&seed, &other, 0, bytes, 1, &new);
    new.time_ms = events_time(txn, 0);
    assert_int_equal(chain_log_append(txn, &new, &seq, &leaf), STATUS_OK);
    uint8_t leaves[3 * LEDGER_STATEMENT_LEAF_BYTES];
    size_t count = 0;
    assert_int_equal(ledger_statement_leaves(txn, 0, 9, leaves, &count), STATUS_OK);
    assert_int_equal(count, 3);
    assert_memory_equal(leaves + LEDGER_STATEMENT_LEAF_BYTES, got.leaf, sizeof got.leaf);
    fixture_commit(txn);
}

/* Goal: no bit of a stored statement or leaf can change unnoticed. */
static void test_statement_damage(void **state)
{
    struct fixture *f = *state;
    struct schema_key key = schema_key_seq(1);
    static uint8_t value[1000];
    struct txn *txn = fixture_write(f);
    struct chain_label label = {{7}};
    struct chain_statement_new new;
    struct hash leaf;
    uint8_t bytes[100];
    uint64_t seed = 7;
    uint64_t seq;
    for (uint64_t i = 0; i < 2; i++) {
        statement(&seed, &label, i, bytes, sizeof bytes, &new);
        assert_int_equal(chain_log_append(txn, &new, &seq, &leaf), STATUS_OK);
    }
    size_t size = fixture_value(txn, SCHEMA_STATEMENT, 1, value, sizeof value);
    struct chain_statement got;
    for (size_t bit = 0; bit < size * 8; bit++) {
        value[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        db_put(txn, SCHEMA_STATEMENT, schema_key_span(&key), span_of(value, size));
        assert_int_equal(chain_log_get(txn, 1, &got), STATUS_CORRUPT);
        value[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    db_put(txn, SCHEMA_STATEMENT, schema_key_span(&key), span_of(value, size));
    assert_int_equal(chain_log_get(txn, 1, &got), STATUS_OK);
    size = fixture_value(txn, SCHEMA_STATEMENT_LEAF, 1, value, sizeof value);
    assert_int_equal(size, LEDGER_STATEMENT_LEAF_BYTES + HASH_BYTES);
    uint8_t leaves[2 * LEDGER_STATEMENT_LEAF_BYTES];
    size_t count;
    for (size_t bit = 0; bit < size * 8; bit++) {
        value[bit / 8] ^= (uint8_t)(1u << (bit % 8));
        db_put(txn, SCHEMA_STATEMENT_LEAF, schema_key_span(&key), span_of(value, size));
        assert_int_equal(ledger_statement_leaves(txn, 0, 2, leaves, &count), STATUS_CORRUPT);
        value[bit / 8] ^= (uint8_t)(1u << (bit % 8));
    }
    db_abort(txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pages),        FIXTURE_TEST(test_append_and_get),
        FIXTURE_TEST(test_damage),           FIXTURE_TEST(test_erase),
        FIXTURE_TEST(test_limits),           FIXTURE_TEST(test_chain),
        FIXTURE_TEST(test_statement_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
