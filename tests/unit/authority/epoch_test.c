#include "tests/support/practice.h"
#include "tests/support/tamper.h"

#define R  ((uint32_t)RIGHT_READ)
#define RW (R | (uint32_t)RIGHT_WRITE)

static bool closed(const struct practice *p, const struct make_section *made)
{
    bool cached = authority_closed(p->w.authority, section(p, made), now(p));
    struct authority_when when = {p->w.seq, p->w.time_ms};
    /* The remembered answer is the computed one. */
    assert_int_equal(cached, authority_closed(p->w.authority, section(p, made), when));
    return cached;
}

static size_t recipients(const struct practice *p, const struct make_section *made,
                         struct authority_recipient out[EPOCH_SEALS_MAX])
{
    size_t count = 0;
    assert_int_equal(authority_recipients(p->w.authority, section(p, made), now(p), out,
                                          EPOCH_SEALS_MAX, &count),
                     STATUS_OK);
    return count;
}

static bool listed(const struct authority_recipient *list, size_t count, const struct hash *hash,
                   uint32_t kind)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += list[i].kind == kind && ID_EQUAL(&list[i].hash, hash);
    }
    assert_true(found <= 1);
    return found == 1;
}

/* Goal: recipients are each live member's live devices and recovery key, in order.
 * Method: count and name them by hand after devices and members come and go. */
static void test_recipients_are_exactly_those_in_force(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    struct authority_recipient list[EPOCH_SEALS_MAX];
    assert_int_equal(recipients(p, made, list), 2);
    make_take(w, make_device_statement(w, p->t1));
    make_take(w, make_grant(w, made, p->c1, RW, 0, 0, p->t1));
    size_t count = recipients(p, made, list);
    assert_int_equal(count, 5);
    for (size_t i = 1; i < count; i++) {
        int order = memcmp(list[i - 1u].hash.bytes, list[i].hash.bytes, HASH_BYTES);
        assert_true(order < 0 || (order == 0 && list[i - 1u].kind < list[i].kind));
    }
    assert_true(listed(list, count, &p->t1->device[0].statement, RECIPIENT_DEVICE));
    assert_true(listed(list, count, &p->t1->device[1].statement, RECIPIENT_DEVICE));
    assert_true(listed(list, count, &p->t1->device[0].statement, RECIPIENT_RECOVERY));
    assert_true(listed(list, count, &p->c1->device[0].statement, RECIPIENT_DEVICE));
    make_take(w, make_device_revocation(w, p->t1, &p->t1->device[1].statement, p->t1, 0));
    count = recipients(p, made, list);
    assert_int_equal(count, 4);
    assert_false(listed(list, count, &p->t1->device[1].statement, RECIPIENT_DEVICE));
    struct authority_recipient recovery = {p->c1->device[0].statement, RECIPIENT_RECOVERY};
    struct public_key key;
    const struct authority_member *member = NULL;
    assert_true(authority_recipient_key(w->authority, &recovery, &key, &member));
    assert_memory_equal(key.bytes, p->c1->recovery_sealing.bytes, PUBLIC_KEY_BYTES);
    assert_ptr_equal(member, who(p, p->c1));
    recovery.hash = p->t1->device[1].statement;
    assert_false(authority_recipient_key(w->authority, &recovery, &key, &member));
}

