/* Secrets in memory, the cache's keys, passphrase-sealed files and the keystore. */
#include "keys/private/cache_key.h"
#include "keys/private/fixed.h"
#include "keys/private/keystore.h"
#include "keys/private/keystore_codec.h"
#include "keys/private/private_file.h"
#include "keys/public/hash.h"
#include "keys/public/random.h"
#include "tests/support/vectors.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char passphrase[] = "velvet harbor umbrella";

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

/* A folder of its own for each test, emptied and removed by folder_remove(). */
static char *folder_make(void)
{
    const char *base = getenv("TMPDIR");
    char name[4096];
    int size = snprintf(name, sizeof(name), "%s/keystore-test.XXXXXX",
                        base != NULL && strlen(base) < 2048 ? base : "/tmp");
    assert_true(size > 0 && (size_t)size < sizeof(name));
    assert_non_null(mkdtemp(name));
    return strdup(name);
}

static size_t folder_count(const char *folder)
{
    size_t count = 0;
    DIR *open_folder = opendir(folder);
    assert_non_null(open_folder);
    for (struct dirent *entry = readdir(open_folder); entry != NULL; entry = readdir(open_folder)) {
        count += entry->d_name[0] == '.' && strlen(entry->d_name) < 3 ? 0 : 1;
    }
    (void)closedir(open_folder);
    return count;
}

static void folder_remove(char *folder)
{
    static const char *const names[] = {"keystore", "keystore.lock", "file", "lock", "link"};
    int fd = open(folder, O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)unlinkat(fd, names[i], 0);
    }
    (void)close(fd);
    assert_int_equal(rmdir(folder), 0); /* nothing else was left behind */
    free(folder);
}

/* Goal: secrets are copied, compared and made as asked. Method: each way once. */
static void test_secret(void **state)
{
    (void)state;
    struct secret *zero = NULL;
    struct secret *one = NULL;
    struct secret *two = NULL;
    struct secret *copy = NULL;
    assert_int_equal(secret_new(32, &zero), STATUS_OK);
    assert_int_equal(secret_random(32, &one), STATUS_OK);
    assert_int_equal(secret_random(32, &two), STATUS_OK);
    assert_int_equal(secret_from_bytes(secret_view(one), &copy), STATUS_OK);
    assert_true(secret_equal(one, copy));
    assert_false(secret_equal(one, two));
    assert_false(secret_equal(one, zero));
    secret_fill(copy)[31] ^= 1;
    assert_false(secret_equal(one, copy));
    assert_int_equal(secret_view(zero).size, 32);
    assert_int_equal(secret_view(zero).data[0] | secret_view(zero).data[31], 0);
    if (secret_take_lock_warning()) {
        assert_false(secret_take_lock_warning()); /* told once */
    }
    secret_free(zero);
    secret_free(one);
    secret_free(two);
    secret_free(copy);
    secret_free(NULL);
}

/* Goal: cache key, sealed value and name are the ones frozen, and bind key and record.
 * Method: vector; each byte, each length, another record and purpose. */
static void test_cache_key(void **state)
{
    (void)state;
    struct practice_id practice;
    struct secret *key = NULL;
    struct secret *other = NULL;
    uint8_t name[ID_BYTES];
    uint8_t sealed[64];
    uint8_t opened[64];
    for (uint8_t i = 0; i < HASH_BYTES; i++) {
        practice.bytes[i] = i;
    }
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "cache");
    struct secret *master = NULL;
    assert_int_equal(secret_from_bytes(vectors_hex(vectors, "master"), &master), STATUS_OK);
    assert_int_equal(cache_key_derive(master, &practice, vectors_text(vectors, "purpose"), &key),
                     STATUS_OK);
    assert_int_equal(cache_key_derive(master, &practice, text_of("names"), &other), STATUS_OK);
    assert_same(secret_view(key), vectors_hex(vectors, "key"));
    struct span record = vectors_text(vectors, "record");
    struct span value = vectors_text(vectors, "value");
    cache_key_name(key, record, name);
    assert_same(span_of(name, sizeof(name)), vectors_hex(vectors, "name"));
    assert_int_equal(cache_key_open(key, record, vectors_hex(vectors, "sealed"), opened),
                     STATUS_OK);
    assert_same(span_of(opened, value.size), value);

    cache_key_seal(key, record, value, sealed);
    struct span whole = span_of(sealed, value.size + CACHE_KEY_OVERHEAD_BYTES);
    assert_int_equal(cache_key_open(key, record, whole, opened), STATUS_OK);
    assert_int_equal(cache_key_open(other, record, whole, opened), STATUS_DAMAGED);
    assert_int_equal(cache_key_open(key, value, whole, opened), STATUS_DAMAGED);
    for (size_t at = 0; at < whole.size; at++) {
        sealed[at] ^= 2;
        assert_int_equal(cache_key_open(key, record, whole, opened), STATUS_DAMAGED);
        sealed[at] ^= 2;
        assert_int_equal(cache_key_open(key, record, span_of(sealed, at), opened), STATUS_DAMAGED);
    }
    secret_free(master);
    secret_free(key);
    secret_free(other);
    vectors_close(vectors);
}

