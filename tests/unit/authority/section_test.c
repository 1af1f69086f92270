#include "tests/support/authority_digest.h"
#include "tests/support/practice.h"
#include "tests/support/tamper.h"

#define R   ((uint32_t)RIGHT_READ)
#define RW  (R | (uint32_t)RIGHT_WRITE)
#define RWO (RW | (uint32_t)RIGHT_OWN)

/* Goal: only those make sections whom the policy table names. Method: every class by a
 * treating, an unrelated therapist, the client, another client, auditor and admin. */
static void test_section_by_each_maker_passes_where_policy_says(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    const struct make_person *makers[] = {p->t1, p->t3, p->c1, p->c2, p->au, p->ad1};
    const char *const allowed[] = {
        [CLASS_PROCESS] = "100000",  [CLASS_PROGRESS] = "100000", [CLASS_SESSION] = "100000",
        [CLASS_SHARED] = "100000",   [CLASS_JOURNAL] = "001000",  [CLASS_SAFETY] = "101000",
        [CLASS_DIRECTORY] = "000001"};
    for (uint32_t class = CLASS_PROCESS; class <= CLASS_DIRECTORY; class ++) {
        for (size_t i = 0; i < ARRAY_LEN(makers); i++) {
            struct make_person *client = class == CLASS_DIRECTORY ? NULL : p->c1;
            struct make_section *made = NULL;
            struct made said = make_section_statement(w, class, client, makers[i], &made);
            if (allowed[class][i] == '1') {
                make_take(w, said);
                assert_int_equal(rights(p, made, makers[i]),
                                 class == CLASS_SAFETY && makers[i] == p->c1 ? RW : RWO);
            } else {
                make_refused(w, said, STATUS_REFUSED, AUTHORITY_NOT_PERMITTED);
                w->section_count--;
            }
        }
    }
    struct make_section *second = NULL;
    make_refused(w, make_section_statement(w, CLASS_DIRECTORY, NULL, p->ad2, &second),
                 STATUS_REFUSED, AUTHORITY_EXISTS);
}

static void set_section_id(void *id, ProtobufCMessage *body)
{
    ((Alcove__Section *)body)->section = field_of(((const struct section_id *)id)->bytes, ID_BYTES);
}
static void set_chart(void *id, ProtobufCMessage *body)
{
    ((Alcove__Section *)body)->chart = field_of(((const struct chart_id *)id)->bytes, ID_BYTES);
}
static void set_client_identity(void *hash, ProtobufCMessage *body)
{
    ((Alcove__Section *)body)->client_identity =
        field_of(((const struct hash *)hash)->bytes, HASH_BYTES);
}

/* Goal: a section id, and the pair of chart and client, mean one thing for ever. Method:
 * the same section id again, another chart for a client who has one, another's chart,
 * another identity hash. */
static void test_section_that_mixes_charts_up_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *first = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    w->tamper = set_section_id;
    w->tamper_context = &first->id;
    struct make_section *made = NULL;
    make_refused(w, make_section_statement(w, CLASS_SESSION, p->c1, p->t1, &made), STATUS_REFUSED,
                 AUTHORITY_EXISTS);
    w->tamper = set_chart;
    struct chart_id other = {{7}};
    w->tamper_context = &other;
    make_refused(w, make_section_statement(w, CLASS_SESSION, p->c1, p->t1, &made), STATUS_REFUSED,
                 AUTHORITY_BAD_CHART);
    w->tamper = set_chart;
    w->tamper_context = &first->chart;
    make_refused(w, make_section_statement(w, CLASS_SESSION, p->c2, p->t2, &made), STATUS_REFUSED,
                 AUTHORITY_BAD_CHART);
    struct hash identity = who(p, p->c2)->identity;
    w->tamper = set_client_identity;
    w->tamper_context = &identity;
    make_refused(w, make_section_statement(w, CLASS_SESSION, p->c1, p->t1, &made), STATUS_REFUSED,
                 AUTHORITY_BAD_IDENTITY);
    const struct authority_chart *chart = authority_chart(w->authority, &first->chart);
    assert_non_null(chart);
    assert_int_equal(chart->section_count, 1);
    assert_memory_equal(chart->id.bytes, first->chart.bytes, ID_BYTES);
}

