/* Ed25519 verification, and the login key that makes such signatures. */
#include "keys/public/verify.h"
#include "keys/server/login_key.h"
#include "tests/support/test.h"
#include "tests/support/vectors.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static void copy_exact(struct span from, void *out, size_t size)
{
    assert_int_equal(from.size, size);
    memcpy(out, from.data, size);
}

/* Goal: RFC 8032's signatures verify, and nothing near them. Method: flip every bit of the
 * signature, the key and the message; cut and lengthen the message. */
static void test_verify_rfc8032(void **state)
{
    (void)state;
    struct vectors *vectors = vectors_open("ed25519.txt");
    size_t seen = 0;
    while (vectors_next(vectors)) {
        struct span text = vectors_hex(vectors, "message");
        struct public_key key;
        copy_exact(vectors_hex(vectors, "public"), key.bytes, sizeof key.bytes);
        struct signature signature;
        copy_exact(vectors_hex(vectors, "signature"), signature.bytes, sizeof signature.bytes);
        uint8_t message[80] = {0};
        memcpy(message, text.data, text.size);
        assert_int_equal(verify_bytes(&key, text, &signature), STATUS_OK);
        for (size_t bit = 0; bit < 8u * SIGNATURE_BYTES; bit++) {
            struct signature bad = signature;
            bad.bytes[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
            assert_int_equal(verify_bytes(&key, text, &bad), STATUS_BAD_SIGNATURE);
        }
        for (size_t bit = 0; bit < 8u * PUBLIC_KEY_BYTES; bit++) {
            struct public_key bad = key;
            bad.bytes[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
            assert_int_equal(verify_bytes(&bad, text, &signature), STATUS_BAD_SIGNATURE);
        }
        for (size_t bit = 0; bit < 8u * text.size; bit++) {
            message[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
            assert_int_equal(verify_bytes(&key, span_of(message, text.size), &signature),
                             STATUS_BAD_SIGNATURE);
            message[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        }
        assert_int_equal(verify_bytes(&key, span_of(message, text.size + 1u), &signature),
                         STATUS_BAD_SIGNATURE);
        seen++;
    }
    assert_int_equal(seen, 4);
    vectors_close(vectors);
}

/* Goal: keys of small order are refused. Method: with the neutral element as key and R, and
 * s = 0, the equation holds for every message; a lenient verifier accepts that. */
static void test_verify_small_order_key(void **state)
{
    (void)state;
    struct public_key neutral = {{1}};
    struct signature zero = {{1}};
    assert_int_equal(verify_bytes(&neutral, span_of("any", 3), &zero), STATUS_BAD_SIGNATURE);
}

/* Goal: which signatures at the edges of the rules are taken stays as it is: server and clients must
 * agree, and know where other verifiers differ. Method: the published cases. */
static void test_verify_edge_cases(void **state)
{
    (void)state;
    struct vectors *vectors = vectors_open("speccheck.txt");
    size_t seen = 0;
    while (vectors_next(vectors)) {
        struct public_key key;
        copy_exact(vectors_hex(vectors, "public"), key.bytes, sizeof key.bytes);
        struct signature signature;
        copy_exact(vectors_hex(vectors, "signature"), signature.bytes, sizeof signature.bytes);
        bool taken = span_equal(vectors_text(vectors, "ours"), span_of("taken", 5));
        assert_int_equal(verify_bytes(&key, vectors_hex(vectors, "message"), &signature),
                         taken ? STATUS_OK : STATUS_BAD_SIGNATURE);
        seen++;
    }
    assert_int_equal(seen, 10);
    vectors_close(vectors);
}

static char *read_text(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        return NULL;
    }
    const size_t capacity = 4u * 1024u * 1024u;
    char *text = calloc(1, capacity);
    assert_non_null(text);
    size_t size = fread(text, 1, capacity - 1u, file);
    assert_true(size > 0 && size < capacity - 1u);
    (void)fclose(file);
    return text;
}

/* ALCOVE_VECTORS names the folder; otherwise one beside the sources is looked at. */
static char *read_wycheproof(void)
{
    const char *folder = getenv("ALCOVE_VECTORS");
    char path[1024];
    if (folder != NULL) {
        (void)snprintf(path, sizeof path, "%s/wycheproof-ed25519.json", folder);
        return read_text(path);
    }
    const char *const defaults[] = {"shared/vectors", "../shared/vectors"};
    for (size_t i = 0; i < ARRAY_LEN(defaults); i++) {
        (void)snprintf(path, sizeof path, "%s/%s/wycheproof-ed25519.json", ALCOVE_SOURCE_DIR,
                       defaults[i]);
        char *text = read_text(path);
        if (text != NULL) {
            return text;
        }
    }
    return NULL;
}

static size_t hex_field(const cJSON *object, const char *name, uint8_t *out, size_t capacity)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    assert_non_null(text);
    size_t size = strlen(text) / 2u;
    assert_true(size <= capacity);
    for (size_t i = 0; i < size; i++) {
        unsigned int byte = 0;
        assert_int_equal(sscanf(text + 2u * i, "%2x", &byte), 1);
        out[i] = (uint8_t)byte;
    }
    return size;
}

static void check_wycheproof_case(const struct public_key *key, const cJSON *item)
{
    uint8_t message[1024];
    size_t size = hex_field(item, "msg", message, sizeof message);
    bool valid = strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(item, "result")), "valid") == 0;
    uint8_t bytes[256];
    struct signature signature;
    if (hex_field(item, "sig", bytes, sizeof bytes) != sizeof signature.bytes) {
        assert_false(valid); /* the type itself refuses other lengths */
        return;
    }
    memcpy(signature.bytes, bytes, sizeof signature.bytes);
    assert_int_equal(verify_bytes(key, span_of(message, size), &signature),
                     valid ? STATUS_OK : STATUS_BAD_SIGNATURE);
}

