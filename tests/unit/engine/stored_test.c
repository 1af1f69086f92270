/* The formats of what the engine keeps on disk: a wish, a revision, a section. Frozen by
 * tests/vectors/stored.txt, which was recorded once: another byte is another format. */
#include "client/engine/outbox/wish.h"
#include "client/engine/outbox/wish_store.h"
#include "client/engine/section/kept.h"
#include "client/engine/section/section.h"
#include "tests/support/test.h"
#include "tests/support/vectors.h"
#include "tests/unit/engine/memory_storage.h"

/* Bytes that tell one field from the next: each call goes on counting. */
static uint8_t counter;

static void fill(void *out, size_t size)
{
    uint8_t *bytes = out;
    for (size_t i = 0; i < size; i++) {
        bytes[i] = counter++;
    }
}

static uint64_t number(void)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < 8; i++) {
        value |= (uint64_t)counter++ << (8 * i);
    }
    return value;
}

static void same(struct vectors *vectors, const char *key, struct span found)
{
    struct span wanted = vectors_hex(vectors, key);
    for (size_t i = 0; !span_equal(found, wanted) && i < found.size; i++) {
        (void)fprintf(stderr, "%02x%s", found.data[i], i + 1 == found.size ? "\n" : "");
    }
    assert_true(span_equal(found, wanted));
}

static void wish_sample(struct wish *out)
{
    counter = 1;
    *out = (struct wish){.kind = WISH_GRANT, .state = ENGINE_WISH_FAILED, .status = STATUS_FULL};
    out->tries = 0x01020304;
    out->subtype = 0x11121314;
    out->rights = 0x21222324;
    fill(&out->section, sizeof out->section);
    fill(&out->chart, sizeof out->chart);
    fill(&out->note, sizeof out->note);
    fill(&out->member, sizeof out->member);
    fill(&out->staff, sizeof out->staff);
    fill(&out->object, sizeof out->object);
    out->until_ms = number();
    out->history_from = number();
    out->parent_ticket = number();
    out->parent_revision = number();
    out->parent_count = 3;
    fill(out->parents, sizeof out->parents);
    out->seen_number = number();
    fill(&out->seen_head, sizeof out->seen_head);
    fill(&out->request, sizeof out->request);
    fill(&out->built_object, sizeof out->built_object);
    out->built_revision = number();
    out->built_device_number = number();
    assert_int_equal(wish_set(&out->body, span_of("the body", 8)), STATUS_OK);
    assert_int_equal(wish_set(&out->extra, span_of("", 0)), STATUS_OK);
    assert_int_equal(wish_set(&out->built, span_of("built", 5)), STATUS_OK);
}

static void wish_sample_free(struct wish *wish)
{
    wish_clear(&wish->body);
    wish_clear(&wish->extra);
    wish_clear(&wish->built);
}

static enum status wish_read(struct span bytes)
{
    /* An own allocation, so that a sanitizer sees one byte too many. */
    uint8_t *exact = malloc(bytes.size > 0 ? bytes.size : 1);
    assert_non_null(exact);
    if (bytes.size > 0) {
        memcpy(exact, bytes.data, bytes.size);
    }
    struct wish wish = {0};
    enum status status = wish_store_decode(span_of(exact, bytes.size), 9, &wish);
    wish_sample_free(&wish);
    free(exact);
    return status;
}

/* Goal: a wish has one form on disk. Method: the recorded bytes both ways; cut anywhere, one byte
 * too many, another version and a wrong count are refused. */
