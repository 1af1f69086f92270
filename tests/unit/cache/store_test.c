/*
 * The sealed cache: what is put comes back and only so; nothing readable on disk; damage is
 * found, and never costs the outbox.
 */
#include "client/store/store.h"
#include "keys/public/bytes/random.h"
#include "tests/support/test.h"
#include "tests/unit/engine/memory_storage.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define S(text) span_of(text, sizeof(text) - 1)

struct place {
    char parent[64];
    char folder[80];
    struct secret *master;
    struct practice_id practice;
    struct store *store;
    struct storage storage;
};

static void reopen(struct place *place)
{
    store_close(place->store);
    place->store = NULL;
    OK(store_open(place->folder, place->master, &place->practice, &place->store));
    store_storage(place->store, &place->storage);
}

static void place_open(struct place *place)
{
    *place = (struct place){0};
    OK(random_init());
    (void)snprintf(place->parent, sizeof place->parent, "/tmp/alcove-cache-XXXXXX");
    assert_non_null(mkdtemp(place->parent));
    (void)snprintf(place->folder, sizeof place->folder, "%s/cache", place->parent);
    OK(secret_random(32, &place->master));
    reopen(place);
}

static void place_close(struct place *place)
{
    store_close(place->store);
    secret_free(place->master);
    char command[160];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", place->parent);
    assert_int_equal(system(command), 0);
}

static void put_one(struct place *place, enum storage_table table, struct span key,
                    struct span value)
{
    OK(place->storage.begin(place->storage.context));
    OK(place->storage.put(place->storage.context, table, key, value));
    OK(place->storage.commit(place->storage.context));
}

static enum status get_one(struct place *place, enum storage_table table, struct span key,
                           struct span *out_value)
{
    return place->storage.get(place->storage.context, table, key, out_value);
}

static void must_hold(struct place *place, enum storage_table table, struct span key,
                      struct span value)
{
    struct span have;
    OK(get_one(place, table, key, &have));
    assert_int_equal(have.size, value.size);
    if (value.size > 0) {
        assert_memory_equal(have.data, value.data, value.size);
    }
}

static size_t read_file(const char *folder, const char *name, uint8_t **out_bytes)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_RDONLY);
    struct stat info;
    assert_true(fd >= 0 && fstat(fd, &info) == 0);
    *out_bytes = malloc((size_t)info.st_size + 1);
    assert_non_null(*out_bytes);
    assert_int_equal(read(fd, *out_bytes, (size_t)info.st_size), info.st_size);
    (void)close(fd);
    return (size_t)info.st_size;
}

/* Goal: what was committed is there after reopening, what was not is not. */
static void test_commit_lasts_and_abort_does_not(void **state)
{
    (void)state;
    struct place place;
    place_open(&place);
    put_one(&place, STORAGE_META, S("k"), S("kept"));
    OK(place.storage.begin(place.storage.context));
    OK(place.storage.put(place.storage.context, STORAGE_META, S("k"), S("changed")));
    OK(place.storage.put(place.storage.context, STORAGE_OUTBOX, S("o"), S("new")));
    must_hold(&place, STORAGE_META, S("k"), S("changed"));
    place.storage.abort(place.storage.context);
    must_hold(&place, STORAGE_META, S("k"), S("kept"));
    OK(place.storage.begin(place.storage.context));
    OK(place.storage.put(place.storage.context, STORAGE_META, S("k2"), S("lost")));
    reopen(&place); /* as after a crash in the middle */
    must_hold(&place, STORAGE_META, S("k"), S("kept"));
    struct span value;
    assert_int_equal(get_one(&place, STORAGE_META, S("k2"), &value), STATUS_NOT_FOUND);
    assert_int_equal(get_one(&place, STORAGE_OUTBOX, S("o"), &value), STATUS_NOT_FOUND);
    place_close(&place);
}

