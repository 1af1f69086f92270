/* HPKE and the epoch keys sealed with it. */
#include "keys/private/epoch_key_internal.h"
#include "keys/private/hpke_internal.h"
#include "keys/private/hpke_kem.h"
#include "tests/support/test.h"
#include "tests/support/vectors.h"
#include "tests/unit/keys_private/common.h"

static void assert_bytes(const void *found, struct span expected)
{
    assert_memory_equal(found, expected.data, expected.size);
}

static void hpke_record(struct vectors *vectors, bool with_psk)
{
    uint8_t ephemeral[32];
    common_copy(vectors_hex(vectors, "skEm"), ephemeral, 32);
    struct public_key recipient;
    common_copy(vectors_hex(vectors, "pkRm"), recipient.bytes, 32);
    struct secret *recipient_secret = common_secret(vectors_hex(vectors, "skRm"));
    struct secret *psk_secret = with_psk ? common_secret(vectors_hex(vectors, "psk")) : NULL;
    struct hpke_psk psk = {psk_secret, span_of(NULL, 0)};
    if (with_psk) {
        psk.id = vectors_hex(vectors, "psk_id");
    }
    struct span text = vectors_hex(vectors, "pt");
    struct span aad = vectors_hex(vectors, "aad");
    struct span info = vectors_hex(vectors, "info");
    struct span enc = vectors_hex(vectors, "enc");
    struct span ciphertext = vectors_hex(vectors, "ct");
    const struct hpke_psk *mode = with_psk ? &psk : NULL;
    uint8_t shared[HPKE_SHARED_BYTES];
    uint8_t sealed[256];
    assert_int_equal(hpke_kem_x25519.encapsulate(recipient.bytes, ephemeral, sealed, shared),
                     STATUS_OK);
    assert_bytes(shared, vectors_hex(vectors, "shared_secret"));
    assert_int_equal(hpke_seal_with_ephemeral(ephemeral, &recipient, info, mode, aad, text, sealed),
                     STATUS_OK);
    assert_bytes(sealed, enc);
    assert_bytes(sealed + HPKE_ENC_BYTES, ciphertext);
    size_t size = text.size + HPKE_OVERHEAD_BYTES;
    assert_int_equal(size, enc.size + ciphertext.size);
    uint8_t opened[256];
    assert_int_equal(hpke_open(recipient_secret, info, mode, aad, span_of(sealed, size), opened),
                     STATUS_OK);
    assert_bytes(opened, text);
    /* The other mode does not open it: no downgrade. */
    if (with_psk) {
        assert_int_equal(
            hpke_open(recipient_secret, info, NULL, aad, span_of(sealed, size), opened),
            STATUS_WRONG_KEY);
    }
    secret_free(recipient_secret);
    secret_free(psk_secret);
}

/* Goal: HPKE is RFC 9180's. Method: appendices A.2.1 and A.2.2, both directions. */
static void test_hpke_rfc9180(void **state)
{
    (void)state;
    struct vectors *vectors = vectors_open("hpke.txt");
    vectors_find(vectors, "base");
    hpke_record(vectors, false);
    vectors_find(vectors, "psk");
    hpke_record(vectors, true);
    vectors_close(vectors);
}

/* Goal: nothing changed is opened, and points without a shared secret are refused. Method:
 * each bit flipped, each length; the all-zero point and a point of order 8. */
