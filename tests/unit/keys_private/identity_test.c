/* Key pairs, codes that people copy, recovery cards and passphrases. */
#include "keys/private/code_text.h"
#include "keys/private/identity.h"
#include "keys/private/invitation.h"
#include "keys/private/passphrase.h"
#include "keys/private/recovery.h"
#include "keys/public/hash.h"
#include "keys/public/verify.h"
#include "tests/support/vectors.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static struct practice_id the_practice(void)
{
    struct practice_id practice;
    for (uint8_t i = 0; i < HASH_BYTES; i++) {
        practice.bytes[i] = i;
    }
    return practice;
}

static struct span text_of(const char *text)
{
    return span_of(text, strlen(text));
}

static void copy_exact(struct span from, void *to, size_t size)
{
    assert_int_equal(from.size, size);
    memcpy(to, from.data, size);
}

static void assert_same(struct span found, struct span expected)
{
    assert_int_equal(found.size, expected.size);
    assert_memory_equal(found.data, expected.data, expected.size);
}

/* Goal: signatures over frames are the ones frozen and verify by keys_public. Method: vector,
 * then another label, practice and body. */
static void test_identity_sign(void **state)
{
    (void)state;
    struct practice_id practice = the_practice();
    struct identity_signer *signer = NULL;
    struct signature signature;
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "signature");
    assert_int_equal(
        identity_signer_from_seed(IDENTITY_CONTENT, vectors_hex(vectors, "seed"), &signer),
        STATUS_OK);
    struct span body = vectors_text(vectors, "body");
    const struct span cut[] = {span_of(body.data, 2), span_of(body.data + 2, body.size - 2)};
    const struct public_key *key = identity_signer_public(signer);
    assert_int_equal(identity_sign(signer, LABEL_REVISION, &practice, cut, 2, &signature),
                     STATUS_OK);
    assert_same(span_of(signature.bytes, sizeof(signature.bytes)),
                vectors_hex(vectors, "signature"));
    assert_same(identity_signer_seed(signer), vectors_hex(vectors, "seed"));
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
    struct identity_signer *two = NULL;
    struct identity_sealer *sealer = NULL;
    struct identity_sealer *again = NULL;
    assert_int_equal(identity_signer_new(IDENTITY_LOGIN, &one), STATUS_OK);
    assert_int_equal(identity_signer_new(IDENTITY_LOGIN, &two), STATUS_OK);
    assert_false(ID_EQUAL(identity_signer_public(one), identity_signer_public(two)));
    assert_int_equal(identity_signer_role(one), IDENTITY_LOGIN);
    assert_int_equal(identity_sealer_new(&sealer), STATUS_OK);
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
    struct signature signature;
    assert_int_equal(identity_signer_new(IDENTITY_WITNESS, &witness), STATUS_OK);
    identity_sign_note(witness, text_of("cosignature/v1\n"), &signature);
    assert_int_equal(
        verify_bytes(identity_signer_public(witness), text_of("cosignature/v1\n"), &signature),
        STATUS_OK);
    identity_signer_free(witness);
}

/* Whether a signer of |role| signs |label| rather than abort; in a child of its own. */
static bool role_signs(enum identity_role role, enum label label)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct identity_signer *signer = NULL;
        struct signature signature;
        const struct practice_id practice = the_practice();
        (void)close(STDERR_FILENO);
        (void)signal(SIGABRT, SIG_DFL);
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

/* Goal: what a hand copies comes back, and a wrong character never does. Method: every
 * length; then each character of a code replaced by each other one of the alphabet. */