/* Goal: nothing written is readable in the files. Method: a phrase, searched in every byte. */
static void test_nothing_is_readable_on_disk(void **state)
{
    (void)state;
    static const char phrase[] = "canary-phrase-in-a-note";
    struct place place;
    place_open(&place);
    for (uint8_t i = 0; i < 50; i++) {
        put_one(&place, STORAGE_REVISION, span_of(&i, 1), S("canary-phrase-in-a-note"));
        put_one(&place, STORAGE_TYPED, span_of(&i, 1), S("canary-phrase-in-a-note"));
    }
    const char *files[] = {"cache", "outbox"};
    for (size_t f = 0; f < ARRAY_LEN(files); f++) {
        uint8_t *bytes = NULL;
        size_t size = read_file(place.folder, files[f], &bytes);
        assert_null(memmem(bytes, size, phrase, sizeof phrase - 1));
        free(bytes);
    }
    place_close(&place);
}

/* Goal: the files are worth nothing without the keystore. Method: another master key. */
static void test_wrong_key_opens_nothing(void **state)
{
    (void)state;
    struct place place;
    place_open(&place);
    put_one(&place, STORAGE_META, S("k"), S("kept"));
    secret_free(place.master);
    OK(secret_random(32, &place.master));
    reopen(&place);
    struct span value;
    assert_int_equal(get_one(&place, STORAGE_META, S("k"), &value), STATUS_CORRUPT);
    place_close(&place);
}

/* Goal: a second opener is told so. */
static void test_second_process_is_refused(void **state)
{
    (void)state;
    struct place place;
    place_open(&place);
    struct store *second = NULL;
    assert_int_equal(store_open(place.folder, place.master, &place.practice, &second), STATUS_BUSY);
    assert_null(second);
    place_close(&place);
}

static void damage(const struct place *place, const char *name, size_t at, size_t keep)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", place->folder, name);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    uint8_t junk[64];
    memset(junk, 0xa5, sizeof junk);
    assert_int_equal(pwrite(fd, junk, sizeof junk, (off_t)at), sizeof junk);
    if (keep > 0) {
        assert_int_equal(ftruncate(fd, (off_t)keep), 0);
    }
    (void)close(fd);
}

/* Goal: a damaged cache is replaced and the outbox survives; a damaged outbox is left alone.
 * Method: both headers overwritten, and the cache cut short. */
static void test_damage_never_costs_the_outbox(void **state)
{
    (void)state;
    struct place place;
    place_open(&place);
    for (uint32_t i = 0; i < 200; i++) {
        put_one(&place, STORAGE_REVISION, span_of(&i, sizeof i), S("cached"));
    }
    put_one(&place, STORAGE_OUTBOX, S("o"), S("precious"));
    put_one(&place, STORAGE_TYPED, S("d"), S("draft"));
    store_close(place.store);
    place.store = NULL;
    damage(&place, "cache", 0, 0);
    damage(&place, "cache", 4096, 0);
    reopen(&place);
    struct span value;
    assert_int_equal(get_one(&place, STORAGE_REVISION, S("x"), &value), STATUS_NOT_FOUND);
    must_hold(&place, STORAGE_OUTBOX, S("o"), S("precious"));
    for (uint32_t i = 0; i < 200; i++) {
        put_one(&place, STORAGE_REVISION, span_of(&i, sizeof i), S("cached"));
    }
    store_close(place.store);
    place.store = NULL;
    damage(&place, "cache", 4096u * 5u, 4096u * 6u);
    reopen(&place);
    must_hold(&place, STORAGE_TYPED, S("d"), S("draft"));
    store_close(place.store);
    place.store = NULL;
    damage(&place, "outbox", 0, 0);
    damage(&place, "outbox", 4096, 0);
    uint8_t *before = NULL;
    size_t size = read_file(place.folder, "outbox", &before);
    assert_int_equal(store_open(place.folder, place.master, &place.practice, &place.store),
                     STATUS_CORRUPT);
    uint8_t *after = NULL;
    assert_int_equal(read_file(place.folder, "outbox", &after), size);
    assert_memory_equal(before, after, size);
    free(before);
    free(after);
    place_close(&place);
}

#define PAGE 4096u

static void write_file(const struct place *place, const char *name, const uint8_t *bytes,
                       size_t size)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", place->folder, name);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), size);
    (void)close(fd);
}