/* Goal: the form under a passphrase is the one frozen. Method: the keystore's and the root
 * key's vectors, whose file key comes from the reference Argon2 program. */
static void test_pass_file_vectors(void **state)
{
    (void)state;
    static uint8_t made[8192];
    static uint8_t plain[4096];
    struct pass_file *file = NULL;
    struct secret *content = NULL;
    struct hash hash;
    uint8_t nonce[24];
    uint8_t salt[16];
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "keystore");
    copy_exact(vectors_hex(vectors, "nonce"), nonce, sizeof(nonce));
    copy_exact(vectors_hex(vectors, "salt"), salt, sizeof(salt));
    struct span inside = vectors_hex(vectors, "content");
    memcpy(plain, inside.data, inside.size);
    assert_int_equal(vectors_number(vectors, "content_size"), sizeof(plain));
    assert_int_equal(pass_file_new_fixed(PASS_FILE_KEYSTORE, &pass_file_params_floor, salt,
                                         vectors_text(vectors, "passphrase"), &file),
                     STATUS_OK);
    assert_int_equal(pass_file_seal_fixed(file, nonce, span_of(plain, sizeof(plain)), made),
                     STATUS_OK);
    assert_int_equal(vectors_number(vectors, "file_size"),
                     sizeof(plain) + PASS_FILE_OVERHEAD_BYTES);
    struct span start = vectors_hex(vectors, "file_start");
    assert_same(span_of(made, start.size), start);
    hash_bytes(span_of(made, sizeof(plain) + PASS_FILE_OVERHEAD_BYTES), &hash);
    assert_same(ID_SPAN(&hash), vectors_hex(vectors, "file_sha256"));
    pass_file_free(file);
    file = NULL;

    vectors_find(vectors, "root key file");
    assert_int_equal(pass_file_open(vectors_hex(vectors, "file"), PASS_FILE_ROOT_KEY,
                                    vectors_text(vectors, "passphrase"), &file, &content),
                     STATUS_OK);
    assert_same(secret_view(content), vectors_hex(vectors, "content"));
    assert_int_equal(pass_file_params_of(file).memory_kib, PASS_FILE_MEMORY_KIB_MIN);
    pass_file_free(file);
    secret_free(content);
    vectors_close(vectors);
}

static void put_u32(uint8_t *at, uint32_t value)
{
    at[0] = (uint8_t)(value >> 24);
    at[1] = (uint8_t)(value >> 16);
    at[2] = (uint8_t)(value >> 8);
    at[3] = (uint8_t)value;
}

/* Goal: parameters out of bounds are refused before any work is done on them. Method: each
 * bound and one beyond it by the probe, and by opening, which would otherwise ask the system
 * for terabytes. */
