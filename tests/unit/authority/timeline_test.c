#include "keys/public/frame.h"
#include "keys/public/log/leaf.h"
#include "tests/support/practice_timeline.h"

/* Goal: heads follow the definition. Method: recompute them beside a real section. */
static void test_heads_chain_over_all_entries(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    struct hash head;
    timeline_head_start(&w->practice, &made->id, &head);
    const struct authority_section *s = section(p, made);
    for (uint64_t n = 1; n <= 2; n++) {
        timeline_head_next(&w->practice, &head, n, ENTRY_STATEMENT, &s->entries[n - 1u].statement,
                           &head);
    }
    assert_int_equal(made->timeline.number, 2);
    assert_memory_equal(head.bytes, made->timeline.head.bytes, HASH_BYTES);
    struct make_revision revision;
    make_revision(w, made, p->t1, 0, &revision);
    enum timeline_reason reason;
    assert_int_equal(make_write(w, made, &revision, &reason), STATUS_OK);
    timeline_head_next(&w->practice, &head, 3, ENTRY_REVISION, &revision.link, &head);
    assert_memory_equal(head.bytes, made->timeline.head.bytes, HASH_BYTES);
    struct hash other;
    timeline_head_next(&w->practice, &head, 4, ENTRY_REVISION, &revision.link, &other);
    timeline_head_next(&w->practice, &head, 4, ENTRY_STATEMENT, &revision.link, &head);
    assert_memory_not_equal(head.bytes, other.bytes, HASH_BYTES);
}

/* A second reader of the same section, at its beginning. */
static void fresh(const struct practice *p, const struct make_section *made, struct timeline *out)
{
    timeline_init(out, &p->w.practice, &made->id);
}

/* The time of the leaf of the statement |object|; 0 if nobody knows it. */
static uint64_t leaf_time(const struct practice *p, const struct hash *object)
{
    for (size_t i = 0; i < p->w.log_count; i++) {
        struct hash hash;
        frame_hash(LABEL_STATEMENT, &p->w.practice, &p->w.log[i].bytes, 1, &hash);
        if (ID_EQUAL(&hash, object)) {
            return p->w.log[i].time_ms;
        }
    }
    return 0;
}

static enum status step(const struct practice *p, struct timeline *timeline, uint32_t kind,
                        const struct hash *object, enum timeline_reason *out_reason)
{
    const struct timeline_entry entry = {
        .kind = kind, .object = *object, .time_ms = leaf_time(p, object)};
    return timeline_step(timeline, p->w.authority, &entry, out_reason);
}

/* Goal: statements are numbered in their order, and none that changes who is in is left
 * out. Method: a reader to whom the server gives entries in wrong orders. */
