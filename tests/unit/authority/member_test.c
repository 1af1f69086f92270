#include "tests/support/authority_digest.h"
#include "tests/support/practice.h"
#include "tests/support/tamper.h"

/* Goal: the whole practice folds, and members are what their statements say. Method:
 * look at each after setup. */
static void test_fold_of_a_practice_gives_its_members(void **state)
{
    struct practice *p = *state;
    assert_int_equal(authority_member_count(p->w.authority), 8);
    assert_int_equal(who(p, p->t1)->role, ROLE_THERAPIST);
    assert_true(authority_active(who(p, p->c1), now(p)));
    assert_memory_equal(who(p, p->c1)->inviter.bytes, p->t1->id.bytes, ID_BYTES);
    assert_true(who(p, p->ad1)->by_root);
    const struct authority_device *device =
        authority_device(p->w.authority, &p->c1->device[0].statement);
    assert_non_null(device);
    assert_memory_equal(device->keys.content.bytes, p->c1->device[0].content.public.bytes,
                        PUBLIC_KEY_BYTES);
    assert_true(authority_device_live(device, now(p)));
}

/* Goal: a statement has one place. Method: wrong number, previous and label, each
 * properly signed; then the last statement again. */
static void test_admit_at_another_place_is_bad_chain(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    uint64_t numbers[] = {0, 1, 2, 4, UINT64_MAX};
    for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
        w->tamper = tamper_number;
        w->tamper_context = &numbers[i];
        struct made made = make_delegation(w, p->t1, p->ad1, 0);
        enum status status = make_try(w, made);
        /* Number 0 with a previous hash is not even well-formed. */
        assert_int_equal(status, numbers[i] == 0 ? STATUS_MALFORMED : STATUS_BAD_CHAIN);
    }
    w->tamper = tamper_previous;
    struct hash other = {{9}};
    w->tamper_context = &other;
    make_refused(w, make_delegation(w, p->t1, p->ad1, 0), STATUS_BAD_CHAIN, AUTHORITY_BAD_PLACE);
    w->tamper = tamper_label;
    w->tamper_context = &other;
    make_refused(w, make_delegation(w, p->t1, p->ad1, 0), STATUS_BAD_CHAIN, AUTHORITY_BAD_PLACE);
    w->tamper = tamper_label;
    w->tamper_context = &p->ad1->label;
    make_refused(w, make_delegation(w, p->t1, p->ad1, 0), STATUS_BAD_CHAIN, AUTHORITY_BAD_PLACE);
    struct made good = make_delegation(w, p->t1, p->ad1, 0);
    make_take(w, good);
    make_refused(w, good, STATUS_ALREADY, AUTHORITY_FINE);
}

/* Goal: each signature is by exactly the key that the type asks for. Method: sign each
 * kind with every other key of the practice, and flip each bit of a good signature. */
static void test_admit_with_another_key_is_bad_signature(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    const struct make_key *others[] = {&w->root, &p->ad1->identity, &p->ad1->device[0].login,
                                       &p->ad2->device[0].content, &p->t1->device[0].content};
    for (size_t i = 0; i < ARRAY_LEN(others); i++) {
        w->sign_with[0] = others[i];
        make_refused(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, 0, p->ad1),
                     STATUS_BAD_SIGNATURE, AUTHORITY_BAD_SIGNATURE);
    }
    struct make_person *stranger = make_stranger(w, ROLE_THERAPIST);
    make_take(w, make_invitation(w, stranger, p->ad1, NULL));
    w->sign_with[1] = &stranger->identity;
    make_refused(w, make_enrolment(w, stranger), STATUS_BAD_SIGNATURE, AUTHORITY_BAD_SIGNATURE);
    w->sign_with[0] = &stranger->invitation;
    make_refused(w, make_enrolment(w, stranger), STATUS_BAD_SIGNATURE, AUTHORITY_BAD_SIGNATURE);
    make_take(w, make_enrolment(w, stranger));
    w->sign_with[0] = &stranger->device[0].content;
    make_refused(w, make_device_statement(w, stranger), STATUS_BAD_SIGNATURE,
                 AUTHORITY_BAD_SIGNATURE);
    w->sign_with[1] = &stranger->identity;
    make_refused(w, make_device_statement(w, stranger), STATUS_BAD_SIGNATURE,
                 AUTHORITY_BAD_SIGNATURE);
}