static void test_pass_file_bounds(void **state)
{
    (void)state;
    static const struct {
        uint32_t passes, memory_kib, lanes;
        enum status status;
    } cases[] = {
        {3, 64 * 1024, 1, STATUS_OK},
        {10, 1024 * 1024, 1, STATUS_OK},
        {2, 64 * 1024, 1, STATUS_UNSUPPORTED},
        {0, 64 * 1024, 1, STATUS_UNSUPPORTED},
        {11, 64 * 1024, 1, STATUS_UNSUPPORTED},
        {UINT32_MAX, 64 * 1024, 1, STATUS_UNSUPPORTED},
        {3, 64 * 1024 - 1, 1, STATUS_UNSUPPORTED},
        {3, 0, 1, STATUS_UNSUPPORTED},
        {3, 1024 * 1024 + 1, 1, STATUS_UNSUPPORTED},
        {3, UINT32_MAX, 1, STATUS_UNSUPPORTED},
        {3, 64 * 1024, 0, STATUS_UNSUPPORTED},
        {3, 64 * 1024, 2, STATUS_UNSUPPORTED},
    };
    uint8_t bytes[256];
    struct pass_file_params params;
    struct pass_file *file = NULL;
    struct secret *content = NULL;
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "root key file");
    struct span good = vectors_hex(vectors, "file");
    assert_true(good.size <= sizeof(bytes));
    memcpy(bytes, good.data, good.size);
    struct span whole = span_of(bytes, good.size);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        put_u32(bytes + 12, cases[i].passes);
        put_u32(bytes + 16, cases[i].memory_kib);
        put_u32(bytes + 20, cases[i].lanes);
        assert_int_equal(pass_file_probe(whole, PASS_FILE_ROOT_KEY, &params), cases[i].status);
        if (cases[i].status == STATUS_UNSUPPORTED) {
            assert_int_equal(
                pass_file_open(whole, PASS_FILE_ROOT_KEY, text_of(passphrase), &file, &content),
                STATUS_UNSUPPORTED);
        }
    }
    const struct pass_file_params low = {3, 1024};
    assert_int_equal(pass_file_new(PASS_FILE_ROOT_KEY, &low, text_of(passphrase), &file),
                     STATUS_UNSUPPORTED);
    assert_int_equal(pass_file_probe(good, PASS_FILE_KEYSTORE, &params), STATUS_DAMAGED);
    vectors_close(vectors);
}

/* Goal: no byte of a file can be changed and none be missing. Method: each byte of the header
 * and every eighth of the rest flipped, opened by the right passphrase; each shorter length
 * and a longer one by the probe, which sees them first. Argon2id runs only where the header
 * lets it, so the file key is kept and the rest is opened with it. */
static void test_pass_file_mutations(void **state)
{
    (void)state;
    uint8_t bytes[256];
    struct pass_file_params params;
    struct pass_file *file = NULL;
    struct secret *content = NULL;
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "root key file");
    struct span good = vectors_hex(vectors, "file");
    struct span words = vectors_text(vectors, "passphrase");
    memcpy(bytes, good.data, good.size);
    struct span whole = span_of(bytes, good.size);
    for (size_t at = 0; at < good.size; at++) {
        if (at >= PASS_FILE_HEADER_BYTES && at % 8 != 0) {
            continue;
        }
        if (at >= 12 && at < 20) {
            continue; /* larger parameters would be obeyed; the bounds have their own test */
        }
        bytes[at] ^= 0x40;
        enum status status = pass_file_open(whole, PASS_FILE_ROOT_KEY, words, &file, &content);
        assert_true(status == STATUS_DAMAGED || status == STATUS_UNSUPPORTED);
        bytes[at] ^= 0x40;
    }
    bytes[15] ^= 7; /* three passes become four: within bounds, yet not what was sealed */
    assert_int_equal(pass_file_open(whole, PASS_FILE_ROOT_KEY, words, &file, &content),
                     STATUS_DAMAGED);
    bytes[15] ^= 7;
    for (size_t size = 0; size < good.size; size++) {
        assert_int_equal(pass_file_probe(span_of(bytes, size), PASS_FILE_ROOT_KEY, &params),
                         STATUS_DAMAGED);
    }
    assert_int_equal(pass_file_probe(span_of(bytes, good.size + 1), PASS_FILE_ROOT_KEY, &params),
                     STATUS_DAMAGED);
    assert_int_equal(pass_file_open(whole, PASS_FILE_ROOT_KEY, text_of("another"), &file, &content),
                     STATUS_DAMAGED);
    assert_true(file == NULL && content == NULL);
    vectors_close(vectors);
}

/* Goal: the content's encoding is the one frozen, one content has one form. Method: decode
 * the vector, encode it again, compare. */