/* Goal: grants give only what policy lets each person hold (SECURITY.md). Method: for
 * sections of all chart classes and every person, the most that is accepted. */
static void test_grant_gives_at_most_what_policy_allows(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    make_take(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, 0, p->ad1));
    make_take(w, make_relation(w, p->t1, p->t3, RELATION_SUPERVISES, 0, p->ad1));
    const struct make_person *grantees[] = {p->t2, p->t3, p->c1, p->c2, p->au, p->ad1};
    static const uint32_t most[][6] = {
        [CLASS_PROCESS] = {0, 0, 0, 0, 0, 0},  [CLASS_PROGRESS] = {RW, R, 0, 0, 0, 0},
        [CLASS_SESSION] = {RW, R, 0, 0, 0, 0}, [CLASS_SHARED] = {RW, R, RW, 0, 0, 0},
        [CLASS_JOURNAL] = {R, 0, 0, 0, 0, 0},  [CLASS_SAFETY] = {R, R, RW, 0, 0, 0},
    };
    for (uint32_t class = CLASS_PROCESS; class <= CLASS_SAFETY; class ++) {
        const struct make_person *maker = class == CLASS_JOURNAL ? p->c1 : p->t1;
        struct make_section *made = make_open_section(w, class, p->c1, maker);
        for (size_t i = 0; i < ARRAY_LEN(grantees); i++) {
            for (uint32_t want = R; want <= RWO; want++) {
                bool self = grantees[i] == maker;
                bool fine = !self && (want & R) != 0 && (want & ~most[class][i]) == 0;
                enum status status =
                    make_try(w, make_grant(w, made, grantees[i], want, 0, 0, maker));
                assert_int_equal(status, fine ? STATUS_OK : STATUS_REFUSED);
            }
            assert_int_equal(rights(p, made, grantees[i]),
                             grantees[i] == maker ? RWO : most[class][i]);
        }
    }
}

/* Goal: process notes reach another only under training (SECURITY.md). Method: a
 * supervisor, then the same as trainer; write is never granted. */
static void test_grant_of_process_needs_a_training_relation(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_PROCESS, p->c1, p->t1);
    make_take(w, make_relation(w, p->t1, p->t2, RELATION_SUPERVISES, 0, p->ad1));
    make_take(w, make_relation(w, p->c1, p->t2, RELATION_TREATS, 0, p->ad1));
    make_refused(w, make_grant(w, made, p->t2, R, 0, 0, p->t1), STATUS_REFUSED,
                 AUTHORITY_BAD_RIGHTS);
    make_take(w, make_relation(w, p->t1, p->t2, RELATION_TRAINS, 0, p->ad1));
    make_refused(w, make_grant(w, made, p->t2, RW, 0, 0, p->t1), STATUS_REFUSED,
                 AUTHORITY_BAD_RIGHTS);
    make_take(w, make_grant(w, made, p->t2, R, 0, 0, p->t1));
    assert_int_equal(rights(p, made, p->t2), R);
}

static void set_identity(void *hash, ProtobufCMessage *body)
{
    ((Alcove__Grant *)body)->identity = field_of(((const struct hash *)hash)->bytes, HASH_BYTES);
}
static void set_basis_relation(void *hash, ProtobufCMessage *body)
{
    ((Alcove__Grant *)body)->basis_kind = BASIS_RELATION;
    ((Alcove__Grant *)body)->basis = field_of(((const struct hash *)hash)->bytes, HASH_BYTES);
}

/* Goal: a grant is an owner's word about one identity, in time, on a basis that holds.
 * Method: each of these wrong, alone. */