static void test_wish(void **state)
{
    (void)state;
    struct vectors *vectors = vectors_open("stored.txt");
    vectors_find(vectors, "wish");
    struct wish wish;
    wish_sample(&wish);
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(wish_store_encode(&wish, &bytes, &size), STATUS_OK);
    same(vectors, "bytes", span_of(bytes, size));
    struct wish again = {0};
    assert_int_equal(wish_store_decode(span_of(bytes, size), 9, &again), STATUS_OK);
    assert_int_equal(again.ticket, 9);
    assert_int_equal(again.parent_count, 3);
    assert_int_equal(again.kind, WISH_GRANT);
    assert_int_equal(again.status, STATUS_FULL);
    assert_true(span_equal(span_of(again.body.data, again.body.size), span_of("the body", 8)));
    uint8_t *twice = NULL;
    size_t twice_size = 0;
    assert_int_equal(wish_store_encode(&again, &twice, &twice_size), STATUS_OK);
    assert_true(span_equal(span_of(twice, twice_size), span_of(bytes, size)));
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(wish_read(span_of(bytes, cut)), STATUS_CORRUPT);
    }
    uint8_t *longer = calloc(size + 1, 1);
    assert_non_null(longer);
    memcpy(longer, bytes, size);
    assert_int_equal(wish_read(span_of(longer, size)), STATUS_OK);
    assert_int_equal(wish_read(span_of(longer, size + 1)), STATUS_CORRUPT);
    longer[0] ^= 3;
    assert_int_equal(wish_read(span_of(longer, size)), STATUS_CORRUPT);
    free(longer);
    again.parent_count = WISH_PARENTS_MAX + 1;
    free(twice);
    assert_int_equal(wish_store_encode(&again, &twice, &twice_size), STATUS_OK);
    assert_int_equal(wish_read(span_of(twice, twice_size)), STATUS_CORRUPT);
    free(twice);
    free(bytes);
    wish_sample_free(&wish);
    wish_sample_free(&again);
    vectors_close(vectors);
}

static void kept_sample(struct kept *out)
{
    counter = 1;
    *out = (struct kept){.item = {.state = KEPT_SEALED, .number = 7, .parent_count = 2}};
    fill(&out->item.note, sizeof out->item.note);
    fill(&out->item.link, sizeof out->item.link);
    out->item.revision = number();
    out->item.kind = 0x01020304;
    fill(&out->item.author, sizeof out->item.author);
    fill(&out->item.device, sizeof out->item.device);
    out->item.epoch = number();
    out->item.time_ms = number();
    fill(&out->epoch_statement, sizeof out->epoch_statement);
    fill(out->parents, 2 * sizeof out->parents[0]);
    out->context = span_of("context", 7);
    out->header = span_of("header", 6);
    out->signature = span_of("signature", 9);
    out->wrap = span_of("", 0);
    out->text = span_of("text", 4);
}

static enum status kept_read(struct span bytes)
{
    uint8_t *exact = malloc(bytes.size > 0 ? bytes.size : 1);
    assert_non_null(exact);
    if (bytes.size > 0) {
        memcpy(exact, bytes.data, bytes.size);
    }
    struct kept kept;
    enum status status = kept_decode(span_of(exact, bytes.size), 7, &kept);
    free(exact);
    return status;
}

/* Goal: a kept revision has one form on disk. Method: as for wishes; a state that is none and too
 * many parents are refused. */
static void test_kept(void **state)
{
    (void)state;
    struct vectors *vectors = vectors_open("stored.txt");
    vectors_find(vectors, "revision");
    struct kept kept;
    kept_sample(&kept);
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(kept_encode(&kept, &bytes, &size), STATUS_OK);
    same(vectors, "bytes", span_of(bytes, size));
    struct kept again;
    assert_int_equal(kept_decode(span_of(bytes, size), 7, &again), STATUS_OK);
    assert_int_equal(again.item.state, KEPT_SEALED);
    assert_int_equal(again.item.number, 7);
    assert_int_equal(again.item.kind, 0x01020304);
    uint8_t *twice = NULL;
    size_t twice_size = 0;
    assert_int_equal(kept_encode(&again, &twice, &twice_size), STATUS_OK);
    assert_true(span_equal(span_of(twice, twice_size), span_of(bytes, size)));
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(kept_read(span_of(bytes, cut)), STATUS_CORRUPT);
    }
    uint8_t *longer = calloc(size + 1, 1);
    assert_non_null(longer);
    memcpy(longer, bytes, size);
    assert_int_equal(kept_read(span_of(longer, size + 1)), STATUS_CORRUPT);
    for (unsigned value = 0; value < 256; value++) {
        longer[1] = (uint8_t)value;
        assert_int_equal(kept_read(span_of(longer, size)),
                         value >= KEPT_OPEN && value <= KEPT_DAMAGED ? STATUS_OK : STATUS_CORRUPT);
    }
    longer[1] = KEPT_OPEN;
    longer[0] ^= 3;
    assert_int_equal(kept_read(span_of(longer, size)), STATUS_CORRUPT);
    free(longer);
    free(twice);
    free(bytes);
    vectors_close(vectors);
}

/* As much of an engine as keeps sections. */
struct keeping {
    struct common common;
    struct log log;
    struct sections sections;
    struct memory_storage *memory;
};

