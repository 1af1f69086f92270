/* Padding, HKDF, HPKE, epoch keys, envelopes and their wraps. */
#include "keys/private/committed.h"
#include "keys/private/fixed.h"
#include "keys/private/hkdf.h"
#include "keys/private/hpke_kem.h"
#include "keys/private/mac.h"
#include "keys/public/frame.h"
#include "keys/public/hash.h"
#include "keys/public/random.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const char note[] = "She slept through the night for the first time in weeks.";

static struct practice_id the_practice(void)
{
    struct practice_id practice;
    for (uint8_t i = 0; i < HASH_BYTES; i++) {
        practice.bytes[i] = i;
    }
    return practice;
}

static struct secret *secret_of(struct span bytes)
{
    struct secret *secret = NULL;
    assert_int_equal(secret_from_bytes(bytes, &secret), STATUS_OK);
    return secret;
}

static void copy_exact(struct span from, void *to, size_t size)
{
    assert_int_equal(from.size, size);
    memcpy(to, from.data, size);
}

static void assert_bytes(const void *found, struct span expected)
{
    assert_memory_equal(found, expected.data, expected.size);
}

/* Goal: padded sizes are the ones frozen. Method: vectors, and the published Padmé values. */
static void test_pad_sizes(void **state)
{
    (void)state;
    static const size_t padme[][2] = {{0, 0},     {1, 1},       {2, 2},       {9, 10},
                                      {100, 104}, {1000, 1024}, {4097, 4352}, {1000000, 1015808}};
    for (size_t i = 0; i < ARRAY_LEN(padme); i++) {
        assert_int_equal(pad_padme(padme[i][0]), padme[i][1]);
    }
    struct vectors *vectors = vectors_open("private.txt");
    size_t seen = 0;
    while (vectors_next(vectors)) {
        if (strncmp(vectors_name(vectors), "pad ", 4) == 0) {
            assert_int_equal(pad_size((size_t)vectors_number(vectors, "size")),
                             vectors_number(vectors, "padded"));
            seen++;
        }
    }
    assert_int_equal(seen, 8);
    vectors_close(vectors);
}

/* Goal: Padmé costs at most 12 % and never shrinks. Method: every size up to 70,000. */
static void test_pad_bounds(void **state)
{
    (void)state;
    size_t before = 0;
    for (size_t size = 1; size <= 70000; size++) {
        size_t padded = pad_padme(size);
        assert_true(padded >= size && padded >= before);
        assert_true((padded - size) * 100 <= size * 12);
        before = padded;
    }
    assert_true(pad_size(PAD_TEXT_BYTES_MAX) <= PAD_OUTPUT_BYTES_MAX);
}

/* Goal: what is padded comes back at its length; nothing else is accepted. Method: texts of
 * many lengths, ending in bytes that look like padding; then each byte behind the text
 * changed, another size, no marker. */
static void test_pad_round_trip(void **state)
{
    (void)state;
    static uint8_t text[8192];
    static uint8_t padded[16384];
    static const size_t sizes[] = {0, 1, 2, 3398, 3399, 3400, 3401, 4096, 4097, 8192};
    memset(text, 0x80, sizeof(text));
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        size_t size = pad_size(sizes[i]);
        size_t found = 0;
        pad_apply(span_of(text, sizes[i]), padded, size);
        assert_int_equal(pad_remove(span_of(padded, size), &found), STATUS_OK);
        assert_int_equal(found, sizes[i]);
        assert_int_equal(pad_remove(span_of(padded, size - 1), &found), STATUS_DAMAGED);
        padded[size] = 0;
        assert_int_equal(pad_remove(span_of(padded, size + 1), &found), STATUS_DAMAGED);
    }
    size_t size = pad_size(10);
    size_t found = 0;
    memset(text, 'a', 10);
    pad_apply(span_of(text, 10), padded, size);
    for (size_t at = 10; at < size; at++) {
        padded[at] ^= 0x41;
        assert_int_equal(pad_remove(span_of(padded, size), &found), STATUS_DAMAGED);
        padded[at] ^= 0x41;
    }
    memset(padded, 0, size);
    assert_int_equal(pad_remove(span_of(padded, size), &found), STATUS_DAMAGED);
}

/* Goal: a larger padded size than the text needs is refused: one text, one form. Method: a
 * short text with correct marker and zeros, at the size of a longer one. */