static void test_statements_left_out_or_out_of_order_are_found(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    struct hash covers = make_take(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, 0, p->ad1));
    struct hash grant = make_take(w, make_grant(w, made, p->t2, RW, 0, 0, p->t1));
    struct hash end = make_take(w, make_relation_end(w, p->c1, &covers, p->ad1));
    struct hash epoch = make_take(w, make_epoch(w, made, p->t1, 0));
    const struct authority_entry *e = section(p, made)->entries;
    struct timeline reader;
    fresh(p, made, &reader);
    enum timeline_reason reason;
    assert_int_equal(step(p, &reader, ENTRY_STATEMENT, &e[1].statement, &reason), STATUS_BAD_CHAIN);
    assert_int_equal(reason, TIMELINE_NOT_NEXT);
    assert_int_equal(step(p, &reader, ENTRY_STATEMENT, &e[0].statement, &reason), STATUS_OK);
    assert_int_equal(step(p, &reader, ENTRY_STATEMENT, &e[1].statement, &reason), STATUS_OK);
    assert_int_equal(step(p, &reader, ENTRY_ECHO, &end, &reason), STATUS_BAD_CHAIN);
    assert_int_equal(reason, TIMELINE_OUT_OF_ORDER);
    assert_int_equal(step(p, &reader, ENTRY_ECHO, &covers, &reason), STATUS_BAD_CHAIN);
    assert_int_equal(reason, TIMELINE_NOT_TOUCHED);
    struct hash unknown = {{5}};
    assert_int_equal(step(p, &reader, ENTRY_ECHO, &unknown, &reason), STATUS_NOT_FOUND);
    assert_int_equal(step(p, &reader, ENTRY_ENDED, &unknown, &reason), STATUS_NOT_FOUND);
    assert_int_equal(step(p, &reader, ENTRY_STATEMENT, &grant, &reason), STATUS_OK);
    assert_int_equal(step(p, &reader, ENTRY_ENDED, &grant, &reason), STATUS_BAD_CHAIN);
    assert_int_equal(reason, TIMELINE_NOT_ENDING);
    assert_int_equal(step(p, &reader, ENTRY_STATEMENT, &epoch, &reason), STATUS_BAD_CHAIN);
    assert_int_equal(reason, TIMELINE_MISSING_ECHO);
    assert_true(timeline_behind(&reader, w->authority));
    assert_int_equal(step(p, &reader, 0, &epoch, &reason), STATUS_BAD_CHAIN);
    assert_int_equal(reason, TIMELINE_BAD_KIND);
    assert_int_equal(step(p, &reader, ENTRY_ECHO, &end, &reason), STATUS_OK);
    assert_int_equal(step(p, &reader, ENTRY_STATEMENT, &epoch, &reason), STATUS_OK);
    assert_int_equal(step(p, &reader, ENTRY_STATEMENT, &unknown, &reason), STATUS_NOT_FOUND);
    assert_memory_equal(reader.head.bytes, made->timeline.head.bytes, HASH_BYTES);
    assert_false(timeline_behind(&reader, w->authority));
    timeline_free(&reader);
}

/* Goal: of two changes, the later is not taken before the earlier; and a section that is
 * not known has no timeline. Method: two echoes in the wrong order; another section id. */
static void test_echo_before_an_earlier_one_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    make_take(w, make_grant(w, made, p->c1, RW, 0, 0, p->t1));
    size_t size = 0;
    uint8_t *bytes = encoded(&made->timeline, &size);
    struct timeline reader;
    assert_int_equal(timeline_decode(span_of(bytes, size), &reader), STATUS_OK);
    free(bytes);
    struct hash first = make_take(w, make_suspension(w, p->c1, p->ad1, true));
    struct hash second = make_take(w, make_suspension(w, p->c1, p->ad1, false));
    struct hash third = make_take(w, make_suspension(w, p->c1, p->ad1, true));
    enum timeline_reason reason;
    assert_int_equal(step(p, &reader, ENTRY_ECHO, &second, &reason), STATUS_BAD_CHAIN);
    assert_int_equal(reason, TIMELINE_MISSING_ECHO);
    assert_int_equal(step(p, &reader, ENTRY_ECHO, &first, &reason), STATUS_OK);
    assert_int_equal(step(p, &reader, ENTRY_ECHO, &first, &reason), STATUS_BAD_CHAIN);
    assert_int_equal(step(p, &reader, ENTRY_ECHO, &second, &reason), STATUS_OK);
    assert_int_equal(step(p, &reader, ENTRY_ECHO, &third, &reason), STATUS_OK);
    reader.section.bytes[0] ^= 1u;
    assert_int_equal(step(p, &reader, ENTRY_ECHO, &third, &reason), STATUS_NOT_FOUND);
    assert_int_equal(reason, TIMELINE_UNKNOWN_OBJECT);
    timeline_free(&reader);
}

/* Goal: nobody waits for an echo that never comes: of who is let back in when their right is over by
 * the clock. Method: such an end within a suspension; then a change that is owed. */
