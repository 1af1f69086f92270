/*
 * For the store's tests: a database in a folder of its own, events and records made up from
 * a seeded generator, and raw access to stored values so that they can be damaged.
 */
#pragma once

#include "server/store/events.h"
#include "server/store/record.h"

struct fixture {
    char base[64];
    char folder[80];
    struct practice_id practice;
    struct db *db;
};

/* Makes the folder and opens an empty database with a practice id. Aborts on failure. */
void fixture_init(struct fixture *fixture, uint64_t map_bytes);
void fixture_reopen(struct fixture *fixture);
/* Closes and removes everything. */
void fixture_deinit(struct fixture *fixture);

/* For cmocka's set-up and tear-down: |*state| becomes a fixture with the usual map. */
int fixture_open(void **state);
int fixture_close(void **state);

#define FIXTURE_TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

struct txn *fixture_write(struct fixture *fixture);
struct txn *fixture_read(struct fixture *fixture);
void fixture_commit(struct txn *txn);

/* Splitmix64: the same numbers on every run. */
uint64_t fixture_random(uint64_t *seed);
void fixture_random_bytes(uint64_t *seed, void *out, size_t size);

/* A buffer for the parts of one made-up event. */
struct fixture_parts {
    uint8_t open[300];
    uint8_t target[200];
    uint8_t restricted[60];
};

/* Parts and openings at random; fields are the caller's to set. */
void fixture_event(uint64_t *seed, struct fixture_parts *parts, struct event_new *out_event);
/* With something in every field: a change of section 6 that was asked for and answered. */
void fixture_full_event(uint64_t *seed, struct fixture_parts *parts, struct event_new *out_event);

/* Appends an event in which nothing depends on its numbers. */
MUST_CHECK enum status fixture_append(struct txn *txn, const struct event_new *event,
                                      uint64_t *out_seq, struct hash *out_leaf_hash);

/* Copies a stored value; returns its size. */
size_t fixture_value(struct txn *txn, enum schema_table table, uint64_t seq, uint8_t *out,
                     size_t capacity);
/* Puts a value as it is. */
void fixture_put_value(struct fixture *fixture, enum schema_table table, uint64_t seq,
                       struct span value);

/* The root of |size| leaves by joining neighbours level by level; an odd one out moves up. */
void fixture_naive_root(const struct hash *leaves, size_t size, struct hash *out_root);
