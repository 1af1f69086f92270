#include "tests/support/practice.h"

static void set_role(void *role, ProtobufCMessage *body)
{
    ((Alcove__Invitation *)body)->role = *(const uint32_t *)role;
}

/* Goal: only those invite whom decision 25 and 9 name. Method: every role by every
 * kind of inviter; only the three right pairs pass. */
static void test_invitation_by_each_inviter_passes_for_its_role_only(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    const struct make_person *inviters[] = {NULL, p->ad1, p->au, p->t1, p->t3, p->c1};
    for (uint32_t role = ROLE_THERAPIST; role <= ROLE_ADMIN; role++) {
        for (size_t i = 0; i < ARRAY_LEN(inviters); i++) {
            bool right = (role >= ROLE_AUDITOR && inviters[i] == NULL) ||
                         (role == ROLE_THERAPIST && inviters[i] == p->ad1) ||
                         (role == ROLE_CLIENT && inviters[i] == p->t1);
            struct make_person *stranger = make_stranger(w, role);
            const struct hash *delegation =
                role == ROLE_CLIENT ? &who(p, p->t1)->delegations->statement : NULL;
            enum status status = make_try(w, make_invitation(w, stranger, inviters[i], delegation));
            assert_int_equal(status, right ? STATUS_OK : STATUS_REFUSED);
            /* Its enrolment without the invitation has no chain to stand in. */
            status = make_try(w, make_enrolment(w, stranger));
            assert_int_equal(status, right ? STATUS_OK : STATUS_BAD_CHAIN);
            w->people_count--;
        }
    }
    w->tamper = set_role;
    uint32_t none = 5;
    w->tamper_context = &none;
    assert_int_equal(make_try(w, make_invitation(w, make_stranger(w, ROLE_ADMIN), NULL, NULL)),
                     STATUS_MALFORMED);
}

/* Goal: a delegation ends when it says, and must be the one named. Method: a short
 * delegation used before and after its end; another therapist's; none. */
static void test_invitation_of_client_needs_a_delegation_in_force(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_person *stranger = make_stranger(w, ROLE_CLIENT);
    struct hash others = who(p, p->t2)->delegations->statement;
    make_refused(w, make_invitation(w, stranger, p->t1, NULL), STATUS_REFUSED, AUTHORITY_BAD_BASIS);
    make_refused(w, make_invitation(w, stranger, p->t1, &others), STATUS_REFUSED,
                 AUTHORITY_BAD_BASIS);
    struct hash mine = make_take(w, make_delegation(w, p->t3, p->ad1, w->time_ms + 5000u));
    make_take(w, make_invitation(w, stranger, p->t3, &mine));
    w->time_ms += 5000u;
    make_refused(w, make_invitation(w, make_stranger(w, ROLE_CLIENT), p->t3, &mine), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    make_refused(w, make_delegation(w, p->t3, p->ad1, w->time_ms), STATUS_REFUSED,
                 AUTHORITY_EXPIRED);
    make_refused(w, make_delegation(w, p->au, p->ad1, 0), STATUS_REFUSED, AUTHORITY_BAD_ROLE);
    make_refused(w, make_delegation(w, p->t3, p->t1, 0), STATUS_REFUSED, AUTHORITY_NOT_PERMITTED);
}

static void set_expiry(void *expires_ms, ProtobufCMessage *body)
{
    ((Alcove__Invitation *)body)->expires_ms = *(const uint64_t *)expires_ms;
}

/* Goal: an invitation rests on what it names, and is not over when it is made. Method: an
 * ended delegation beside one in force; a delegation where none belongs; an end that has
 * passed. */
static void test_invitation_on_a_wrong_basis_or_over_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_person *client = make_stranger(w, ROLE_CLIENT);
    struct make_person *therapist = make_stranger(w, ROLE_THERAPIST);
    struct hash ended = make_take(w, make_delegation(w, p->t3, p->ad1, w->time_ms + 2000u));
    struct hash lasting = make_take(w, make_delegation(w, p->t3, p->ad1, 0));
    w->time_ms += 2000u;
    make_refused(w, make_invitation(w, client, p->t3, &ended), STATUS_REFUSED, AUTHORITY_EXPIRED);
    make_refused(w, make_invitation(w, therapist, p->ad1, &lasting), STATUS_REFUSED,
                 AUTHORITY_BAD_BASIS);
    uint64_t now_ms = w->time_ms;
    w->tamper = set_expiry;
    w->tamper_context = &now_ms;
    make_refused(w, make_invitation(w, therapist, p->ad1, NULL), STATUS_REFUSED, AUTHORITY_EXPIRED);
    make_take(w, make_invitation(w, client, p->t3, &lasting));
    struct make_person other = *client;
    other.id = p->t1->id;
    make_refused(w, make_enrolment(w, &other), STATUS_REFUSED, AUTHORITY_WRONG_SIGNER);
}