static void test_end_within_a_suspension_owes_no_echo(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    uint64_t end_ms = w->time_ms + 60000u;
    make_take(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, end_ms, p->ad1));
    make_take(w, make_grant(w, made, p->t2, RW, 0, 0, p->t1));
    make_take(w, make_suspension(w, p->t2, p->ad1, true));
    make_take(w, make_epoch(w, made, p->t1, 0));
    uint64_t number = made->timeline.number;
    size_t size = 0;
    uint8_t *bytes = encoded(&made->timeline, &size);
    struct timeline reader;
    assert_int_equal(timeline_decode(span_of(bytes, size), &reader), STATUS_OK);
    free(bytes);
    w->time_ms = end_ms;
    make_take(w, make_suspension(w, p->t2, p->ad1, false));
    assert_int_equal(made->timeline.number, number);
    assert_false(timeline_behind(&reader, w->authority));
    make_take(w, make_suspension(w, p->t1, p->ad1, true));
    assert_int_equal(made->timeline.number, number + 1u);
    assert_true(timeline_behind(&reader, w->authority));
    timeline_free(&reader);
}

static void set_position(void *number, ProtobufCMessage *body)
{
    ((Alcove__Epoch *)body)->section_number = *(const uint64_t *)number;
}

/* Goal: an epoch says where it stands. Method: one admitted with another number is not
 * stepped over. */
static void test_epoch_at_another_position_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    w->tamper = set_position;
    uint64_t number = 1;
    w->tamper_context = &number;
    struct made epoch = make_epoch(w, made, p->t1, 0);
    assert_int_equal(authority_admit(w->authority, epoch.bytes, w->seq, w->time_ms,
                                     AUTHORITY_VERIFY, &w->result),
                     STATUS_OK);
    const struct timeline_entry entry = {.kind = ENTRY_STATEMENT, .object = epoch.hash};
    refuse_entry(p, made, &entry, TIMELINE_BAD_POSITION, STATUS_CONFLICT);
}

/* Goal: a grant that ended by the clock is read as ended from its entry on. Method: write
 * before, end, try to write, and a second reader steps the same entries. */
static void test_grant_ended_by_the_clock_closes_at_its_entry(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    uint64_t until_ms = w->time_ms + 60000u;
    make_take(w, make_grant(w, made, p->c1, RW, until_ms, 0, p->t1));
    make_take(w, make_epoch(w, made, p->t1, 0));
    write_fine(p, made, p->c1, 0);
    w->time_ms = until_ms + 7u;
    assert_int_equal(make_end_by_clock(w), 1);
    assert_int_equal(made->timeline.when.time_ms, until_ms);
    struct make_revision revision;
    make_revision(w, made, p->c1, 0, &revision);
    refuse_revision(p, made, &revision, TIMELINE_NO_RIGHT, STATUS_REFUSED);
    make_revision(w, made, p->t1, 0, &revision);
    refuse_revision(p, made, &revision, TIMELINE_CLOSED, STATUS_NEEDS_EPOCH);
    make_take(w, make_epoch(w, made, p->t1, 0));
    write_fine(p, made, p->t1, 0);
}

/* Whether every start that an epoch lists is where the timeline knows that device to be. */
static bool starts_fine(const struct timeline *timeline, const struct statement_position *position)
{
    bool fine = true;
    for (size_t i = 0; i < position->start_count; i++) {
        uint64_t number = 0;
        struct hash link;
        timeline_device_position(timeline, &position->start[i].device, &number, &link);
        fine = fine && number > 0 && number == position->start[i].number &&
               ID_EQUAL(&link, &position->start[i].link);
    }
    return fine;
}

/* Goal: a newcomer starts at the epoch that admits them, with every device's own numbers
 * (decision 12). Method: start there, go on with both devices, reach the same head. */
