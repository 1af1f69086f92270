#include "keys/public/bytes/random.h"
#include "keys/public/frame.h"
#include "tests/support/practice_timeline.h"

/* Goal: a section can always be rotated: recipients never outgrow one epoch. Method: fill
 * a section with people and their devices until the next would not fit, by a device and
 * by a grant; then rotate. */
static void test_recipients_never_outgrow_an_epoch(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    struct make_person *team[7];
    size_t recipients = 2;
    for (size_t i = 0; i < ARRAY_LEN(team); i++) {
        team[i] = make_member(w, ROLE_THERAPIST, p->ad1);
        make_take(w, make_relation(w, p->c1, team[i], RELATION_TREATS, 0, p->ad1));
        make_take(w, make_grant(w, made, team[i], R, 0, 0, p->t1));
        recipients += 2;
    }
    for (size_t i = 0; i < ARRAY_LEN(team); i++) {
        for (size_t d = 1; d < MEMBER_DEVICES_MAX && recipients < EPOCH_SEALS_MAX; d++) {
            make_take(w, make_device_statement(w, team[i]));
            recipients++;
        }
    }
    for (size_t d = 1; d < MEMBER_DEVICES_MAX && recipients < EPOCH_SEALS_MAX; d++) {
        make_take(w, make_device_statement(w, p->t1));
        recipients++;
    }
    make_refused(w, make_device_statement(w, p->t1), STATUS_REFUSED, AUTHORITY_LIMIT);
    make_take(w, make_device_statement(w, p->t2));
    make_take(w, make_relation(w, p->c1, p->t2, RELATION_TREATS, 0, p->ad1));
    make_refused(w, make_grant(w, made, p->t2, R, 0, 0, p->t1), STATUS_REFUSED, AUTHORITY_LIMIT);
    /* Not a newcomer: only the rights change. */
    make_take(w, make_grant(w, made, team[0], RW, 0, 0, p->t1));
    make_take(w, make_epoch(w, made, p->t1, 0));
    assert_int_equal(section(p, made)->epochs[1].recipient_count, EPOCH_SEALS_MAX);
    assert_false(authority_closed(w->authority, section(p, made), now(p)));
}

/* Goal: a practice never outgrows the one answer that tells its state, or nobody could sync any
 * more and no root could mend it. Method: an admin invites without end; who is in goes on. */
static void test_invitations_never_outgrow_the_state(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_person somebody = *make_stranger(w, ROLE_THERAPIST);
    while (authority_member_count(w->authority) < PRACTICE_MEMBERS_MAX) {
        random_bytes(somebody.id.bytes, ID_BYTES);
        random_bytes(somebody.label.bytes, HASH_BYTES);
        make_take(w, make_invitation(w, &somebody, p->ad1, NULL));
    }
    random_bytes(somebody.id.bytes, ID_BYTES);
    random_bytes(somebody.label.bytes, HASH_BYTES);
    make_refused(w, make_invitation(w, &somebody, p->ad1, NULL), STATUS_REFUSED, AUTHORITY_LIMIT);
    make_take(w, make_device_statement(w, p->t1));
    make_take(w, make_suspension(w, p->ad1, NULL, true));
}

/* Goal: a relation that a grant does not name changes nothing of it, now or later, so that no reader
 * waits for an echo. Method: a grant on one that ends by the clock; two more that would give as much
 * are stated before; step over all ends. */
static void test_relation_that_no_grant_names_is_not_echoed(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    uint64_t start_ms = w->time_ms;
    make_take(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, start_ms + 50000u, p->ad1));
    make_take(w, make_grant(w, made, p->t2, RW, 0, 0, p->t1));
    make_take(w, make_epoch(w, made, p->t1, 0));
    make_take(w, make_relation(w, p->t1, p->t2, RELATION_SUPERVISES, start_ms + 200000u, p->ad1));
    assert_int_equal(w->result.touched_count, 0);
    make_take(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, start_ms + 300000u, p->ad1));
    assert_int_equal(w->result.touched_count, 0);
    assert_int_equal(rights(p, made, p->t2), RW);
    w->time_ms = start_ms + 60000u;
    assert_int_equal(make_end_by_clock(w), 1);
    assert_int_equal(rights(p, made, p->t2), 0);
    make_take(w, make_epoch(w, made, p->t1, 0));
    w->time_ms = start_ms + 300000u;
    assert_int_equal(make_end_by_clock(w), 0);
    write_fine(p, made, p->t1, 0);
}

/* Goal: the membership hash is PROTOCOL.md's. Method: build the bytes by hand for two
 * members, in the order of their ids. */
static void test_membership_is_the_hash_of_its_lines(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    uint64_t until_ms = w->time_ms + 0x010203u;
    make_take(w, make_grant(w, made, p->c1, RW, until_ms, 0, p->t1));
    uint8_t line[2][60];
    for (size_t i = 0; i < 2; i++) {
        const struct make_person *person = i == 0 ? p->t1 : p->c1;
        uint64_t until = i == 0 ? 0 : until_ms;
        struct hash identity;
        statement_identity_hash(&person->identity.public, &w->practice, &identity);
        memcpy(line[i], person->id.bytes, ID_BYTES);
        memcpy(line[i] + 16, identity.bytes, HASH_BYTES);
        memset(line[i] + 48, 0, 12);
        line[i][51] = i == 0 ? 7 : 3;
        for (size_t j = 0; j < 8; j++) {
            line[i][52 + j] = (uint8_t)(until >> (56u - 8u * j));
        }
    }
    bool swap = memcmp(line[0], line[1], ID_BYTES) > 0;
    const struct span parts[] = {span_of(line[swap ? 1 : 0], 60), span_of(line[swap ? 0 : 1], 60)};
    struct hash wanted;
    frame_hash(LABEL_MEMBERSHIP, &w->practice, parts, 2, &wanted);
    struct hash got;
    authority_membership(w->authority, section(p, made), now(p), &got);
    assert_memory_equal(wanted.bytes, got.bytes, HASH_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PRACTICE_TEST(test_membership_is_the_hash_of_its_lines),
        PRACTICE_TEST(test_recipients_never_outgrow_an_epoch),
        PRACTICE_TEST(test_invitations_never_outgrow_the_state),
        PRACTICE_TEST(test_relation_that_no_grant_names_is_not_echoed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