static void test_hpke_refusals(void **state)
{
    (void)state;
    static const uint8_t low_order[32] = {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae,
                                          0x16, 0x56, 0xe3, 0xfa, 0xf1, 0x9f, 0xc4, 0x6a,
                                          0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32, 0xb1, 0xfd,
                                          0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00};
    struct vectors *vectors = vectors_open("hpke.txt");
    vectors_find(vectors, "base");
    struct secret *secret = common_secret(vectors_hex(vectors, "skRm"));
    struct span info = span_of("info", 4);
    struct span aad = span_of("aad", 3);
    struct public_key recipient;
    common_copy(vectors_hex(vectors, "pkRm"), recipient.bytes, 32);
    uint8_t ephemeral[32] = {1};
    uint8_t sealed[HPKE_OVERHEAD_BYTES + 8];
    assert_int_equal(hpke_seal_with_ephemeral(ephemeral, &recipient, info, NULL, aad,
                                              span_of("12345678", 8), sealed),
                     STATUS_OK);
    struct span whole = span_of(sealed, sizeof sealed);
    uint8_t opened[sizeof sealed];
    assert_int_equal(hpke_open(secret, info, NULL, aad, whole, opened), STATUS_OK);
    for (size_t bit = 0; bit < sizeof sealed * 8; bit++) {
        /* X25519 ignores the top bit of a share, but the key schedule does not. */
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(hpke_open(secret, info, NULL, aad, whole, opened), STATUS_WRONG_KEY);
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t size = 0; size < sizeof sealed; size++) {
        assert_int_equal(hpke_open(secret, info, NULL, aad, span_of(sealed, size), opened),
                         STATUS_WRONG_KEY);
    }
    assert_int_equal(hpke_open(secret, span_of("inf", 3), NULL, aad, whole, opened),
                     STATUS_WRONG_KEY);
    assert_int_equal(hpke_open(secret, info, NULL, info, whole, opened), STATUS_WRONG_KEY);
    memset(sealed, 0, 32);
    assert_int_equal(hpke_open(secret, info, NULL, aad, whole, opened), STATUS_WRONG_KEY);
    memset(recipient.bytes, 0, 32);
    assert_int_equal(hpke_seal_with_ephemeral(ephemeral, &recipient, info, NULL, aad, aad, sealed),
                     STATUS_UNSUPPORTED);
    memcpy(recipient.bytes, low_order, 32);
    assert_int_equal(hpke_seal_with_ephemeral(ephemeral, &recipient, info, NULL, aad, aad, sealed),
                     STATUS_UNSUPPORTED);
    secret_free(secret);
    vectors_close(vectors);
}

static void epoch_record(struct vectors *vectors, struct epoch_key_place *place)
{
    vectors_find(vectors, "epoch commitment");
    place->practice = common_practice();
    place->epoch = vectors_number(vectors, "epoch");
    common_copy(vectors_hex(vectors, "section"), place->section.bytes, ID_BYTES);
    common_copy(vectors_hex(vectors, "membership"), place->membership.bytes, HASH_BYTES);
}

static void seal_record(struct vectors *vectors, const struct epoch_key_place *place,
                        const struct secret *key, const char *name)
{
    vectors_find(vectors, name);
    struct secret *psk = NULL;
    if (vectors_has(vectors, "psk")) {
        psk = common_secret(vectors_hex(vectors, "psk"));
    }
    uint8_t ephemeral[32];
    common_copy(vectors_hex(vectors, "ephemeral"), ephemeral, 32);
    struct public_key recipient;
    common_copy(vectors_hex(vectors, "recipient_public"), recipient.bytes, 32);
    struct epoch_key_parties parties;
    common_copy(vectors_hex(vectors, "recipient_statement"), parties.recipient_statement.bytes, 32);
    common_copy(vectors_hex(vectors, "sender_statement"), parties.sender_statement.bytes, 32);
    struct secret *recipient_secret = common_secret(vectors_hex(vectors, "recipient_secret"));
    struct hash commitment;
    epoch_key_commitment(key, place, &commitment);
    uint8_t sealed[EPOCH_KEY_SEALED_BYTES];
    assert_int_equal(epoch_key_seal_fixed(ephemeral, key, place, &parties, &recipient, psk, sealed),
                     STATUS_OK);
    assert_int_equal(vectors_hex(vectors, "sealed").size, sizeof sealed);
    assert_bytes(sealed, vectors_hex(vectors, "sealed"));
    struct secret *found = NULL;
    assert_int_equal(epoch_key_open(span_of(sealed, sizeof sealed), place, &parties,
                                    recipient_secret, psk, &commitment, &found),
                     STATUS_OK);
    assert_true(secret_equal(found, key));
    secret_free(found);
    secret_free(psk);
    secret_free(recipient_secret);
}

/* Goal: commitment and seals are the ones frozen, and open. Method: vectors. */
static void test_epoch_key_vectors(void **state)
{
    (void)state;
    struct vectors *vectors = vectors_open("private.txt");
    struct epoch_key_place place;
    epoch_record(vectors, &place);
    struct secret *key = common_secret(vectors_hex(vectors, "key"));
    struct hash commitment;
    epoch_key_commitment(key, &place, &commitment);
    assert_bytes(commitment.bytes, vectors_hex(vectors, "commitment"));
    seal_record(vectors, &place, key, "seal base");
    seal_record(vectors, &place, key, "seal psk");
    secret_free(key);
    vectors_close(vectors);
}

