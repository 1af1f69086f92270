/*
 * What a grant rests on, and what is left when that ends: for good, for the maker, for the client,
 * for who supervises. And from which number on a member is handed a section.
 */
#include "tests/support/practice.h"

#define R   ((uint32_t)RIGHT_READ)
#define RW  (R | (uint32_t)RIGHT_WRITE)
#define RWO (RW | (uint32_t)RIGHT_OWN)

struct basis {
    uint32_t kind;
    struct hash hash; /* zero: absent */
};

static void set_basis(void *given, ProtobufCMessage *body)
{
    static const struct hash none;
    struct basis *basis = given;
    Alcove__Grant *grant = (Alcove__Grant *)body;
    grant->basis_kind = basis->kind;
    grant->basis =
        ID_EQUAL(&basis->hash, &none) ? field_of(NULL, 0) : field_of(basis->hash.bytes, HASH_BYTES);
}

static struct made grant_on(struct practice *p, const struct make_section *made,
                            const struct make_person *to, uint32_t rights, struct basis *basis,
                            const struct make_person *by)
{
    p->w.tamper = set_basis;
    p->w.tamper_context = basis;
    return make_grant(&p->w, made, to, rights, 0, 0, by);
}

/* Goal: a grant ends with the relation that it names, for good. Method: end it, by statement and by
 * the clock, state it anew, and state one that gives more; only the owner's next grant lets in. */
static void test_grant_ends_with_its_relation_for_good(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    struct hash covers = make_take(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, 0, p->ad1));
    make_take(w, make_grant(w, made, p->t2, RW, 0, 0, p->t1));
    assert_int_equal(rights(p, made, p->t2), RW);
    make_take(w, make_relation_end(w, p->c1, &covers, p->ad1));
    assert_int_equal(rights(p, made, p->t2), 0);
    make_take(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, 0, p->ad1));
    make_take(w, make_relation(w, p->c1, p->t2, RELATION_TREATS, 0, p->ad1));
    assert_int_equal(rights(p, made, p->t2), 0);
    make_take(w, make_grant(w, made, p->t2, RW, 0, 0, p->t1));
    assert_int_equal(rights(p, made, p->t2), RW);
    uint64_t end_ms = w->time_ms + 60000u;
    make_take(w, make_relation(w, p->c1, p->t3, RELATION_COVERS, end_ms, p->ad1));
    make_take(w, make_grant(w, made, p->t3, R, 0, 0, p->t1));
    make_take(w, make_relation(w, p->c1, p->t3, RELATION_COVERS, 0, p->ad1));
    w->time_ms = end_ms - 1u;
    assert_int_equal(rights(p, made, p->t3), R);
    w->time_ms = end_ms;
    assert_int_equal(rights(p, made, p->t3), 0);
}

/* Goal: rights are those of the relation that a grant names, whatever others there are. Method: who
 * covers is granted write on it; that they treat as well gives no right to own. */
static void test_rights_are_those_of_the_relation_named(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    struct basis covers = {
        BASIS_RELATION, make_take(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, 0, p->ad1))};
    struct basis treats = {
        BASIS_RELATION, make_take(w, make_relation(w, p->c1, p->t2, RELATION_TREATS, 0, p->ad1))};
    make_refused(w, grant_on(p, made, p->t2, RWO, &covers, p->t1), STATUS_REFUSED,
                 AUTHORITY_BAD_RIGHTS);
    make_take(w, grant_on(p, made, p->t2, RW, &covers, p->t1));
    make_refused(w, make_grant(w, made, p->c1, R, 0, 0, p->t2), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    make_take(w, grant_on(p, made, p->t2, RWO, &treats, p->t1));
    assert_int_equal(rights(p, made, p->t2), RWO);
}

/* Goal: a basis that is none is refused. Method: every kind, and relations of others, of another
 * client, ended, and of a therapist who owns nothing here. */
