/* The format of an event in the database. Frozen by tests/vectors/stored.txt, which was recorded
 * once: another byte is another format. */
#include "server/store/events_codec.h"
#include "tests/support/test.h"
#include "tests/support/vectors.h"

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

static struct event_stored sample(void)
{
    static uint8_t openings[2][EVENTS_OPENING_BYTES];
    static uint8_t nodes[2 * HASH_BYTES];
    counter = 1;
    struct event_stored event;
    memset(&event, 0, sizeof event);
    event.fields = (struct event_fields){.time_ms = number(),
                                         .actor_local = 0x01020304,
                                         .device_local = 0x11121314,
                                         .chart_local = 0x21222324,
                                         .section_local = 0x31323334,
                                         .action = 0x4142,
                                         .outcome = 0x5152};
    event.actor_number = number();
    event.actor_previous = number();
    event.chart_number = number();
    event.chart_previous = number();
    event.section_number = number();
    event.section_previous = number();
    event.change.kind = 0x6162;
    fill(&event.change.object, HASH_BYTES);
    event.change.object_seq = number();
    fill(&event.section_head, HASH_BYTES);
    fill(&event.section_times, HASH_BYTES);
    fill(&event.leaf_hash, HASH_BYTES);
    fill(nodes, sizeof nodes);
    fill(openings, sizeof openings);
    event.nodes = span_of(nodes, sizeof nodes);
    event.open = span_of("open", 4);
    event.target = span_of("", 0);
    event.restricted = span_of("restricted", 10);
    event.target_opening = span_of(openings[0], EVENTS_OPENING_BYTES);
    event.restricted_opening = span_of(openings[1], EVENTS_OPENING_BYTES);
    fill(&event.restricted_hash, HASH_BYTES);
    fill(&event.reply.request, ID_BYTES);
    fill(&event.reply.request_hash, HASH_BYTES);
    event.reply.outcome = span_of("outcome", 7);
    return event;
}

/* The sample with one part of it away. */
static struct event_stored variant(const char *name)
{
    static const struct request_id none;
    struct event_stored event = sample();
    if (strcmp(name, "no actor") == 0) {
        event.fields.actor_local = 0;
    } else if (strcmp(name, "no chart") == 0) {
        event.fields.chart_local = 0;
    } else if (strcmp(name, "no change") == 0) {
        event.change.kind = 0;
    } else if (strcmp(name, "no reply") == 0) {
        event.reply.request = none;
    } else if (strcmp(name, "no restricted part") == 0) {
        event.restricted_dropped = true;
    } else if (strcmp(name, "no leaf") == 0) {
        event.leaf_dropped = true;
        event.restricted_dropped = true;
    } else {
        assert_string_equal(name, "whole");
    }
    return event;
}

/* Cut anywhere, or longer by a byte, it is no event; cut within its parts, its head is one. */
static void check_cuts(struct span value)
{
    struct event_stored got;
    bool head_before = false;
    for (size_t size = 0; size <= value.size + 1; size++) {
        uint8_t *exact = calloc(size > 0 ? size : 1, 1);
        assert_non_null(exact);
        memcpy(exact, value.data, size < value.size ? size : value.size);
        assert_int_equal(events_codec_decode(span_of(exact, size), &got),
                         size == value.size ? STATUS_OK : STATUS_CORRUPT);
        bool head = events_codec_decode_head(span_of(exact, size), &got) == STATUS_OK;
        assert_true(head || !head_before);
        head_before = head;
        free(exact);
    }
    assert_true(head_before);
}

/* Goal: an event has one form on disk, whichever of its parts are there. Method: the recorded
 * bytes both ways, for each optional part away in turn; no flag but the known ones. */
static void test_event(void **state)
{
    static const char *const names[] = {"whole",    "no actor",           "no chart", "no change",
                                        "no reply", "no restricted part", "no leaf"};
    struct vectors *vectors = vectors_open("stored.txt");
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        struct event_stored event = variant(names[i]);
        char record[64];
        (void)snprintf(record, sizeof record, "event %s", names[i]);
        vectors_find(vectors, record);
        struct span wanted = vectors_hex(vectors, "bytes");
        uint8_t value[EVENTS_VALUE_BYTES_MAX];
        size_t size = 0;
        events_codec_encode(&event, value, &size);
        for (size_t n = 0; !span_equal(span_of(value, size), wanted) && n < size; n++) {
            (void)fprintf(stderr, "%02x%s", value[n], n + 1 == size ? "\n" : "");
        }
        assert_true(span_equal(span_of(value, size), wanted));
        struct event_stored got;
        assert_int_equal(events_codec_decode(wanted, &got), STATUS_OK);
        assert_int_equal(got.fields.outcome, 0x5152);
        assert_int_equal(got.change.kind, strcmp(names[i], "no change") == 0 ? 0 : 0x6162);
        uint8_t again[EVENTS_VALUE_BYTES_MAX];
        size_t again_size = 0;
        events_codec_encode(&got, again, &again_size);
        assert_true(span_equal(span_of(again, again_size), wanted));
        check_cuts(wanted);
        for (unsigned bit = 4; bit < 8; bit++) {
            value[1] ^= (uint8_t)(1u << bit);
            assert_int_equal(events_codec_decode(span_of(value, size), &got), STATUS_CORRUPT);
            value[1] ^= (uint8_t)(1u << bit);
        }
        value[0] ^= 3;
        assert_int_equal(events_codec_decode_head(span_of(value, size), &got), STATUS_CORRUPT);
    }
    vectors_close(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_event),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