static void keeping_begin(struct keeping *keeping)
{
    *keeping = (struct keeping){.sections = {0}};
    keeping->sections.common = &keeping->common;
    keeping->sections.log = &keeping->log;
    keeping->memory = memory_storage_new();
    assert_non_null(keeping->memory);
    memory_storage_get(keeping->memory, &keeping->common.storage);
}

static void keeping_end(struct keeping *keeping)
{
    for (size_t i = 0; i < keeping->sections.count; i++) {
        timeline_free(&keeping->sections.items[i].timeline);
    }
    free(keeping->sections.items);
    memory_storage_free(keeping->memory);
}

static void keep(struct keeping *keeping, const struct section *section)
{
    const struct storage *storage = &keeping->common.storage;
    assert_int_equal(storage->begin(storage->context), STATUS_OK);
    assert_int_equal(section_store(&keeping->sections, section), STATUS_OK);
    assert_int_equal(storage->commit(storage->context), STATUS_OK);
}

static enum status section_read(struct span key, struct span value)
{
    struct keeping keeping;
    keeping_begin(&keeping);
    const struct storage *storage = &keeping.common.storage;
    assert_int_equal(storage->begin(storage->context), STATUS_OK);
    assert_int_equal(storage->put(storage->context, STORAGE_SECTION, key, value), STATUS_OK);
    assert_int_equal(storage->commit(storage->context), STATUS_OK);
    enum status status = section_load(&keeping.sections);
    keeping_end(&keeping);
    return status;
}

/* Goal: a section has one form on disk. Method: as for wishes; what was read is stored again. */
static void test_section(void **state)
{
    (void)state;
    struct vectors *vectors = vectors_open("stored.txt");
    static struct section section;
    static const uint8_t key_bytes[] = {0, 1, 2, 3};
    const struct span key = span_of(key_bytes, sizeof key_bytes);
    counter = 1;
    struct practice_id practice;
    fill(&practice, sizeof practice);
    section = (struct section){.local = 0x010203, .started = true, .verified_count = 2};
    fill(&section.id, sizeof section.id);
    fill(&section.label, sizeof section.label);
    section.known = number();
    section.ended_at = number();
    section.start_epoch = number();
    section.refused_number = number();
    fill(&section.refused_link, sizeof section.refused_link);
    section.gaps = number();
    section.told = number();
    section.again.times = 0x01020304;
    section.again.failed_ms = number();
    section.again.until_ms = number();
    fill(section.verified_device, 2 * sizeof section.verified_device[0]);
    timeline_init(&section.timeline, &practice, &section.id);
    fill(&section.timeline.times, sizeof section.timeline.times);
    section.timeline.time_ms = number();
    struct keeping keeping;
    keeping_begin(&keeping);
    const struct storage *storage = &keeping.common.storage;
    keep(&keeping, &section);
    struct span value;
    assert_int_equal(storage->get(storage->context, STORAGE_SECTION, key, &value), STATUS_OK);
    vectors_find(vectors, "section");
    same(vectors, "bytes", value);
    size_t size = value.size;
    uint8_t *bytes = calloc(size + 1, 1);
    assert_non_null(bytes);
    memcpy(bytes, value.data, size);
    assert_int_equal(section_load(&keeping.sections), STATUS_OK);
    assert_int_equal(keeping.sections.count, 1);
    const struct section *loaded = &keeping.sections.items[0];
    assert_int_equal(loaded->local, section.local);
    assert_int_equal(loaded->verified_count, 2);
    assert_true(loaded->started);
    keeping.sections.items[0].local++;
    keep(&keeping, loaded);
    static const uint8_t next_bytes[] = {0, 1, 2, 4};
    assert_int_equal(storage->get(storage->context, STORAGE_SECTION,
                                  span_of(next_bytes, sizeof next_bytes), &value),
                     STATUS_OK);
    assert_true(span_equal(value, span_of(bytes, size)));
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(section_read(key, span_of(bytes, cut)), STATUS_CORRUPT);
    }
    assert_int_equal(section_read(key, span_of(bytes, size)), STATUS_OK);
    assert_int_equal(section_read(key, span_of(bytes, size + 1)), STATUS_CORRUPT);
    assert_int_equal(section_read(span_of(key_bytes, 3), span_of(bytes, size)), STATUS_CORRUPT);
    bytes[0] ^= 3;
    assert_int_equal(section_read(key, span_of(bytes, size)), STATUS_CORRUPT);
    free(bytes);
    timeline_free(&section.timeline);
    keeping_end(&keeping);
    vectors_close(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wish),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_section),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