static void drop_last(void *context, ProtobufCMessage *body)
{
    (void)context;
    ((Alcove__Epoch *)body)->n_seal--;
}
static void swap_first(void *context, ProtobufCMessage *body)
{
    (void)context;
    Alcove__Seal **list = ((Alcove__Epoch *)body)->seal;
    Alcove__Seal *first = list[0];
    list[0] = list[1];
    list[1] = first;
}
static void name_other(void *hash, ProtobufCMessage *body)
{
    Alcove__Epoch *epoch = (Alcove__Epoch *)body;
    epoch->seal[epoch->n_seal - 1u]->recipient =
        field_of(((const struct hash *)hash)->bytes, HASH_BYTES);
}
static void set_epoch_number(void *number, ProtobufCMessage *body)
{
    ((Alcove__Epoch *)body)->epoch = *(const uint64_t *)number;
}
static void set_previous_epoch(void *hash, ProtobufCMessage *body)
{
    ((Alcove__Epoch *)body)->previous_epoch =
        field_of(((const struct hash *)hash)->bytes, HASH_BYTES);
}
static void flip_membership(void *context, ProtobufCMessage *body)
{
    (void)context;
    Alcove__Epoch *epoch = (Alcove__Epoch *)body;
    epoch->membership.data[0] ^= 1u;
}

/* Goal: the rotator has no choice (decision 6). Method: a recipient missing, doubled by
 * order, replaced by an outsider; wrong number, previous epoch, membership; not a
 * writer. */
static void test_epoch_with_anything_wrong_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    make_take(w, make_grant(w, made, p->c1, R, 0, 0, p->t1));
    w->tamper = drop_last;
    make_refused(w, make_epoch(w, made, p->t1, 0), STATUS_REFUSED, AUTHORITY_BAD_RECIPIENTS);
    w->tamper = swap_first;
    make_refused(w, make_epoch(w, made, p->t1, 0), STATUS_MALFORMED, AUTHORITY_FINE);
    struct hash outsider = {{0xff}};
    memset(outsider.bytes, 0xff, HASH_BYTES);
    w->tamper = name_other;
    w->tamper_context = &outsider;
    make_refused(w, make_epoch(w, made, p->t1, 0), STATUS_REFUSED, AUTHORITY_BAD_RECIPIENTS);
    uint64_t numbers[] = {1, 3, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        w->tamper = set_epoch_number;
        w->tamper_context = &numbers[i];
        enum status status = make_try(w, make_epoch(w, made, p->t1, 0));
        /* Number 1 with a previous epoch is not well-formed. */
        assert_int_equal(status, numbers[i] == 1 ? STATUS_MALFORMED : STATUS_REFUSED);
    }
    w->tamper = set_previous_epoch;
    w->tamper_context = &outsider;
    make_refused(w, make_epoch(w, made, p->t1, 0), STATUS_REFUSED, AUTHORITY_BAD_EPOCH);
    w->tamper = flip_membership;
    make_refused(w, make_epoch(w, made, p->t1, 0), STATUS_REFUSED, AUTHORITY_BAD_MEMBERSHIP);
    make_refused(w, make_epoch(w, made, p->c1, 0), STATUS_REFUSED, AUTHORITY_NOT_PERMITTED);
    make_refused(w, make_epoch(w, made, p->t2, 0), STATUS_REFUSED, AUTHORITY_NOT_PERMITTED);
    struct made epoch = make_epoch(w, made, p->t1, 0);
    make_take(w, epoch);
    assert_true(w->result.has_position);
    assert_int_equal(w->result.position_number + 1u, made->timeline.number);
    const struct authority_epoch *known = authority_epoch(section(p, made), now(p));
    assert_int_equal(known->epoch, 2);
    assert_true(span_equal(known->bytes, epoch.bytes));
}

/* Goal: a removed device is never sealed to again. Method: an epoch made before the
 * revocation arrives after it. */
static void test_epoch_from_before_a_revocation_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    make_take(w, make_device_statement(w, p->t1));
    struct made stale = make_epoch(w, made, p->t1, 0);
    make_take(w, make_device_revocation(w, p->t1, &p->t1->device[1].statement, p->t1, 0));
    make_refused(w, stale, STATUS_REFUSED, AUTHORITY_BAD_RECIPIENTS);
    make_take(w, make_epoch(w, made, p->t1, 0));
}

/* Goal: a section closes when someone is out or someone new has no key, and only an
 * epoch opens it (decision 6). Method: each cause, then an epoch. */
