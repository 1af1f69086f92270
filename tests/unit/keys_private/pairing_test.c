/* What two devices of one member compute when the second is added. */
#include "keys/private/invitation_own.h"
#include "keys/private/pairing.h"
#include "tests/support/test.h"
#include "tests/support/vectors.h"
#include "tests/unit/keys_private/common.h"

static void code_of(struct vectors *vectors, struct invitation_code *out)
{
    struct span text = vectors_text(vectors, "code");
    assert_int_equal(invitation_code_parse(text, INVITATION_KIND_DEVICE, out), STATUS_OK);
    common_same(span_of(out->secret, sizeof out->secret), vectors_hex(vectors, "secret"));
}

static void said_of(struct vectors *vectors, struct pairing_reveal *reveal,
                    struct pairing_welcome *welcome)
{
    memset(reveal, 0, sizeof *reveal);
    common_copy(vectors_hex(vectors, "device"), reveal->device.bytes, ID_BYTES);
    common_copy(vectors_hex(vectors, "content_key"), reveal->content_key.bytes, PUBLIC_KEY_BYTES);
    common_copy(vectors_hex(vectors, "login_key"), reveal->login_key.bytes, PUBLIC_KEY_BYTES);
    common_copy(vectors_hex(vectors, "sealing_key"), reveal->sealing_key.bytes, PUBLIC_KEY_BYTES);
    common_copy(vectors_hex(vectors, "new_nonce"), reveal->nonce, sizeof reveal->nonce);
    struct span name = vectors_text(vectors, "name");
    memcpy(reveal->name, name.data, name.size);
    reveal->name_size = name.size;
    common_copy(vectors_hex(vectors, "member"), welcome->member.bytes, ID_BYTES);
    common_copy(vectors_hex(vectors, "identity_key"), welcome->identity_key.bytes,
                PUBLIC_KEY_BYTES);
    common_copy(vectors_hex(vectors, "old_nonce"), welcome->nonce, sizeof welcome->nonce);
}

/* Goal: everything that both sides compute is frozen. Method: the values of another program. */
static void test_pairing_vector(void **state)
{
    (void)state;
    const struct practice_id practice = common_practice();
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "pairing");
    struct invitation_code code;
    code_of(vectors, &code);
    struct pairing_keys keys;
    OK(pairing_keys_derive(&code, &practice, &keys));
    common_same(span_of(keys.place, sizeof keys.place), vectors_hex(vectors, "place"));
    common_same(secret_view(keys.message), vectors_hex(vectors, "message"));
    common_same(secret_view(keys.psk), vectors_hex(vectors, "psk"));
    struct pairing_reveal reveal;
    struct pairing_welcome welcome;
    said_of(vectors, &reveal, &welcome);
    struct hash commitment;
    pairing_commitment(&practice, &reveal, &commitment);
    common_same(ID_SPAN(&commitment), vectors_hex(vectors, "commitment"));
    struct hash transcript;
    pairing_transcript(&practice, &code, &commitment, &welcome, &reveal, &transcript);
    common_same(ID_SPAN(&transcript), vectors_hex(vectors, "transcript"));
    char on_new[PAIRING_DIGITS_CHARS];
    char on_old[PAIRING_DIGITS_CHARS];
    pairing_digits(&transcript, on_new, on_old);
    common_same(common_text(on_new), vectors_text(vectors, "new_digits"));
    common_same(common_text(on_old), vectors_text(vectors, "old_digits"));
    struct span sealed = vectors_hex(vectors, "sealed");
    uint8_t text[16];
    OK(pairing_open(keys.message, &practice, PAIRING_OLD, 3, sealed, text));
    common_same(span_of(text, sealed.size - PAIRING_OVERHEAD_BYTES), vectors_text(vectors, "text"));
    pairing_keys_deinit(&keys);
    invitation_code_wipe(&code);
    vectors_close(vectors);
}

