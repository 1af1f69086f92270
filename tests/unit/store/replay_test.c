/* Remembered answers: found again also after a restart, bounded by time and by device, and
 * not misled by transactions that were aborted. Also local numbers, notes and core's state. */

#include "server/store/names.h"
#include "server/store/note_head.h"
#include "server/store/replay.h"
#include "server/store/state.h"
#include "store_fixture.h"
#include "tests/support/test.h"

#define START_MS ((uint64_t)1000000000)

static uint64_t seed = 1;

static struct request_id request_of(uint64_t n)
{
    struct request_id id = {{0xee}};
    memcpy(id.bytes + 8, &n, sizeof n);
    return id;
}

static struct hash hash_of(uint64_t n)
{
    struct hash hash = {{0}};
    memcpy(hash.bytes, &n, sizeof n);
    return hash;
}

/* One remembered write in |txn|; its outcome is its number in decimal. */
static void write_one(struct replay *replay, struct txn *txn, uint32_t device, uint64_t n,
                      uint64_t time_ms)
{
    char outcome[24];
    int size = snprintf(outcome, sizeof outcome, "%llu", (unsigned long long)n);
    struct fixture_parts parts;
    struct event_new event;
    fixture_event(&seed, &parts, &event);
    event.fields.time_ms = events_time(txn, time_ms);
    event.fields.device_local = device;
    event.reply.request = request_of(n);
    event.reply.request_hash = hash_of(n);
    event.reply.outcome = span_of(outcome, (size_t)size);
    struct hash leaf;
    uint64_t seq = 0;
    assert_int_equal(fixture_append(txn, &event, &seq, &leaf), STATUS_OK);
    replay_add(replay, device, &event.reply.request, seq, event.fields.time_ms);
}

static enum status find(struct replay *replay, struct txn *txn, uint32_t device, uint64_t n,
                        uint64_t hash, uint64_t now_ms)
{
    struct request_id request = request_of(n);
    struct hash request_hash = hash_of(hash);
    struct event_stored event;
    enum status status = replay_find(replay, txn, device, &request, &request_hash, now_ms, &event);
    char outcome[24];
    if (status == STATUS_OK) {
        int size = snprintf(outcome, sizeof outcome, "%llu", (unsigned long long)n);
        assert_true(span_equal(event.reply.outcome, span_of(outcome, (size_t)size)));
    }
    return status;
}

/* Goal: a retry gets the first answer, in the same batch, after it and after a restart; the
 * same id for something else is refused; another device's id is not found. */
static void test_found_again(void **state)
{
    struct fixture *f = *state;
    struct replay *replay = NULL;
    assert_int_equal(replay_new(f->db, START_MS, &replay), STATUS_OK);
    struct txn *txn = fixture_write(f);
    for (uint64_t n = 0; n < 3000; n++) {
        write_one(replay, txn, (uint32_t)(1 + n % 3), n, START_MS + n);
    }
    assert_int_equal(find(replay, txn, 1, 3, 3, START_MS), STATUS_OK);
    fixture_commit(txn);
    for (int restarted = 0; restarted < 2; restarted++) {
        txn = fixture_read(f);
        for (uint64_t n = 0; n < 3000; n++) {
            uint32_t device = (uint32_t)(1 + n % 3);
            assert_int_equal(find(replay, txn, device, n, n, START_MS + 3000), STATUS_OK);
            assert_int_equal(find(replay, txn, device, n, n + 1, START_MS), STATUS_CONFLICT);
            assert_int_equal(find(replay, txn, device + 1, n, n, START_MS), STATUS_NOT_FOUND);
        }
        assert_int_equal(find(replay, txn, 1, 3000, 3000, START_MS), STATUS_NOT_FOUND);
        db_abort(txn);
        replay_free(replay);
        fixture_reopen(f);
        assert_int_equal(replay_new(f->db, START_MS + 3000, &replay), STATUS_OK);
    }
    replay_free(replay);
}

/* Goal: what an aborted batch remembered is not believed, not even when another event took
 * its number. Method: abort, ask; write others, ask; write the same again, ask. */