static bool look(void *visitor, struct span key, struct span value)
{
    (void)key;
    *(size_t *)visitor += value.size;
    return true;
}

/* As another process: reads all that is there and writes on. |cut|: the file loses its end meanwhile.
 * Its exit code; a signal fails the test. */
static int use_it(struct place *place, bool cut)
{
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        enum status status =
            store_open(place->folder, place->master, &place->practice, &place->store);
        if (status != STATUS_OK) {
            _exit(3);
        }
        store_storage(place->store, &place->storage);
        char path[128];
        (void)snprintf(path, sizeof path, "%s/cache", place->folder);
        if (cut && truncate(path, 2u * PAGE) != 0) {
            _exit(4);
        }
        size_t seen = 0;
        for (unsigned table = 1; table < STORAGE_TABLE_COUNT; table++) {
            status = place->storage.scan(place->storage.context, (enum storage_table)table,
                                         span_of(NULL, 0), look, &seen);
        }
        for (uint32_t i = 0; i < 64 && place->storage.begin(place->storage.context) == STATUS_OK;
             i++) {
            status = place->storage.put(place->storage.context, STORAGE_REVISION,
                                        span_of(&i, sizeof i), S("again"));
            status = status == STATUS_OK ? place->storage.commit(place->storage.context) : status;
            if (status != STATUS_OK) {
                place->storage.abort(place->storage.context);
            }
        }
        _exit(0);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how));
    return WEXITSTATUS(how);
}

/* Goal: a page of the cache that is not what it was ends no command twice, and costs nothing that
 * exists nowhere else. Method: pages exchanged at random, and a file that is cut while it is open;
 * each time another process reads and writes, and then everything works again. */
static void test_pages_that_changed_places_are_dropped(void **state)
{
    (void)state;
    struct place place;
    place_open(&place);
    for (uint32_t i = 0; i < 300; i++) {
        put_one(&place, (i % 2) == 0 ? STORAGE_REVISION : STORAGE_ENTRY, span_of(&i, sizeof i),
                S("a value that is long enough to fill some pages of the file with it"));
    }
    put_one(&place, STORAGE_OUTBOX, S("o"), S("precious"));
    store_close(place.store);
    place.store = NULL;
    uint8_t *good = NULL;
    const size_t size = read_file(place.folder, "cache", &good);
    uint8_t *bad = malloc(size);
    assert_non_null(bad);
    unsigned seed = 5;
    size_t ended = 0;
    for (size_t trial = 0; trial < 120; trial++) {
        memcpy(bad, good, size);
        for (size_t swap = 0; swap < 4; swap++) {
            seed = seed * 1103515245u + 12345u;
            size_t from = 2u + (seed >> 16) % (size / PAGE - 2u);
            seed = seed * 1103515245u + 12345u;
            size_t to = 2u + (seed >> 16) % (size / PAGE - 2u);
            memcpy(bad + to * PAGE, good + from * PAGE, PAGE);
        }
        write_file(&place, "cache", bad, size);
        int code = use_it(&place, false);
        assert_true(code == 0 || code == EXIT_FAILURE);
        if (code == EXIT_FAILURE) {
            ended++;
            assert_int_equal(use_it(&place, false), 0);
        }
    }
    assert_true(ended > 0);
    print_message("%zu of 120 ended a process once\n", ended);
    write_file(&place, "cache", good, size);
    assert_int_equal(use_it(&place, true), EXIT_FAILURE);
    reopen(&place);
    must_hold(&place, STORAGE_OUTBOX, S("o"), S("precious"));
    free(good);
    free(bad);
    place_close(&place);
}

/* Goal: store_reset empties the cache alone. */
static void test_reset_keeps_what_exists_nowhere_else(void **state)
{
    (void)state;
    struct place place;
    place_open(&place);
    put_one(&place, STORAGE_LEAF, S("l"), S("leaf"));
    put_one(&place, STORAGE_OUTBOX, S("o"), S("precious"));
    OK(store_reset(place.store));
    struct span value;
    assert_int_equal(get_one(&place, STORAGE_LEAF, S("l"), &value), STATUS_NOT_FOUND);
    must_hold(&place, STORAGE_OUTBOX, S("o"), S("precious"));
    put_one(&place, STORAGE_LEAF, S("l"), S("again"));
    must_hold(&place, STORAGE_LEAF, S("l"), S("again"));
    place_close(&place);
}

