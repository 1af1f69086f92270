#include "tests/support/practice_timeline.h"

/* Goal: a revision stands only where everything it says is so. Method: each field of its
 * context wrong, alone. */
static void test_revision_with_any_field_wrong_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    write_fine(p, made, p->t1, 0);
    static const uint8_t other[HASH_BYTES] = {7};
    const uint32_t class = CLASS_SESSION;
    const uint64_t two = 2;
    const uint64_t three = 3;
    const uint64_t four = 4;
    const struct {
        struct tamper_field tamper;
        enum timeline_reason reason;
        enum status asked;
    } cases[] = {
        {{FIELD_SECTION, other}, TIMELINE_WRONG_SECTION, STATUS_MALFORMED},
        {{FIELD_CLASS, &class}, TIMELINE_WRONG_SECTION, STATUS_MALFORMED},
        {{FIELD_CHART, other}, TIMELINE_WRONG_SECTION, STATUS_MALFORMED},
        {{FIELD_EPOCH, &two}, TIMELINE_WRONG_EPOCH, STATUS_CONFLICT},
        {{FIELD_EPOCH_STATEMENT, other}, TIMELINE_WRONG_EPOCH, STATUS_CONFLICT},
        {{FIELD_MEMBER, other}, TIMELINE_UNKNOWN_OBJECT, STATUS_NOT_FOUND},
        {{FIELD_MEMBER, p->t2->id.bytes}, TIMELINE_WRONG_DEVICE, STATUS_REFUSED},
        {{FIELD_DEVICE, other}, TIMELINE_UNKNOWN_OBJECT, STATUS_NOT_FOUND},
        {{FIELD_DEVICE, p->t2->device[0].statement.bytes}, TIMELINE_WRONG_DEVICE, STATUS_REFUSED},
        {{FIELD_NUMBER, &three}, TIMELINE_DEVICE_NUMBER, STATUS_CONFLICT},
        {{FIELD_LINK, other}, TIMELINE_DEVICE_LINK, STATUS_CONFLICT},
        {{FIELD_SEEN, &four}, TIMELINE_AHEAD, STATUS_CONFLICT},
        {{FIELD_HEAD, other}, TIMELINE_OTHER_HEAD, STATUS_CONFLICT},
        {{FIELD_TOMBSTONE, NULL}, TIMELINE_NO_RIGHT, STATUS_REFUSED},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct tamper_field tamper = cases[i].tamper;
        w->tamper = set_field;
        w->tamper_context = &tamper;
        struct make_revision revision;
        make_revision(w, made, p->t1, 0, &revision);
        refuse_revision(p, made, &revision, cases[i].reason, cases[i].asked);
    }
    /* Two histories are said as what they are. */
    struct tamper_field tamper = {FIELD_HEAD, other};
    w->tamper = set_field;
    w->tamper_context = &tamper;
    struct make_revision revision;
    make_revision(w, made, p->t1, 0, &revision);
    enum timeline_reason reason;
    assert_int_equal(make_write(w, made, &revision, &reason), STATUS_EQUIVOCATION);
    write_fine(p, made, p->t1, 0);
}

/* Goal: only writers write, only while the section is open. Method: readers, outsiders,
 * leavers and newcomers at each stage. */
static void test_revision_is_judged_by_the_rights_at_its_number(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    struct make_revision revision;
    make_revision(w, made, p->c1, 0, &revision);
    refuse_revision(p, made, &revision, TIMELINE_NO_RIGHT, STATUS_REFUSED);
    make_take(w, make_grant(w, made, p->c1, R, 0, 0, p->t1));
    make_revision(w, made, p->t1, 0, &revision);
    refuse_revision(p, made, &revision, TIMELINE_CLOSED, STATUS_NEEDS_EPOCH);
    make_take(w, make_epoch(w, made, p->t1, 0));
    make_revision(w, made, p->c1, 0, &revision);
    refuse_revision(p, made, &revision, TIMELINE_NO_RIGHT, STATUS_REFUSED);
    struct hash grant = make_take(w, make_grant(w, made, p->c1, RW, 0, 0, p->t1));
    write_fine(p, made, p->c1, 0);
    write_fine(p, made, p->t1, 0);
    make_take(w, make_revocation(w, made, &grant, p->t1));
    make_revision(w, made, p->c1, 0, &revision);
    refuse_revision(p, made, &revision, TIMELINE_NO_RIGHT, STATUS_REFUSED);
    make_take(w, make_epoch(w, made, p->t1, 0));
    write_fine(p, made, p->t1, 0);
}