/* Goal: no bit of a statement can change. Method: flip every bit of one, each alone. */
static void test_admit_with_any_bit_flipped_is_not_taken(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct made good = make_suspension(w, p->t3, p->ad1, true);
    uint8_t *bytes = malloc(good.bytes.size);
    assert_non_null(bytes);
    struct hash before;
    authority_digest(w->authority, &before);
    for (size_t bit = 0; bit < good.bytes.size * 8u; bit++) {
        memcpy(bytes, good.bytes.data, good.bytes.size);
        bytes[bit / 8u] ^= (uint8_t)(1u << (bit % 8u));
        struct made bad = {.bytes = span_of(bytes, good.bytes.size)};
        assert_int_not_equal(make_try(w, bad), STATUS_OK);
    }
    struct hash after;
    authority_digest(w->authority, &after);
    assert_memory_equal(before.bytes, after.bytes, HASH_BYTES);
    free(bytes);
    make_take(w, good);
}

/* Goal: the signer is a known member with a known device of their own. Method: name an
 * unknown member, an unknown device, another's device, each with a good signature. */
static void test_admit_of_a_signer_who_does_not_fit_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    w->tamper = tamper_member;
    struct member_id nobody = {{7}};
    w->tamper_context = &nobody;
    make_refused(w, make_delegation(w, p->t1, p->ad1, 0), STATUS_REFUSED, AUTHORITY_UNKNOWN_SIGNER);
    w->tamper = tamper_device;
    struct hash nothing = {{7}};
    w->tamper_context = &nothing;
    make_refused(w, make_delegation(w, p->t1, p->ad1, 0), STATUS_REFUSED, AUTHORITY_UNKNOWN_SIGNER);
    w->tamper = tamper_device;
    w->tamper_context = &p->ad2->device[0].statement;
    w->sign_with[0] = &p->ad2->device[0].content;
    make_refused(w, make_delegation(w, p->t1, p->ad1, 0), STATUS_REFUSED, AUTHORITY_WRONG_SIGNER);
    w->tamper = tamper_member;
    w->tamper_context = &p->t2->id;
    make_refused(w, make_device_statement(w, p->t1), STATUS_REFUSED, AUTHORITY_WRONG_SIGNER);
}

static void set_login_to_content(void *context, ProtobufCMessage *body)
{
    (void)context;
    Alcove__Device *device = (Alcove__Device *)body;
    device->device->login_key = device->device->content_key;
}

/* Goal: a further device has keys of its own for each use. Method: one key twice. */
static void test_device_with_one_key_for_two_uses_is_refused(void **state)
{
    struct practice *p = *state;
    p->w.tamper = set_login_to_content;
    make_refused(&p->w, make_device_statement(&p->w, p->t1), STATUS_REFUSED, AUTHORITY_BAD_KEYS);
}

/* Goal: devices come by the identity key and go by another device; the identity is
 * frozen with the device that held it (decision 11). Method: the life of three devices. */