static void test_pad_one_form(void **state)
{
    (void)state;
    static uint8_t padded[8192];
    size_t found = 0;
    memset(padded, 0, sizeof(padded));
    padded[3] = 0x80;
    assert_int_equal(pad_remove(span_of(padded, pad_size(3)), &found), STATUS_OK);
    assert_int_equal(pad_remove(span_of(padded, pad_size(5000)), &found), STATUS_DAMAGED);
    assert_int_equal(pad_remove(span_of(padded, 100), &found), STATUS_DAMAGED);
    assert_int_equal(pad_remove(span_of(padded, 0), &found), STATUS_DAMAGED);
}

/* Goal: HKDF-SHA-256 is RFC 5869's. Method: its test cases 1 and 3 (no salt, no info). */
static void test_hkdf_rfc5869(void **state)
{
    (void)state;
    static const uint8_t expected_1[] = {
        0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43, 0x4f, 0x64, 0xd0, 0x36,
        0x2f, 0x2a, 0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a, 0x5a, 0x4c, 0x5d, 0xb0, 0x2d, 0x56,
        0xec, 0xc4, 0xc5, 0xbf, 0x34, 0x00, 0x72, 0x08, 0xd5, 0xb8, 0x87, 0x18, 0x58, 0x65};
    static const uint8_t expected_3[] = {
        0x8d, 0xa4, 0xe7, 0x75, 0xa5, 0x63, 0xc1, 0x8f, 0x71, 0x5f, 0x80, 0x2a, 0x06, 0x3c,
        0x5a, 0x31, 0xb8, 0xa1, 0x1f, 0x5c, 0x5e, 0xe1, 0x87, 0x9e, 0xc3, 0x45, 0x4e, 0x5f,
        0x3c, 0x73, 0x8d, 0x2d, 0x9d, 0x20, 0x13, 0x95, 0xfa, 0xa4, 0xb6, 0x1a, 0x96, 0xc8};
    uint8_t ikm[22], salt[13], info[10], found[42];
    memset(ikm, 0x0b, sizeof(ikm));
    for (uint8_t i = 0; i < 13; i++) {
        salt[i] = i;
    }
    for (uint8_t i = 0; i < 10; i++) {
        info[i] = (uint8_t)(0xf0 + i);
    }
    assert_int_equal(
        hkdf_derive(span_of(salt, 13), span_of(ikm, 22), span_of(info, 10), found, sizeof(found)),
        STATUS_OK);
    assert_memory_equal(found, expected_1, sizeof(found));
    assert_int_equal(
        hkdf_derive(span_of(NULL, 0), span_of(ikm, 22), span_of(NULL, 0), found, sizeof(found)),
        STATUS_OK);
    assert_memory_equal(found, expected_3, sizeof(found));
}

static void hpke_record(struct vectors *vectors, bool with_psk)
{
    uint8_t shared[HPKE_SHARED_BYTES];
    uint8_t sealed[256];
    uint8_t opened[256];
    uint8_t ephemeral[32];
    struct public_key recipient;
    copy_exact(vectors_hex(vectors, "skEm"), ephemeral, 32);
    copy_exact(vectors_hex(vectors, "pkRm"), recipient.bytes, 32);
    struct secret *recipient_secret = secret_of(vectors_hex(vectors, "skRm"));
    struct secret *psk_secret = with_psk ? secret_of(vectors_hex(vectors, "psk")) : NULL;
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
    assert_int_equal(hpke_kem_x25519.encapsulate(recipient.bytes, ephemeral, sealed, shared),
                     STATUS_OK);
    assert_bytes(shared, vectors_hex(vectors, "shared_secret"));
    assert_int_equal(hpke_seal_with_ephemeral(ephemeral, &recipient, info, mode, aad, text, sealed),
                     STATUS_OK);
    assert_bytes(sealed, enc);
    assert_bytes(sealed + HPKE_ENC_BYTES, ciphertext);
    size_t size = text.size + HPKE_OVERHEAD_BYTES;
    assert_int_equal(size, enc.size + ciphertext.size);
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
    struct secret *secret = secret_of(vectors_hex(vectors, "skRm"));
    struct public_key recipient;
    uint8_t sealed[HPKE_OVERHEAD_BYTES + 8];
    uint8_t opened[sizeof(sealed)];
    struct span info = span_of("info", 4);
    struct span aad = span_of("aad", 3);
    copy_exact(vectors_hex(vectors, "pkRm"), recipient.bytes, 32);
    assert_int_equal(hpke_seal(&recipient, info, NULL, aad, span_of("12345678", 8), sealed),
                     STATUS_OK);
    struct span whole = span_of(sealed, sizeof(sealed));
    assert_int_equal(hpke_open(secret, info, NULL, aad, whole, opened), STATUS_OK);
    for (size_t bit = 0; bit < sizeof(sealed) * 8; bit++) {
        /* X25519 ignores the top bit of a share, but the key schedule does not. */
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(hpke_open(secret, info, NULL, aad, whole, opened), STATUS_WRONG_KEY);
        sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t size = 0; size < sizeof(sealed); size++) {
        assert_int_equal(hpke_open(secret, info, NULL, aad, span_of(sealed, size), opened),
                         STATUS_WRONG_KEY);
    }
    assert_int_equal(hpke_open(secret, span_of("inf", 3), NULL, aad, whole, opened),
                     STATUS_WRONG_KEY);
    assert_int_equal(hpke_open(secret, info, NULL, info, whole, opened), STATUS_WRONG_KEY);
    memset(sealed, 0, 32);
    assert_int_equal(hpke_open(secret, info, NULL, aad, whole, opened), STATUS_WRONG_KEY);
    memset(recipient.bytes, 0, 32);
    assert_int_equal(hpke_seal(&recipient, info, NULL, aad, aad, sealed), STATUS_UNSUPPORTED);
    memcpy(recipient.bytes, low_order, 32);
    assert_int_equal(hpke_seal(&recipient, info, NULL, aad, aad, sealed), STATUS_UNSUPPORTED);
    secret_free(secret);
    vectors_close(vectors);
}