/* Goal: a revoked device writes no more, from its echo on. Method: two devices; the
 * reader knows of the revocation before it steps over the echo. */
static void test_revision_of_a_revoked_device_is_refused_from_its_echo_on(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    make_take(w, make_device_statement(w, p->t1));
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    write_fine(p, made, p->t1, 1);
    size_t size = 0;
    uint8_t *bytes = encoded(&made->timeline, &size);
    struct timeline reader;
    assert_int_equal(timeline_decode(span_of(bytes, size), &reader), STATUS_OK);
    free(bytes);
    struct make_revision revision;
    make_revision(w, made, p->t1, 1, &revision);
    const struct timeline_entry entry = {.kind = ENTRY_REVISION,
                                         .object = revision.link,
                                         .context = &revision.parsed,
                                         .time_ms = w->time_ms};
    uint64_t revoked_ms = w->time_ms;
    struct hash revocation =
        make_take(w, make_device_revocation(w, p->t1, &p->t1->device[1].statement, p->t1, 0));
    struct make_revision late;
    make_revision(w, made, p->t1, 1, &late);
    refuse_revision(p, made, &late, TIMELINE_DEVICE_REVOKED, STATUS_REFUSED);
    /* Before the echo it still stood. */
    enum timeline_reason reason;
    assert_int_equal(timeline_step(&reader, w->authority, &entry, &reason), STATUS_OK);
    const struct timeline_entry echo = {
        .kind = ENTRY_ECHO, .object = revocation, .time_ms = revoked_ms};
    assert_true(timeline_behind(&reader, w->authority));
    assert_int_equal(timeline_step(&reader, w->authority, &echo, &reason), STATUS_OK);
    assert_false(timeline_behind(&reader, w->authority));
    assert_int_equal(timeline_step(&reader, w->authority, &echo, &reason), STATUS_BAD_CHAIN);
    assert_int_equal(reason, TIMELINE_OUT_OF_ORDER);
    timeline_free(&reader);
    make_take(w, make_epoch(w, made, p->t1, 0));
    write_fine(p, made, p->t1, 0);
}

/* Goal: what an author saw is checked as far back as heads are kept, and older is not
 * held against them. Method: more revisions than are kept, each seen from far behind. */
static void test_heads_seen_are_checked_as_far_as_kept(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    static const uint8_t other[HASH_BYTES] = {7};
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    for (size_t i = 0; i < TIMELINE_HEADS + 5u; i++) {
        write_fine(p, made, p->t1, 0);
    }
    const struct timeline old = made->timeline;
    struct timeline seen = old;
    seen.number = old.number - TIMELINE_HEADS + 1u;
    seen.head = old.heads[seen.number % TIMELINE_HEADS];
    struct tamper_field tamper = {FIELD_SEEN, &seen.number};
    w->tamper = set_field;
    w->tamper_context = &tamper;
    struct make_revision revision;
    make_revision(w, made, p->t1, 0, &revision);
    refuse_revision(p, made, &revision, TIMELINE_OTHER_HEAD, STATUS_CONFLICT);
    revision.parsed.section_head = seen.head;
    const struct timeline_entry entry = {.kind = ENTRY_REVISION,
                                         .object = revision.link,
                                         .context = &revision.parsed,
                                         .time_ms = w->time_ms};
    enum timeline_reason reason;
    assert_int_equal(timeline_judge(&made->timeline, w->authority, &entry, &reason), STATUS_OK);
    revision.parsed.section_number--;
    memcpy(revision.parsed.section_head.bytes, other, HASH_BYTES);
    assert_int_equal(timeline_judge(&made->timeline, w->authority, &entry, &reason), STATUS_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PRACTICE_TEST(test_revision_with_any_field_wrong_is_refused),
        PRACTICE_TEST(test_revision_is_judged_by_the_rights_at_its_number),
        PRACTICE_TEST(test_revision_of_a_revoked_device_is_refused_from_its_echo_on),
        PRACTICE_TEST(test_heads_seen_are_checked_as_far_as_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