static void test_closed_until_an_epoch_has_the_right_list(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = NULL;
    make_take(w, make_section_statement(w, CLASS_SHARED, p->c1, p->t1, &made));
    assert_true(closed(p, made));
    make_take(w, make_epoch(w, made, p->t1, 0));
    assert_false(closed(p, made));
    struct hash grant = make_take(w, make_grant(w, made, p->c1, RW, 0, 0, p->t1));
    assert_true(closed(p, made));
    make_take(w, make_epoch(w, made, p->t1, 0));
    assert_false(closed(p, made));
    make_take(w, make_device_statement(w, p->c1));
    assert_false(closed(p, made)); /* a new device alone does not close */
    make_take(w, make_device_revocation(w, p->c1, &p->c1->device[1].statement, p->c1, 0));
    assert_int_equal(w->result.touched_count, 1); /* out, though it never had a seal */
    assert_false(closed(p, made));
    make_take(w, make_device_statement(w, p->c1));
    make_take(w, make_epoch(w, made, p->c1, 0));
    make_take(w, make_device_revocation(w, p->c1, &p->c1->device[2].statement, p->c1, 0));
    assert_true(closed(p, made));
    make_take(w, make_epoch(w, made, p->c1, 0));
    assert_false(closed(p, made));
    make_take(w, make_suspension(w, p->c1, p->ad1, true));
    assert_int_equal(w->result.touched_count, 1);
    assert_true(closed(p, made));
    make_take(w, make_epoch(w, made, p->t1, 0));
    assert_false(closed(p, made));
    make_take(w, make_suspension(w, p->c1, p->ad1, false));
    assert_true(closed(p, made));
    make_take(w, make_epoch(w, made, p->t1, 0));
    make_take(w, make_revocation(w, made, &grant, p->t1));
    assert_true(closed(p, made));
    make_take(w, make_epoch(w, made, p->t1, 0));
    assert_false(closed(p, made));
}

/* Goal: a grant and a relation end by the clock, once, and close the section (decision
 * 23). Method: let each pass; ask just before and at the moment; mark; ask again. */
static void test_endings_come_once_at_their_time(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    uint64_t grant_end = w->time_ms + 60000u;
    uint64_t cover_end = w->time_ms + 90000u;
    make_take(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, cover_end, p->ad1));
    struct hash grant = make_take(w, make_grant(w, made, p->c1, RW, grant_end, 0, p->t1));
    struct hash cover = make_take(w, make_grant(w, made, p->t2, R, 0, 0, p->t1));
    make_take(w, make_epoch(w, made, p->t1, 0));
    const struct authority_section *s = section(p, made);
    assert_int_equal(authority_grant_end_ms(w->authority, s, authority_grant(s, &grant)),
                     grant_end);
    assert_int_equal(authority_grant_end_ms(w->authority, s, authority_grant(s, &cover)),
                     cover_end);
    assert_int_equal(authority_grant_end_ms(w->authority, s, &s->grants[0]), 0);
    struct authority_ending ending[4];
    assert_int_equal(authority_endings(w->authority, grant_end - 1u, ending, 4), 0);
    w->time_ms = grant_end;
    assert_true(closed(p, made));
    assert_int_equal(authority_endings(w->authority, grant_end, ending, 4), 1);
    assert_memory_equal(ending[0].grant->statement.bytes, grant.bytes, HASH_BYTES);
    assert_int_equal(make_end_by_clock(w), 1);
    assert_int_equal(authority_endings(w->authority, w->time_ms, ending, 4), 0);
    assert_int_equal(rights(p, made, p->c1), 0);
    assert_int_equal(authority_mark_ended(w->authority, &made->id, &grant), STATUS_OK);
    struct hash unknown = {{1}};
    assert_int_equal(authority_mark_ended(w->authority, &made->id, &unknown), STATUS_NOT_FOUND);
    make_take(w, make_epoch(w, made, p->t1, 0));
    assert_false(closed(p, made));
    w->time_ms = cover_end + 5u;
    assert_true(closed(p, made));
    assert_int_equal(make_end_by_clock(w), 1);
    assert_int_equal(rights(p, made, p->t2), 0);
    make_take(w, make_epoch(w, made, p->t1, 0));
    /* A new relation gives nothing back: the grant ended with the one that it names. */
    make_take(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, 0, p->ad1));
    assert_int_equal(w->result.touched_count, 0);
    assert_int_equal(rights(p, made, p->t2), 0);
    assert_int_equal(make_end_by_clock(w), 0);
}