/* Goal: an invitation is used once and in time (decision 9). Method: enrol late, then a
 * second time, with the same and with another identity. */
static void test_enrolment_late_or_twice_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_person *stranger = make_stranger(w, ROLE_THERAPIST);
    make_take(w, make_invitation(w, stranger, p->ad1, NULL));
    uint64_t expires_ms = who(p, stranger)->expires_ms;
    uint64_t start_ms = w->time_ms;
    w->time_ms = expires_ms;
    make_refused(w, make_enrolment(w, stranger), STATUS_REFUSED, AUTHORITY_EXPIRED);
    w->time_ms = expires_ms - 1u;
    struct made good = make_enrolment(w, stranger);
    make_take(w, good);
    w->time_ms = start_ms;
    make_refused(w, good, STATUS_ALREADY, AUTHORITY_FINE);
    stranger->identity = make_key_new();
    make_refused(w, make_enrolment(w, stranger), STATUS_BAD_CHAIN, AUTHORITY_BAD_START);
}

/* Goal: who is removed does not come back through an invitation made before. Method: a
 * therapist and an admin invite, then the one is suspended and the other's device revoked;
 * neither invitation is good until the inviter is back; a revoked device does not come back. */
static void test_enrolment_after_the_inviter_is_out_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_person *client = make_stranger(w, ROLE_CLIENT);
    struct make_person *therapist = make_stranger(w, ROLE_THERAPIST);
    make_take(w, make_invitation(w, client, p->t1, &who(p, p->t1)->delegations->statement));
    make_take(w, make_invitation(w, therapist, p->ad2, NULL));
    make_take(w, make_suspension(w, p->t1, p->ad1, true));
    make_refused(w, make_enrolment(w, client), STATUS_REFUSED, AUTHORITY_SIGNER_SUSPENDED);
    make_take(w, make_suspension(w, p->t1, p->ad1, false));
    make_take(w, make_enrolment(w, client));
    make_take(w, make_device_statement(w, p->ad2));
    make_take(w, make_device_revocation(w, p->ad2, &p->ad2->device[0].statement, p->ad2, 1));
    make_refused(w, make_enrolment(w, therapist), STATUS_REFUSED, AUTHORITY_SIGNER_REVOKED);
}

/* Goal: nobody gets a second identity (decision 2, AT: admin with the server). Method:
 * an admin invites again a member id that exists, in a chain of another label. */
static void test_invitation_for_known_member_is_equivocation(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_person impostor = *p->t1;
    impostor.label.bytes[0] ^= 1u;
    impostor.identity = make_key_new();
    make_refused(w, make_invitation(w, &impostor, p->ad1, NULL), STATUS_EQUIVOCATION,
                 AUTHORITY_SECOND_IDENTITY);
    /* Not an alarm when the signature is nobody's. */
    w->sign_with[0] = &impostor.identity;
    make_refused(w, make_invitation(w, &impostor, p->ad1, NULL), STATUS_BAD_SIGNATURE,
                 AUTHORITY_BAD_SIGNATURE);
}

static void set_login_to_content(void *context, ProtobufCMessage *body)
{
    (void)context;
    Alcove__Enrolment *enrolment = (Alcove__Enrolment *)body;
    enrolment->device->login_key = enrolment->device->content_key;
}