static void test_code_text(void **state)
{
    (void)state;
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint8_t payload[CODE_TEXT_PAYLOAD_BYTES_MAX];
    uint8_t found[CODE_TEXT_PAYLOAD_BYTES_MAX];
    char text[CODE_TEXT_CHARS_MAX];
    for (uint8_t i = 0; i < sizeof(payload); i++) {
        payload[i] = (uint8_t)(i * 7 + 200);
    }
    for (size_t size = 1; size <= sizeof(payload); size++) {
        size_t chars = code_text_size(size);
        assert_true(chars <= sizeof(text));
        code_text_encode(text_of("P:"), span_of(payload, size), text);
        assert_int_equal(code_text_decode(text_of("P:"), span_of(text, chars), found, size),
                         STATUS_OK);
        assert_memory_equal(found, payload, size);
        assert_int_equal(code_text_decode(text_of("Q:"), span_of(text, chars), found, size),
                         STATUS_MALFORMED);
    }
    size_t chars = code_text_size(32);
    code_text_encode(text_of("P:"), span_of(payload, 32), text);
    size_t accepted = 0;
    for (size_t i = 0; i < chars * 32; i++) {
        char kept = text[i / 32];
        text[i / 32] = alphabet[i % 32];
        if (kept != '-' && kept != alphabet[i % 32] &&
            code_text_decode(text_of("P:"), span_of(text, chars), found, 32) == STATUS_OK) {
            accepted++;
        }
        text[i / 32] = kept;
    }
    assert_int_equal(accepted, 0); /* three bytes of checksum: one in 2^24 would pass */
    for (size_t cut = 0; cut < chars; cut++) {
        assert_int_equal(code_text_decode(text_of("P:"), span_of(text, cut), found, 32),
                         STATUS_MALFORMED);
    }
}

/* Goal: the forgiving part forgives exactly case, O, I, L and separators. Method: one code
 * rewritten, then foreign characters and one too many. */
static void test_code_text_forgives(void **state)
{
    (void)state;
    uint8_t payload[3] = {0x00, 0x42, 0x10}; /* 0 and 1 in its text */
    uint8_t found[3];
    char text[16];
    char loose[64];
    code_text_encode(text_of(""), span_of(payload, 3), text);
    assert_int_equal(code_text_size(3), 9);
    size_t at = 0;
    for (size_t i = 0; i < 9; i++) {
        char c = text[i] == '0' ? 'o' : text[i] == '1' ? (i % 2 ? 'l' : 'I') : text[i];
        loose[at++] = c >= 'A' && c <= 'Z' && c != 'I' ? (char)(c - 'A' + 'a') : c;
        loose[at++] = i % 2 ? '\n' : ' ';
    }
    assert_int_equal(code_text_decode(text_of(""), span_of(loose, at), found, 3), STATUS_OK);
    assert_memory_equal(found, payload, 3);
    loose[at] = '0';
    assert_int_equal(code_text_decode(text_of(""), span_of(loose, at + 1), found, 3),
                     STATUS_MALFORMED);
    static const char foreign[] = "uU!_/.\x7f\x00\xc3";
    for (size_t i = 0; i < sizeof(foreign); i++) {
        loose[at] = foreign[i];
        assert_int_equal(code_text_decode(text_of(""), span_of(loose, at + 1), found, 3),
                         STATUS_MALFORMED);
    }
}

static void code_from_vector(struct vectors *vectors, struct invitation_code *code)
{
    struct hash bundle;
    memset(code, 0, sizeof(*code));
    struct span address = vectors_text(vectors, "address");
    memcpy(code->address, address.data, address.size);
    copy_exact(vectors_hex(vectors, "secret"), code->secret, 32);
    copy_exact(vectors_hex(vectors, "bundle"), bundle.bytes, 32);
    invitation_code_set_bundle(code, &bundle);
    assert_true(invitation_code_matches(code, &bundle));
    bundle.bytes[15] ^= 1;
    assert_false(invitation_code_matches(code, &bundle));
}

/* Goal: code, keys and label are the ones frozen. Method: vectors, both directions. */
static void test_invitation_vector(void **state)
{
    (void)state;
    const struct practice_id practice = the_practice();
    struct invitation_code code;
    struct invitation_code parsed;
    struct identity_signer *signer = NULL;
    struct secret *psk = NULL;
    char text[INVITATION_TEXT_CHARS_MAX + 1];
    char label[INVITATION_LABEL_TEXT_BYTES_MAX + 1];
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "invitation");
    code_from_vector(vectors, &code);
    invitation_code_encode(&code, text);
    assert_same(text_of(text), vectors_text(vectors, "code"));
    assert_int_equal(invitation_code_parse(text_of(text), &parsed), STATUS_OK);
    assert_memory_equal(&parsed, &code, sizeof(code));
    assert_int_equal(invitation_derive(&code, &practice, &signer, &psk), STATUS_OK);
    assert_int_equal(identity_signer_role(signer), IDENTITY_INVITATION);
    assert_same(identity_signer_seed(signer), vectors_hex(vectors, "seed"));
    assert_same(ID_SPAN(identity_signer_public(signer)), vectors_hex(vectors, "public"));
    assert_same(secret_view(psk), vectors_hex(vectors, "psk"));
    assert_int_equal(
        invitation_label_open(&code, &practice, vectors_hex(vectors, "sealed_label"), label),
        STATUS_OK);
    assert_same(text_of(label), vectors_text(vectors, "label"));
    identity_signer_free(signer);
    secret_free(psk);
    vectors_close(vectors);
}