static void epoch_record(struct vectors *vectors, struct epoch_key_place *place)
{
    vectors_find(vectors, "epoch commitment");
    place->practice = the_practice();
    place->epoch = vectors_number(vectors, "epoch");
    copy_exact(vectors_hex(vectors, "section"), place->section.bytes, ID_BYTES);
    copy_exact(vectors_hex(vectors, "membership"), place->membership.bytes, HASH_BYTES);
}

static void seal_record(struct vectors *vectors, const struct epoch_key_place *place,
                        const struct secret *key, const char *name)
{
    struct epoch_key_parties parties;
    struct public_key recipient;
    struct hash commitment;
    uint8_t ephemeral[32];
    uint8_t sealed[EPOCH_KEY_SEALED_BYTES];
    struct secret *found = NULL;
    struct secret *psk = NULL;
    vectors_find(vectors, name);
    if (vectors_has(vectors, "psk")) {
        psk = secret_of(vectors_hex(vectors, "psk"));
    }
    copy_exact(vectors_hex(vectors, "ephemeral"), ephemeral, 32);
    copy_exact(vectors_hex(vectors, "recipient_public"), recipient.bytes, 32);
    copy_exact(vectors_hex(vectors, "recipient_statement"), parties.recipient_statement.bytes, 32);
    copy_exact(vectors_hex(vectors, "sender_statement"), parties.sender_statement.bytes, 32);
    struct secret *recipient_secret = secret_of(vectors_hex(vectors, "recipient_secret"));
    epoch_key_commitment(key, place, &commitment);
    assert_int_equal(epoch_key_seal_fixed(ephemeral, key, place, &parties, &recipient, psk, sealed),
                     STATUS_OK);
    assert_int_equal(vectors_hex(vectors, "sealed").size, sizeof(sealed));
    assert_bytes(sealed, vectors_hex(vectors, "sealed"));
    assert_int_equal(epoch_key_open(span_of(sealed, sizeof(sealed)), place, &parties,
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
    struct hash commitment;
    epoch_record(vectors, &place);
    struct secret *key = secret_of(vectors_hex(vectors, "key"));
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
    struct seal_case good = {0};
    struct secret *key = NULL;
    struct secret *psk = NULL;
    struct public_key recipient = {{9}};
    struct vectors *vectors = vectors_open("private.txt");
    epoch_record(vectors, &good.place);
    vectors_find(vectors, "seal psk");
    psk = secret_of(vectors_hex(vectors, "psk"));
    good.recipient = secret_of(vectors_hex(vectors, "recipient_secret"));
    copy_exact(vectors_hex(vectors, "recipient_public"), recipient.bytes, 32);
    assert_int_equal(epoch_key_new(&key), STATUS_OK);
    epoch_key_commitment(key, &good.place, &good.commitment);
    assert_int_equal(epoch_key_seal(key, &good.place, &good.parties, &recipient, NULL, good.sealed),
                     STATUS_OK);
    assert_int_equal(open_case(&good, sizeof(good.sealed)), STATUS_OK);

    struct seal_case bad = good;
    bad.place.epoch++;
    assert_int_equal(open_case(&bad, sizeof(bad.sealed)), STATUS_WRONG_KEY);
    bad = good;
    bad.place.section.bytes[0] ^= 1;
    assert_int_equal(open_case(&bad, sizeof(bad.sealed)), STATUS_WRONG_KEY);
    bad = good;
    bad.place.membership.bytes[31] ^= 1;
    assert_int_equal(open_case(&bad, sizeof(bad.sealed)), STATUS_WRONG_KEY);
    bad = good;
    bad.place.practice.bytes[0] ^= 1;
    assert_int_equal(open_case(&bad, sizeof(bad.sealed)), STATUS_WRONG_KEY);
    bad = good;
    bad.parties.recipient_statement.bytes[0] ^= 1;
    assert_int_equal(open_case(&bad, sizeof(bad.sealed)), STATUS_WRONG_KEY);
    bad = good;
    bad.parties.sender_statement.bytes[0] ^= 1;
    assert_int_equal(open_case(&bad, sizeof(bad.sealed)), STATUS_WRONG_KEY);
    bad = good;
    bad.commitment.bytes[0] ^= 1;
    assert_int_equal(open_case(&bad, sizeof(bad.sealed)), STATUS_WRONG_KEY);
    bad = good;
    bad.psk = psk; /* the pair holds one: base mode is refused */
    assert_int_equal(open_case(&bad, sizeof(bad.sealed)), STATUS_WRONG_KEY);
    bad = good;
    bad.recipient = psk;
    assert_int_equal(open_case(&bad, sizeof(bad.sealed)), STATUS_WRONG_KEY);
    for (size_t bit = 0; bit < sizeof(good.sealed) * 8; bit++) {
        bad = good;
        bad.sealed[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(open_case(&bad, sizeof(bad.sealed)), STATUS_WRONG_KEY);
    }
    for (size_t size = 0; size < sizeof(good.sealed); size++) {
        assert_int_equal(open_case(&good, size), STATUS_WRONG_KEY);
    }
    secret_free(key);
    secret_free(psk);
    secret_free(good.recipient);
    vectors_close(vectors);
}

static struct envelope_scope revision_record(struct vectors *vectors,
                                             const struct practice_id *practice)
{
    vectors_find(vectors, "revision");
    struct envelope_scope scope = {practice, secret_of(vectors_hex(vectors, "epoch_key")),
                                   vectors_hex(vectors, "context")};
    return scope;
}

static void scope_free(const struct envelope_scope *scope)
{
    union {
        const struct secret *in;
        struct secret *out;
    } key = {.in = scope->epoch_key};
    secret_free(key.out);
}

/* Goal: wrap and envelope are the ones frozen, and open. Method: vectors with given nonces. */
static void test_envelope_vector(void **state)
{
    (void)state;
    static uint8_t envelope[8192];
    static uint8_t opened[8192];
    uint8_t wrap[ENVELOPE_WRAP_BYTES];
    struct envelope_fixed fixed;
    struct hash hash;
    size_t text_size = 0;
    const struct practice_id practice = the_practice();
    struct vectors *vectors = vectors_open("private.txt");
    struct envelope_scope scope = revision_record(vectors, &practice);
    copy_exact(vectors_hex(vectors, "revision_key"), fixed.revision_secret, 32);
    copy_exact(vectors_hex(vectors, "envelope_nonce"), fixed.envelope_nonce, 24);
    copy_exact(vectors_hex(vectors, "wrap_nonce"), fixed.wrap_nonce, 24);
    struct span text = vectors_text(vectors, "text");
    size_t size = envelope_size(text.size);
    assert_int_equal(size, vectors_number(vectors, "envelope_size"));
    assert_int_equal(envelope_seal_fixed(&scope, &fixed, text, wrap, envelope), STATUS_OK);
    assert_bytes(wrap, vectors_hex(vectors, "wrap"));
    assert_bytes(envelope, vectors_hex(vectors, "envelope_start"));
    hash_bytes(span_of(envelope, size), &hash);
    assert_bytes(hash.bytes, vectors_hex(vectors, "envelope_sha256"));
    assert_int_equal(envelope_open(&scope, span_of(wrap, sizeof(wrap)), span_of(envelope, size),
                                   opened, &text_size),
                     STATUS_OK);
    assert_int_equal(text_size, text.size);
    assert_bytes(opened, text);
    scope_free(&scope);
    vectors_close(vectors);
}

struct sealed_note {
    struct envelope_scope scope;
    uint8_t wrap[ENVELOPE_WRAP_BYTES];
    uint8_t envelope[ENVELOPE_BYTES_MIN + 1];
    uint8_t opened[ENVELOPE_BYTES_MIN + 1];
};

static enum status open_note(struct sealed_note *sealed, size_t wrap_size, size_t size)
{
    size_t text_size = 0;
    enum status status = envelope_open(&sealed->scope, span_of(sealed->wrap, wrap_size),
                                       span_of(sealed->envelope, size), sealed->opened, &text_size);
    if (status == STATUS_OK) {
        assert_int_equal(text_size, sizeof(note));
        assert_memory_equal(sealed->opened, note, sizeof(note));
    } else {
        /* Nothing of the text is left behind a refusal. */
        for (size_t i = 0; size > ENVELOPE_OVERHEAD_BYTES && i < sizeof(note); i++) {
            assert_int_equal(sealed->opened[i], 0);
        }
    }
    return status;
}

/* Goal: one envelope opens under one context, wrap and key only. Method: each byte of wrap
 * and envelope flipped, each length, another context, practice and epoch key. */
static void test_envelope_refusals(void **state)
{
    (void)state;
    static struct sealed_note sealed;
    const struct practice_id practice = the_practice();
    struct practice_id other_practice = practice;
    uint8_t context[64] = {1};
    struct secret *key = NULL;
    struct secret *other = NULL;
    other_practice.bytes[5] ^= 1;
    assert_int_equal(epoch_key_new(&key), STATUS_OK);
    assert_int_equal(epoch_key_new(&other), STATUS_OK);
    const struct envelope_scope good = {&practice, key, span_of(context, sizeof(context))};
    const size_t size = ENVELOPE_BYTES_MIN;
    sealed.scope = good;
    assert_int_equal(envelope_size(sizeof(note)), size);
    assert_int_equal(
        envelope_seal(&good, span_of(note, sizeof(note)), sealed.wrap, sealed.envelope), STATUS_OK);
    assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, size), STATUS_OK);
    for (size_t at = 0; at < size; at++) {
        sealed.envelope[at] ^= (uint8_t)(1u << at % 8);
        assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, size), STATUS_DAMAGED);
        sealed.envelope[at] ^= (uint8_t)(1u << at % 8);
    }
    for (size_t bit = 0; bit < ENVELOPE_WRAP_BYTES * 8; bit++) {
        sealed.wrap[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, size), STATUS_DAMAGED);
        sealed.wrap[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, cut), STATUS_DAMAGED);
    }
    assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, size + 1), STATUS_DAMAGED);
    for (size_t cut = 0; cut < ENVELOPE_WRAP_BYTES; cut++) {
        assert_int_equal(open_note(&sealed, cut, size), STATUS_DAMAGED);
    }
    sealed.scope.practice = &other_practice;
    assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, size), STATUS_DAMAGED);
    sealed.scope = good;
    sealed.scope.epoch_key = other;
    assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, size), STATUS_DAMAGED);
    sealed.scope = good;
    for (size_t at = 0; at < sizeof(context); at++) {
        context[at] ^= 1;
        assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, size), STATUS_DAMAGED);
        context[at] ^= 1;
    }
    assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, size), STATUS_OK);
    secret_free(key);
    secret_free(other);
}

