/* Key pairs and recovery cards. */
#include "keys/private/code_text.h"
#include "keys/private/committed.h"
#include "keys/private/recovery.h"
#include "keys/public/frame.h"
#include "keys/public/verify.h"
#include "tests/support/test.h"
#include "tests/support/vectors.h"
#include "tests/unit/keys_private/common.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* Goal: signatures over frames are the ones frozen and verify by keys_public. Method: vector,
 * then another label, practice and body. */
static void test_identity_sign(void **state)
{
    (void)state;
    struct practice_id practice = common_practice();
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "signature");
    struct identity_signer *signer = NULL;
    assert_int_equal(
        identity_signer_from_seed(IDENTITY_CONTENT, vectors_hex(vectors, "seed"), &signer),
        STATUS_OK);
    struct span body = vectors_text(vectors, "body");
    const struct span cut[] = {span_of(body.data, 2), span_of(body.data + 2, body.size - 2)};
    const struct public_key *key = identity_signer_public(signer);
    struct signature signature;
    assert_int_equal(identity_sign(signer, LABEL_REVISION, &practice, cut, 2, &signature),
                     STATUS_OK);
    common_same(span_of(signature.bytes, sizeof signature.bytes),
                vectors_hex(vectors, "signature"));
    common_same(identity_signer_seed(signer), vectors_hex(vectors, "seed"));
    assert_int_equal(verify_frame(LABEL_REVISION, &practice, &body, 1, key, &signature), STATUS_OK);
    assert_int_equal(verify_frame(LABEL_COSIGN, &practice, &body, 1, key, &signature),
                     STATUS_BAD_SIGNATURE);
    practice.bytes[0] ^= 1;
    assert_int_equal(verify_frame(LABEL_REVISION, &practice, &body, 1, key, &signature),
                     STATUS_BAD_SIGNATURE);
    identity_signer_free(signer);
    vectors_close(vectors);
}

/* Goal: each new pair is another, of its role, and a sealing pair comes back from its
 * secret. Method: make two of each. */
static void test_identity_new_pairs(void **state)
{
    (void)state;
    struct identity_signer *one = NULL;
    assert_int_equal(identity_signer_new(IDENTITY_LOGIN, &one), STATUS_OK);
    struct identity_signer *two = NULL;
    assert_int_equal(identity_signer_new(IDENTITY_LOGIN, &two), STATUS_OK);
    assert_false(ID_EQUAL(identity_signer_public(one), identity_signer_public(two)));
    assert_int_equal(identity_signer_role(one), IDENTITY_LOGIN);
    struct identity_sealer *sealer = NULL;
    assert_int_equal(identity_sealer_new(&sealer), STATUS_OK);
    struct identity_sealer *again = NULL;
    assert_int_equal(
        identity_sealer_from_secret(secret_view(identity_sealer_secret(sealer)), &again),
        STATUS_OK);
    assert_true(ID_EQUAL(identity_sealer_public(sealer), identity_sealer_public(again)));
    identity_signer_free(one);
    identity_signer_free(two);
    identity_sealer_free(sealer);
    identity_sealer_free(again);
    identity_signer_free(NULL);
    identity_sealer_free(NULL);
}

/* Goal: a witness key signs notes as they stand. Method: verify without a frame. */
static void test_identity_witness(void **state)
{
    (void)state;
    struct identity_signer *witness = NULL;
    assert_int_equal(identity_signer_new(IDENTITY_WITNESS, &witness), STATUS_OK);
    struct signature signature;
    identity_sign_note(witness, common_text("cosignature/v1\n"), &signature);
    assert_int_equal(
        verify_bytes(identity_signer_public(witness), common_text("cosignature/v1\n"), &signature),
        STATUS_OK);
    identity_signer_free(witness);
}

/* Whether a signer of |role| signs |label| rather than abort; in a child of its own. */
static bool role_signs(enum identity_role role, enum label label)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct practice_id practice = common_practice();
        (void)close(STDERR_FILENO);
        (void)signal(SIGABRT, SIG_DFL);
        struct identity_signer *signer = NULL;
        struct signature signature;
        if (identity_signer_new(role, &signer) != STATUS_OK ||
            identity_sign(signer, label, &practice, NULL, 0, &signature) != STATUS_OK) {
            _exit(2);
        }
        _exit(0);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true((WIFEXITED(how) && WEXITSTATUS(how) == 0) ||
                (WIFSIGNALED(how) && WTERMSIG(how) == SIGABRT));
    return WIFEXITED(how);
}