/* Goal: a mistyped or cut code is refused. Method: each character of the text replaced,
 * each length; white space around it and inside the groups is fine. */
static void test_invitation_mutations(void **state)
{
    (void)state;
    struct invitation_code code;
    struct invitation_code parsed;
    struct hash bundle = {{1, 2, 3}};
    char text[INVITATION_TEXT_CHARS_MAX + 3];
    assert_int_equal(invitation_code_new(text_of("[2001:db8::1]:7443"), &code), STATUS_OK);
    invitation_code_set_bundle(&code, &bundle);
    invitation_code_encode(&code, text);
    size_t size = strlen(text);
    for (size_t at = 0; at < size; at++) {
        char kept = text[at];
        text[at] = kept == '2' ? '3' : '2';
        if (kept != '-') {
            assert_int_not_equal(invitation_code_parse(span_of(text, size), &parsed), STATUS_OK);
        }
        text[at] = kept;
    }
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_not_equal(invitation_code_parse(span_of(text, cut), &parsed), STATUS_OK);
        assert_int_equal(parsed.secret[0] | parsed.address[0], 0);
    }
    text[size] = '0';
    assert_int_equal(invitation_code_parse(span_of(text, size + 1), &parsed), STATUS_MALFORMED);
    text[size] = '\n';
    assert_int_equal(invitation_code_parse(span_of(text, size + 1), &parsed), STATUS_OK);
    assert_memory_equal(&parsed, &code, sizeof(code));
    invitation_code_wipe(&code);
    assert_int_equal(code.address[0], 0);
}

/* Goal: a code for another purpose gives a type error, not a try (AT-15). Method: the
 * prefixes, with the body of a good invitation behind them. */
static void test_invitation_types(void **state)
{
    (void)state;
    static const struct {
        const char *prefix;
        enum invitation_kind kind;
        enum status status;
    } cases[] = {
        {"ALCOVE1-DEVICE:", INVITATION_KIND_DEVICE, STATUS_UNSUPPORTED},
        {"ALCOVE1-RECOVERY:", INVITATION_KIND_RECOVERY, STATUS_UNSUPPORTED},
        {"ALCOVE2-JOIN:", INVITATION_KIND_OTHER, STATUS_UNSUPPORTED},
        {"ALCOVE1-JOINT:", INVITATION_KIND_OTHER, STATUS_UNSUPPORTED},
        {"alcove1-join:", INVITATION_KIND_NONE, STATUS_MALFORMED},
        {"https://", INVITATION_KIND_NONE, STATUS_MALFORMED},
        {"", INVITATION_KIND_NONE, STATUS_MALFORMED},
    };
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "invitation");
    struct span good = vectors_text(vectors, "code");
    struct invitation_code parsed;
    char text[INVITATION_TEXT_CHARS_MAX + 32];
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int size = snprintf(text, sizeof(text), " %s%.*s", cases[i].prefix, (int)(good.size - 13),
                            (const char *)good.data + 13);
        struct span whole = span_of(text, (size_t)size);
        assert_int_equal(invitation_code_kind(whole), cases[i].kind);
        assert_int_equal(invitation_code_parse(whole, &parsed), cases[i].status);
    }
    assert_int_equal(invitation_code_kind(good), INVITATION_KIND_JOIN);
    vectors_close(vectors);
}

