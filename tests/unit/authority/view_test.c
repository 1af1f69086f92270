#include "tests/support/practice.h"

#define R  ((uint32_t)RIGHT_READ)
#define RW (R | (uint32_t)RIGHT_WRITE)

static bool sees(const struct practice *p, const struct make_person *viewer,
                 const struct make_person *subject)
{
    return authority_sees_member(p->w.authority, who(p, viewer), who(p, subject));
}

/* Goal: chains of members go to those whom PROTOCOL.md names. Method: every pair of the
 * practice against a table written by hand, before anything is shared. */
static void test_member_chains_are_seen_as_decided(void **state)
{
    struct practice *p = *state;
    const struct make_person *all[] = {p->ad1, p->ad2, p->au, p->t1, p->t2, p->t3, p->c1, p->c2};
    /* Rows see columns, in the order above. */
    static const char *const table[] = {
        "11111111",             /* admins see all */
        "11111111", "11111111", /* the auditor too: sections cannot be judged without clients */
        "11111110",             /* T1: staff, and C1 */
        "11111101", "11111100", "11010010", /* C1: admins, T1 and own */
        "11001001",
    };
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        for (size_t j = 0; j < ARRAY_LEN(all); j++) {
            assert_int_equal(sees(p, all[i], all[j]), table[i][j] == '1');
        }
    }
}

/* Goal: a client can judge every statement of the chains that they see, hence sees whoever is
 * named there. Method: one who supervises the client's own inviter, and one behind those. */
static void test_supervisors_of_those_seen_are_seen(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    assert_false(sees(p, p->c1, p->t3));
    assert_false(sees(p, p->c1, p->t2));
    struct hash past = make_take(w, make_relation(w, p->t3, p->t2, RELATION_TRAINS, 0, p->ad1));
    assert_false(sees(p, p->c1, p->t2));
    make_take(w, make_relation_end(w, p->t3, &past, p->ad1));
    make_take(w, make_relation(w, p->t2, p->t3, RELATION_TRAINS, 0, p->ad1)); /* past: a circle */
    assert_false(sees(p, p->c1, p->t2));
    make_take(w, make_relation(w, p->t1, p->t3, RELATION_SUPERVISES, 0, p->ad1));
    assert_true(sees(p, p->c1, p->t3));
    assert_true(sees(p, p->c1, p->t2));
    assert_false(sees(p, p->c2, p->t1));
}

/* Goal: what is shared widens what is seen, for ever, since rights cannot be judged
 * otherwise. Method: cover, supervise, grant, revoke. */
static void test_sharing_shows_the_chains_it_needs(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *shared = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    struct make_section *progress = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    assert_false(sees(p, p->t3, p->c1));
    make_take(w, make_relation(w, p->t1, p->t3, RELATION_SUPERVISES, 0, p->ad1));
    assert_false(sees(p, p->t3, p->c1));
    make_take(w, make_grant(w, progress, p->t3, R, 0, 0, p->t1));
    assert_true(sees(p, p->t3, p->c1));
    struct hash grant = make_take(w, make_grant(w, shared, p->c1, RW, 0, 0, p->t1));
    assert_false(sees(p, p->c1, p->t2));
    make_take(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, 0, p->ad1));
    assert_true(sees(p, p->c1, p->t2) && sees(p, p->t2, p->c1));
    make_take(w, make_revocation(w, shared, &grant, p->t1));
    const struct authority_section *s = section(p, shared);
    assert_true(authority_sees_section(w->authority, who(p, p->c1), s));
    assert_true(authority_sees_section(w->authority, who(p, p->au), s));
    assert_true(authority_sees_section(w->authority, who(p, p->t1), s));
    assert_false(authority_sees_section(w->authority, who(p, p->ad1), s));
    assert_false(authority_sees_section(w->authority, who(p, p->t2), s));
    assert_false(authority_sees_section(w->authority, who(p, p->c2), s));
}

struct counted {
    size_t count;
    size_t stop_at;
};
static bool count_chain(void *context, const struct authority_chain *chain)
{
    struct counted *counted = context;
    assert_true(chain->count > 0);
    return ++counted->count != counted->stop_at;
}
static bool count_section(void *context, const struct authority_section *section)
{
    struct counted *counted = context;
    assert_true(section->grant_count > 0);
    return ++counted->count != counted->stop_at;
}

/* Goal: iterating gives exactly what asking one by one does, and stops when told. Method:
 * count both for each viewer. */
static void test_visible_chains_are_those_seen_one_by_one(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    (void)make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    (void)make_open_section(w, CLASS_PROCESS, p->c2, p->t2);
    for (size_t i = 0; i < authority_member_count(w->authority); i++) {
        const struct authority_member *viewer = authority_member_at(w->authority, i);
        size_t wanted = 0;
        for (size_t j = 0; j < authority_chain_count(w->authority); j++) {
            wanted +=
                authority_sees_chain(w->authority, viewer, authority_chain_at(w->authority, j));
        }
        struct counted counted = {0, 0};
        authority_visible_chains(w->authority, viewer, count_chain, &counted);
        assert_int_equal(counted.count, wanted);
        counted = (struct counted){0, 1};
        authority_visible_chains(w->authority, viewer, count_chain, &counted);
        assert_int_equal(counted.count, 1);
    }
    struct counted counted = {0, 0};
    authority_visible_sections(w->authority, who(p, p->t1), count_section, &counted);
    assert_int_equal(counted.count, 1);
    counted = (struct counted){0, 0};
    authority_visible_sections(w->authority, who(p, p->au), count_section, &counted);
    assert_int_equal(counted.count, 0);
}