static void test_newcomer_starts_at_their_epoch(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    make_take(w, make_device_statement(w, p->t1));
    struct make_section *made = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    write_fine(p, made, p->t1, 0);
    write_fine(p, made, p->t1, 1);
    write_fine(p, made, p->t1, 0);
    make_take(w, make_grant(w, made, p->c1, RW, 0, 0, p->t1));
    struct made epoch = make_epoch(w, made, p->t1, 0);
    struct statement statement;
    assert_int_equal(statement_parse(epoch.bytes, &w->practice, &statement), STATUS_OK);
    struct timeline reader;
    assert_int_equal(timeline_init_at(&reader, w->authority, &statement), STATUS_NOT_FOUND);
    assert_true(starts_fine(&made->timeline, &statement.u.epoch.position));
    make_take(w, epoch);
    assert_int_equal(timeline_init_at(&reader, w->authority, &statement), STATUS_OK);
    statement_free(&statement);
    assert_int_equal(reader.number, made->timeline.number);
    assert_memory_equal(reader.head.bytes, made->timeline.head.bytes, HASH_BYTES);
    assert_int_equal(reader.time_ms, made->timeline.time_ms);
    assert_false(reader.times_known);
    assert_true(timeline_take_times(&reader, &made->timeline.times));
    const struct make_person *authors[] = {p->t1, p->t1, p->c1};
    enum timeline_reason reason;
    for (size_t i = 0; i < ARRAY_LEN(authors); i++) {
        struct make_revision revision;
        make_revision(w, made, authors[i], i == 1 ? 1 : 0, &revision);
        const struct timeline_entry entry = {.kind = ENTRY_REVISION,
                                             .object = revision.link,
                                             .context = &revision.parsed,
                                             .time_ms = w->time_ms};
        assert_int_equal(timeline_step(&reader, w->authority, &entry, &reason), STATUS_OK);
        assert_int_equal(make_write(w, made, &revision, &reason), STATUS_OK);
    }
    assert_memory_equal(reader.head.bytes, made->timeline.head.bytes, HASH_BYTES);
    assert_memory_equal(reader.times.bytes, made->timeline.times.bytes, HASH_BYTES);
    struct hash link = {{1}};
    assert_false(timeline_take_times(&reader, &link));
    const struct statement_start wrong = {p->t1->device[0].statement, 9, link};
    const struct statement_position position = {1, link, &wrong, 1};
    assert_false(starts_fine(&made->timeline, &position));
    timeline_free(&reader);
}

/* Goal: a timeline survives the cache, and damaged bytes do not become one. Method: round
 * trip, then cut at every byte, a byte more, and each bit of the format flipped. */
static void test_encoded_timeline_comes_back_or_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    write_fine(p, made, p->t1, 0);
    size_t size = 0;
    uint8_t *bytes = encoded(&made->timeline, &size);
    struct timeline back;
    assert_int_equal(timeline_decode(span_of(bytes, size), &back), STATUS_OK);
    size_t again_size = 0;
    uint8_t *again = encoded(&back, &again_size);
    assert_true(span_equal(span_of(bytes, size), span_of(again, again_size)));
    timeline_free(&made->timeline);
    made->timeline = back;
    write_fine(p, made, p->t1, 0);
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(timeline_decode(span_of(bytes, cut), &back), STATUS_MALFORMED);
    }
    uint8_t *longer = calloc(1, size + 1u);
    assert_non_null(longer);
    memcpy(longer, bytes, size);
    assert_int_equal(timeline_decode(span_of(longer, size + 1u), &back), STATUS_MALFORMED);
    for (size_t bit = 0; bit < size * 8u; bit++) {
        memcpy(longer, bytes, size);
        longer[bit / 8u] ^= (uint8_t)(1u << (bit % 8u));
        if (timeline_decode(span_of(longer, size), &back) == STATUS_OK) {
            timeline_free(&back);
        }
    }
    free(longer);
    free(again);
    free(bytes);
}

/* Goal: an entry's time is the server's word that everybody is told alike. Method: the running
 * hash beside a real section; then each time that cannot be, before and after the one that is. */
