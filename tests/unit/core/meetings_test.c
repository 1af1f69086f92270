/* Meetings at the server: bounded in number, bytes and time, and each message stays as it was put. */
#include "server/core/meetings.h"

#include "keys/public/hash.h"
#include "tests/support/test.h"

#define NOW 1800000000000u

static struct meeting_key key_of(uint8_t kind, size_t number)
{
    return (struct meeting_key){{kind, (uint8_t)number, (uint8_t)(number >> 8)}};
}

static struct member_id member_of(size_t number)
{
    return (struct member_id){{7, (uint8_t)number, (uint8_t)(number >> 8)}};
}

static enum status open_one(struct meetings *meetings, size_t number, uint64_t now_ms)
{
    struct member_id member = member_of(number);
    struct meeting_key place = key_of(1, number);
    struct meeting_key host = key_of(2, number);
    uint8_t bundle[2] = {(uint8_t)number, (uint8_t)(number >> 8)};
    return meetings_open(meetings, &member, &place, &host, span_of(bundle, 2), now_ms);
}

static struct span text_of(const char *text)
{
    return span_of(text, strlen(text));
}

/* Goal: what one side says is what the other hears, and stays so. Method: both ways, the same again,
 * another in its place, numbers that there are not. */
static void test_two_sides(void **state)
{
    (void)state;
    struct meetings *meetings = NULL;
    OK(meetings_new(&meetings));
    OK(open_one(meetings, 1, NOW));
    struct meeting_key place = key_of(1, 1);
    struct meeting_key host = key_of(2, 1);
    struct meeting_key nobody = key_of(3, 1);
    struct span heard;
    OK(meetings_say(meetings, &place, 1, text_of("commit"), NOW, &heard));
    assert_int_equal(heard.size, 0);
    OK(meetings_say(meetings, &host, 1, span_of(NULL, 0), NOW, &heard));
    assert_memory_equal(heard.data, "commit", 6);
    OK(meetings_say(meetings, &host, 1, text_of("nonce"), NOW, &heard));
    OK(meetings_say(meetings, &place, 1, text_of("commit"), NOW, &heard));
    assert_memory_equal(heard.data, "nonce", 5);
    assert_int_equal(meetings_say(meetings, &place, 1, text_of("other!"), NOW, &heard),
                     STATUS_CONFLICT);
    OK(meetings_say(meetings, &place, 2, span_of(NULL, 0), NOW, &heard));
    assert_int_equal(heard.size, 0);
    assert_int_equal(meetings_say(meetings, &place, 0, text_of("x"), NOW, &heard),
                     STATUS_MALFORMED);
    assert_int_equal(
        meetings_say(meetings, &place, MEETING_MESSAGES_MAX + 1u, text_of("x"), NOW, &heard),
        STATUS_MALFORMED);
    assert_int_equal(meetings_say(meetings, &nobody, 1, text_of("x"), NOW, &heard),
                     STATUS_NOT_FOUND);
    meetings_free(meetings);
}

/* Goal: a meeting ends by itself. Method: its last moment, the one after, and a clock that was set
 * back. */
static void test_end(void **state)
{
    (void)state;
    struct meetings *meetings = NULL;
    OK(meetings_new(&meetings));
    OK(open_one(meetings, 1, NOW));
    struct meeting_key place = key_of(1, 1);
    struct span heard;
    OK(meetings_say(meetings, &place, 1, text_of("x"), NOW + MEETING_MS - 1, &heard));
    struct hash hash;
    uint8_t bundle[2] = {1, 0};
    hash_bytes(span_of(bundle, 2), &hash);
    struct span found;
    assert_true(meetings_bundle(meetings, hash.bytes, NOW + MEETING_MS - 1, &found));
    assert_int_equal(found.size, 2);
    assert_false(meetings_bundle(meetings, hash.bytes, NOW + MEETING_MS, &found));
    assert_int_equal(meetings_say(meetings, &place, 1, text_of("x"), NOW, &heard),
                     STATUS_NOT_FOUND);
    OK(open_one(meetings, 1, NOW));
    assert_int_equal(meetings_say(meetings, &place, 1, text_of("x"), NOW - 1, &heard),
                     STATUS_NOT_FOUND);
    meetings_free(meetings);
}

/* Goal: no member and no crowd of them fills the server. Method: a second one of the same member ends
 * the first; as many as there may be; messages up to the bound and over it; a key that is taken. */
static void test_bounds(void **state)
{
    (void)state;
    struct meetings *meetings = NULL;
    OK(meetings_new(&meetings));
    for (size_t i = 0; i < MEETINGS_MAX; i++) {
        OK(open_one(meetings, i, NOW));
    }
    assert_int_equal(open_one(meetings, MEETINGS_MAX, NOW), STATUS_BUSY);
    OK(open_one(meetings, 3, NOW)); /* in the place of its own */
    OK(open_one(meetings, MEETINGS_MAX, NOW + MEETING_MS));
    struct member_id thief = member_of(1000);
    struct meeting_key taken = key_of(1, MEETINGS_MAX);
    struct meeting_key fresh = key_of(5, 5);
    assert_int_equal(
        meetings_open(meetings, &thief, &taken, &fresh, text_of("b"), NOW + MEETING_MS),
        STATUS_CONFLICT);
    assert_int_equal(
        meetings_open(meetings, &thief, &fresh, &taken, text_of("b"), NOW + MEETING_MS),
        STATUS_CONFLICT);
    assert_int_equal(
        meetings_open(meetings, &thief, &fresh, &fresh, text_of("b"), NOW + MEETING_MS),
        STATUS_CONFLICT);
    uint8_t *large = calloc(1, MEETING_MESSAGE_BYTES_MAX + 1u);
    assert_non_null(large);
    large[0] = 1;
    assert_int_equal(meetings_open(meetings, &thief, &fresh, &(struct meeting_key){{6}},
                                   span_of(large, MEETING_BUNDLE_BYTES_MAX + 1u), NOW + MEETING_MS),
                     STATUS_TOO_LARGE);
    struct span heard;
    uint64_t now = NOW + MEETING_MS;
    assert_int_equal(meetings_say(meetings, &taken, 1,
                                  span_of(large, MEETING_MESSAGE_BYTES_MAX + 1u), now, &heard),
                     STATUS_TOO_LARGE);
    OK(meetings_say(meetings, &taken, 1, span_of(large, MEETING_MESSAGE_BYTES_MAX), now, &heard));
    OK(meetings_say(meetings, &taken, 2, span_of(large, MEETING_MESSAGE_BYTES_MAX), now, &heard));
    assert_int_equal(
        meetings_say(meetings, &taken, 3, span_of(large, MEETING_MESSAGE_BYTES_MAX), now, &heard),
        STATUS_TOO_LARGE);
    free(large);
    meetings_free(meetings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_two_sides),
        cmocka_unit_test(test_end),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
