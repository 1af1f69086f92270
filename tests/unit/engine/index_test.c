/*
 * The index of a section's revisions, against a scan of all of them.
 */
#include "client/engine/section/index.h"
#include "proto/message.h"
#include "tests/support/test.h"
#include "tests/unit/engine/memory_storage.h"

#include <stdlib.h>

#define REVISIONS 900u
#define NOTES     120u
#define PARENTS   3u
#define LOCAL     6u

/* The revisions as they came, and what a scan says of them. */
struct history {
    struct indexed items[REVISIONS];
    struct hash parents[REVISIONS][PARENTS];
    size_t count;
};

static unsigned pick(unsigned *seed, unsigned below)
{
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % below;
}

/* Many ids begin alike, as those of somebody who wants a search to be slow would. */
static struct note_id note_at(unsigned i)
{
    struct note_id id = {{0x5a, (uint8_t)(i % 3), (uint8_t)(i % 7 * 16)}};
    id.bytes[ID_BYTES - 1] = (uint8_t)i;
    return id;
}

static void add(struct history *history, struct index *index, unsigned *seed)
{
    size_t at = history->count;
    struct indexed *item = &history->items[at];
    *item = (struct indexed){.number = at * 2 + 1,
                             .note = note_at(pick(seed, NOTES)),
                             .kind = pick(seed, 9) == 0 ? REVISION_TOMBSTONE : REVISION_DRAFT,
                             .name = pick(seed, 5) == 0,
                             .state = pick(seed, 11) == 0 ? KEPT_ERASED : KEPT_OPEN};
    item->name = item->name && item->state == KEPT_OPEN;
    item->link.bytes[0] = (uint8_t)at;
    item->link.bytes[1] = (uint8_t)(at >> 8);
    item->link.bytes[2] = 1;
    item->parent_count = at == 0 ? 0 : pick(seed, PARENTS + 1);
    for (size_t p = 0; p < item->parent_count; p++) {
        /* Of the same note or of another, which must make no difference to that one. */
        size_t of = pick(seed, (unsigned)at);
        for (size_t tries = 0; tries < 200 && !ID_EQUAL(&history->items[of].note, &item->note);
             tries++) {
            of = pick(seed, (unsigned)at);
        }
        history->parents[at][p] = history->items[of].link;
    }
    OK(index_add(index, item, history->parents[at]));
    history->count++;
}

static bool is_first(const struct history *history, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        if (ID_EQUAL(&history->items[i].note, &history->items[at].note)) {
            return false;
        }
    }
    return true;
}

static bool is_head(const struct history *history, size_t at)
{
    for (size_t i = at + 1; i < history->count; i++) {
        const struct indexed *later = &history->items[i];
        for (size_t p = 0; p < later->parent_count; p++) {
            if (ID_EQUAL(&later->note, &history->items[at].note) &&
                ID_EQUAL(&history->parents[i][p], &history->items[at].link)) {
                return false;
            }
        }
    }
    return true;
}

/* Returns how many notes begin so. */
static size_t check_run(const struct history *history, const struct index *index,
                        struct index_run run, const struct hex_prefix *prefix)
{
    size_t notes = 0;
    size_t fitting = 0;
    for (size_t i = 0; i < history->count; i++) {
        bool fits = hex_prefix_matches(prefix, ID_SPAN(&history->items[i].note));
        fitting += fits ? 1 : 0;
        notes += fits && is_first(history, i) ? 1 : 0;
    }
    assert_int_equal(run.to - run.from, fitting);
    for (size_t place = run.from; place < run.to; place++) {
        const struct indexed *item = index_at(index, place);
        assert_true(hex_prefix_matches(prefix, ID_SPAN(&item->note)));
        if (place > run.from) {
            const struct indexed *before = index_at(index, place - 1);
            int order = memcmp(&before->note, &item->note, sizeof item->note);
            assert_true(order < 0 || (order == 0 && before->number < item->number));
        }
    }
    return notes;
}