/* Goal: an end is written once, also when it was first written in a try that was dropped, when
 * a later try passed over it, and after a restart. Method: all three, before and after a further
 * statement. */
static void test_endings_do_not_come_twice(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    struct hash grant = make_take(w, make_grant(w, made, p->c1, RW, w->time_ms + 60000u, 0, p->t1));
    make_take(w, make_epoch(w, made, p->t1, 0));
    w->time_ms += 60000u;
    authority_try_begin(w->authority);
    struct authority_ending ending[4];
    assert_int_equal(authority_endings(w->authority, w->time_ms, ending, 4), 1);
    assert_int_equal(authority_mark_ended(w->authority, &made->id, &grant), STATUS_OK);
    assert_int_equal(authority_endings(w->authority, w->time_ms, ending, 4), 0);
    authority_try_drop(w->authority);
    assert_int_equal(make_end_by_clock(w), 1);
    for (size_t round = 0; round < 2; round++) {
        struct authority *again = NULL;
        assert_int_equal(authority_new(&w->practice, 0, &again), STATUS_OK);
        struct authority_result result;
        for (size_t i = 0; i < w->log_count; i++) {
            assert_int_equal(authority_admit(again, w->log[i].bytes, w->log[i].seq,
                                             w->log[i].time_ms, AUTHORITY_VERIFIED, &result),
                             STATUS_OK);
        }
        authority_try_begin(w->authority);
        assert_int_equal(authority_admit(w->authority, make_epoch(w, made, p->t1, 0).bytes, w->seq,
                                         w->time_ms, AUTHORITY_VERIFIED, &result),
                         STATUS_OK);
        assert_int_equal(authority_endings(w->authority, w->time_ms, ending, 4), 0);
        authority_try_drop(w->authority);
        assert_int_equal(authority_endings(w->authority, w->time_ms, ending, 4), 0);
        /* A restart that knows the last event's time; without it the end is due again
         * unless a later statement passed it over. */
        if (round == 0) {
            assert_int_equal(authority_endings(again, w->time_ms, ending, 4), 1);
            authority_clock_passed(again, w->time_ms);
        }
        assert_int_equal(authority_endings(again, w->time_ms, ending, 4), 0);
        authority_free(again);
        if (round == 0) {
            make_take(w, make_epoch(w, made, p->t1, 0));
        }
    }
}

static void name_second_device(void *hash, ProtobufCMessage *body)
{
    ((Alcove__Reseal *)body)->key[0]->seal->recipient =
        field_of(((const struct hash *)hash)->bytes, HASH_BYTES);
}

/* Goal: reseals go from a member to their own other devices, from an owner to a newcomer
 * from where history begins (decision 5), and to nobody else. Method: each pair. */