static void test_devices_come_and_go_as_decided(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    make_take(w, make_device_statement(w, p->t1));
    make_take(w, make_device_statement(w, p->t1));
    const struct make_device *d = p->t1->device;
    make_refused(w, make_device_revocation(w, p->t1, &d[1].statement, p->t1, 1), STATUS_REFUSED,
                 AUTHORITY_WRONG_SIGNER);
    make_refused(w, make_device_revocation(w, p->t1, &d[1].statement, p->t2, 0), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    make_refused(w, make_device_revocation(w, p->t1, &p->t2->device[0].statement, p->t1, 0),
                 STATUS_REFUSED, AUTHORITY_UNKNOWN_SUBJECT);
    make_take(w, make_device_revocation(w, p->t1, &d[0].statement, p->t1, 1));
    make_refused(w, make_device_revocation(w, p->t1, &d[0].statement, p->t1, 1), STATUS_REFUSED,
                 AUTHORITY_ALREADY_ENDED);
    make_refused(w, make_device_revocation(w, p->t1, &d[1].statement, p->t1, 0), STATUS_REFUSED,
                 AUTHORITY_SIGNER_REVOKED);
    make_refused(w, make_device_statement(w, p->t1), STATUS_REFUSED, AUTHORITY_IDENTITY_FROZEN);
    make_take(w, make_device_revocation(w, p->t1, &d[1].statement, p->ad1, 0));
    assert_false(authority_device_live(authority_device(w->authority, &d[0].statement), now(p)));
    assert_false(authority_device_live(authority_device(w->authority, &d[1].statement), now(p)));
    assert_true(authority_device_live(authority_device(w->authority, &d[2].statement), now(p)));
}

static void set_device_id(void *id, ProtobufCMessage *body)
{
    ((Alcove__Device *)body)->device->device =
        field_of(((const struct device_id *)id)->bytes, ID_BYTES);
}

/* Goal: devices of a member are different, and not too many. Method: the same id again;
 * as many as the limit, and one more. */
static void test_device_doubled_or_over_the_limit_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    w->tamper = set_device_id;
    w->tamper_context = &p->t2->device[0].id;
    make_refused(w, make_device_statement(w, p->t2), STATUS_REFUSED, AUTHORITY_EXISTS);
    for (size_t i = 1; i < MEMBER_DEVICES_MAX; i++) {
        make_take(w, make_device_statement(w, p->t2));
    }
    make_refused(w, make_device_statement(w, p->t2), STATUS_REFUSED, AUTHORITY_LIMIT);
}

/* Goal: relations are an admin's word about the right roles. Method: by others, between
 * wrong roles, about strangers, already over, ended twice. */
static void test_relation_of_wrong_roles_or_signers_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_person *stranger = make_stranger(w, ROLE_THERAPIST);
    const struct make_person *no_admin[] = {p->t1, p->c1, p->au};
    for (size_t i = 0; i < ARRAY_LEN(no_admin); i++) {
        make_refused(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, 0, no_admin[i]),
                     STATUS_REFUSED, AUTHORITY_NOT_PERMITTED);
        make_refused(w, make_relation_end(w, p->c1, &p->t1_treats_c1, no_admin[i]), STATUS_REFUSED,
                     AUTHORITY_NOT_PERMITTED);
    }
    const struct make_person *no_therapist[] = {p->ad2, p->au, p->c2};
    for (size_t i = 0; i < ARRAY_LEN(no_therapist); i++) {
        make_refused(w, make_relation(w, p->c1, no_therapist[i], RELATION_TREATS, 0, p->ad1),
                     STATUS_REFUSED, AUTHORITY_BAD_ROLE);
    }
    make_refused(w, make_relation(w, p->t1, p->t2, RELATION_TREATS, 0, p->ad1), STATUS_REFUSED,
                 AUTHORITY_BAD_ROLE);
    make_refused(w, make_relation(w, p->c1, p->t2, RELATION_TRAINS, 0, p->ad1), STATUS_REFUSED,
                 AUTHORITY_BAD_ROLE);
    make_refused(w, make_relation(w, p->t1, p->t1, RELATION_SUPERVISES, 0, p->ad1), STATUS_REFUSED,
                 AUTHORITY_BAD_ROLE);
    make_refused(w, make_relation(w, p->c1, stranger, RELATION_TREATS, 0, p->ad1), STATUS_REFUSED,
                 AUTHORITY_UNKNOWN_SUBJECT);
    make_refused(w, make_relation(w, p->c1, p->t2, RELATION_COVERS, w->time_ms, p->ad1),
                 STATUS_REFUSED, AUTHORITY_EXPIRED);
    make_refused(w, make_relation_end(w, p->c2, &p->t1_treats_c1, p->ad1), STATUS_REFUSED,
                 AUTHORITY_UNKNOWN_SUBJECT);
    make_take(w, make_relation_end(w, p->c1, &p->t1_treats_c1, p->ad1));
    make_refused(w, make_relation_end(w, p->c1, &p->t1_treats_c1, p->ad1), STATUS_REFUSED,
                 AUTHORITY_ALREADY_ENDED);
}

/* Goal: an admin cannot shut out the auditor, or another admin: whom the root appointed it
 * ends. Method: each way that takes somebody's devices away, by an admin and by the root;
 * one's own device is one's own. */