/* Goal: only HOST:PORT stands in a code. Method: good and bad addresses. */
static void test_invitation_addresses(void **state)
{
    (void)state;
    static const char *const good[] = {
        "a:1",        "localhost:7443",         "127.0.0.1:65535", "notes.practice-one.example:443",
        "[::1]:7443", "[2001:db8::192.0.2.1]:1"};
    static const char *const bad[] = {"",      "a",       ":1",       "a:",        "a:0",
                                      "a:01",  "a:65536", "a:123456", "a:1x",      "A:1",
                                      "a b:1", "a/b:1",   "::1:7443", "[::1:7443", "[]:1",
                                      "[g]:1", "a\n:1",   "user@a:1", "[::1]",     "http://a:1"};
    struct invitation_code code;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(invitation_address_valid(text_of(good[i])));
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(invitation_address_valid(text_of(bad[i])));
        assert_int_equal(invitation_code_new(text_of(bad[i]), &code), STATUS_USAGE);
    }
    char longest[INVITATION_ADDRESS_CHARS_MAX + 2];
    memset(longest, 'a', sizeof(longest));
    memcpy(longest + INVITATION_ADDRESS_CHARS_MAX - 2, ":1", 2);
    assert_true(invitation_address_valid(span_of(longest, INVITATION_ADDRESS_CHARS_MAX)));
    memcpy(longest + INVITATION_ADDRESS_CHARS_MAX - 2, "a:1", 3);
    assert_false(invitation_address_valid(span_of(longest, INVITATION_ADDRESS_CHARS_MAX + 1)));
}

/* Goal: who invites whom is readable with the code alone, whatever its length. Method: empty,
 * short, longest and too long; each byte flipped; another practice and secret. */
static void test_invitation_label(void **state)
{
    (void)state;
    struct practice_id practice = the_practice();
    struct invitation_code code;
    uint8_t sealed[INVITATION_LABEL_BYTES];
    char text[INVITATION_LABEL_TEXT_BYTES_MAX + 1];
    char found[INVITATION_LABEL_TEXT_BYTES_MAX + 1];
    static const size_t sizes[] = {0, 1, 254, 255};
    struct span whole = span_of(sealed, sizeof(sealed));
    memset(text, 'n', sizeof(text));
    assert_int_equal(invitation_code_new(text_of("a:1"), &code), STATUS_OK);
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        assert_int_equal(invitation_label_seal(&code, &practice, span_of(text, sizes[i]), sealed),
                         STATUS_OK);
        assert_int_equal(invitation_label_open(&code, &practice, whole, found), STATUS_OK);
        assert_same(text_of(found), span_of(text, sizes[i]));
    }
    assert_int_equal(invitation_label_seal(&code, &practice, span_of(text, 256), sealed),
                     STATUS_TOO_LARGE);
    for (size_t at = 0; at < sizeof(sealed); at++) {
        sealed[at] ^= 0x10;
        assert_int_equal(invitation_label_open(&code, &practice, whole, found), STATUS_DAMAGED);
        sealed[at] ^= 0x10;
        assert_int_equal(invitation_label_open(&code, &practice, span_of(sealed, at), found),
                         STATUS_DAMAGED);
    }
    practice.bytes[0] ^= 1;
    assert_int_equal(invitation_label_open(&code, &practice, whole, found), STATUS_DAMAGED);
    practice.bytes[0] ^= 1;
    code.secret[0] ^= 1;
    assert_int_equal(invitation_label_open(&code, &practice, whole, found), STATUS_DAMAGED);
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
    enum status status =
        recovery_restore(&recovery->practice, &recovery->public_half,
                         span_of(recovery->sealed, sealed_size), text_of(recovery->card), &keys);
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
    struct recovery_case recovery = {.practice = the_practice()};
    struct recovery_keys keys = {0};
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "recovery");
    copy_exact(vectors_hex(vectors, "member"), recovery.public_half.member.bytes, ID_BYTES);
    copy_exact(vectors_hex(vectors, "sealing_public"), recovery.public_half.sealing.bytes, 32);
    copy_exact(vectors_hex(vectors, "signing_public"), recovery.public_half.signing.bytes, 32);
    assert_int_equal(recovery_restore(&recovery.practice, &recovery.public_half,
                                      vectors_hex(vectors, "sealed"), vectors_text(vectors, "card"),
                                      &keys),
                     STATUS_OK);
    assert_same(secret_view(identity_sealer_secret(keys.sealing)),
                vectors_hex(vectors, "sealing_secret"));
    assert_same(identity_signer_seed(keys.signing), vectors_hex(vectors, "signing_seed"));
    recovery_keys_deinit(&keys);
    vectors_close(vectors);
}

/* Goal: a card opens its own member's recovery key and no other. Method: new keys; each bit
 * and length of the sealed bytes; another card, kind of code, member, practice, public half. */