/* Goal: a wrap can be replaced without touching the envelope, and one of another revision
 * fails at the commitment. Method: re-wrap under a second epoch key; swap two wraps. */
static void test_envelope_rewrap(void **state)
{
    (void)state;
    static struct sealed_note sealed;
    const struct practice_id practice = the_practice();
    uint8_t context[64] = {1};
    uint8_t second_wrap[ENVELOPE_WRAP_BYTES];
    static uint8_t second[ENVELOPE_BYTES_MIN];
    struct secret *old_key = NULL;
    struct secret *new_key = NULL;
    assert_int_equal(epoch_key_new(&old_key), STATUS_OK);
    assert_int_equal(epoch_key_new(&new_key), STATUS_OK);
    const struct envelope_scope scope = {&practice, old_key, span_of(context, sizeof(context))};
    sealed.scope = scope;
    struct span text = span_of(note, sizeof(note));
    assert_int_equal(envelope_seal(&scope, text, sealed.wrap, sealed.envelope), STATUS_OK);
    assert_int_equal(envelope_seal(&scope, text, second_wrap, second), STATUS_OK);
    assert_memory_not_equal(second, sealed.envelope, sizeof(second));
    uint8_t first_wrap[ENVELOPE_WRAP_BYTES];
    memcpy(first_wrap, sealed.wrap, sizeof(first_wrap));
    memcpy(sealed.wrap, second_wrap, sizeof(second_wrap));
    assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, ENVELOPE_BYTES_MIN), STATUS_DAMAGED);
    assert_int_equal(
        envelope_rewrap(&scope, span_of(first_wrap, sizeof(first_wrap)), new_key, sealed.wrap),
        STATUS_OK);
    assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, ENVELOPE_BYTES_MIN), STATUS_DAMAGED);
    sealed.scope.epoch_key = new_key;
    assert_int_equal(open_note(&sealed, ENVELOPE_WRAP_BYTES, ENVELOPE_BYTES_MIN), STATUS_OK);
    assert_int_equal(envelope_rewrap(&sealed.scope, span_of(first_wrap, sizeof(first_wrap)),
                                     old_key, second_wrap),
                     STATUS_DAMAGED);
    secret_free(old_key);
    secret_free(new_key);
}