static void test_admin_cannot_shut_out_whom_the_root_appointed(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct make_person *appointed[] = {p->au, p->ad2};
    for (size_t i = 0; i < ARRAY_LEN(appointed); i++) {
        struct make_person *one = appointed[i];
        const struct hash *first = &one->device[0].statement;
        make_take(w, make_device_statement(w, one));
        make_refused(w, make_suspension(w, one, p->ad1, true), STATUS_REFUSED,
                     AUTHORITY_WRONG_SIGNER);
        make_refused(w, make_device_revocation(w, one, first, p->ad1, 0), STATUS_REFUSED,
                     AUTHORITY_WRONG_SIGNER);
        make_take(w, make_suspension(w, one, NULL, true));
        make_refused(w, make_suspension(w, one, p->ad1, false), STATUS_REFUSED,
                     AUTHORITY_WRONG_SIGNER);
        make_take(w, make_suspension(w, one, NULL, false));
        make_take(w, make_device_revocation(w, one, first, one, 1));
    }
}

/* Goal: suspension stops a member and nothing else; an admin's is the root's. Method:
 * suspend, try to act, resume, act; wrong signers; twice. */
static void test_suspension_stops_until_resumption(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct hash delegation = who(p, p->t1)->delegations->statement;
    make_refused(w, make_suspension(w, p->ad2, p->ad1, true), STATUS_REFUSED,
                 AUTHORITY_WRONG_SIGNER);
    make_refused(w, make_suspension(w, p->t1, NULL, true), STATUS_REFUSED, AUTHORITY_WRONG_SIGNER);
    make_refused(w, make_suspension(w, p->c1, p->t1, true), STATUS_REFUSED,
                 AUTHORITY_NOT_PERMITTED);
    make_refused(w, make_suspension(w, p->t1, p->ad1, false), STATUS_REFUSED,
                 AUTHORITY_ALREADY_ENDED);
    make_take(w, make_suspension(w, p->t1, p->ad1, true));
    assert_false(authority_active(who(p, p->t1), now(p)));
    make_refused(w, make_suspension(w, p->t1, p->ad1, true), STATUS_REFUSED,
                 AUTHORITY_ALREADY_ENDED);
    make_refused(w, make_invitation(w, make_stranger(w, ROLE_CLIENT), p->t1, &delegation),
                 STATUS_REFUSED, AUTHORITY_SIGNER_SUSPENDED);
    make_refused(w, make_device_statement(w, p->t1), STATUS_REFUSED, AUTHORITY_SIGNER_SUSPENDED);
    make_take(w, make_suspension(w, p->t1, p->ad1, false));
    make_take(w, make_device_statement(w, p->t1));
    make_take(w, make_suspension(w, p->ad2, NULL, true));
    make_refused(w, make_suspension(w, p->t1, p->ad2, true), STATUS_REFUSED,
                 AUTHORITY_SIGNER_SUSPENDED);
    make_take(w, make_suspension(w, p->ad2, NULL, false));
    make_take(w, make_suspension(w, p->t1, p->ad2, true));
}

/* Goal: the past stays readable. Method: ask about moments before and after a device
 * came, a suspension, and its end. */
static void test_questions_about_the_past_give_what_held_then(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    struct authority_when moment[4];
    for (size_t i = 0; i < ARRAY_LEN(moment); i++) {
        moment[i] = (struct authority_when){w->seq, w->time_ms};
        if (i < 2) {
            make_take(w, make_suspension(w, p->t1, p->ad1, i == 0));
        } else if (i == 2) {
            make_take(w, make_device_statement(w, p->t1));
        }
    }
    assert_true(authority_active(who(p, p->t1), moment[0]));
    assert_false(authority_active(who(p, p->t1), moment[1]));
    assert_true(authority_active(who(p, p->t1), moment[2]));
    const struct authority_device *d = authority_device(w->authority, &p->t1->device[1].statement);
    assert_false(authority_device_live(d, moment[2]));
    assert_true(authority_device_live(d, moment[3]));
    assert_false(authority_active(who(p, p->t1), (struct authority_when){0, 0}));
}

/* Goal: server keys change only to announced ones (decision 21). Method: change each of
 * the three unannounced, then as announced. */