static void test_recovery_refusals(void **state)
{
    (void)state;
    const struct member_id member = {{7}};
    struct recovery_case good = {.practice = the_practice()};
    struct recovery_case other = good;
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
    memcpy(bad.card, other.card, sizeof(bad.card));
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

/* Goal: length counts characters, not bytes; guessable ones are refused; no composition
 * rules. Method: a table. */
static void test_passphrase_judge(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum passphrase_verdict verdict;
    } cases[] = {
        {"", PASSPHRASE_SHORT},
        {"fourteen chars", PASSPHRASE_SHORT},
        {"fifteen charact", PASSPHRASE_GOOD},
        {"only lower case letters here", PASSPHRASE_GOOD},
        {"zwölf Boxkämpfe", PASSPHRASE_GOOD},                /* 15 characters, 17 bytes */
        {"ääääöööüüüßßß", PASSPHRASE_SHORT},                 /* 13 characters, 26 bytes */
        {"猫が窓の外を見ている静かな夜だ", PASSPHRASE_GOOD}, /* 15 characters */
        {"Password-1234567!", PASSPHRASE_COMMON},
        {"correct horse battery staple", PASSPHRASE_COMMON},
        {"Let me in, please!", PASSPHRASE_COMMON},
        {"aaaaaaaaaaaaaaaaaaaa", PASSPHRASE_REPETITIVE},
        {"abcdabcdabcdabcdabcd", PASSPHRASE_REPETITIVE},
        {"velvet harborvelvet harbor", PASSPHRASE_REPETITIVE},
        {"123456789012345678", PASSPHRASE_REPETITIVE},
        {"ponmlkjihgfedcba", PASSPHRASE_REPETITIVE},
        {"with a\ttabulator in", PASSPHRASE_NOT_TEXT},
        {"cut off at the en\xc3", PASSPHRASE_NOT_TEXT},
        {"\xff\xfe not text at all", PASSPHRASE_NOT_TEXT},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(passphrase_judge(text_of(cases[i].text)), cases[i].verdict);
        assert_true(strlen(passphrase_advice(cases[i].verdict)) > 10);
    }
    char longest[PASSPHRASE_BYTES_MAX + 1];
    for (size_t i = 0; i < sizeof(longest); i++) {
        longest[i] = (char)('a' + i * i % 23 + i / 200);
    }
    assert_int_equal(passphrase_judge(span_of(longest, PASSPHRASE_BYTES_MAX)), PASSPHRASE_GOOD);
    assert_int_equal(passphrase_judge(span_of(longest, PASSPHRASE_BYTES_MAX + 1)), PASSPHRASE_LONG);
}

/* Goal: generated passphrases have the promised shape, use all letters, and pass. Method:
 * 2,000 of them. */
static void test_passphrase_generate(void **state)
{
    (void)state;
    char text[PASSPHRASE_GENERATED_BYTES];
    char before[PASSPHRASE_GENERATED_BYTES] = "";
    bool used[128] = {false};
    for (size_t round = 0; round < 2000; round++) {
        passphrase_generate(text);
        assert_int_equal(strlen(text), PASSPHRASE_GENERATED_BYTES - 1);
        assert_string_not_equal(text, before);
        memcpy(before, text, sizeof(before));
        assert_int_equal(passphrase_judge(text_of(text)), PASSPHRASE_GOOD);
        for (size_t i = 0; i < sizeof(text) - 1; i++) {
            assert_true((text[i] == '-') == (i % 5 == 4));
            assert_true((strchr("aeiou", text[i]) != NULL) == (i % 5 == 1 || i % 5 == 3));
            used[(uint8_t)text[i]] = true;
        }
    }
    size_t letters = 0;
    for (int c = 'a'; c <= 'z'; c++) {
        letters += used[c] ? 1 : 0;
    }
    assert_int_equal(letters, 16 + 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_identity_sign),       cmocka_unit_test(test_identity_new_pairs),
        cmocka_unit_test(test_identity_witness),    cmocka_unit_test(test_identity_roles),
        cmocka_unit_test(test_code_text),           cmocka_unit_test(test_code_text_forgives),
        cmocka_unit_test(test_invitation_vector),   cmocka_unit_test(test_invitation_mutations),
        cmocka_unit_test(test_invitation_types),    cmocka_unit_test(test_invitation_addresses),
        cmocka_unit_test(test_invitation_label),    cmocka_unit_test(test_recovery_vector),
        cmocka_unit_test(test_recovery_refusals),   cmocka_unit_test(test_passphrase_judge),
        cmocka_unit_test(test_passphrase_generate),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