/* ---- against a model */

struct walk {
    struct storage *other;
    enum storage_table table;
    size_t count;
};

static bool same_in_other(void *visitor, struct span key, struct span value)
{
    struct walk *walk = visitor;
    struct span have;
    OK(walk->other->get(walk->other->context, walk->table, key, &have));
    assert_true(span_equal(have, value));
    walk->count++;
    return true;
}

static void same(struct storage *left, struct storage *right, enum storage_table table,
                 struct span prefix)
{
    struct walk forth = {right, table, 0};
    struct walk back = {left, table, 0};
    OK(left->scan(left->context, table, prefix, same_in_other, &forth));
    OK(right->scan(right->context, table, prefix, same_in_other, &back));
    assert_int_equal(forth.count, back.count);
}

static uint32_t random_below(uint32_t bound)
{
    uint32_t value = 0;
    random_bytes(&value, sizeof value);
    return value % bound;
}

static void random_step(struct storage *storages[2])
{
    uint8_t key[3] = {(uint8_t)random_below(4), (uint8_t)random_below(8), (uint8_t)random_below(2)};
    enum storage_table table = (enum storage_table)(1 + random_below(STORAGE_TABLE_COUNT - 1));
    uint8_t bytes[6000];
    size_t size = random_below(sizeof bytes);
    bool put = random_below(3) > 0;
    random_bytes(bytes, size > 0 ? size : 1);
    enum status status[2];
    for (size_t i = 0; i < 2; i++) {
        status[i] =
            put ? storages[i]->put(storages[i]->context, table, span_of(key, sizeof key),
                                   span_of(bytes, size))
                : storages[i]->remove(storages[i]->context, table, span_of(key, sizeof key));
    }
    assert_int_equal(status[0], status[1]);
}

/* Goal: the store does what a plain map does. Method: random transactions on both, some
 * dropped; compared whole and by prefix, within and after. */
static void test_agrees_with_a_model(void **state)
{
    (void)state;
    struct memory_storage *memory = memory_storage_new();
    struct place place;
    place_open(&place);
    struct storage model;
    memory_storage_get(memory, &model);
    struct storage *storages[2] = {&place.storage, &model};
    for (size_t round = 0; round < 60; round++) {
        OK(place.storage.begin(place.storage.context));
        OK(model.begin(model.context));
        for (size_t i = random_below(12); i > 0; i--) {
            random_step(storages);
        }
        same(storages[0], storages[1], STORAGE_REVISION, span_of(NULL, 0));
        if (random_below(4) == 0) {
            place.storage.abort(place.storage.context);
            model.abort(model.context);
        } else {
            OK(place.storage.commit(place.storage.context));
            OK(model.commit(model.context));
        }
        for (unsigned table = 1; table < STORAGE_TABLE_COUNT; table++) {
            uint8_t prefix = (uint8_t)random_below(4);
            same(storages[0], storages[1], (enum storage_table)table, span_of(NULL, 0));
            same(storages[0], storages[1], (enum storage_table)table, span_of(&prefix, 1));
        }
        if (round % 20 == 19) {
            reopen(&place);
        }
    }
    memory_storage_free(memory);
    place_close(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commit_lasts_and_abort_does_not),
        cmocka_unit_test(test_nothing_is_readable_on_disk),
        cmocka_unit_test(test_wrong_key_opens_nothing),
        cmocka_unit_test(test_second_process_is_refused),
        cmocka_unit_test(test_damage_never_costs_the_outbox),
        cmocka_unit_test(test_pages_that_changed_places_are_dropped),
        cmocka_unit_test(test_reset_keeps_what_exists_nowhere_else),
        cmocka_unit_test(test_agrees_with_a_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