static void test_server_keys_change_only_as_announced(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    const struct statement_server_keys was = *authority_server_keys(w->authority);
    struct statement_server_keys is = was;
    is.login_key.bytes[0] ^= 1u;
    make_refused(w, make_server_keys(w, &is), STATUS_REFUSED, AUTHORITY_BAD_KEYS);
    is = was;
    is.log_key.bytes[5] ^= 1u;
    make_refused(w, make_server_keys(w, &is), STATUS_REFUSED, AUTHORITY_BAD_KEYS);
    is = was;
    is.tls_pin.bytes[31] ^= 1u;
    make_refused(w, make_server_keys(w, &is), STATUS_REFUSED, AUTHORITY_BAD_KEYS);
    is = was;
    is.login_key = is.log_key;
    make_refused(w, make_server_keys(w, &is), STATUS_REFUSED, AUTHORITY_BAD_KEYS);
    is = was;
    is.login_key = was.login_next;
    is.login_next = (struct public_key){{0}};
    make_take(w, make_server_keys(w, &is));
    /* No successor is announced now; an absent key is not one. */
    is.login_key = was.login_key;
    make_refused(w, make_server_keys(w, &is), STATUS_REFUSED, AUTHORITY_BAD_KEYS);
    w->sign_with[0] = &p->ad1->device[0].content;
    make_refused(w, make_witness_policy(w, "x"), STATUS_BAD_SIGNATURE, AUTHORITY_BAD_SIGNATURE);
    make_take(w, make_witness_policy(w, "quorum all\n"));
    assert_true(span_equal(authority_witness_policy(w->authority), span_of("quorum all\n", 11)));
}

/* Goal: one practice, the pinned one. Method: a second genesis; a genesis for a pin that
 * is another's. */
static void test_genesis_again_or_of_another_practice_is_refused(void **state)
{
    struct practice *p = *state;
    struct make_world *w = &p->w;
    w->label.bytes[0] ^= 1u;
    struct made genesis = make_genesis(w);
    make_refused(w, genesis, STATUS_BAD_CHAIN, AUTHORITY_BAD_START);
    struct authority *other = NULL;
    const struct practice_id pin = {{1}};
    assert_int_equal(authority_new(&pin, 0, &other), STATUS_OK);
    struct authority_result result;
    assert_int_equal(authority_admit(other, w->log[0].bytes, 0, 1, AUTHORITY_VERIFY, &result),
                     STATUS_REFUSED);
    assert_int_equal(result.reason, AUTHORITY_BAD_IDENTITY);
    authority_free(other);
    assert_int_equal(authority_new(&w->practice, 0, &other), STATUS_OK);
    /* Nothing else may come first. */
    assert_int_equal(authority_admit(other, w->log[3].bytes, 0, 1, AUTHORITY_VERIFY, &result),
                     STATUS_BAD_CHAIN);
    assert_int_equal(authority_admit(other, w->log[0].bytes, 0, 1, AUTHORITY_VERIFY, &result),
                     STATUS_OK);
    authority_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PRACTICE_TEST(test_fold_of_a_practice_gives_its_members),
        PRACTICE_TEST(test_admit_at_another_place_is_bad_chain),
        PRACTICE_TEST(test_admit_with_another_key_is_bad_signature),
        PRACTICE_TEST(test_admit_with_any_bit_flipped_is_not_taken),
        PRACTICE_TEST(test_admit_of_a_signer_who_does_not_fit_is_refused),
        PRACTICE_TEST(test_device_with_one_key_for_two_uses_is_refused),
        PRACTICE_TEST(test_devices_come_and_go_as_decided),
        PRACTICE_TEST(test_device_doubled_or_over_the_limit_is_refused),
        PRACTICE_TEST(test_relation_of_wrong_roles_or_signers_is_refused),
        PRACTICE_TEST(test_admin_cannot_shut_out_whom_the_root_appointed),
        PRACTICE_TEST(test_suspension_stops_until_resumption),
        PRACTICE_TEST(test_questions_about_the_past_give_what_held_then),
        PRACTICE_TEST(test_server_keys_change_only_as_announced),
        PRACTICE_TEST(test_genesis_again_or_of_another_practice_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