/* Goal: the digits hang on every bit that either side said. Method: each byte changed, one by one. */
static void test_pairing_digits_cover_everything(void **state)
{
    (void)state;
    const struct practice_id practice = common_practice();
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "pairing");
    struct invitation_code code;
    code_of(vectors, &code);
    struct pairing_reveal reveal;
    struct pairing_welcome welcome;
    said_of(vectors, &reveal, &welcome);
    struct hash commitment = {{1}};
    struct hash first;
    pairing_transcript(&practice, &code, &commitment, &welcome, &reveal, &first);
    struct {
        uint8_t *at;
        size_t size;
    } parts[] = {
        {code.bundle_hash, sizeof code.bundle_hash},
        {commitment.bytes, HASH_BYTES},
        {welcome.member.bytes, ID_BYTES},
        {welcome.identity_key.bytes, PUBLIC_KEY_BYTES},
        {welcome.nonce, sizeof welcome.nonce},
        {reveal.device.bytes, ID_BYTES},
        {reveal.content_key.bytes, PUBLIC_KEY_BYTES},
        {reveal.login_key.bytes, PUBLIC_KEY_BYTES},
        {reveal.sealing_key.bytes, PUBLIC_KEY_BYTES},
        {reveal.nonce, sizeof reveal.nonce},
        {reveal.name, 6},
    };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        for (size_t byte = 0; byte < parts[i].size; byte++) {
            parts[i].at[byte] ^= 1u;
            struct hash other;
            pairing_transcript(&practice, &code, &commitment, &welcome, &reveal, &other);
            assert_memory_not_equal(first.bytes, other.bytes, HASH_BYTES);
            parts[i].at[byte] ^= 1u;
        }
    }
    invitation_code_wipe(&code);
    vectors_close(vectors);
}

/* Goal: a message is of one side, one number, one code and one practice. Method: each of these
 * changed, each byte changed, each length. */
static void test_pairing_message_has_one_place(void **state)
{
    (void)state;
    const struct practice_id practice = common_practice();
    uint8_t bytes[32] = {7};
    struct secret *key = common_secret(span_of(bytes, sizeof bytes));
    bytes[0] = 8;
    struct secret *other = common_secret(span_of(bytes, sizeof bytes));
    struct span text = common_text("a message");
    uint8_t sealed[9 + PAIRING_OVERHEAD_BYTES];
    OK(pairing_seal(key, &practice, PAIRING_NEW, 2, text, sealed));
    struct span whole = span_of(sealed, sizeof sealed);
    uint8_t opened[sizeof sealed];
    OK(pairing_open(key, &practice, PAIRING_NEW, 2, whole, opened));
    assert_memory_equal(opened, text.data, text.size);
    assert_int_equal(pairing_open(key, &practice, PAIRING_OLD, 2, whole, opened), STATUS_DAMAGED);
    assert_int_equal(pairing_open(key, &practice, PAIRING_NEW, 3, whole, opened), STATUS_DAMAGED);
    assert_int_equal(pairing_open(other, &practice, PAIRING_NEW, 2, whole, opened), STATUS_DAMAGED);
    const struct practice_id elsewhere = {{9}};
    assert_int_equal(pairing_open(key, &elsewhere, PAIRING_NEW, 2, whole, opened), STATUS_DAMAGED);
    for (size_t i = 0; i < sizeof sealed; i++) {
        sealed[i] ^= 1u;
        assert_int_equal(pairing_open(key, &practice, PAIRING_NEW, 2, whole, opened),
                         STATUS_DAMAGED);
        sealed[i] ^= 1u;
        assert_int_equal(pairing_open(key, &practice, PAIRING_NEW, 2, span_of(sealed, i), opened),
                         STATUS_DAMAGED);
    }
    secret_free(key);
    secret_free(other);
}

/* Goal: what a person types counts as digits and as nothing else. Method: ways of writing six digits,
 * other digits, and what are no six digits. */