static void test_codec_vector(void **state)
{
    (void)state;
    static uint8_t plain[4096];
    struct keystore_content content;
    struct pass_file_params params;
    struct secret *again = NULL;
    struct secret *psk = NULL;
    size_t size = 0;
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "keystore");
    struct span inside = vectors_hex(vectors, "content");
    memcpy(plain, inside.data, inside.size);
    assert_int_equal(keystore_codec_decode(span_of(plain, sizeof(plain)), &content, &params),
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
    assert_same(secret_view(content.extra), text_of("extra"));
    assert_int_equal(keystore_content_psk(&content, &content.member, &psk), STATUS_OK);
    assert_int_equal(secret_view(psk).data[0], 0x55);
    assert_int_equal(keystore_codec_encode(&content, &params, &again, &size), STATUS_OK);
    assert_same(span_of(secret_view(again).data, size), span_of(plain, sizeof(plain)));
    secret_free(again);
    secret_free(psk);
    keystore_content_deinit(&content);
    vectors_close(vectors);
}

/* Goal: whatever decodes, encodes to the same bytes; anything else is refused. Method: each
 * bit of the vector flipped, each length that is cut. */
static void test_codec_mutations(void **state)
{
    (void)state;
    static uint8_t plain[8192];
    struct keystore_content content;
    struct pass_file_params params;
    struct vectors *vectors = vectors_open("private.txt");
    vectors_find(vectors, "keystore");
    struct span inside = vectors_hex(vectors, "content");
    memcpy(plain, inside.data, inside.size);
    size_t refused = 0;
    for (size_t bit = 0; bit < 4096 * 8; bit += bit < inside.size * 8 ? 1 : 61) {
        plain[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (keystore_codec_decode(span_of(plain, 4096), &content, &params) == STATUS_OK) {
            struct secret *again = NULL;
            size_t size = 0;
            assert_int_equal(keystore_codec_encode(&content, &params, &again, &size), STATUS_OK);
            assert_same(span_of(secret_view(again).data, size), span_of(plain, 4096));
            secret_free(again);
            keystore_content_deinit(&content);
        } else {
            refused++;
        }
        plain[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(refused > 20 * 6 * 8); /* every tag and length at least */
    for (size_t size = 0; size < 4096; size++) {
        assert_int_equal(keystore_codec_decode(span_of(plain, size), &content, &params),
                         STATUS_DAMAGED);
    }
    assert_int_equal(keystore_codec_decode(span_of(plain, 8192), &content, &params),
                     STATUS_DAMAGED);
    assert_null(content.content);
    vectors_close(vectors);
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
    struct secret *found = NULL;
    struct member_id member = {{0}};
    assert_int_equal(keystore_content_init(&content), STATUS_OK);
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
    assert_int_equal(keystore_content_set_extra(&content, span_of(extra, sizeof(extra))),
                     STATUS_TOO_LARGE);
    assert_int_equal(keystore_content_set_extra(&content, span_of(extra, 10)), STATUS_OK);
    assert_int_equal(keystore_content_set_extra(&content, span_of(extra, 0)), STATUS_OK);
    assert_null(content.extra);
    keystore_content_deinit(&content);
}

/* Goal: files are whole, private and not followed through links. Method: write, replace,
 * read, limits, modes, a symbolic link, a missing folder; nothing else is left behind. */
static void test_private_file(void **state)
{
    (void)state;
    char *folder = folder_make();
    uint8_t *bytes = NULL;
    size_t size = 0;
    struct stat info;
    char path[4200];
    (void)snprintf(path, sizeof(path), "%s/file", folder);
    assert_int_equal(private_file_read(folder, "file", 100, &bytes, &size), STATUS_NOT_FOUND);
    assert_int_equal(private_file_write(folder, "file", text_of("one")), STATUS_OK);
    assert_int_equal(private_file_write(folder, "file", text_of("second")), STATUS_OK);
    assert_int_equal(folder_count(folder), 1);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);
    assert_int_equal(private_file_read(folder, "file", 6, &bytes, &size), STATUS_OK);
    assert_same(span_of(bytes, size), text_of("second"));
    free(bytes);
    assert_int_equal(private_file_read(folder, "file", 5, &bytes, &size), STATUS_TOO_LARGE);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(private_file_read(folder, "file", 100, &bytes, &size), STATUS_REFUSED);
    char link_path[4200];
    (void)snprintf(link_path, sizeof(link_path), "%s/link", folder);
    assert_int_equal(symlink(path, link_path), 0);
    assert_int_equal(private_file_read(folder, "link", 100, &bytes, &size), STATUS_REFUSED);
    assert_int_equal(private_file_write("/nonexistent/folder", "file", text_of("x")), STATUS_IO);
    assert_int_equal(private_file_folder("/nonexistent/folder"), STATUS_IO);
    assert_int_equal(private_file_folder(path), STATUS_REFUSED);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(private_file_folder(folder), STATUS_OK);
    assert_int_equal(stat(folder, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);
    folder_remove(folder);
}

/* Goal: one writer at a time. Method: two handles on one lock, then on two. */
static void test_private_file_lock(void **state)
{
    (void)state;
    char *folder = folder_make();
    int first = -1;
    int second = -1;
    assert_int_equal(private_file_lock(folder, "lock", &first), STATUS_OK);
    assert_int_equal(private_file_lock(folder, "lock", &second), STATUS_BUSY);
    assert_int_equal(second, -1);
    (void)close(first);
    assert_int_equal(private_file_lock(folder, "lock", &second), STATUS_OK);
    (void)close(second);
    folder_remove(folder);
}

static void new_keystore(const char *folder, struct keystore **out_keystore)
{
    struct keystore_content content;
    assert_int_equal(keystore_content_init(&content), STATUS_OK);
    content.statements.size = 42;
    (void)snprintf(content.address, sizeof(content.address), "localhost:7443");
    assert_int_equal(keystore_create(folder, &pass_file_params_floor, text_of(passphrase), &content,
                                     out_keystore),
                     STATUS_OK);
    assert_null(content.content); /* moved */
}

/* Goal: a keystore keeps what it was given, one holder at a time. Method: create, change,
 * save, close, open again; a second open meanwhile; a second create. */
static void test_keystore_life(void **state)
{
    (void)state;
    char *folder = folder_make();
    struct keystore *keystore = NULL;
    struct keystore *second = NULL;
    struct keystore_content other;
    struct pass_file_params params;
    assert_int_equal(keystore_probe(folder, &params), STATUS_NOT_FOUND);
    assert_int_equal(keystore_open(folder, text_of(passphrase), &second), STATUS_NOT_FOUND);
    new_keystore(folder, &keystore);
    const struct public_key key = *identity_signer_public(keystore_content(keystore)->content);
    assert_int_equal(keystore_open(folder, text_of(passphrase), &second), STATUS_BUSY);
    struct secret *psk = psk_of(3);
    const struct member_id peer = {{9}};
    assert_int_equal(keystore_content_set_psk(keystore_content(keystore), &peer, psk), STATUS_OK);
    keystore_content(keystore)->events.size = 77;
    assert_int_equal(keystore_save(keystore), STATUS_OK);
    assert_int_equal(keystore_content(keystore)->generation, 2);
    keystore_close(keystore);

    assert_int_equal(keystore_probe(folder, &params), STATUS_OK);
    assert_int_equal(params.passes, PASS_FILE_PASSES_MIN);
    assert_int_equal(keystore_open(folder, text_of(passphrase), &keystore), STATUS_OK);
    struct keystore_content *content = keystore_content(keystore);
    assert_true(ID_EQUAL(identity_signer_public(content->content), &key));
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

    assert_int_equal(keystore_content_init(&other), STATUS_OK);
    assert_int_equal(
        keystore_create(folder, &pass_file_params_floor, text_of(passphrase), &other, &second),
        STATUS_CONFLICT);
    assert_non_null(other.content);
    keystore_content_deinit(&other);
    keystore_close(NULL);
    folder_remove(folder);
}

/* Goal: a wrong passphrase and any damage look alike; a change of passphrase leaves only the
 * new one, and parameters never fall. Method: each in turn. */
static void test_keystore_refusals(void **state)
{
    (void)state;
    char *folder = folder_make();
    struct keystore *keystore = NULL;
    struct pass_file_params params = {4, PASS_FILE_MEMORY_KIB_MIN};
    uint8_t *bytes = NULL;
    size_t size = 0;
    new_keystore(folder, &keystore);
    assert_int_equal(keystore_change_passphrase(keystore, text_of("the new one"), &params),
                     STATUS_OK);
    assert_int_equal(
        keystore_change_passphrase(keystore, text_of("the new one"), &pass_file_params_floor),
        STATUS_UNSUPPORTED);
    assert_int_equal(keystore_save(keystore), STATUS_OK);
    keystore_close(keystore);
    keystore = NULL;
    assert_int_equal(keystore_open(folder, text_of(passphrase), &keystore), STATUS_DAMAGED);
    assert_int_equal(keystore_open(folder, text_of("the new one"), &keystore), STATUS_OK);
    assert_int_equal(keystore_content(keystore)->generation, 3);
    keystore_close(keystore);
    keystore = NULL;
    assert_int_equal(private_file_read(folder, "keystore", PASS_FILE_BYTES_MAX, &bytes, &size),
                     STATUS_OK);
    static const size_t places[] = {0, 9, 30, 43, 44, 80, 100, 4000};
    for (size_t i = 0; i < ARRAY_LEN(places); i++) {
        bytes[places[i]] ^= 0x80;
        assert_int_equal(private_file_write(folder, "keystore", span_of(bytes, size)), STATUS_OK);
        bytes[places[i]] ^= 0x80;
        enum status status = keystore_open(folder, text_of("the new one"), &keystore);
        assert_int_equal(status, places[i] == 9 ? STATUS_UNSUPPORTED : STATUS_DAMAGED);
    }
    for (size_t cut = 0; cut < size; cut += cut < 200 ? 1 : 97) {
        assert_int_equal(private_file_write(folder, "keystore", span_of(bytes, cut)), STATUS_OK);
        assert_int_equal(keystore_probe(folder, &params), STATUS_DAMAGED);
        assert_int_equal(keystore_open(folder, text_of("the new one"), &keystore), STATUS_DAMAGED);
    }
    put_u32(bytes + 16, 1024); /* planted: a memory of 1 MiB would make guessing cheap */
    assert_int_equal(private_file_write(folder, "keystore", span_of(bytes, size)), STATUS_OK);
    assert_int_equal(keystore_probe(folder, &params), STATUS_UNSUPPORTED);
    assert_int_equal(keystore_open(folder, text_of("the new one"), &keystore), STATUS_UNSUPPORTED);
    assert_null(keystore);
    free(bytes);
    folder_remove(folder);
}

/* Goal: no key of the keystore stands in the file, and the file's size does not tell the
 * number of peers. Method: search for each secret; one peer and twenty. */
static void test_keystore_hides(void **state)
{
    (void)state;
    char *folder = folder_make();
    struct keystore *keystore = NULL;
    uint8_t *bytes = NULL;
    size_t first_size = 0;
    size_t size = 0;
    new_keystore(folder, &keystore);
    struct keystore_content *content = keystore_content(keystore);
    assert_int_equal(
        private_file_read(folder, "keystore", PASS_FILE_BYTES_MAX, &bytes, &first_size), STATUS_OK);
    const struct span secrets[] = {identity_signer_seed(content->content),
                                   identity_signer_seed(content->login),
                                   secret_view(identity_sealer_secret(content->sealing)),
                                   secret_view(content->cache_master), text_of("localhost:7443")};
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
    assert_int_equal(private_file_read(folder, "keystore", PASS_FILE_BYTES_MAX, &bytes, &size),
                     STATUS_OK);
    assert_int_equal(size, first_size);
    free(bytes);
    keystore_close(keystore);
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secret),
        cmocka_unit_test(test_cache_key),
        cmocka_unit_test(test_pass_file_vectors),
        cmocka_unit_test(test_pass_file_bounds),
        cmocka_unit_test(test_pass_file_mutations),
        cmocka_unit_test(test_codec_vector),
        cmocka_unit_test(test_codec_mutations),
        cmocka_unit_test(test_content_peers),
        cmocka_unit_test(test_private_file),
        cmocka_unit_test(test_private_file_lock),
        cmocka_unit_test(test_keystore_life),
        cmocka_unit_test(test_keystore_refusals),
        cmocka_unit_test(test_keystore_hides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