/* Goal: the largest text fits and one byte more is refused. Method: both. */
static void test_envelope_largest(void **state)
{
    (void)state;
    const struct practice_id practice = the_practice();
    uint8_t wrap[ENVELOPE_WRAP_BYTES];
    size_t text_size = 0;
    struct secret *key = NULL;
    uint8_t *text = calloc(1, PAD_TEXT_BYTES_MAX + 1);
    uint8_t *envelope = malloc(ENVELOPE_BYTES_MAX);
    uint8_t *opened = malloc(ENVELOPE_BYTES_MAX);
    assert_true(text != NULL && envelope != NULL && opened != NULL);
    memset(text, 'x', PAD_TEXT_BYTES_MAX + 1);
    assert_int_equal(epoch_key_new(&key), STATUS_OK);
    const struct envelope_scope scope = {&practice, key, span_of("context", 7)};
    size_t size = envelope_size(PAD_TEXT_BYTES_MAX);
    assert_true(size <= ENVELOPE_BYTES_MAX);
    assert_int_equal(envelope_seal(&scope, span_of(text, PAD_TEXT_BYTES_MAX), wrap, envelope),
                     STATUS_OK);
    assert_int_equal(envelope_open(&scope, span_of(wrap, sizeof(wrap)), span_of(envelope, size),
                                   opened, &text_size),
                     STATUS_OK);
    assert_int_equal(text_size, PAD_TEXT_BYTES_MAX);
    assert_memory_equal(opened, text, text_size);
    assert_int_equal(envelope_seal(&scope, span_of(text, PAD_TEXT_BYTES_MAX + 1), wrap, envelope),
                     STATUS_TOO_LARGE);
    secret_free(key);
    free(text);
    free(envelope);
    free(opened);
}