/* Goal: Wycheproof's hostile signatures are refused. Method: every case, where present. */
static void test_verify_wycheproof(void **state)
{
    (void)state;
    char *text = read_wycheproof();
    if (text == NULL) {
        print_message("wycheproof-ed25519.json is not here (ALCOVE_VECTORS): skipped\n");
        skip();
    }
    cJSON *root = cJSON_Parse(text);
    assert_non_null(root);
    const cJSON *group = NULL;
    const cJSON *item = NULL;
    int seen = 0;
    cJSON_ArrayForEach(group, cJSON_GetObjectItem(root, "testGroups"))
    {
        uint8_t bytes[64];
        size_t size = hex_field(cJSON_GetObjectItem(group, "publicKey"), "pk", bytes, sizeof bytes);
        struct public_key key;
        copy_exact(span_of(bytes, size), key.bytes, sizeof key.bytes);
        cJSON_ArrayForEach(item, cJSON_GetObjectItem(group, "tests"))
        {
            check_wycheproof_case(&key, item);
            seen++;
        }
    }
    assert_int_equal(seen, cJSON_GetObjectItem(root, "numberOfTests")->valueint);
    cJSON_Delete(root);
    free(text);
}

struct folder {
    char path[64];
    char key[96];
};

static int folder_make(void **state)
{
    struct folder *folder = calloc(1, sizeof *folder);
    assert_non_null(folder);
    (void)snprintf(folder->path, sizeof folder->path, "/tmp/alcove-login-key-XXXXXX");
    assert_non_null(mkdtemp(folder->path));
    (void)snprintf(folder->key, sizeof folder->key, "%s/login.key", folder->path);
    *state = folder;
    return 0;
}

static int folder_remove(void **state)
{
    struct folder *folder = *state;
    (void)unlink(folder->key);
    assert_int_equal(rmdir(folder->path), 0);
    free(folder);
    return 0;
}

/* Goal: a stored key signs what verifies under its public key and label only. */
static void test_login_key_round_trip(void **state)
{
    const struct folder *folder = *state;
    static uint8_t large[9000];
    struct span parts[] = {span_of("hello", 5), span_of(large, sizeof large)};
    struct login_key *key = NULL;
    assert_int_equal(login_key_open(folder->key, &key), STATUS_NOT_FOUND);
    struct public_key made;
    assert_int_equal(login_key_generate(folder->key, &made), STATUS_OK);
    struct stat info;
    assert_int_equal(stat(folder->key, &info), 0);
    assert_int_equal(info.st_mode & 07777u, 0600);
    assert_int_equal(login_key_open(folder->key, &key), STATUS_OK);
    struct public_key loaded;
    login_key_public(key, &loaded);
    assert_true(ID_EQUAL(&made, &loaded));
    struct practice_id practice = {{7}};
    struct signature signature;
    for (size_t count = 1; count <= 2; count++) {
        assert_int_equal(
            login_key_sign(key, LABEL_LOGIN_SERVER, &practice, parts, count, &signature),
            STATUS_OK);
        assert_int_equal(
            verify_frame(LABEL_LOGIN_SERVER, &practice, parts, count, &made, &signature),
            STATUS_OK);
        assert_int_equal(verify_frame(LABEL_REWOUND, &practice, parts, count, &made, &signature),
                         STATUS_BAD_SIGNATURE);
        assert_int_equal(verify_frame(LABEL_LOGIN_SERVER, NULL, parts, count, &made, &signature),
                         STATUS_BAD_SIGNATURE);
        assert_int_equal(
            verify_frame(LABEL_LOGIN_SERVER, &practice, parts, count - 1u, &made, &signature),
            STATUS_BAD_SIGNATURE);
    }
    login_key_close(key);
    login_key_close(NULL);
}

