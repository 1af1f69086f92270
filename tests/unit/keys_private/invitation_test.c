/* Codes that people copy, and invitations. */
#include "keys/private/code_text.h"
#include "keys/private/invitation.h"
#include "tests/support/test.h"
#include "tests/support/vectors.h"
#include "tests/unit/keys_private/common.h"

/* Goal: what a hand copies comes back, and a wrong character never does. Method: every
 * length; then each character of a code replaced by each other one of the alphabet. */
static void test_code_text(void **state)
{
    (void)state;
    static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint8_t payload[CODE_TEXT_PAYLOAD_BYTES_MAX];
    for (size_t i = 0; i < sizeof payload; i++) {
        payload[i] = (uint8_t)(i * 7 + 200);
    }
    uint8_t found[CODE_TEXT_PAYLOAD_BYTES_MAX];
    char text[CODE_TEXT_CHARS_MAX];
    for (size_t size = 1; size <= sizeof payload; size++) {
        size_t chars = code_text_size(size);
        assert_true(chars <= sizeof text);
        code_text_encode(common_text("P:"), span_of(payload, size), text);
        assert_int_equal(code_text_decode(common_text("P:"), span_of(text, chars), found, size),
                         STATUS_OK);
        assert_memory_equal(found, payload, size);
        assert_int_equal(code_text_decode(common_text("Q:"), span_of(text, chars), found, size),
                         STATUS_MALFORMED);
    }
    size_t chars = code_text_size(32);
    code_text_encode(common_text("P:"), span_of(payload, 32), text);
    size_t accepted = 0;
    for (size_t i = 0; i < chars * 32; i++) {
        char kept = text[i / 32];
        text[i / 32] = alphabet[i % 32];
        if (kept != '-' && kept != alphabet[i % 32] &&
            code_text_decode(common_text("P:"), span_of(text, chars), found, 32) == STATUS_OK) {
            accepted++;
        }
        text[i / 32] = kept;
    }
    assert_int_equal(accepted, 0); /* three bytes of checksum: one in 2^24 would pass */
    for (size_t cut = 0; cut < chars; cut++) {
        assert_int_equal(code_text_decode(common_text("P:"), span_of(text, cut), found, 32),
                         STATUS_MALFORMED);
    }
}

/* Goal: the forgiving part forgives exactly case, O, I, L and separators. Method: one code
 * rewritten, then foreign characters and one too many. */
static void test_code_text_forgives(void **state)
{
    (void)state;
    uint8_t payload[3] = {0x00, 0x42, 0x10}; /* 0 and 1 in its text */
    char text[16];
    code_text_encode(common_text(""), span_of(payload, 3), text);
    assert_int_equal(code_text_size(3), 9);
    size_t at = 0;
    char loose[64];
    for (size_t i = 0; i < 9; i++) {
        char c = text[i] == '0' ? 'o' : text[i] == '1' ? (i % 2 ? 'l' : 'I') : text[i];
        loose[at++] = c >= 'A' && c <= 'Z' && c != 'I' ? (char)(c - 'A' + 'a') : c;
        loose[at++] = i % 2 ? '\n' : ' ';
    }
    uint8_t found[3];
    assert_int_equal(code_text_decode(common_text(""), span_of(loose, at), found, 3), STATUS_OK);
    assert_memory_equal(found, payload, 3);
    loose[at] = '0';
    assert_int_equal(code_text_decode(common_text(""), span_of(loose, at + 1), found, 3),
                     STATUS_MALFORMED);
    static const char foreign[] = "uU!_/.\x7f\x00\xc3";
    for (size_t i = 0; i < sizeof foreign; i++) {
        loose[at] = foreign[i];
        assert_int_equal(code_text_decode(common_text(""), span_of(loose, at + 1), found, 3),
                         STATUS_MALFORMED);
    }
}

static void code_from_vector(struct vectors *vectors, struct invitation_code *code)
{
    memset(code, 0, sizeof *code);
    code->kind = INVITATION_KIND_JOIN;
    struct span address = vectors_text(vectors, "address");
    memcpy(code->address, address.data, address.size);
    common_copy(vectors_hex(vectors, "secret"), code->secret, 32);
    struct hash bundle;
    common_copy(vectors_hex(vectors, "bundle"), bundle.bytes, 32);
    invitation_code_set_bundle(code, &bundle);
    assert_true(invitation_code_matches(code, &bundle));
    bundle.bytes[15] ^= 1;
    assert_false(invitation_code_matches(code, &bundle));
}