static void test_grant_on_what_is_no_basis_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    struct hash covers = make_take(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, 0, p->ad1));
    struct hash other = make_take(w, make_relation(w, p->c2, p->t2, RELATION_COVERS, 0, p->ad1));
    struct hash ended = make_take(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, 0, p->ad1));
    make_take(w, make_relation_end(w, p->c1, &ended, p->ad1));
    struct hash nobody =
        make_take(w, make_relation(w, p->t3, p->t2, RELATION_SUPERVISES, 0, p->ad1));
    struct basis wrong[] = {{BASIS_RELATION, other},   {BASIS_RELATION, ended},
                            {BASIS_RELATION, nobody},  {BASIS_RELATION, p->t1_treats_c1},
                            {BASIS_RELATION, {{9}}},   {BASIS_RELATION, {{0}}},
                            {BASIS_SELF, {{0}}},       {BASIS_OWNER, {{0}}},
                            {BASIS_GRANT, {{0}}},      {BASIS_ROLE, {{0}}},
                            {BASIS_DELEGATION, {{0}}}, {BASIS_INVITATION, {{0}}}};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        assert_int_equal(make_try(w, grant_on(p, made, p->t2, R, &wrong[i], p->t1)),
                         STATUS_REFUSED);
    }
    struct basis of_client[] = {{BASIS_ROLE, {{0}}}, {BASIS_SELF, {{9}}}, {BASIS_RELATION, covers}};
    for (size_t i = 0; i < ARRAY_LEN(of_client); i++) {
        assert_int_equal(make_try(w, grant_on(p, made, p->c1, R, &of_client[i], p->t1)),
                         STATUS_REFUSED);
    }
    struct basis good = {BASIS_RELATION, covers};
    make_take(w, grant_on(p, made, p->t2, R, &good, p->t1));
    struct make_section *names = make_open_section(w, CLASS_DIRECTORY, NULL, p->ad1);
    struct basis self = {BASIS_SELF, {{0}}};
    assert_int_equal(make_try(w, grant_on(p, names, p->t1, R, &self, p->ad1)), STATUS_REFUSED);
    make_take(w, make_grant(w, names, p->t1, R, 0, 0, p->ad1));
}

/* Goal: a maker's rights end with the relation by which they made the section; stated anew it gives
 * them back nothing by itself, and they take back what nobody else owns. Method: end, restate, take
 * back; then with another owner, after a revocation, and without a relation. */