static void test_aborted_batch(void **state)
{
    struct fixture *f = *state;
    struct replay *replay = NULL;
    assert_int_equal(replay_new(f->db, START_MS, &replay), STATUS_OK);
    struct txn *txn = fixture_write(f);
    write_one(replay, txn, 1, 7, START_MS);
    write_one(replay, txn, 1, 8, START_MS);
    db_abort(txn);
    txn = fixture_write(f);
    assert_int_equal(find(replay, txn, 1, 7, 7, START_MS), STATUS_NOT_FOUND);
    write_one(replay, txn, 1, 9, START_MS);
    assert_int_equal(find(replay, txn, 1, 7, 7, START_MS), STATUS_NOT_FOUND);
    write_one(replay, txn, 1, 7, START_MS);
    assert_int_equal(find(replay, txn, 1, 7, 7, START_MS), STATUS_OK);
    assert_int_equal(find(replay, txn, 1, 8, 8, START_MS), STATUS_NOT_FOUND);
    assert_int_equal(find(replay, txn, 1, 9, 9, START_MS), STATUS_OK);
    fixture_commit(txn);
    replay_free(replay);
}

/* Goal: the window is 24 hours and 4,096 writes of one device. */
static void test_window(void **state)
{
    struct fixture *f = *state;
    struct replay *replay = NULL;
    assert_int_equal(replay_new(f->db, START_MS, &replay), STATUS_OK);
    struct txn *txn = fixture_write(f);
    write_one(replay, txn, 2, 900000, START_MS);
    uint64_t last_ms = START_MS + REPLAY_WINDOW_MS;
    assert_int_equal(find(replay, txn, 2, 900000, 900000, last_ms), STATUS_OK);
    assert_int_equal(find(replay, txn, 2, 900000, 900000, last_ms + 1), STATUS_NOT_FOUND);
    for (uint64_t n = 0; n < REPLAY_PER_DEVICE_MAX; n++) {
        write_one(replay, txn, 1, n, START_MS);
    }
    assert_int_equal(find(replay, txn, 1, 0, 0, START_MS), STATUS_OK);
    write_one(replay, txn, 1, REPLAY_PER_DEVICE_MAX, START_MS);
    assert_int_equal(find(replay, txn, 1, 0, 0, START_MS), STATUS_NOT_FOUND);
    assert_int_equal(find(replay, txn, 1, 1, 1, START_MS), STATUS_OK);
    assert_int_equal(find(replay, txn, 2, 900000, 900000, START_MS), STATUS_OK);
    write_one(replay, txn, 3, 1, last_ms + 1);
    assert_int_equal(find(replay, txn, 1, 1, 1, START_MS), STATUS_NOT_FOUND);
    assert_int_equal(find(replay, txn, 3, 1, 1, last_ms + 1), STATUS_OK);
    fixture_commit(txn);
    replay_free(replay);
    assert_int_equal(replay_new(f->db, last_ms + 1, &replay), STATUS_OK);
    txn = fixture_read(f);
    assert_int_equal(find(replay, txn, 1, 4000, 4000, START_MS), STATUS_NOT_FOUND);
    assert_int_equal(find(replay, txn, 3, 1, 1, last_ms + 1), STATUS_OK);
    db_abort(txn);
    replay_free(replay);
}

/* Goal: an id has one local number for ever, counted per kind from 1. */
static void test_names(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_write(f);
    uint8_t id[ID_BYTES] = {1};
    uint32_t local = 0;
    assert_int_equal(names_find(txn, SCHEMA_ID_CHART, id, &local), STATUS_NOT_FOUND);
    for (uint32_t i = 1; i <= 5; i++) {
        id[1] = (uint8_t)i;
        assert_int_equal(names_add(txn, SCHEMA_ID_CHART, id, &local), STATUS_OK);
        assert_int_equal(local, i);
        assert_int_equal(names_add(txn, SCHEMA_ID_CHART, id, &local), STATUS_CONFLICT);
    }
    assert_int_equal(names_add(txn, SCHEMA_ID_DEVICE, id, &local), STATUS_OK);
    assert_int_equal(local, 1);
    fixture_commit(txn);
    fixture_reopen(f);
    txn = fixture_read(f);
    assert_int_equal(names_count(txn, SCHEMA_ID_CHART), 5);
    assert_int_equal(names_find(txn, SCHEMA_ID_CHART, id, &local), STATUS_OK);
    assert_int_equal(local, 5);
    uint8_t got[ID_BYTES];
    assert_int_equal(names_id(txn, SCHEMA_ID_CHART, 5, got), STATUS_OK);
    assert_memory_equal(got, id, ID_BYTES);
    assert_int_equal(names_id(txn, SCHEMA_ID_CHART, 6, got), STATUS_NOT_FOUND);
    db_abort(txn);
}

/* Goal: heads come back as put, for each (section, note) its own, in the same batch, after a
 * restart, and not after an abort. Method: 3,000 notes in 3 sections, so that the index grows;
 * some replaced; a batch aborted and its numbers given to others. */