/* Goal: code, keys and label are the ones frozen. Method: vectors, both directions. */
static void test_invitation_vector(void **state)
{
    (void)state;
    const struct practice_id practice = common_practice();
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "invitation");
    struct invitation_code code;
    code_from_vector(vectors, &code);
    char text[INVITATION_TEXT_CHARS_MAX + 1];
    invitation_code_encode(&code, text);
    common_same(common_text(text), vectors_text(vectors, "code"));
    struct invitation_code parsed;
    assert_int_equal(invitation_code_parse(common_text(text), INVITATION_KIND_JOIN, &parsed),
                     STATUS_OK);
    assert_memory_equal(&parsed, &code, sizeof code);
    struct identity_signer *signer = NULL;
    struct secret *psk = NULL;
    assert_int_equal(invitation_derive(&code, &practice, &signer, &psk), STATUS_OK);
    assert_int_equal(identity_signer_role(signer), IDENTITY_INVITATION);
    common_same(identity_signer_seed(signer), vectors_hex(vectors, "seed"));
    common_same(ID_SPAN(identity_signer_public(signer)), vectors_hex(vectors, "public"));
    common_same(secret_view(psk), vectors_hex(vectors, "psk"));
    char label[INVITATION_LABEL_TEXT_BYTES_MAX + 1];
    assert_int_equal(
        invitation_label_open(&code, &practice, vectors_hex(vectors, "sealed_label"), label),
        STATUS_OK);
    common_same(common_text(label), vectors_text(vectors, "label"));
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
    assert_int_equal(invitation_code_new(common_text("[2001:db8::1]:7443"), &code), STATUS_OK);
    struct hash bundle = {{1, 2, 3}};
    invitation_code_set_bundle(&code, &bundle);
    char text[INVITATION_TEXT_CHARS_MAX + 3];
    invitation_code_encode(&code, text);
    size_t size = strlen(text);
    struct invitation_code parsed;
    for (size_t at = 0; at < size; at++) {
        char kept = text[at];
        text[at] = kept == '2' ? '3' : '2';
        if (kept != '-') {
            assert_int_not_equal(
                invitation_code_parse(span_of(text, size), INVITATION_KIND_JOIN, &parsed),
                STATUS_OK);
        }
        text[at] = kept;
    }
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_not_equal(
            invitation_code_parse(span_of(text, cut), INVITATION_KIND_JOIN, &parsed), STATUS_OK);
        assert_int_equal(parsed.secret[0] | parsed.address[0], 0);
    }
    text[size] = '0';
    assert_int_equal(invitation_code_parse(span_of(text, size + 1), INVITATION_KIND_JOIN, &parsed),
                     STATUS_MALFORMED);
    text[size] = '\n';
    assert_int_equal(invitation_code_parse(span_of(text, size + 1), INVITATION_KIND_JOIN, &parsed),
                     STATUS_OK);
    assert_memory_equal(&parsed, &code, sizeof code);
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
        int size = snprintf(text, sizeof text, " %s%.*s", cases[i].prefix, (int)(good.size - 13),
                            (const char *)good.data + 13);
        struct span whole = span_of(text, (size_t)size);
        assert_int_equal(invitation_code_kind(whole), cases[i].kind);
        assert_int_equal(invitation_code_parse(whole, INVITATION_KIND_JOIN, &parsed),
                         cases[i].status);
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
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(invitation_address_valid(common_text(good[i])));
    }
    struct invitation_code code;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(invitation_address_valid(common_text(bad[i])));
        assert_int_equal(invitation_code_new(common_text(bad[i]), &code), STATUS_USAGE);
    }
    char longest[INVITATION_ADDRESS_CHARS_MAX + 2];
    memset(longest, 'a', sizeof longest);
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
    struct practice_id practice = common_practice();
    static const size_t sizes[] = {0, 1, 254, 255};
    uint8_t sealed[INVITATION_LABEL_BYTES];
    struct span whole = span_of(sealed, sizeof sealed);
    char text[INVITATION_LABEL_TEXT_BYTES_MAX + 1];
    memset(text, 'n', sizeof text);
    struct invitation_code code;
    assert_int_equal(invitation_code_new(common_text("a:1"), &code), STATUS_OK);
    char found[INVITATION_LABEL_TEXT_BYTES_MAX + 1];
    for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
        assert_int_equal(invitation_label_seal(&code, &practice, span_of(text, sizes[i]), sealed),
                         STATUS_OK);
        assert_int_equal(invitation_label_open(&code, &practice, whole, found), STATUS_OK);
        common_same(common_text(found), span_of(text, sizes[i]));
    }
    assert_int_equal(invitation_label_seal(&code, &practice, span_of(text, 256), sealed),
                     STATUS_TOO_LARGE);
    for (size_t at = 0; at < sizeof sealed; at++) {
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_code_text),         cmocka_unit_test(test_code_text_forgives),
        cmocka_unit_test(test_invitation_vector), cmocka_unit_test(test_invitation_mutations),
        cmocka_unit_test(test_invitation_types),  cmocka_unit_test(test_invitation_addresses),
        cmocka_unit_test(test_invitation_label),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