static void test_pairing_typed_digits(void **state)
{
    (void)state;
    static const struct {
        const char *typed;
        bool equal, none;
    } cases[] = {
        {"123 456", true, false},
        {"123456", true, false},
        {" 12-34 56\n", true, false},
        {"123 457", false, false},
        {"654 321", false, false},
        {"12345", false, true},
        {"1234567", false, true},
        {"", false, true},
        {"yes", false, true},
        {"123 456 x", false, true},
        {"12345678901234", false, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        bool none = true;
        assert_int_equal(pairing_digits_equal("123 456", cases[i].typed, &none), cases[i].equal);
        assert_int_equal(none, cases[i].none);
    }
}

/* Goal: a hand-over opens with this code, this exchange and this device alone. Method: each changed. */
static void test_pairing_handover(void **state)
{
    (void)state;
    const struct practice_id practice = common_practice();
    struct invitation_code code;
    OK(invitation_code_new(common_text("localhost:1"), &code));
    struct pairing_keys keys;
    OK(pairing_keys_derive(&code, &practice, &keys));
    code.secret[0] ^= 1u;
    struct pairing_keys others;
    OK(pairing_keys_derive(&code, &practice, &others));
    struct identity_sealer *device = NULL;
    OK(identity_sealer_new(&device));
    struct identity_sealer *thief = NULL;
    OK(identity_sealer_new(&thief));
    struct span text = common_text("secrets");
    uint8_t sealed[7 + PAIRING_HANDOVER_OVERHEAD_BYTES];
    struct hash said = {{1}};
    OK(pairing_hand(&keys, &practice, &said, identity_sealer_public(device), text, sealed));
    struct span whole = span_of(sealed, sizeof sealed);
    const struct secret *own = identity_sealer_secret(device);
    uint8_t opened[sizeof sealed];
    OK(pairing_take(&keys, &practice, &said, own, whole, opened));
    assert_memory_equal(opened, text.data, text.size);
    assert_int_equal(pairing_take(&others, &practice, &said, own, whole, opened), STATUS_WRONG_KEY);
    struct hash other = {{2}};
    assert_int_equal(pairing_take(&keys, &practice, &other, own, whole, opened), STATUS_WRONG_KEY);
    assert_int_equal(
        pairing_take(&keys, &practice, &said, identity_sealer_secret(thief), whole, opened),
        STATUS_WRONG_KEY);
    assert_int_equal(pairing_take(&keys, &practice, &said, own, span_of(sealed, 20), opened),
                     STATUS_WRONG_KEY);
    identity_sealer_free(device);
    identity_sealer_free(thief);
    pairing_keys_deinit(&keys);
    pairing_keys_deinit(&others);
    invitation_code_wipe(&code);
}

/* Goal: the secret of an invitation opens for the device that it is sealed to, and only if it is the
 * one of that invitation. Method: the round trip; another key, place and device. */
static void test_invitation_own(void **state)
{
    (void)state;
    struct invitation_code code;
    OK(invitation_code_new(common_text("localhost:1"), &code));
    struct invitation_own_place place = {common_practice(), {{1}}, {{2}}, {{3}}};
    struct identity_signer *signer = NULL;
    struct secret *psk = NULL;
    OK(invitation_derive(&code, &place.practice, &signer, &psk));
    struct identity_sealer *device = NULL;
    OK(identity_sealer_new(&device));
    uint8_t sealed[INVITATION_OWN_SEALED_BYTES];
    OK(invitation_own_seal(&code, &place, identity_sealer_public(device), sealed));
    const struct secret *own = identity_sealer_secret(device);
    const struct public_key *key = identity_signer_public(signer);
    struct secret *found = NULL;
    OK(invitation_own_open(sealed, &place, own, key, &found));
    assert_true(secret_equal(found, psk));
    secret_free(found);
    struct public_key another = *key;
    another.bytes[0] ^= 1u;
    assert_int_equal(invitation_own_open(sealed, &place, own, &another, &found), STATUS_WRONG_KEY);
    struct invitation_own_place moved = place;
    moved.invited.bytes[0] ^= 1u;
    assert_int_equal(invitation_own_open(sealed, &moved, own, key, &found), STATUS_WRONG_KEY);
    moved = place;
    moved.sender.bytes[0] ^= 1u;
    assert_int_equal(invitation_own_open(sealed, &moved, own, key, &found), STATUS_WRONG_KEY);
    identity_sealer_free(device);
    identity_signer_free(signer);
    secret_free(psk);
    invitation_code_wipe(&code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairing_vector),
        cmocka_unit_test(test_pairing_digits_cover_everything),
        cmocka_unit_test(test_pairing_message_has_one_place),
        cmocka_unit_test(test_pairing_typed_digits),
        cmocka_unit_test(test_pairing_handover),
        cmocka_unit_test(test_invitation_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