struct seal_case {
    struct epoch_key_place place;
    struct epoch_key_parties parties;
    struct hash commitment;
    struct secret *recipient;
    struct secret *psk;
    uint8_t sealed[EPOCH_KEY_SEALED_BYTES];
};

static enum status open_case(const struct seal_case *seal, size_t size)
{
    struct secret *found = NULL;
    enum status status = epoch_key_open(span_of(seal->sealed, size), &seal->place, &seal->parties,
                                        seal->recipient, seal->psk, &seal->commitment, &found);
    secret_free(found);
    return status;
}

/* Goal: a seal opens only for its section, epoch, membership, pair, mode and commitment.
 * Method: one thing changed at a time, each bit of the sealed key among them. */
static void test_epoch_key_binds(void **state)
{
    (void)state;
    struct vectors *vectors = vectors_open("private.txt");
    struct seal_case good = {0};
    epoch_record(vectors, &good.place);
    vectors_find(vectors, "seal psk");
    struct secret *psk = common_secret(vectors_hex(vectors, "psk"));
    good.recipient = common_secret(vectors_hex(vectors, "recipient_secret"));
    struct public_key recipient = {{9}};
    common_copy(vectors_hex(vectors, "recipient_public"), recipient.bytes, 32);
    struct secret *key = NULL;
    assert_int_equal(epoch_key_new(&key), STATUS_OK);
    epoch_key_commitment(key, &good.place, &good.commitment);
    assert_int_equal(epoch_key_seal(key, &good.place, &good.parties, &recipient, NULL, good.sealed),
                     STATUS_OK);
    assert_int_equal(open_case(&good, sizeof good.sealed), STATUS_OK);

    struct seal_case bad = good;
    bad.place.epoch++;
    assert_int_equal(open_case(&bad, sizeof bad.sealed), STATUS_WRONG_KEY);
    bad = good;
    bad.place.section.bytes[0] ^= 1;
    assert_int_equal(open_case(&bad, sizeof bad.sealed), STATUS_WRONG_KEY);
    bad = good;
    bad.place.membership.bytes[31] ^= 1;
    assert_int_equal(open_case(&bad, sizeof bad.sealed), STATUS_WRONG_KEY);
    bad = good;
    bad.place.practice.bytes[0] ^= 1;
    assert_int_equal(open_case(&bad, sizeof bad.sealed), STATUS_WRONG_KEY);
    bad = good;
    bad.parties.recipient_statement.bytes[0] ^= 1;
    assert_int_equal(open_case(&bad, sizeof bad.sealed), STATUS_WRONG_KEY);
    bad = good;
    bad.parties.sender_statement.bytes[0] ^= 1;
    assert_int_equal(open_case(&bad, sizeof bad.sealed), STATUS_WRONG_KEY);
    bad = good;
    bad.commitment.bytes[0] ^= 1;
    assert_int_equal(open_case(&bad, sizeof bad.sealed), STATUS_WRONG_KEY);
    bad = good;
    bad.psk = psk; /* the pair holds one: base mode is refused */
    assert_int_equal(open_case(&bad, sizeof bad.sealed), STATUS_WRONG_KEY);
    bad = good;
    bad.recipient = psk;
    assert_int_equal(open_case(&bad, sizeof bad.sealed), STATUS_WRONG_KEY);
    for (size_t bit = 0; bit < sizeof good.sealed * 8; bit++) {
        bad = good;
        bad.sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(open_case(&bad, sizeof bad.sealed), STATUS_WRONG_KEY);
    }
    for (size_t size = 0; size < sizeof good.sealed; size++) {
        assert_int_equal(open_case(&good, size), STATUS_WRONG_KEY);
    }
    secret_free(key);
    secret_free(psk);
    secret_free(good.recipient);
    vectors_close(vectors);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hpke_rfc9180),
        cmocka_unit_test(test_hpke_refusals),
        cmocka_unit_test(test_epoch_key_vectors),
        cmocka_unit_test(test_epoch_key_binds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