static void test_reseal_reaches_only_whom_it_may(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    make_take(w, make_epoch(w, made, p->t1, 0));
    make_take(w, make_epoch(w, made, p->t1, 0));
    make_take(w, make_grant(w, made, p->c1, R, 0, 2, p->t1));
    make_take(w, make_epoch(w, made, p->t1, 0));
    make_take(w, make_device_statement(w, p->c1));
    struct authority_recipient first = {p->c1->device[0].statement, RECIPIENT_DEVICE};
    struct authority_recipient second = {p->c1->device[1].statement, RECIPIENT_DEVICE};
    struct authority_recipient t1s = {p->t1->device[0].statement, RECIPIENT_DEVICE};
    struct authority_recipient t2s = {p->t2->device[0].statement, RECIPIENT_DEVICE};
    make_refused(w, make_reseal(w, made, &first, 1, 4, p->t1, 0), STATUS_REFUSED,
                 AUTHORITY_BAD_RECIPIENTS);
    make_refused(w, make_reseal(w, made, &first, 2, 5, p->t1, 0), STATUS_REFUSED,
                 AUTHORITY_BAD_RECIPIENTS);
    make_take(w, make_reseal(w, made, &first, 2, 4, p->t1, 0));
    make_refused(w, make_reseal(w, made, &t2s, 2, 4, p->t1, 0), STATUS_REFUSED,
                 AUTHORITY_BAD_RECIPIENTS);
    make_refused(w, make_reseal(w, made, &t1s, 2, 4, p->t1, 0), STATUS_REFUSED,
                 AUTHORITY_BAD_RECIPIENTS);
    make_refused(w, make_reseal(w, made, &t1s, 2, 4, p->c1, 0), STATUS_REFUSED,
                 AUTHORITY_BAD_RECIPIENTS);
    make_refused(w, make_reseal(w, made, &second, 2, 4, p->t2, 0), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    make_take(w, make_reseal(w, made, &second, 2, 4, p->c1, 0));
    assert_int_equal(section(p, made)->reseal_count, 2);
    w->tamper = name_second_device;
    w->tamper_context = &p->t2->device[0].statement;
    make_refused(w, make_reseal(w, made, &second, 2, 2, p->c1, 0), STATUS_REFUSED,
                 AUTHORITY_BAD_RECIPIENTS);
    /* It holds the present key by the reseal alone: with it gone the section is closed. */
    assert_false(authority_closed(w->authority, section(p, made), authority_now(w->time_ms)));
    make_take(w, make_device_revocation(w, p->c1, &p->c1->device[1].statement, p->c1, 0));
    assert_true(authority_closed(w->authority, section(p, made), authority_now(w->time_ms)));
    make_refused(w, make_reseal(w, made, &second, 2, 4, p->c1, 0), STATUS_REFUSED,
                 AUTHORITY_BAD_RECIPIENTS);
}

/* Goal: only the device that a seal was for may call it bad. Method: its own epoch and
 * reseal; another device's; an epoch from before it came. */
static void test_bad_seal_is_for_ones_own_seal(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    struct hash epoch = section(p, made)->epochs[0].statement;
    make_take(w, make_device_statement(w, p->t1));
    struct authority_recipient second = {p->t1->device[1].statement, RECIPIENT_DEVICE};
    make_take(w, make_bad_seal(w, made, &epoch, p->t1, 0));
    make_refused(w, make_bad_seal(w, made, &epoch, p->t1, 1), STATUS_REFUSED,
                 AUTHORITY_UNKNOWN_SUBJECT);
    make_refused(w, make_bad_seal(w, made, &epoch, p->t2, 0), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    struct hash reseal = make_take(w, make_reseal(w, made, &second, 1, 1, p->t1, 0));
    make_take(w, make_bad_seal(w, made, &reseal, p->t1, 1));
    make_refused(w, make_bad_seal(w, made, &reseal, p->t1, 0), STATUS_REFUSED,
                 AUTHORITY_UNKNOWN_SUBJECT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PRACTICE_TEST(test_recipients_are_exactly_those_in_force),
        PRACTICE_TEST(test_epoch_with_anything_wrong_is_refused),
        PRACTICE_TEST(test_epoch_from_before_a_revocation_is_refused),
        PRACTICE_TEST(test_closed_until_an_epoch_has_the_right_list),
        PRACTICE_TEST(test_endings_come_once_at_their_time),
        PRACTICE_TEST(test_endings_do_not_come_twice),
        PRACTICE_TEST(test_reseal_reaches_only_whom_it_may),
        PRACTICE_TEST(test_bad_seal_is_for_ones_own_seal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