/* Goal: one key per role: a login key signs logins only, and nobody else does. Method: try
 * each in a child, where a wrong label aborts. */
static void test_identity_roles(void **state)
{
    (void)state;
    assert_true(role_signs(IDENTITY_LOGIN, LABEL_LOGIN_CLIENT));
    assert_false(role_signs(IDENTITY_LOGIN, LABEL_REVISION));
    assert_false(role_signs(IDENTITY_CONTENT, LABEL_LOGIN_CLIENT));
    assert_true(role_signs(IDENTITY_CONTENT, LABEL_REVISION));
    assert_true(role_signs(IDENTITY_INVITATION, LABEL_ENROLMENT));
    assert_false(role_signs(IDENTITY_INVITATION, LABEL_GRANT));
    assert_false(role_signs(IDENTITY_MEMBER, LABEL_ENROLMENT_INVITATION));
    assert_false(role_signs(IDENTITY_WITNESS, LABEL_REVIEW));
}

struct recovery_case {
    struct practice_id practice;
    struct recovery_public public_half;
    uint8_t sealed[RECOVERY_SEALED_BYTES];
    char card[RECOVERY_CARD_CHARS_MAX + 4];
};

static enum status restore(const struct recovery_case *recovery, size_t sealed_size)
{
    struct recovery_keys keys = {0};
    enum status status = recovery_restore(&recovery->practice, &recovery->public_half,
                                          span_of(recovery->sealed, sealed_size),
                                          common_text(recovery->card), &keys);
    if (status == STATUS_OK) {
        assert_true(ID_EQUAL(identity_sealer_public(keys.sealing), &recovery->public_half.sealing));
        assert_int_equal(identity_signer_role(keys.signing), IDENTITY_RECOVERY);
    } else {
        assert_true(keys.sealing == NULL && keys.signing == NULL);
    }
    recovery_keys_deinit(&keys);
    return status;
}

/* Goal: the frozen card opens the frozen recovery key. Method: vector. */
static void test_recovery_vector(void **state)
{
    (void)state;
    struct recovery_case recovery = {.practice = common_practice()};
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "recovery");
    common_copy(vectors_hex(vectors, "member"), recovery.public_half.member.bytes, ID_BYTES);
    common_copy(vectors_hex(vectors, "sealing_public"), recovery.public_half.sealing.bytes, 32);
    common_copy(vectors_hex(vectors, "signing_public"), recovery.public_half.signing.bytes, 32);
    struct recovery_keys keys = {0};
    assert_int_equal(recovery_restore(&recovery.practice, &recovery.public_half,
                                      vectors_hex(vectors, "sealed"), vectors_text(vectors, "card"),
                                      &keys),
                     STATUS_OK);
    common_same(secret_view(identity_sealer_secret(keys.sealing)),
                vectors_hex(vectors, "sealing_secret"));
    common_same(identity_signer_seed(keys.signing), vectors_hex(vectors, "signing_seed"));
    recovery_keys_deinit(&keys);
    vectors_close(vectors);
}

/* Goal: keys that do not give the public halves of the chain are not taken, even when whoever
 * sealed them had the card. Method: other halves sealed by the formula under a known R. */
