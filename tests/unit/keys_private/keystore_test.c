/* The keystore. */
#include "keys/private/keystore.h"
#include "keys/private/keystore_codec.h"
#include "keys/private/private_file.h"
#include "tests/support/test.h"
#include "tests/support/vectors.h"
#include "tests/unit/keys_private/common.h"

static const char passphrase[] = "velvet harbor umbrella";

/* Goal: the content's encoding is the one frozen, one content has one form. Method: decode
 * the vector, encode it again, compare. */
static void test_codec_vector(void **state)
{
    (void)state;
    static uint8_t plain[4096];
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "keystore");
    struct span inside = vectors_hex(vectors, "content");
    memcpy(plain, inside.data, inside.size);
    struct keystore_content content;
    struct pass_file_params params;
    assert_int_equal(keystore_codec_decode(span_of(plain, sizeof plain), &content, &params),
                     STATUS_OK);
    assert_int_equal(content.generation, 5);
    assert_int_equal(content.client_version, 100);
    assert_int_equal(content.statements.size, 11);
    assert_int_equal(content.events.size, 22);
    assert_string_equal(content.address, "practice.example:7443");
    assert_string_equal(content.origin, "alcove.invalid/00");
    assert_int_equal(params.memory_kib, 65536);
    assert_int_equal(identity_signer_role(content.identity), IDENTITY_MEMBER);
    assert_int_equal(identity_signer_role(content.witness), IDENTITY_WITNESS);
    common_same(secret_view(content.extra), common_text("extra"));
    struct secret *psk = NULL;
    assert_int_equal(keystore_content_psk(&content, &content.member, &psk), STATUS_OK);
    assert_int_equal(secret_view(psk).data[0], 0x55);
    struct secret *again = NULL;
    size_t size = 0;
    assert_int_equal(keystore_codec_encode(&content, &params, &again, &size), STATUS_OK);
    common_same(span_of(secret_view(again).data, size), span_of(plain, sizeof plain));
    secret_free(again);
    secret_free(psk);
    keystore_content_deinit(&content);
    vectors_close(vectors);
}

/* Goal: whatever decodes, encodes to the same bytes; anything else is refused. Method: a bit
 * of each byte of the vector flipped, and of some of its padding; each length. */
static void test_codec_mutations(void **state)
{
    (void)state;
    static uint8_t plain[8192];
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "keystore");
    struct span inside = vectors_hex(vectors, "content");
    memcpy(plain, inside.data, inside.size);
    size_t refused = 0;
    struct keystore_content content;
    struct pass_file_params params;
    for (size_t at = 0; at < 4096; at += at < inside.size ? 1 : 61) {
        plain[at] ^= (uint8_t)(1u << at % 8);
        if (keystore_codec_decode(span_of(plain, 4096), &content, &params) == STATUS_OK) {
            struct secret *again = NULL;
            size_t size = 0;
            assert_int_equal(keystore_codec_encode(&content, &params, &again, &size), STATUS_OK);
            common_same(span_of(secret_view(again).data, size), span_of(plain, 4096));
            secret_free(again);
            keystore_content_deinit(&content);
        } else {
            refused++;
        }
        plain[at] ^= (uint8_t)(1u << at % 8);
    }
    assert_true(refused > 20 * 6); /* every tag and length at least */
    for (size_t size = 0; size < 4096; size++) {
        assert_int_equal(keystore_codec_decode(span_of(plain, size), &content, &params),
                         STATUS_DAMAGED);
    }
    assert_int_equal(keystore_codec_decode(span_of(plain, 8192), &content, &params),
                     STATUS_DAMAGED);
    assert_null(content.content_key);
    vectors_close(vectors);
}

/* Goal: peers have one order, each once. Method: the vector's one peer followed by another
 * that is larger, equal, smaller; a size that is no number of peers. */