static void test_notes(void **state)
{
    struct fixture *f = *state;
    struct note_head head = {.flags = 3, .count = NOTE_HEAD_SIBLINGS_MAX};
    for (size_t i = 0; i < head.count; i++) {
        fixture_random_bytes(&seed, &head.heads[i].link, HASH_BYTES);
        head.heads[i].record_seq = i + 100;
        head.heads[i].revision = (uint32_t)i;
    }
    struct txn *txn = fixture_write(f);
    struct note_id note = {{0}};
    for (uint32_t i = 0; i < 3000; i++) {
        memcpy(note.bytes, &(uint32_t){i / 3}, sizeof i);
        head.heads[0].revision = i;
        note_head_put(txn, 1 + i % 3, &note, &head);
    }
    head.heads[0].revision = 77777;
    note_head_put(txn, 2, &note, &head);
    fixture_commit(txn);
    fixture_reopen(f);
    txn = fixture_write(f);
    assert_int_equal(db_counter(txn, SCHEMA_LAST_NOTE), 3000);
    struct note_head got;
    for (uint32_t i = 0; i < 2997; i++) {
        memcpy(note.bytes, &(uint32_t){i / 3}, sizeof i);
        head.heads[0].revision = i;
        assert_int_equal(note_head_get(txn, 1 + i % 3, &note, &got), STATUS_OK);
        assert_memory_equal(&got, &head, sizeof got);
    }
    assert_int_equal(note_head_get(txn, 4, &note, &got), STATUS_NOT_FOUND);
    note.bytes[8] = 1;
    note_head_put(txn, 1, &note, &head);
    assert_int_equal(note_head_get(txn, 1, &note, &got), STATUS_OK);
    db_abort(txn);
    txn = fixture_write(f);
    assert_int_equal(note_head_get(txn, 1, &note, &got), STATUS_NOT_FOUND);
    note.bytes[8] = 2;
    note_head_put(txn, 1, &note, &head);
    note.bytes[8] = 1;
    assert_int_equal(note_head_get(txn, 1, &note, &got), STATUS_NOT_FOUND);
    note_head_put(txn, 1, &note, &head);
    assert_int_equal(note_head_get(txn, 1, &note, &got), STATUS_OK);
    assert_int_equal(db_counter(txn, SCHEMA_LAST_NOTE), 3002);
    fixture_commit(txn);
}

/* Goal: core's records are walked by kind and by pair; a blob that was damaged is refused. */
static void test_state_and_blobs(void **state)
{
    struct fixture *f = *state;
    struct txn *txn = fixture_write(f);
    for (uint32_t i = 1; i <= 9; i++) {
        state_put(txn, 4, i / 4, i, span_of(&i, sizeof i));
        state_put(txn, 5, i, i, span_of(&i, sizeof i));
    }
    state_delete(txn, 4, 1, 6);
    struct span value;
    assert_int_equal(state_get(txn, 4, 1, 6, &value), STATUS_NOT_FOUND);
    assert_int_equal(state_get(txn, 4, 1, 7, &value), STATUS_OK);
    struct db_walk *walk = NULL;
    assert_int_equal(state_walk(txn, 4, 1, &walk), STATUS_OK);
    struct span key;
    uint8_t kind = 0;
    uint32_t a = 0;
    uint32_t b = 0;
    uint32_t sum = 0;
    while (db_walk_next(walk, &key, &value)) {
        state_key_of(key, &kind, &a, &b);
        assert_int_equal(kind, 4);
        assert_int_equal(a, 1);
        sum += b;
    }
    assert_int_equal(db_walk_close(walk), STATUS_OK);
    assert_int_equal(sum, 4 + 5 + 7);
    uint8_t prefix[ID_BYTES];
    assert_int_equal(state_blob_put(txn, span_of("bundle", 6), prefix), STATUS_OK);
    assert_int_equal(state_blob_get(txn, prefix, &value), STATUS_OK);
    assert_true(span_equal(value, span_of("bundle", 6)));
    struct schema_key blob_key = schema_key_blob(prefix);
    db_put(txn, SCHEMA_BLOB, schema_key_span(&blob_key), span_of("bundlf", 6));
    assert_int_equal(state_blob_get(txn, prefix, &value), STATUS_CORRUPT);
    prefix[0] ^= 1;
    assert_int_equal(state_blob_get(txn, prefix, &value), STATUS_NOT_FOUND);
    db_abort(txn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FIXTURE_TEST(test_found_again), FIXTURE_TEST(test_aborted_batch),
        FIXTURE_TEST(test_window),      FIXTURE_TEST(test_names),
        FIXTURE_TEST(test_notes),       FIXTURE_TEST(test_state_and_blobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