static void test_recovery_other_keys(void **state)
{
    (void)state;
    struct recovery_case recovery = {.practice = common_practice()};
    struct identity_sealer *sealer = NULL;
    assert_int_equal(identity_sealer_new(&sealer), STATUS_OK);
    struct identity_signer *signer = NULL;
    assert_int_equal(identity_signer_new(IDENTITY_RECOVERY, &signer), STATUS_OK);
    recovery.public_half.sealing = *identity_sealer_public(sealer);
    recovery.public_half.signing = *identity_signer_public(signer);
    (void)snprintf(recovery.card, sizeof recovery.card, "ALCOVE1-RECOVERY:");
    uint8_t card[32] = {3};
    code_text_encode(common_text("ALCOVE1-RECOVERY:"), span_of(card, 32), recovery.card + 17);
    const struct span body[] = {ID_SPAN(&recovery.public_half.member),
                                ID_SPAN(&recovery.public_half.sealing),
                                ID_SPAN(&recovery.public_half.signing)};
    struct frame frame = {0};
    assert_int_equal(frame_build(LABEL_RECOVERY, &recovery.practice, body, 3, &frame), STATUS_OK);
    struct span bytes = span_of(frame.data, frame.size);
    const struct committed_scope scope = {card, bytes, bytes};
    uint8_t halves[64];
    memcpy(halves, secret_view(identity_sealer_secret(sealer)).data, 32);
    memcpy(halves + 32, identity_signer_seed(signer).data, 32);
    const uint8_t nonce[24] = {1};
    committed_seal(&scope, nonce, span_of(halves, sizeof halves), recovery.sealed);
    assert_int_equal(restore(&recovery, RECOVERY_SEALED_BYTES), STATUS_OK);
    for (size_t at = 1; at < sizeof halves; at += 32) {
        halves[at] ^= 1;
        committed_seal(&scope, nonce, span_of(halves, sizeof halves), recovery.sealed);
        assert_int_equal(restore(&recovery, RECOVERY_SEALED_BYTES), STATUS_DAMAGED);
        halves[at] ^= 1;
    }
    frame_free(&frame);
    identity_sealer_free(sealer);
    identity_signer_free(signer);
}

/* Goal: a card opens its own member's recovery key and no other. Method: new keys; each bit
 * and length of the sealed bytes; another card, kind of code, member, practice, public half. */
static void test_recovery_refusals(void **state)
{
    (void)state;
    struct recovery_case good = {.practice = common_practice()};
    struct recovery_case other = good;
    const struct member_id member = {{7}};
    assert_int_equal(
        recovery_new(&good.practice, &member, &good.public_half, good.sealed, good.card),
        STATUS_OK);
    assert_int_equal(
        recovery_new(&other.practice, &member, &other.public_half, other.sealed, other.card),
        STATUS_OK);
    assert_string_not_equal(good.card, other.card);
    assert_int_equal(restore(&good, RECOVERY_SEALED_BYTES), STATUS_OK);
    struct recovery_case bad = good;
    for (size_t bit = 0; bit < RECOVERY_SEALED_BYTES * 8; bit++) {
        bad.sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(restore(&bad, RECOVERY_SEALED_BYTES), STATUS_DAMAGED);
        bad.sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t size = 0; size < RECOVERY_SEALED_BYTES; size++) {
        assert_int_equal(restore(&good, size), STATUS_DAMAGED);
    }
    memcpy(bad.card, other.card, sizeof bad.card);
    assert_int_equal(restore(&bad, RECOVERY_SEALED_BYTES), STATUS_DAMAGED);
    memcpy(bad.card, "ALCOVE1-JOIN:XXXX", 18);
    assert_int_equal(restore(&bad, RECOVERY_SEALED_BYTES), STATUS_UNSUPPORTED);
    bad = good;
    bad.card[20] = bad.card[20] == 'A' ? 'B' : 'A';
    assert_int_equal(restore(&bad, RECOVERY_SEALED_BYTES), STATUS_MALFORMED);
    bad.card[0] = ' '; /* white space around a card is no fault */
    memcpy(bad.card + 1, good.card, strlen(good.card));
    memcpy(bad.card + 1 + strlen(good.card), "\n", 2);
    assert_int_equal(restore(&bad, RECOVERY_SEALED_BYTES), STATUS_OK);
    bad = good;
    bad.public_half.member.bytes[0] ^= 1;
    assert_int_equal(restore(&bad, RECOVERY_SEALED_BYTES), STATUS_DAMAGED);
    bad = good;
    bad.public_half.signing = other.public_half.signing;
    assert_int_equal(restore(&bad, RECOVERY_SEALED_BYTES), STATUS_DAMAGED);
    bad = good;
    bad.practice.bytes[0] ^= 1;
    assert_int_equal(restore(&bad, RECOVERY_SEALED_BYTES), STATUS_DAMAGED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity_sign),     cmocka_unit_test(test_identity_new_pairs),
        cmocka_unit_test(test_identity_witness),  cmocka_unit_test(test_identity_roles),
        cmocka_unit_test(test_recovery_vector),   cmocka_unit_test(test_recovery_other_keys),
        cmocka_unit_test(test_recovery_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