static void test_codec_peers(void **state)
{
    (void)state;
    static const struct {
        uint8_t first_byte;
        uint8_t size;
        enum status status;
    } cases[] = {{0x0a, 96, STATUS_OK},
                 {0x09, 96, STATUS_DAMAGED},
                 {0x08, 96, STATUS_DAMAGED},
                 {0x0a, 95, STATUS_DAMAGED}};
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "keystore");
    struct span inside = vectors_hex(vectors, "content");
    const size_t extra = 6 + 5; /* the entry behind the peers */
    const size_t peers_at = inside.size - extra - 48;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        uint8_t plain[4096] = {0};
        memcpy(plain, inside.data, peers_at + 48);
        memcpy(plain + peers_at + 48, plain + peers_at, 48);
        plain[peers_at - 1] = cases[i].size;
        plain[peers_at + 48] = cases[i].first_byte;
        memcpy(plain + peers_at + cases[i].size, inside.data + inside.size - extra, extra);
        struct keystore_content content;
        struct pass_file_params params;
        assert_int_equal(keystore_codec_decode(span_of(plain, sizeof plain), &content, &params),
                         cases[i].status);
        keystore_content_deinit(&content);
    }
    vectors_close(vectors);
}

/* Goal: the parameters inside bind those outside. Method: a file made by the formula, sealed
 * under the floor by one who claims more inside. */
static void test_keystore_params_inside(void **state)
{
    (void)state;
    char *folder = common_folder_make();
    static const struct pass_file_params claimed[] = {{4, 64 * 1024}, {3, 64 * 1024}};
    struct keystore_content content;
    assert_int_equal(keystore_content_init(&content), STATUS_OK);
    struct pass_file *file = NULL;
    assert_int_equal(
        pass_file_new(PASS_FILE_KEYSTORE, &pass_file_params_floor, common_text(passphrase), &file),
        STATUS_OK);
    for (size_t i = 0; i < ARRAY_LEN(claimed); i++) {
        static uint8_t sealed[8192];
        struct secret *plain = NULL;
        size_t size = 0;
        assert_int_equal(keystore_codec_encode(&content, &claimed[i], &plain, &size), STATUS_OK);
        assert_int_equal(pass_file_seal(file, span_of(secret_view(plain).data, size), sealed),
                         STATUS_OK);
        assert_int_equal(private_file_write(folder, "keystore",
                                            span_of(sealed, size + PASS_FILE_OVERHEAD_BYTES)),
                         STATUS_OK);
        struct keystore *keystore = NULL;
        assert_int_equal(keystore_open(folder, common_text(passphrase), &keystore),
                         i == 0 ? STATUS_DAMAGED : STATUS_OK);
        keystore_close(keystore);
        secret_free(plain);
    }
    pass_file_free(file);
    keystore_content_deinit(&content);
    common_folder_remove(folder);
}

static struct secret *psk_of(uint8_t value)
{
    struct secret *psk = NULL;
    assert_int_equal(secret_new(KEYSTORE_PSK_BYTES, &psk), STATUS_OK);
    memset(secret_fill(psk), value, KEYSTORE_PSK_BYTES);
    return psk;
}

/* Goal: PSKs are kept per member, sorted, replaced, bounded. Method: compare with a plain
 * array over additions in a scattered order; then one too many. */
static void test_content_peers(void **state)
{
    (void)state;
    struct keystore_content content;
    assert_int_equal(keystore_content_init(&content), STATUS_OK);
    struct secret *found = NULL;
    struct member_id member = {{0}};
    assert_int_equal(keystore_content_psk(&content, &member, &found), STATUS_NOT_FOUND);
    for (size_t round = 0; round < 2; round++) {
        for (unsigned i = 0; i < KEYSTORE_PEERS_MAX; i++) {
            unsigned scattered = (i * 7919u) % KEYSTORE_PEERS_MAX;
            struct secret *psk = psk_of((uint8_t)(scattered + round));
            member.bytes[0] = (uint8_t)(scattered >> 8);
            member.bytes[15] = (uint8_t)scattered;
            assert_int_equal(keystore_content_set_psk(&content, &member, psk), STATUS_OK);
            secret_free(psk);
        }
    }
    assert_int_equal(secret_view(content.peers).size, KEYSTORE_PEERS_MAX * 48);
    for (unsigned i = 0; i < KEYSTORE_PEERS_MAX; i++) {
        member.bytes[0] = (uint8_t)(i >> 8);
        member.bytes[15] = (uint8_t)i;
        assert_int_equal(keystore_content_psk(&content, &member, &found), STATUS_OK);
        assert_int_equal(secret_view(found).data[7], (uint8_t)(i + 1));
        secret_free(found);
    }
    struct secret *psk = psk_of(1);
    member.bytes[7] = 1;
    assert_int_equal(keystore_content_set_psk(&content, &member, psk), STATUS_FULL);
    secret_free(psk);
    static uint8_t extra[KEYSTORE_EXTRA_BYTES_MAX + 1];
    assert_int_equal(keystore_content_set_extra(&content, span_of(extra, sizeof extra)),
                     STATUS_TOO_LARGE);
    assert_int_equal(keystore_content_set_extra(&content, span_of(extra, 10)), STATUS_OK);
    assert_int_equal(keystore_content_set_extra(&content, span_of(extra, 0)), STATUS_OK);
    assert_null(content.extra);
    keystore_content_deinit(&content);
}