/* Goal: a member who is given only what they may see can still judge all of it. Method:
 * for each member of a busy practice, fold the chains visible to them, in the order of
 * the log, into a fresh authority; every statement must be admitted with signatures
 * checked, and sections must have the same membership. */
static void test_what_one_may_see_suffices_to_judge_it(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *shared = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    struct make_section *progress = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    struct make_section *journal = make_open_section(w, CLASS_JOURNAL, p->c2, p->c2);
    (void)make_open_section(w, CLASS_PROCESS, p->c2, p->t2);
    make_take(w, make_relation(w, p->t1, p->t3, RELATION_SUPERVISES, 0, p->ad1));
    make_take(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, 0, p->ad2));
    make_take(w, make_grant(w, shared, p->c1, RW, 0, 0, p->t1));
    make_take(w, make_grant(w, shared, p->t3, R, 0, 0, p->t1));
    make_take(w, make_grant(w, progress, p->t2, RW, 0, 0, p->t1));
    make_take(w, make_grant(w, progress, p->t3, R, 0, 0, p->t1));
    make_take(w, make_grant(w, journal, p->t2, R, 0, 0, p->c2));
    make_take(w, make_device_statement(w, p->t2));
    make_take(w, make_epoch(w, shared, p->c1, 0));
    make_take(w, make_epoch(w, progress, p->t2, 0));
    make_take(w, make_epoch(w, journal, p->c2, 0));
    make_take(w, make_suspension(w, p->t3, p->ad2, true));
    make_take(w, make_epoch(w, progress, p->t2, 0));
    for (size_t i = 0; i < authority_member_count(w->authority); i++) {
        const struct authority_member *viewer = authority_member_at(w->authority, i);
        struct authority *view = NULL;
        assert_int_equal(authority_new(&w->practice, 0, &view), STATUS_OK);
        for (size_t j = 0; j < w->log_count; j++) {
            struct statement statement;
            assert_int_equal(statement_parse(w->log[j].bytes, &w->practice, &statement), STATUS_OK);
            const struct authority_chain *chain =
                authority_chain(w->authority, &statement.link.label);
            struct authority_result result;
            if (authority_sees_chain(w->authority, viewer, chain)) {
                enum status status = authority_admit(view, w->log[j].bytes, w->log[j].seq,
                                                     w->log[j].time_ms, AUTHORITY_VERIFY, &result);
                if (status != STATUS_OK) {
                    fail_msg("role %u: type %u: %s", (unsigned)viewer->role, (unsigned)result.type,
                             authority_reason_text(result.reason));
                }
            }
            statement_free(&statement);
        }
        for (size_t j = 0; j < authority_section_count(view); j++) {
            const struct authority_section *mine = authority_section_at(view, j);
            const struct authority_section *full = authority_section(w->authority, &mine->id);
            struct hash a;
            authority_membership(view, mine, now(p), &a);
            struct hash b;
            authority_membership(w->authority, full, now(p), &b);
            assert_memory_equal(a.bytes, b.bytes, HASH_BYTES);
            assert_int_equal(authority_closed(view, mine, now(p)),
                             authority_closed(w->authority, full, now(p)));
        }
        authority_free(view);
    }
}

/* Goal: a chain that becomes visible late is judged by its own place in the log. Method:
 * fold everything but one section; revoke and suspend those who made it; then admit the
 * section's old statements. */
static void test_chain_seen_late_is_judged_at_its_own_place(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    make_take(w, make_device_statement(w, p->t1));
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    make_take(w, make_device_revocation(w, p->t1, &p->t1->device[0].statement, p->t1, 1));
    make_take(w, make_relation_end(w, p->c1, &p->t1_treats_c1, p->ad1));
    make_take(w, make_suspension(w, p->t1, p->ad1, true));
    struct authority *view = NULL;
    assert_int_equal(authority_new(&w->practice, 0, &view), STATUS_OK);
    for (size_t pass = 0; pass < 2; pass++) {
        for (size_t j = 0; j < w->log_count; j++) {
            struct statement statement;
            assert_int_equal(statement_parse(w->log[j].bytes, &w->practice, &statement), STATUS_OK);
            bool late = ID_EQUAL(&statement.link.label, &made->label);
            struct authority_result result;
            if (late == (pass == 1)) {
                assert_int_equal(authority_admit(view, w->log[j].bytes, w->log[j].seq,
                                                 w->log[j].time_ms, AUTHORITY_VERIFY, &result),
                                 STATUS_OK);
            }
            statement_free(&statement);
        }
    }
    const struct authority_section *s = authority_section(view, &made->id);
    assert_int_equal(s->epoch_count, 1);
    assert_int_equal(authority_rights(view, s, authority_member(view, &p->t1->id), now(p), NULL),
                     0);
    assert_true(authority_closed(view, s, now(p)));
    authority_free(view);
}

