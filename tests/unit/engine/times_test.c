/* When a section's entries were written down, for whoever sees all its events: a chart's client and
 * an auditor. Its readers are told the times beside the entries alone. */
#include "client/engine/query/queries.h"
#include "keys/public/log/leaf.h"
#include "tests/support/test.h"

static const struct practice_id practice = {{7}};
static const struct section_id section = {{1}};
static const struct chart_id chart = {{2}};

/* One event about the section: |number| entries, written down at |time_ms|. */
struct told {
    Alcove__EventOpen open;
    Alcove__EventTarget target;
    struct hash head, times, previous;
    struct event event;
};

static void tell(struct told *told, uint64_t seq, uint64_t time_ms, uint64_t number,
                 const struct hash *times, const struct hash *previous)
{
    alcove__event_open__init(&told->open);
    alcove__event_target__init(&told->target);
    told->head = (struct hash){{(uint8_t)number, 9}};
    told->times = *times;
    told->previous = *previous;
    told->open.time_ms = time_ms;
    told->target.section = field_of(section.bytes, ID_BYTES);
    told->target.section_number = number;
    told->target.section_head = field_of(told->head.bytes, HASH_BYTES);
    told->target.section_times = field_of(told->times.bytes, HASH_BYTES);
    told->target.chart = field_of(chart.bytes, ID_BYTES);
    told->target.chart_number = seq + 1;
    told->target.chart_previous = field_of(told->previous.bytes, seq > 0 ? HASH_BYTES : 0);
    told->event = (struct event){.seq = seq,
                                 .leaf = {{(uint8_t)(seq + 1), 3}},
                                 .open = &told->open,
                                 .target = &told->target};
}

static struct hash after(const struct hash *times, uint64_t number, uint64_t time_ms)
{
    struct hash out;
    leaf_section_times(&practice, times, number, time_ms, &out);
    return out;
}

/* The third event as given, behind two that hold; by the one check or the other. */
static enum status third(bool all, uint64_t time_ms, uint64_t number, const struct hash *times)
{
    struct common common = {.practice = practice};
    struct sections sections = {.common = &common};
    struct log log = {.common = &common};
    struct queries queries = {.common = &common, .log = &log, .sections = &sections};
    struct query query = {.terms.chart = chart};
    merkle_frontier_init(&query.frontier);
    const struct hash zero = {{0}};
    const struct hash one = after(&zero, 1, 1000);
    struct told told[3];
    tell(&told[0], 0, 1000, 1, &one, &zero);
    tell(&told[1], 1, 2000, 1, &one, &told[0].event.leaf);
    tell(&told[2], 2, time_ms, number, times, &told[1].event.leaf);
    Alcove__EventLeaf leaf = ALCOVE__EVENT_LEAF__INIT;
    uint8_t hash[HASH_BYTES] = {0};
    leaf.target_hash = field_of(hash, sizeof hash);
    leaf.restricted_hash = field_of(hash, sizeof hash);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < ARRAY_LEN(told) && status == STATUS_OK; i++) {
        status = all ? queries_check_all(&queries, &query, &told[i].event, &leaf)
                     : queries_check_chart(&queries, &query, &told[i].event);
        assert_true(status == STATUS_OK || i == 2);
    }
    free(query.charts.runs);
    free(query.sections.runs);
    free(query.hashes);
    free(query.leaves);
    return status;
}

/* Goal: an entry's time is that of the event which wrote it down, and no event says otherwise.
 * Method: a third event that holds, then one thing of it wrong, as an auditor and as the chart's
 * client. */
static void test_times_are_those_of_the_events(void **state)
{
    (void)state;
    const struct hash zero = {{0}};
    const struct hash one = after(&zero, 1, 1000);
    const struct hash two = after(&one, 2, 3000);
    const struct hash earlier = after(&one, 2, 2500);
    const struct hash three = after(&two, 3, 3000);
    for (int all = 0; all < 2; all++) {
        assert_int_equal(third(all == 1, 3000, 2, &two), STATUS_OK);
        assert_int_equal(third(all == 1, 3000, 1, &one), STATUS_OK);
        assert_int_equal(third(all == 1, 3000, 2, &earlier), STATUS_BAD_CHAIN);
        assert_int_equal(third(all == 1, 3000, 1, &two), STATUS_BAD_CHAIN);
        assert_int_equal(third(all == 1, 3000, 3, &three), STATUS_BAD_CHAIN);
        assert_int_equal(third(all == 1, 3000, 0, &zero), STATUS_OK);
        assert_int_equal(third(all == 1, 1999, 1, &one), STATUS_BAD_CHAIN);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_times_are_those_of_the_events)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