static void new_keystore(const char *folder, struct keystore **out_keystore)
{
    struct keystore_content content;
    assert_int_equal(keystore_content_init(&content), STATUS_OK);
    content.statements.size = 42;
    (void)snprintf(content.address, sizeof content.address, "localhost:7443");
    assert_int_equal(keystore_create(folder, &pass_file_params_floor, common_text(passphrase),
                                     &content, out_keystore),
                     STATUS_OK);
    assert_null(content.content_key); /* moved */
}

/* Goal: a keystore keeps what it was given, one holder at a time. Method: create, change,
 * save, close, open again; a second open meanwhile; a second create. */
static void test_keystore_life(void **state)
{
    (void)state;
    char *folder = common_folder_make();
    struct pass_file_params params;
    assert_int_equal(keystore_probe(folder, &params), STATUS_NOT_FOUND);
    struct keystore *second = NULL;
    assert_int_equal(keystore_open(folder, common_text(passphrase), &second), STATUS_NOT_FOUND);
    struct keystore *keystore = NULL;
    new_keystore(folder, &keystore);
    const struct public_key key = *identity_signer_public(keystore_content(keystore)->content_key);
    assert_int_equal(keystore_open(folder, common_text(passphrase), &second), STATUS_BUSY);
    struct secret *psk = psk_of(3);
    const struct member_id peer = {{9}};
    assert_int_equal(keystore_content_set_psk(keystore_content(keystore), &peer, psk), STATUS_OK);
    keystore_content(keystore)->events.size = 77;
    assert_int_equal(keystore_save(keystore), STATUS_OK);
    assert_int_equal(keystore_content(keystore)->generation, 2);
    keystore_close(keystore);

    assert_int_equal(keystore_probe(folder, &params), STATUS_OK);
    assert_int_equal(params.passes, PASS_FILE_PASSES_MIN);
    assert_int_equal(keystore_open(folder, common_text(passphrase), &keystore), STATUS_OK);
    struct keystore_content *content = keystore_content(keystore);
    assert_true(ID_EQUAL(identity_signer_public(content->content_key), &key));
    assert_int_equal(content->events.size, 77);
    assert_int_equal(content->statements.size, 42);
    assert_int_equal(content->generation, 2);
    assert_string_equal(content->address, "localhost:7443");
    struct secret *found = NULL;
    assert_int_equal(keystore_content_psk(content, &peer, &found), STATUS_OK);
    assert_true(secret_equal(found, psk));
    secret_free(found);
    secret_free(psk);
    keystore_close(keystore);

    struct keystore_content other;
    assert_int_equal(keystore_content_init(&other), STATUS_OK);
    assert_int_equal(
        keystore_create(folder, &pass_file_params_floor, common_text(passphrase), &other, &second),
        STATUS_CONFLICT);
    assert_non_null(other.content_key);
    keystore_content_deinit(&other);
    keystore_close(NULL);
    common_folder_remove(folder);
}

/* Goal: a wrong passphrase and any damage look alike; a change of passphrase leaves only the
 * new one, and parameters never fall. Method: each in turn. */