static void check_prefixes(const struct history *history, const struct index *index)
{
    for (unsigned i = 0; i < NOTES + 5; i++) {
        struct note_id note = note_at(i);
        struct hex_prefix whole = {.digits = HEX_CHARS(ID_BYTES)};
        memcpy(whole.bytes, note.bytes, ID_BYTES);
        size_t notes = check_run(history, index, index_note(index, &note), &whole);
        assert_true(notes <= 1);
        for (whole.digits = 1; whole.digits < HEX_CHARS(ID_BYTES); whole.digits += 3) {
            struct hex_prefix prefix = whole;
            if (prefix.digits % 2 == 1) { /* as hex_prefix_parse leaves it */
                prefix.bytes[prefix.digits / 2] &= 0xf0u;
            }
            (void)check_run(history, index, index_prefix(index, &prefix), &prefix);
        }
    }
}

static void check(const struct history *history, const struct index *index)
{
    assert_int_equal(index->count, history->count);
    size_t notes = 0;
    size_t names = 0;
    size_t erased = 0;
    for (size_t i = 0; i < history->count; i++) {
        const struct indexed *item = &index->items[i];
        bool first = is_first(history, i);
        assert_memory_equal(&item->link, &history->items[i].link, sizeof item->link);
        assert_int_equal(item->first, first);
        assert_int_equal(item->head, is_head(history, i));
        assert_int_equal(item->state, history->items[i].state);
        notes += first ? 1 : 0;
        names += first && history->items[i].name ? 1 : 0;
        erased += history->items[i].state == KEPT_ERASED ? 1 : 0;
    }
    assert_int_equal(index->notes, notes);
    assert_int_equal(index->names, names);
    assert_int_equal(index->erased, erased);
    check_prefixes(history, index);
}

static void erase(struct history *history, struct index *index, size_t at)
{
    index_erase(index, &index->items[at]);
    history->items[at].state = KEPT_ERASED;
    history->items[at].name = false;
}

/* Goal: whatever came and in whatever pieces, the index says of every note, head, count and id what
 * a scan says. Method: nine hundred revisions of a hundred notes, with siblings, parents that are
 * no parents, erasures and ids that begin alike, settled by one and by many. */
static void test_says_what_a_scan_says(void **state)
{
    (void)state;
    static struct history history;
    size_t checks = 0;
    for (unsigned round = 1; round <= 6; round++) {
        unsigned seed = round;
        history.count = 0;
        struct index index = {.built = true};
        while (history.count < REVISIONS) {
            size_t together = round % 2 == 0 ? 1 + pick(&seed, 200) : 1;
            for (size_t i = 0; i < together && history.count < REVISIONS; i++) {
                add(&history, &index, &seed);
            }
            OK(index_settle(&index));
            if (pick(&seed, 3) == 0) {
                erase(&history, &index, pick(&seed, (unsigned)history.count));
            }
            if (pick(&seed, 150) == 0) {
                check(&history, &index);
                checks++;
            }
        }
        check(&history, &index);
        checks++;
        index_deinit(&index);
    }
    print_message("%zu comparisons\n", checks);
}

/* A revision as page_keep keeps it, with a text that a scan must open. */
static void keep(const struct storage *storage, const struct history *history, size_t at)
{
    struct kept kept = {.item = history->items[at]};
    static const uint8_t name[] = {0x08, NOTE_NAME, 0x01};
    if (kept.item.state == KEPT_OPEN) {
        kept.text = span_of(name, kept.item.name ? sizeof name : 0);
    }
    memcpy(kept.parents, history->parents[at], sizeof history->parents[at]);
    uint8_t *bytes = NULL;
    size_t size = 0;
    OK(kept_encode(&kept, &bytes, &size));
    uint8_t key[KEPT_KEY_BYTES];
    OK(storage_put(storage, STORAGE_REVISION, span_of(key, kept_key(LOCAL, kept.item.number, key)),
                   span_of(bytes, size)));
    free(bytes);
}

static uint64_t last_of(const struct history *history)
{
    return history->count == 0 ? 0 : history->items[history->count - 1].number + 1;
}

static void check_loaded(const struct storage *storage, const struct history *history,
                         size_t stored)
{
    struct index index = {0};
    OK(index_build(&index, storage, LOCAL, last_of(history)));
    assert_int_equal(index.stored, stored);
    check(history, &index);
    index_deinit(&index);
}

static void begin(const struct storage *storage)
{
    OK(storage->begin(storage->context));
}

/* What changes in place, in one transaction: the revision, and the stored index goes. */
static void erase_kept(const struct storage *storage, struct history *history, struct index *index,
                       size_t at)
{
    begin(storage);
    erase(history, index, at);
    keep(storage, history, at);
    OK(index_drop_stored(index, storage, LOCAL));
    OK(storage_end(storage, STATUS_OK));
}

