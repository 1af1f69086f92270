#include "store_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include "keys/public/bytes/random.h"
#include "keys/public/log/merkle.h"

void fixture_init(struct fixture *fixture, uint64_t map_bytes)
{
    struct db_options options = {.map_bytes = map_bytes, .create = true, .count_pages = true};
    const char *tmp = getenv("TMPDIR");
    memset(fixture, 0, sizeof *fixture);
    CHECK(random_init() == STATUS_OK);
    (void)snprintf(fixture->base, sizeof fixture->base, "%s/alcove-store-XXXXXX",
                   tmp != NULL && strnlen(tmp, 40) < 40 ? tmp : "/tmp");
    CHECK(mkdtemp(fixture->base) != NULL);
    (void)snprintf(fixture->folder, sizeof fixture->folder, "%s/db", fixture->base);
    memset(fixture->practice.bytes, 0x5a, sizeof fixture->practice.bytes);
    CHECK(db_open(fixture->folder, &options, &fixture->db) == STATUS_OK);
    CHECK(db_set_practice(fixture->db, &fixture->practice) == STATUS_OK);
}

void fixture_reopen(struct fixture *fixture)
{
    db_close(fixture->db);
    fixture->db = NULL;
    struct db_options options = {.create = false};
    CHECK(db_open(fixture->folder, &options, &fixture->db) == STATUS_OK);
}

void fixture_deinit(struct fixture *fixture)
{
    db_close(fixture->db);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/data.mdb", fixture->folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/lock.mdb", fixture->folder);
    (void)unlink(path);
    (void)rmdir(fixture->folder);
    CHECK(rmdir(fixture->base) == 0);
}

int fixture_open(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    CHECK(fixture != NULL);
    fixture_init(fixture, 0);
    *state = fixture;
    return 0;
}

int fixture_close(void **state)
{
    fixture_deinit(*state);
    free(*state);
    return 0;
}

struct txn *fixture_write(struct fixture *fixture)
{
    struct txn *txn = NULL;
    CHECK(db_begin_write(fixture->db, &txn) == STATUS_OK);
    return txn;
}

struct txn *fixture_read(struct fixture *fixture)
{
    struct txn *txn = NULL;
    CHECK(db_begin_read(fixture->db, &txn) == STATUS_OK);
    return txn;
}

void fixture_commit(struct txn *txn)
{
    CHECK(db_commit(txn) == STATUS_OK);
}

uint64_t fixture_random(uint64_t *seed)
{
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void fixture_random_bytes(uint64_t *seed, void *out, size_t size)
{
    uint8_t *bytes = out;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = (uint8_t)fixture_random(seed);
    }
}

void fixture_event(uint64_t *seed, struct fixture_parts *parts, struct event_new *out_event)
{
    memset(out_event, 0, sizeof *out_event);
    fixture_random_bytes(seed, parts, sizeof *parts);
    out_event->open = span_of(parts->open, 60 + fixture_random(seed) % 240);
    out_event->target = span_of(parts->target, fixture_random(seed) % 200);
    out_event->restricted = span_of(parts->restricted, fixture_random(seed) % 60);
    fixture_random_bytes(seed, out_event->target_opening, EVENTS_OPENING_BYTES);
    fixture_random_bytes(seed, out_event->restricted_opening, EVENTS_OPENING_BYTES);
}

void fixture_full_event(uint64_t *seed, struct fixture_parts *parts, struct event_new *event)
{
    fixture_event(seed, parts, event);
    event->fields.time_ms = 1000;
    event->fields.actor_local = 3;
    event->fields.device_local = 4;
    event->fields.chart_local = 5;
    event->fields.section_local = 6;
    event->fields.action = 13;
    event->fields.outcome = 1;
    event->change.kind = 1;
    event->change.object_seq = 77;
    fixture_random_bytes(seed, event->change.object.bytes, HASH_BYTES);
    fixture_random_bytes(seed, event->reply.request.bytes, ID_BYTES);
    fixture_random_bytes(seed, event->reply.request_hash.bytes, HASH_BYTES);
    event->reply.outcome = span_of("stored at 77", 12);
}

enum status fixture_append(struct txn *txn, const struct event_new *event, uint64_t *out_seq,
                           struct hash *out_leaf_hash)
{
    struct event_next next;
    enum status status = events_next(txn, &event->fields, &event->change, &next);
    return status == STATUS_OK ? events_append_next(txn, event, &next, out_seq, out_leaf_hash)
                               : status;
}

size_t fixture_value(struct txn *txn, enum schema_table table, uint64_t seq, uint8_t *out,
                     size_t capacity)
{
    struct schema_key key = schema_key_seq(seq);
    struct span value;
    CHECK(db_get(txn, table, schema_key_span(&key), &value) == STATUS_OK);
    CHECK(value.size <= capacity);
    memcpy(out, value.data, value.size);
    return value.size;
}

void fixture_put_value(struct fixture *fixture, enum schema_table table, uint64_t seq,
                       struct span value)
{
    struct schema_key key = schema_key_seq(seq);
    struct txn *txn = fixture_write(fixture);
    db_put(txn, table, schema_key_span(&key), value);
    fixture_commit(txn);
}

void fixture_naive_root(const struct hash *leaves, size_t size, struct hash *out_root)
{
    struct hash *level = calloc(size + 1, sizeof *level);
    CHECK(level != NULL);
    if (size == 0) {
        merkle_empty_root(out_root);
        free(level);
        return;
    }
    memcpy(level, leaves, size * sizeof *leaves);
    while (size > 1) {
        size_t joined = 0;
        for (size_t i = 0; i < size; i += 2) {
            if (i + 1 < size) {
                merkle_node_hash(&level[i], &level[i + 1], &level[joined++]);
            } else {
                level[joined++] = level[i];
            }
        }
        size = joined;
    }
    *out_root = level[0];
    free(level);
}