static void test_keystore_refusals(void **state)
{
    (void)state;
    char *folder = common_folder_make();
    struct keystore *keystore = NULL;
    new_keystore(folder, &keystore);
    struct pass_file_params params = {4, PASS_FILE_MEMORY_KIB_MIN};
    assert_int_equal(keystore_change_passphrase(keystore, common_text("the new one"), &params),
                     STATUS_OK);
    assert_int_equal(
        keystore_change_passphrase(keystore, common_text("the new one"), &pass_file_params_floor),
        STATUS_UNSUPPORTED);
    assert_int_equal(keystore_save(keystore), STATUS_OK);
    keystore_close(keystore);
    keystore = NULL;
    assert_int_equal(keystore_open(folder, common_text(passphrase), &keystore), STATUS_DAMAGED);
    assert_int_equal(keystore_open(folder, common_text("the new one"), &keystore), STATUS_OK);
    assert_int_equal(keystore_content(keystore)->generation, 3);
    keystore_close(keystore);
    keystore = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(private_file_read(folder, "keystore", PASS_FILE_BYTES_MAX, &bytes, &size),
                     STATUS_OK);
    static const size_t places[] = {0, 9, 43, 44, 4000};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        bytes[places[i]] ^= 0x80;
        assert_int_equal(private_file_write(folder, "keystore", span_of(bytes, size)), STATUS_OK);
        bytes[places[i]] ^= 0x80;
        enum status status = keystore_open(folder, common_text("the new one"), &keystore);
        assert_int_equal(status, places[i] == 9 ? STATUS_UNSUPPORTED : STATUS_DAMAGED);
    }
    for (size_t cut = 0; cut < size; cut += cut < 200 ? 1 : 97) {
        assert_int_equal(private_file_write(folder, "keystore", span_of(bytes, cut)), STATUS_OK);
        assert_int_equal(keystore_probe(folder, &params), STATUS_DAMAGED);
        assert_int_equal(keystore_open(folder, common_text("the new one"), &keystore),
                         STATUS_DAMAGED);
    }
    /* Planted: a memory of 1 MiB would make guessing cheap. */
    memcpy(bytes + 16, "\x00\x00\x04\x00", 4);
    assert_int_equal(private_file_write(folder, "keystore", span_of(bytes, size)), STATUS_OK);
    assert_int_equal(keystore_probe(folder, &params), STATUS_UNSUPPORTED);
    assert_int_equal(keystore_open(folder, common_text("the new one"), &keystore),
                     STATUS_UNSUPPORTED);
    assert_null(keystore);
    free(bytes);
    common_folder_remove(folder);
}

/* Goal: no key of the keystore stands in the file, and the file's size does not tell the
 * number of peers. Method: search for each secret; one peer and twenty. */
static void test_keystore_hides(void **state)
{
    (void)state;
    char *folder = common_folder_make();
    struct keystore *keystore = NULL;
    new_keystore(folder, &keystore);
    struct keystore_content *content = keystore_content(keystore);
    uint8_t *bytes = NULL;
    size_t first_size = 0;
    assert_int_equal(
        private_file_read(folder, "keystore", PASS_FILE_BYTES_MAX, &bytes, &first_size), STATUS_OK);
    const struct span secrets[] = {
        identity_signer_seed(content->content_key), identity_signer_seed(content->login),
        secret_view(identity_sealer_secret(content->sealing)), secret_view(content->cache_master),
        common_text("localhost:7443")};
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        assert_null(memmem(bytes, first_size, secrets[i].data, 14));
    }
    free(bytes);
    for (uint8_t i = 0; i < 20; i++) {
        const struct member_id member = {{i}};
        struct secret *psk = psk_of(i);
        assert_int_equal(keystore_content_set_psk(content, &member, psk), STATUS_OK);
        secret_free(psk);
    }
    assert_int_equal(keystore_save(keystore), STATUS_OK);
    size_t size = 0;
    assert_int_equal(private_file_read(folder, "keystore", PASS_FILE_BYTES_MAX, &bytes, &size),
                     STATUS_OK);
    assert_int_equal(size, first_size);
    free(bytes);
    keystore_close(keystore);
    common_folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codec_vector),      cmocka_unit_test(test_codec_mutations),
        cmocka_unit_test(test_codec_peers),       cmocka_unit_test(test_keystore_params_inside),
        cmocka_unit_test(test_content_peers),     cmocka_unit_test(test_keystore_life),
        cmocka_unit_test(test_keystore_refusals), cmocka_unit_test(test_keystore_hides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