static void grow_stored(const struct storage *storage, struct history *history, struct index *index,
                        unsigned *seed, bool fails)
{
    begin(storage);
    struct history before = *history;
    size_t together = 1 + pick(seed, 130);
    for (size_t i = 0; i < together && history->count < REVISIONS; i++) {
        add(history, index, seed);
        keep(storage, history, history->count - 1);
    }
    OK(index_settle(index));
    OK(index_store(index, storage, LOCAL));
    if (fails) { /* as if it had been killed: nothing of it is there */
        storage->abort(storage->context);
        *history = before;
        index_deinit(index);
        OK(index_build(index, storage, LOCAL, last_of(history)));
    } else {
        OK(storage_end(storage, STATUS_OK));
    }
}

/* Goal: an index that was stored says after a start what a scan says, whatever was added, erased or
 * aborted meanwhile. Method: nine hundred revisions in a storage, loaded again and again. */
static void test_stored_says_what_a_scan_says(void **state)
{
    (void)state;
    static struct history history;
    size_t from_chunks = 0;
    for (unsigned round = 1; round <= 4; round++) {
        struct memory_storage *memory = memory_storage_new();
        struct storage storage;
        memory_storage_get(memory, &storage);
        unsigned seed = round * 77;
        history.count = 0;
        struct index index = {0};
        OK(index_build(&index, &storage, LOCAL, 0));
        while (history.count < REVISIONS) {
            grow_stored(&storage, &history, &index, &seed, pick(&seed, 5) == 0);
            if (pick(&seed, 6) == 0 && history.count > 0) {
                erase_kept(&storage, &history, &index, pick(&seed, (unsigned)history.count));
            }
            check_loaded(&storage, &history, index.stored);
            from_chunks += index.stored;
        }
        index_deinit(&index);
        memory_storage_free(memory);
    }
    assert_true(from_chunks > REVISIONS);
    print_message("%zu revisions came from a stored index\n", from_chunks);
}

/* Goal: a stored index that is damaged is not believed, and what the revisions say holds. Method:
 * each chunk taken away, emptied, and cut by a byte; a flipped bit is the
 * storage's to find, which seals each value. */
static void test_damaged_is_made_anew(void **state)
{
    (void)state;
    static struct history history;
    struct memory_storage *memory = memory_storage_new();
    struct storage storage;
    memory_storage_get(memory, &storage);
    history.count = 0;
    struct index index = {0};
    OK(index_build(&index, &storage, LOCAL, 0));
    unsigned seed = 5;
    while (history.count < 3 * INDEX_CHUNK) {
        grow_stored(&storage, &history, &index, &seed, false);
    }
    for (uint8_t chunk = 0; chunk < 3; chunk++) {
        const uint8_t key[] = {'i', 0, 0, 0, LOCAL, 0, 0, 0, chunk};
        const struct span name = span_of(key, sizeof key);
        struct span value;
        OK(storage_get(&storage, STORAGE_META, name, &value));
        size_t size = value.size;
        uint8_t *good = malloc(size);
        assert_non_null(good);
        memcpy(good, value.data, size);
        OK(storage_put_now(&storage, STORAGE_META, name, span_of(good, size - 1)));
        check_loaded(&storage, &history, 0);
        OK(storage_put_now(&storage, STORAGE_META, name, span_of(good, 0)));
        check_loaded(&storage, &history, 0);
        OK(storage_remove_now(&storage, STORAGE_META, name));
        check_loaded(&storage, &history, chunk * INDEX_CHUNK);
        OK(storage_put_now(&storage, STORAGE_META, name, span_of(good, size)));
        check_loaded(&storage, &history, 3 * INDEX_CHUNK);
        free(good);
    }
    index_deinit(&index);
    memory_storage_free(memory);
}

/* Goal: nothing is added to an index that was not made yet, which a scan makes later. */
static void test_not_built_takes_nothing(void **state)
{
    (void)state;
    struct index index = {0};
    struct indexed item = {.number = 1};
    OK(index_add(&index, &item, NULL));
    OK(index_settle(&index));
    assert_int_equal(index.count, 0);
    index_deinit(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_what_a_scan_says),
        cmocka_unit_test(test_stored_says_what_a_scan_says),
        cmocka_unit_test(test_damaged_is_made_anew),
        cmocka_unit_test(test_not_built_takes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