/* Goal: MACs over frames in parts equal MACs over the joined frame. Method: compare with
 * frame_build() and mac_bytes(). */
static void test_mac_frame_parts(void **state)
{
    (void)state;
    const struct practice_id practice = the_practice();
    const struct span parts[] = {span_of("al", 2), span_of(NULL, 0), span_of("cove", 4)};
    uint8_t in_parts[MAC_BYTES];
    uint8_t joined[MAC_BYTES];
    struct frame frame = {0};
    assert_int_equal(frame_build(LABEL_CACHE, &practice, parts, ARRAY_LEN(parts), &frame),
                     STATUS_OK);
    mac_bytes(span_of("key", 3), span_of(frame.data, frame.size), joined);
    mac_frame(span_of("key", 3), LABEL_CACHE, &practice, parts, ARRAY_LEN(parts), in_parts);
    assert_memory_equal(in_parts, joined, MAC_BYTES);
    frame_free(&frame);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pad_sizes),         cmocka_unit_test(test_pad_bounds),
        cmocka_unit_test(test_pad_round_trip),    cmocka_unit_test(test_pad_one_form),
        cmocka_unit_test(test_hkdf_rfc5869),      cmocka_unit_test(test_hpke_rfc9180),
        cmocka_unit_test(test_hpke_refusals),     cmocka_unit_test(test_epoch_key_vectors),
        cmocka_unit_test(test_epoch_key_binds),   cmocka_unit_test(test_envelope_vector),
        cmocka_unit_test(test_envelope_refusals), cmocka_unit_test(test_envelope_rewrap),
        cmocka_unit_test(test_envelope_largest),  cmocka_unit_test(test_mac_frame_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