static void test_maker_takes_back_what_nobody_owns(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    struct make_section *owned = make_open_section(w, CLASS_SESSION, p->c1, p->t1);
    make_take(w, make_relation(w, p->c1, p->t2, RELATION_TREATS, 0, p->ad1));
    make_take(w, make_grant(w, owned, p->t2, RWO, 0, 0, p->t1));
    make_take(w, make_relation_end(w, p->c1, &p->t1_treats_c1, p->ad1));
    assert_true(authority_unowned(w->authority, section(p, made), now(p)));
    assert_false(authority_unowned(w->authority, section(p, owned), now(p)));
    make_refused(w, make_grant(w, made, p->t1, RWO, 0, 0, p->t1), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    make_take(w, make_relation(w, p->c1, p->t1, RELATION_TREATS, 0, p->ad1));
    assert_int_equal(rights(p, made, p->t1), 0);
    make_refused(w, make_grant(w, made, p->t2, RWO, 0, 0, p->t2), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    make_refused(w, make_grant(w, owned, p->t1, RWO, 0, 0, p->t1), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    make_take(w, make_grant(w, made, p->t1, RWO, 0, 0, p->t1));
    assert_int_equal(rights(p, made, p->t1), RWO);
    make_refused(w, make_grant(w, made, p->t1, RWO, 0, 0, p->t1), STATUS_REFUSED,
                 AUTHORITY_WRONG_SIGNER);
    /* Put out by an owner, the maker stays out when that owner is gone. */
    struct hash back = make_take(w, make_grant(w, owned, p->t1, RW, 0, 0, p->t2));
    make_take(w, make_revocation(w, owned, &back, p->t2));
    make_take(w, make_suspension(w, p->t2, p->ad1, true));
    assert_true(authority_unowned(w->authority, section(p, owned), now(p)));
    make_refused(w, make_grant(w, owned, p->t1, RWO, 0, 0, p->t1), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
}

/* Goal: a maker whom an owner left less than the right to own, or left it until a day, does not get it
 * back by being the maker. Method: both, then the owner is gone; one who was let in anew does. */
static void test_maker_takes_back_no_more_than_an_owner_left(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *less = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    struct make_section *timed = make_open_section(w, CLASS_SESSION, p->c1, p->t1);
    struct make_section *whole = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    uint64_t end_ms = w->time_ms + 60000u;
    make_take(w, make_relation(w, p->c1, p->t2, RELATION_TREATS, 0, p->ad1));
    struct make_section *const all[] = {less, timed, whole};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        make_take(w, make_grant(w, all[i], p->t2, RWO, 0, 0, p->t1));
    }
    make_take(w, make_grant(w, less, p->t1, RW, 0, 0, p->t2));
    make_take(w, make_grant(w, timed, p->t1, RWO, end_ms, 0, p->t2));
    make_take(w, make_grant(w, whole, p->t1, RWO, 0, 0, p->t2));
    make_take(w, make_relation_end(w, p->c1, &p->t1_treats_c1, p->ad1));
    make_take(w, make_relation(w, p->c1, p->t1, RELATION_TREATS, 0, p->ad1));
    make_take(w, make_suspension(w, p->t2, p->ad1, true));
    w->time_ms = end_ms;
    make_refused(w, make_grant(w, less, p->t1, RWO, 0, 0, p->t1), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    make_refused(w, make_grant(w, timed, p->t1, RWO, 0, 0, p->t1), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    make_take(w, make_grant(w, whole, p->t1, RWO, 0, 0, p->t1));
}

/* Goal: of a shared section without an owner the client lets in the next therapist, and nobody
 * else. Method: before and after the owner leaves; who treats, covers, supervises and does not; what
 * the client gives with it; where the class is another. */
static void test_client_hands_on_what_nobody_owns(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *shared = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    struct make_section *safety = make_open_section(w, CLASS_SAFETY, p->c1, p->c1);
    make_take(w, make_grant(w, shared, p->c1, RW, 0, 0, p->t1));
    make_take(w, make_epoch(w, shared, p->c1, 0));
    struct hash treats = make_take(w, make_relation(w, p->c1, p->t2, RELATION_TREATS, 0, p->ad1));
    make_take(w, make_relation(w, p->c1, p->t3, RELATION_COVERS, 0, p->ad1));
    make_refused(w, make_grant(w, shared, p->t2, RWO, 0, 1, p->c1), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    make_take(w, make_relation_end(w, p->c1, &p->t1_treats_c1, p->ad1));
    make_refused(w, make_grant(w, shared, p->t3, RW, 0, 1, p->c1), STATUS_REFUSED,
                 AUTHORITY_BAD_BASIS);
    make_refused(w, make_grant(w, shared, p->c1, RW, 0, 1, p->c1), STATUS_REFUSED,
                 AUTHORITY_WRONG_SIGNER);
    make_refused(w, make_grant(w, shared, p->ad1, R, 0, 1, p->c1), STATUS_REFUSED,
                 AUTHORITY_BAD_RIGHTS);
    make_refused(w, make_grant(w, shared, p->t2, RWO, 0, 1, p->c2), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    make_take(w, make_grant(w, shared, p->t2, RWO, 0, 1, p->c1));
    assert_int_equal(rights(p, shared, p->t2), RWO);
    make_take(w, make_epoch(w, shared, p->c1, 0));
    /* The past goes with it, to whom the client let in and to nobody else. */
    struct authority_recipient theirs = {who(p, p->t2)->devices->statement, RECIPIENT_DEVICE};
    make_take(w, make_reseal(w, shared, &theirs, 1, 2, p->c1, 0));
    make_refused(w, make_grant(w, shared, p->t3, RW, 0, 1, p->c1), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    make_take(w, make_grant(w, shared, p->t3, RW, 0, 1, p->t2));
    make_take(w, make_epoch(w, shared, p->c1, 0));
    struct authority_recipient others = {who(p, p->t3)->devices->statement, RECIPIENT_DEVICE};
    make_refused(w, make_reseal(w, shared, &others, 1, 1, p->c1, 0), STATUS_REFUSED,
                 AUTHORITY_BAD_RECIPIENTS);
    /* The card that a client made has no owner from the start. */
    make_take(w, make_grant(w, safety, p->t2, RWO, 0, 1, p->c1));
    make_take(w, make_relation_end(w, p->c1, &treats, p->ad1));
    assert_int_equal(rights(p, shared, p->t2), 0);
    assert_int_equal(rights(p, safety, p->t2), 0);
}

/* Goal: who cannot act any more owns nothing for others. Method: the owner's only device is
 * revoked, then a suspended owner. */
static void test_owner_without_a_device_is_none(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *shared = make_open_section(w, CLASS_SHARED, p->c1, p->t1);
    make_take(w, make_grant(w, shared, p->c1, RW, 0, 0, p->t1));
    make_take(w, make_relation(w, p->c1, p->t2, RELATION_TREATS, 0, p->ad1));
    make_take(w, make_suspension(w, p->t1, p->ad1, true));
    assert_true(authority_unowned(w->authority, section(p, shared), now(p)));
    make_take(w, make_suspension(w, p->t1, p->ad1, false));
    assert_false(authority_unowned(w->authority, section(p, shared), now(p)));
    make_refused(w, make_grant(w, shared, p->t2, RWO, 0, 1, p->c1), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    struct hash lost = who(p, p->t1)->devices->statement;
    make_take(w, make_device_revocation(w, p->t1, &lost, p->ad1, 0));
    make_take(w, make_grant(w, shared, p->t2, RWO, 0, 1, p->c1));
    assert_int_equal(rights(p, shared, p->t2), RWO);
}

/* Goal: who supervises an owner is in while that owner's grant stands. Method: end the owner's
 * relation; the supervisor's own goes on. */
static void test_supervisor_leaves_with_the_owner(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    uint64_t end_ms = w->time_ms + 60000u;
    struct hash treats =
        make_take(w, make_relation(w, p->c2, p->t1, RELATION_TREATS, end_ms, p->ad1));
    (void)treats;
    make_take(w, make_relation(w, p->t1, p->t3, RELATION_SUPERVISES, 0, p->ad1));
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    struct make_section *timed = make_open_section(w, CLASS_PROGRESS, p->c2, p->t1);
    make_take(w, make_grant(w, made, p->t3, R, 0, 0, p->t1));
    make_take(w, make_grant(w, timed, p->t3, R, 0, 0, p->t1));
    assert_int_equal(rights(p, made, p->t3), R);
    make_take(w, make_relation_end(w, p->c1, &p->t1_treats_c1, p->ad1));
    assert_int_equal(w->result.touched_count, 1);
    assert_int_equal(rights(p, made, p->t3), 0);
    const struct authority_grant *grant =
        &section(p, timed)->grants[section(p, timed)->grant_count - 1u];
    assert_int_equal(authority_grant_end_ms(w->authority, section(p, timed), grant), end_ms);
    w->time_ms = end_ms;
    assert_int_equal(rights(p, timed, p->t3), 0);
}

/* Goal: a newcomer is handed a section from where they were let in. Method: maker, first epoch, a
 * later one, history, and nobody. */
static void test_first_number_is_where_a_member_was_let_in(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_section *made = make_open_section(w, CLASS_PROGRESS, p->c1, p->t1);
    const struct authority *a = w->authority;
    make_take(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, 0, p->ad1));
    make_take(w, make_relation(w, p->c1, p->t3, RELATION_COVERS, 0, p->ad1));
    assert_int_equal(authority_first_number(a, section(p, made), who(p, p->t1)), 1);
    make_take(w, make_grant(w, made, p->t2, R, 0, 0, p->t1));
    assert_int_equal(authority_first_number(a, section(p, made), who(p, p->t2)), 0);
    uint64_t before = made->timeline.number;
    make_take(w, make_epoch(w, made, p->t1, 0));
    assert_int_equal(authority_first_number(a, section(p, made), who(p, p->t2)), before + 2u);
    make_take(w, make_grant(w, made, p->t3, R, 0, 2, p->t1));
    assert_int_equal(authority_first_number(a, section(p, made), who(p, p->t3)), before + 2u);
    make_take(w, make_epoch(w, made, p->t1, 0));
    assert_int_equal(authority_first_number(a, section(p, made), who(p, p->t3)), before + 2u);
    make_take(w, make_grant(w, made, p->t3, R, 0, 1, p->t1));
    make_take(w, make_grant(w, made, p->t3, R, 0, 0, p->t1));
    assert_int_equal(authority_first_number(a, section(p, made), who(p, p->t3)), 1);
    assert_int_equal(authority_first_number(a, section(p, made), who(p, p->c2)), 0);
}

/* Goal: nobody supervises or trains themselves, be it by others. Method: a chain of three, both
 * kinds, closed at each place; after an end it may be closed. */
static void test_supervision_in_a_circle_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct hash first =
        make_take(w, make_relation(w, p->t1, p->t2, RELATION_SUPERVISES, 0, p->ad1));
    make_refused(w, make_relation(w, p->t2, p->t1, RELATION_SUPERVISES, 0, p->ad1), STATUS_REFUSED,
                 AUTHORITY_CIRCLE);
    make_refused(w, make_relation(w, p->t2, p->t1, RELATION_TRAINS, 0, p->ad1), STATUS_REFUSED,
                 AUTHORITY_CIRCLE);
    make_take(w, make_relation(w, p->t2, p->t3, RELATION_TRAINS, 0, p->ad1));
    make_refused(w, make_relation(w, p->t3, p->t1, RELATION_SUPERVISES, 0, p->ad1), STATUS_REFUSED,
                 AUTHORITY_CIRCLE);
    make_take(w, make_relation(w, p->t1, p->t3, RELATION_SUPERVISES, 0, p->ad1));
    make_take(w, make_relation_end(w, p->t1, &first, p->ad1));
    make_take(w, make_relation(w, p->t2, p->t1, RELATION_SUPERVISES, 0, p->ad1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PRACTICE_TEST(test_grant_ends_with_its_relation_for_good),
        PRACTICE_TEST(test_rights_are_those_of_the_relation_named),
        PRACTICE_TEST(test_grant_on_what_is_no_basis_is_refused),
        PRACTICE_TEST(test_maker_takes_back_what_nobody_owns),
        PRACTICE_TEST(test_maker_takes_back_no_more_than_an_owner_left),
        PRACTICE_TEST(test_client_hands_on_what_nobody_owns),
        PRACTICE_TEST(test_owner_without_a_device_is_none),
        PRACTICE_TEST(test_supervisor_leaves_with_the_owner),
        PRACTICE_TEST(test_first_number_is_where_a_member_was_let_in),
        PRACTICE_TEST(test_supervision_in_a_circle_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