/* Goal: the login key speaks for nobody. Method: every other label is refused. */
static void test_login_key_signs_logins_only(void **state)
{
    const struct folder *folder = *state;
    struct span part = span_of("x", 1);
    struct public_key made;
    assert_int_equal(login_key_generate(folder->key, &made), STATUS_OK);
    struct login_key *key = NULL;
    assert_int_equal(login_key_open(folder->key, &key), STATUS_OK);
    struct signature signature;
    for (int i = LABEL_NONE; i < LABEL_COUNT; i++) {
        bool allowed = i == LABEL_LOGIN_SERVER || i == LABEL_REWOUND;
        assert_int_equal(login_key_sign(key, (enum label)i, NULL, &part, 1, &signature),
                         allowed ? STATUS_OK : STATUS_USAGE);
    }
    login_key_close(key);
}

/* Goal: a key is never replaced, and a readable, linked or special file is refused. */
static void test_login_key_file_is_guarded(void **state)
{
    const struct folder *folder = *state;
    struct public_key made;
    assert_int_equal(login_key_generate(folder->key, &made), STATUS_OK);
    struct public_key again;
    assert_int_equal(login_key_generate(folder->key, &again), STATUS_CONFLICT);
    static const mode_t loose[] = {0640, 0604, 0620, 0601, 0660};
    struct login_key *key = NULL;
    for (size_t i = 0; i < ARRAY_LEN(loose); i++) {
        assert_int_equal(chmod(folder->key, loose[i]), 0);
        assert_int_equal(login_key_open(folder->key, &key), STATUS_REFUSED);
        assert_null(key);
    }
    assert_int_equal(chmod(folder->key, 0600), 0);
    char other[128];
    (void)snprintf(other, sizeof other, "%s/link", folder->path);
    assert_int_equal(symlink(folder->key, other), 0);
    assert_int_equal(login_key_open(other, &key), STATUS_REFUSED);
    assert_int_equal(login_key_generate(other, &again), STATUS_CONFLICT);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(mkfifo(other, 0600), 0);
    assert_int_equal(login_key_open(other, &key), STATUS_REFUSED);
    assert_int_equal(unlink(other), 0);
    assert_int_equal(login_key_open(folder->path, &key), STATUS_REFUSED);
    (void)snprintf(other, sizeof other, "%s/none/login.key", folder->path);
    assert_int_equal(login_key_generate(other, &again), STATUS_IO);
    assert_int_equal(login_key_open(folder->key, &key), STATUS_OK);
    login_key_public(key, &again);
    assert_true(ID_EQUAL(&made, &again));
    login_key_close(key);
}

static void write_file(const char *path, const uint8_t *bytes, size_t size)
{
    int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, size), (ssize_t)size);
    assert_int_equal(close(fd), 0);
}

/* Goal: a damaged file is seen. Method: flip every bit, cut at every byte, add one. */
static void test_login_key_damaged_file(void **state)
{
    const struct folder *folder = *state;
    struct public_key made;
    assert_int_equal(login_key_generate(folder->key, &made), STATUS_OK);
    int fd = open(folder->key, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    uint8_t bytes[128] = {0};
    size_t size = (size_t)read(fd, bytes, sizeof bytes);
    assert_int_equal(close(fd), 0);
    assert_int_equal(size, 72);
    struct login_key *key = NULL;
    for (size_t bit = 0; bit < 8u * size; bit++) {
        bytes[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
        write_file(folder->key, bytes, size);
        assert_int_equal(login_key_open(folder->key, &key), STATUS_CORRUPT);
        bytes[bit / 8u] ^= (uint8_t)(1u << bit % 8u);
    }
    for (size_t cut = 0; cut < size; cut++) {
        write_file(folder->key, bytes, cut);
        assert_int_equal(login_key_open(folder->key, &key), STATUS_CORRUPT);
    }
    write_file(folder->key, bytes, size + 1u);
    assert_int_equal(login_key_open(folder->key, &key), STATUS_CORRUPT);
    write_file(folder->key, bytes, size);
    assert_int_equal(login_key_open(folder->key, &key), STATUS_OK);
    login_key_close(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify_rfc8032),
        cmocka_unit_test(test_verify_small_order_key),
        cmocka_unit_test(test_verify_edge_cases),
        cmocka_unit_test(test_verify_wycheproof),
        cmocka_unit_test_setup_teardown(test_login_key_round_trip, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_login_key_signs_logins_only, folder_make,
                                        folder_remove),
        cmocka_unit_test_setup_teardown(test_login_key_file_is_guarded, folder_make, folder_remove),
        cmocka_unit_test_setup_teardown(test_login_key_damaged_file, folder_make, folder_remove),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