static void test_grant_with_anything_wrong_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    struct hash covers = make_take(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, 0, p->ad1));
    make_take(w, make_grant(w, made, p->c1, RW, 0, 0, p->t1));
    make_refused(w, make_grant(w, made, p->t2, R, 0, 0, p->c1), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    make_refused(w, make_grant(w, made, p->t2, R, 0, 0, p->t2), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    make_refused(w, make_grant(w, made, p->t2, R, 0, 0, p->ad1), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    make_refused(w, make_grant(w, made, p->t1, R, 0, 0, p->t1), STATUS_REFUSED,
                 AUTHORITY_WRONG_SIGNER);
    make_refused(w, make_grant(w, made, p->t2, R, w->time_ms, 0, p->t1), STATUS_REFUSED,
                 AUTHORITY_EXPIRED);
    make_refused(w, make_grant(w, made, p->t2, R, 0, 2, p->t1), STATUS_REFUSED,
                 AUTHORITY_BAD_EPOCH);
    struct hash identity = who(p, p->t3)->identity;
    w->tamper = set_identity;
    w->tamper_context = &identity;
    make_refused(w, make_grant(w, made, p->t2, R, 0, 0, p->t1), STATUS_REFUSED,
                 AUTHORITY_BAD_IDENTITY);
    w->tamper = set_basis_relation;
    w->tamper_context = &p->t1_treats_c1;
    make_refused(w, make_grant(w, made, p->t2, R, 0, 0, p->t1), STATUS_REFUSED,
                 AUTHORITY_BAD_BASIS);
    struct make_person *stranger = make_stranger(w, ROLE_THERAPIST);
    make_refused(w, make_grant(w, made, stranger, R, 0, 0, p->t1), STATUS_REFUSED,
                 AUTHORITY_UNKNOWN_SUBJECT);
    make_take(w, make_suspension(w, p->t2, p->ad1, true));
    make_refused(w, make_grant(w, made, p->t2, R, 0, 0, p->t1), STATUS_REFUSED,
                 AUTHORITY_UNKNOWN_SUBJECT);
    make_take(w, make_suspension(w, p->t2, p->ad1, false));
    w->tamper = set_basis_relation;
    w->tamper_context = &covers;
    make_take(w, make_grant(w, made, p->t2, R, 0, 0, p->t1));
}

/* Goal: a newer grant replaces the older one, and only the newer can be revoked. Method:
 * widen, narrow, revoke both. */
static void test_grant_again_replaces_the_older(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    struct hash first = make_take(w, make_grant(w, made, p->c1, RW, 0, 0, p->t1));
    assert_int_equal(rights(p, made, p->c1), RW);
    struct authority_when then = {w->seq, w->time_ms};
    struct hash second = make_take(w, make_grant(w, made, p->c1, R, 0, 0, p->t1));
    assert_int_equal(rights(p, made, p->c1), R);
    assert_int_equal(authority_rights(w->authority, section(p, made), who(p, p->c1), then, NULL),
                     RW);
    make_refused(w, make_revocation(w, made, &first, p->t1), STATUS_REFUSED,
                 AUTHORITY_ALREADY_ENDED);
    make_take(w, make_revocation(w, made, &second, p->t1));
    assert_int_equal(rights(p, made, p->c1), 0);
    make_refused(w, make_revocation(w, made, &second, p->t1), STATUS_REFUSED,
                 AUTHORITY_ALREADY_ENDED);
}

/* Goal: a section never loses its last owner (decision 6). Method: revoke the maker
 * alone, then with a successor, then the successor; then beside an owner without a device. */
static void test_revocation_of_the_last_owner_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    struct hash maker = section(p, made)->grants[0].statement;
    struct hash unknown = {{3}};
    make_refused(w, make_revocation(w, made, &unknown, p->t1), STATUS_REFUSED,
                 AUTHORITY_UNKNOWN_SUBJECT);
    make_refused(w, make_revocation(w, made, &maker, p->t1), STATUS_REFUSED, AUTHORITY_LAST_OWNER);
    make_take(w, make_relation(w, p->c1, p->t2, RELATION_TREATS, 0, p->ad1));
    struct hash successor = make_take(w, make_grant(w, made, p->t2, RWO, 0, 0, p->t1));
    make_refused(w, make_revocation(w, made, &maker, p->ad1), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    make_take(w, make_revocation(w, made, &maker, p->t2));
    assert_int_equal(rights(p, made, p->t1), 0);
    make_refused(w, make_revocation(w, made, &successor, p->t2), STATUS_REFUSED,
                 AUTHORITY_LAST_OWNER);
    make_refused(w, make_grant(w, made, p->t1, R, 0, 0, p->t1), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    struct hash back = make_take(w, make_grant(w, made, p->t1, RWO, 0, 0, p->t2));
    assert_int_equal(rights(p, made, p->t1), RWO);
    struct hash lost = who(p, p->t2)->devices->statement;
    make_take(w, make_device_revocation(w, p->t2, &lost, p->ad1, 0));
    make_refused(w, make_revocation(w, made, &back, p->t1), STATUS_REFUSED, AUTHORITY_LAST_OWNER);
    make_take(w, make_revocation(w, made, &successor, p->t1));
}

/* Goal: a relation is a ceiling (decision 6): rights go with it, do not come back with another
 * (decision 27), and the section is told. Method: end and restate what a grant rests on, watch
 * rights and echoes; an author keeps a process section. */
static void test_relation_end_takes_rights_and_is_echoed(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *progress = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    struct make_section *process = make_open_section(w, CLASS_PROCESS, p->c1, p->t1);
    struct hash covers = make_take(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, 0, p->ad1));
    assert_int_equal(w->result.touched_count, 0);
    make_take(w, make_grant(w, progress, p->t2, RW, 0, 0, p->t1));
    make_take(w, make_relation_end(w, p->c1, &covers, p->ad1));
    assert_int_equal(w->result.touched_count, 1);
    assert_ptr_equal(w->result.touched[0], section(p, progress));
    assert_int_equal(rights(p, progress, p->t2), 0);
    make_take(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, 0, p->ad1));
    assert_int_equal(w->result.touched_count, 0);
    assert_int_equal(rights(p, progress, p->t2), 0);
    make_take(w, make_relation_end(w, p->c1, &p->t1_treats_c1, p->ad1));
    assert_int_equal(w->result.touched_count, 1);
    assert_int_equal(rights(p, progress, p->t1), 0);
    assert_int_equal(rights(p, process, p->t1), RWO);
}

/* Goal: a section that was tried leaves no trace, and its statements can be taken again.
 * Method: make one with a grant in a try, drop it, compare what remains, admit again, compare
 * what matters. */
static void test_dropped_section_leaves_nothing_and_can_be_taken_again(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    size_t from = w->log_count;
    struct hash before;
    authority_digest(w->authority, &before);
    authority_try_begin(w->authority);
    struct make_section *made = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    make_take(w, make_grant(w, made, p->c1, RW, 0, 0, p->t1));
    struct hash membership;
    authority_membership(w->authority, section(p, made), now(p), &membership);
    assert_int_equal(rights(p, made, p->c1), RW);
    authority_try_drop(w->authority);
    struct hash after;
    authority_digest(w->authority, &after);
    assert_memory_equal(before.bytes, after.bytes, HASH_BYTES);
    assert_null(section(p, made));
    assert_null(authority_chart(w->authority, &made->chart));
    assert_null(authority_chain(w->authority, &made->label));
    assert_false(authority_sees_member(w->authority, who(p, p->t2), who(p, p->c1)));
    for (size_t i = from; i < w->log_count; i++) {
        assert_int_equal(authority_admit(w->authority, w->log[i].bytes, w->log[i].seq,
                                         w->log[i].time_ms, AUTHORITY_VERIFIED, &w->result),
                         STATUS_OK);
    }
    struct hash again;
    authority_membership(w->authority, section(p, made), now(p), &again);
    assert_memory_equal(membership.bytes, again.bytes, HASH_BYTES);
    assert_int_equal(rights(p, made, p->c1), RW);
    assert_non_null(authority_chart(w->authority, &made->chart));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PRACTICE_TEST(test_section_by_each_maker_passes_where_policy_says),
        PRACTICE_TEST(test_section_that_mixes_charts_up_is_refused),
        PRACTICE_TEST(test_grant_gives_at_most_what_policy_allows),
        PRACTICE_TEST(test_grant_of_process_needs_a_training_relation),
        PRACTICE_TEST(test_grant_with_anything_wrong_is_refused),
        PRACTICE_TEST(test_grant_again_replaces_the_older),
        PRACTICE_TEST(test_revocation_of_the_last_owner_is_refused),
        PRACTICE_TEST(test_relation_end_takes_rights_and_is_echoed),
        PRACTICE_TEST(test_dropped_section_leaves_nothing_and_can_be_taken_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