static void test_times_never_go_back_and_are_those_of_the_leaves(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    const struct authority_entry *e = section(p, made)->entries;
    struct hash times = {{0}};
    for (uint64_t n = 1; n <= 2; n++) {
        struct hash before = times;
        leaf_section_times(&w->practice, &before, n, e[n - 1u].time_ms, &times);
    }
    assert_memory_equal(times.bytes, made->timeline.times.bytes, HASH_BYTES);
    assert_int_equal(made->timeline.time_ms, e[1].time_ms);

    struct make_revision revision;
    make_revision(w, made, p->t1, 0, &revision);
    struct timeline_entry entry = {.kind = ENTRY_REVISION,
                                   .object = revision.link,
                                   .context = &revision.parsed,
                                   .time_ms = e[1].time_ms - 1u};
    refuse_entry(p, made, &entry, TIMELINE_TIME_BACK, STATUS_BAD_CHAIN);
    entry.time_ms = e[1].time_ms;
    enum timeline_reason reason;
    assert_int_equal(timeline_step(&made->timeline, w->authority, &entry, &reason), STATUS_OK);

    struct timeline reader;
    fresh(p, made, &reader);
    entry = (struct timeline_entry){.kind = ENTRY_STATEMENT, .object = e[0].statement};
    for (uint64_t off = 0; off < 3; off += 2) {
        entry.time_ms = e[0].time_ms - 1u + off;
        assert_int_equal(timeline_step(&reader, w->authority, &entry, &reason), STATUS_BAD_CHAIN);
        assert_int_equal(reason, TIMELINE_TIME_OTHER);
    }
    timeline_free(&reader);

    struct hash echoed = make_take(w, make_suspension(w, p->t1, p->ad1, true));
    fresh(p, made, &reader);
    assert_int_equal(step(p, &reader, ENTRY_STATEMENT, &e[0].statement, &reason), STATUS_OK);
    assert_int_equal(step(p, &reader, ENTRY_STATEMENT, &e[1].statement, &reason), STATUS_OK);
    entry = (struct timeline_entry){.kind = ENTRY_ECHO, .object = echoed, .time_ms = w->time_ms};
    assert_int_equal(timeline_step(&reader, w->authority, &entry, &reason), STATUS_BAD_CHAIN);
    assert_int_equal(reason, TIMELINE_TIME_OTHER);
    assert_int_equal(step(p, &reader, ENTRY_ECHO, &echoed, &reason), STATUS_OK);
    timeline_free(&reader);
}

/* Goal: rights that have an end are gone by the time of the entry, not only once the server
 * writes the end down. Method: one revision before the end, one at it, and the end itself. */
static void test_nothing_is_written_after_an_end_that_was_left_out(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    uint64_t until_ms = w->time_ms + 60000u;
    struct hash grant = make_take(w, make_grant(w, made, p->c1, RW, until_ms, 0, p->t1));
    make_take(w, make_epoch(w, made, p->t1, 0));
    struct make_revision revision;
    make_revision(w, made, p->c1, 0, &revision);
    struct timeline_entry entry = {.kind = ENTRY_REVISION,
                                   .object = revision.link,
                                   .context = &revision.parsed,
                                   .time_ms = until_ms};
    refuse_entry(p, made, &entry, TIMELINE_NO_RIGHT, STATUS_REFUSED);
    entry.time_ms = until_ms - 1u;
    enum timeline_reason reason;
    assert_int_equal(timeline_judge(&made->timeline, w->authority, &entry, &reason), STATUS_OK);
    entry = (struct timeline_entry){.kind = ENTRY_ENDED, .object = grant, .time_ms = until_ms - 1u};
    refuse_entry(p, made, &entry, TIMELINE_TIME_OTHER, STATUS_BAD_CHAIN);
    entry.time_ms = until_ms;
    assert_int_equal(timeline_judge(&made->timeline, w->authority, &entry, &reason), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PRACTICE_TEST(test_times_never_go_back_and_are_those_of_the_leaves),
        PRACTICE_TEST(test_nothing_is_written_after_an_end_that_was_left_out),
        PRACTICE_TEST(test_heads_chain_over_all_entries),
        PRACTICE_TEST(test_statements_left_out_or_out_of_order_are_found),
        PRACTICE_TEST(test_echo_before_an_earlier_one_is_refused),
        PRACTICE_TEST(test_end_within_a_suspension_owes_no_echo),
        PRACTICE_TEST(test_epoch_at_another_position_is_refused),
        PRACTICE_TEST(test_grant_ended_by_the_clock_closes_at_its_entry),
        PRACTICE_TEST(test_newcomer_starts_at_their_epoch),
        PRACTICE_TEST(test_encoded_timeline_comes_back_or_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