static void set_identity_to_content(void *context, ProtobufCMessage *body)
{
    (void)context;
    Alcove__Enrolment *enrolment = (Alcove__Enrolment *)body;
    enrolment->identity_key = enrolment->device->content_key;
}

/* Goal: one key per role. Method: enrol with one key in two places. */
static void test_enrolment_with_one_key_for_two_uses_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_person *stranger = make_stranger(w, ROLE_THERAPIST);
    make_take(w, make_invitation(w, stranger, p->ad1, NULL));
    w->tamper = set_login_to_content;
    make_refused(w, make_enrolment(w, stranger), STATUS_REFUSED, AUTHORITY_BAD_KEYS);
    w->tamper = set_identity_to_content;
    w->sign_with[0] = &stranger->device[0].content;
    make_refused(w, make_enrolment(w, stranger), STATUS_REFUSED, AUTHORITY_BAD_KEYS);
}

/* Goal: an invitation that nobody used is withdrawn for good, by whoever made it or an admin.
 * Method: by others, by the inviter, by an admin, by the root; then enrol, undo it, and go on. */
static void test_withdrawn_invitation_admits_nobody(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct hash delegation = who(p, p->t1)->delegations->statement;
    struct make_person *client = make_stranger(w, ROLE_CLIENT);
    struct make_person *therapist = make_stranger(w, ROLE_THERAPIST);
    struct make_person *auditor = make_stranger(w, ROLE_AUDITOR);
    make_take(w, make_invitation(w, client, p->t1, &delegation));
    make_take(w, make_invitation(w, therapist, p->ad1, NULL));
    make_take(w, make_invitation(w, auditor, NULL, NULL));
    make_refused(w, make_suspension(w, client, p->t2, true), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    make_refused(w, make_suspension(w, auditor, p->ad1, true), STATUS_REFUSED,
                 AUTHORITY_WRONG_SIGNER);
    make_refused(w, make_suspension(w, client, p->ad1, false), STATUS_BAD_CHAIN,
                 AUTHORITY_BAD_START);
    struct made late = make_enrolment(w, client);
    make_take(w, make_suspension(w, client, p->t1, true));
    make_take(w, make_suspension(w, therapist, p->ad2, true));
    make_take(w, make_suspension(w, auditor, NULL, true));
    make_refused(w, late, STATUS_BAD_CHAIN, AUTHORITY_BAD_PLACE);
    make_refused(w, make_enrolment(w, therapist), STATUS_BAD_CHAIN, AUTHORITY_BAD_START);
    make_refused(w, make_suspension(w, therapist, p->ad1, false), STATUS_BAD_CHAIN,
                 AUTHORITY_BAD_START);
    make_refused(w, make_suspension(w, therapist, p->ad1, true), STATUS_BAD_CHAIN,
                 AUTHORITY_BAD_START);
    make_refused(w, make_delegation(w, therapist, p->ad1, 0), STATUS_BAD_CHAIN,
                 AUTHORITY_BAD_START);
    make_refused(w, make_relation(w, client, p->t1, RELATION_TREATS, 0, p->ad1), STATUS_BAD_CHAIN,
                 AUTHORITY_BAD_START);
    assert_false(who(p, client)->enrolled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PRACTICE_TEST(test_invitation_by_each_inviter_passes_for_its_role_only),
        PRACTICE_TEST(test_invitation_of_client_needs_a_delegation_in_force),
        PRACTICE_TEST(test_withdrawn_invitation_admits_nobody),
        PRACTICE_TEST(test_invitation_on_a_wrong_basis_or_over_is_refused),
        PRACTICE_TEST(test_enrolment_late_or_twice_is_refused),
        PRACTICE_TEST(test_enrolment_after_the_inviter_is_out_is_refused),
        PRACTICE_TEST(test_invitation_for_known_member_is_equivocation),
        PRACTICE_TEST(test_enrolment_with_one_key_for_two_uses_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