/* Goal: may names the basis that a right rests on. Method: one of each kind. */
static void test_may_gives_the_basis(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct authority *a = w->authority;
    struct make_section *made = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    struct hash grant = make_take(w, make_grant(w, made, p->c1, RW, 0, 0, p->t1));
    const struct authority_section *s = section(p, made);
    uint32_t kind = 0;
    struct hash basis;
    assert_true(
        authority_may(a, who(p, p->t1), ACTION_READ, CLASS_SHARED, s, NULL, now(p), &kind, &basis));
    assert_int_equal(kind, BASIS_OWNER);
    assert_memory_equal(basis.bytes, s->grants[0].statement.bytes, HASH_BYTES);
    assert_true(authority_may(a, who(p, p->c1), ACTION_WRITE, CLASS_SHARED, s, NULL, now(p), &kind,
                              &basis));
    assert_int_equal(kind, BASIS_GRANT);
    assert_memory_equal(basis.bytes, grant.bytes, HASH_BYTES);
    assert_false(authority_may(a, who(p, p->c1), ACTION_WRITE, CLASS_PROGRESS, s, NULL, now(p),
                               &kind, &basis));
    assert_int_equal(kind, BASIS_NONE);
    assert_true(authority_may(a, who(p, p->t1), ACTION_CREATE_SECTION, CLASS_PROGRESS, NULL,
                              who(p, p->c1), now(p), &kind, &basis));
    assert_int_equal(kind, BASIS_RELATION);
    assert_memory_equal(basis.bytes, p->t1_treats_c1.bytes, HASH_BYTES);
    assert_true(authority_may(a, who(p, p->t1), ACTION_INVITE_CLIENT, CLASS_NONE, NULL, NULL,
                              now(p), &kind, &basis));
    assert_int_equal(kind, BASIS_DELEGATION);
    assert_true(authority_may(a, who(p, p->au), ACTION_LOG_ALL, CLASS_NONE, NULL, NULL, now(p),
                              &kind, &basis));
    assert_int_equal(kind, BASIS_ROLE);
    assert_true(authority_may(a, who(p, p->c1), ACTION_LOG_CHART, CLASS_NONE, NULL, who(p, p->c1),
                              now(p), &kind, &basis));
    assert_int_equal(kind, BASIS_SELF);
    assert_false(authority_may(a, who(p, p->c1), ACTION_LOG_CHART, CLASS_NONE, NULL, who(p, p->c2),
                               now(p), NULL, NULL));
    assert_false(authority_may(a, who(p, p->t1), ACTION_READ, CLASS_SHARED, NULL, who(p, p->c1),
                               now(p), NULL, NULL));
}

/* Goal: `access` can say who is in and why. Method: an owner, a client and a supervisor
 * in one section, in the order of their ids. */
static void test_live_names_each_with_the_reason(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    struct hash supervises =
        make_take(w, make_relation(w, p->t1, p->t3, RELATION_SUPERVISES, 0, p->ad1));
    make_take(w, make_grant(w, made, p->c1, RW, 0, 0, p->t1));
    make_take(w, make_grant(w, made, p->t3, R, 0, 0, p->t1));
    struct authority_live live[SECTION_MEMBERS_MAX];
    size_t count =
        authority_live(w->authority, section(p, made), now(p), live, SECTION_MEMBERS_MAX);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < count; i++) {
        assert_true(i == 0 ||
                    memcmp(live[i - 1u].member->id.bytes, live[i].member->id.bytes, ID_BYTES) < 0);
        if (live[i].member == who(p, p->c1)) {
            assert_null(live[i].relation);
            assert_int_equal(live[i].rights, RW);
            assert_true((live[i].relations & POLICY_OWN_CHART) != 0);
        } else if (live[i].member == who(p, p->t1)) {
            assert_memory_equal(live[i].relation->statement.bytes, p->t1_treats_c1.bytes,
                                HASH_BYTES);
        } else {
            assert_ptr_equal(live[i].member, who(p, p->t3));
            assert_memory_equal(live[i].relation->statement.bytes, supervises.bytes, HASH_BYTES);
        }
    }
    assert_int_equal(authority_live(w->authority, section(p, made), now(p), live, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PRACTICE_TEST(test_member_chains_are_seen_as_decided),
        PRACTICE_TEST(test_supervisors_of_those_seen_are_seen),
        PRACTICE_TEST(test_sharing_shows_the_chains_it_needs),
        PRACTICE_TEST(test_visible_chains_are_those_seen_one_by_one),
        PRACTICE_TEST(test_what_one_may_see_suffices_to_judge_it),
        PRACTICE_TEST(test_chain_seen_late_is_judged_at_its_own_place),
        PRACTICE_TEST(test_may_gives_the_basis),
        PRACTICE_TEST(test_live_names_each_with_the_reason),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
