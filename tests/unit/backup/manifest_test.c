/* A manifest has one spelling, and what is not spelt so is none. */
#include "server/backup/manifest.h"
#include "tests/support/test.h"

static void fill(struct manifest *manifest, bool sealed)
{
    memset(manifest, 0, sizeof *manifest);
    memset(manifest->practice.bytes, 0xab, HASH_BYTES);
    manifest->log_key.bytes[31] = 7;
    manifest->time_ms = 1796020532449;
    manifest->format = 2;
    manifest->heads[0].size = 12;
    manifest->heads[1].size = INT64_MAX;
    manifest->sealed = sealed;
    for (size_t i = 0; i < BACKUP_FILES; i++) {
        manifest->files[i].size = i * 1000;
        manifest->files[i].hash.bytes[0] = (uint8_t)i;
    }
}

/* Goal: what is written is read back; the spelling is the one that PROTOCOL.md shows. */
static void test_back_and_forth(void **state)
{
    (void)state;
    for (int sealed = 0; sealed < 2; sealed++) {
        struct manifest manifest;
        fill(&manifest, sealed == 1);
        char text[MANIFEST_BYTES_MAX];
        size_t size = 0;
        manifest_encode(&manifest, text, &size);
        assert_int_equal(strncmp(text, "alcove-backup 1\npractice abab", 29), 0);
        assert_non_null(strstr(text, sealed == 1 ? "\nsealed age\nfile alcoved.conf.age 0 "
                                                 : "\nsealed no\nfile alcoved.conf 0 "));
        assert_non_null(
            strstr(text, sealed == 1 ? "\nfile data.mdb.age 1000 01" : "\nfile data.mdb 1000 01"));
        struct manifest got;
        OK(manifest_decode(span_of(text, size), &got));
        assert_memory_equal(&got, &manifest, sizeof got);
    }
}

/* Goal: cut, lengthened and changed ones are refused, or say something else; none says the same. */
static void test_one_spelling(void **state)
{
    (void)state;
    struct manifest manifest;
    fill(&manifest, false);
    char text[MANIFEST_BYTES_MAX + 1];
    size_t size = 0;
    manifest_encode(&manifest, text, &size);
    struct manifest got;
    for (size_t cut = 0; cut < size; cut++) {
        assert_int_not_equal(manifest_decode(span_of(text, cut), &got), STATUS_OK);
    }
    text[size] = '\n';
    assert_int_equal(manifest_decode(span_of(text, size + 1), &got), STATUS_MALFORMED);
    for (size_t bit = 0; bit < size * 8; bit++) {
        text[bit / 8] ^= (char)(1 << bit % 8);
        if (manifest_decode(span_of(text, size), &got) == STATUS_OK) {
            assert_memory_not_equal(&got, &manifest, sizeof got);
        }
        text[bit / 8] ^= (char)(1 << bit % 8);
    }
}

static enum status with(const char *from, const char *to)
{
    struct manifest manifest;
    fill(&manifest, false);
    char text[MANIFEST_BYTES_MAX];
    size_t size = 0;
    manifest_encode(&manifest, text, &size);
    text[size] = '\0';
    char *at = strstr(text, from);
    assert_non_null(at);
    char changed[2 * MANIFEST_BYTES_MAX];
    int n = snprintf(changed, sizeof changed, "%.*s%s%s", (int)(at - text), text, to,
                     at + strlen(from));
    struct manifest got;
    return manifest_decode(span_of(changed, (size_t)n), &got);
}

/* Goal: another spelling of the same, another name, order or version, and a line less are refused. */
static void test_other_spellings(void **state)
{
    (void)state;
    OK(with("time 1796020532449", "time 1796020532449"));
    assert_int_equal(with("time 1", "time 01"), STATUS_MALFORMED);
    assert_int_equal(with("time 1", "time +1"), STATUS_MALFORMED);
    assert_int_equal(with("practice ab", "practice AB"), STATUS_MALFORMED);
    assert_int_equal(with("format 2", "format  2"), STATUS_MALFORMED);
    assert_int_equal(with("format 2", "format 4294967296"), STATUS_MALFORMED);
    assert_int_equal(with("events 9", "events 99"), STATUS_MALFORMED);
    assert_int_equal(with("sealed no", "sealed on"), STATUS_MALFORMED);
    assert_int_equal(with("file tls.crt", "file ../tls.crt"), STATUS_MALFORMED);
    assert_int_equal(with("file server.pub", "file tls.crt"), STATUS_MALFORMED);
    assert_int_equal(with("statements 12", "Statements 12"), STATUS_MALFORMED);
    assert_int_equal(with("\n", "\r\n"), STATUS_UNSUPPORTED);
    assert_int_equal(with("alcove-backup 1", "alcove-backup 2"), STATUS_UNSUPPORTED);
    assert_int_equal(with("alcove-backup 1", "alcove-export 1"), STATUS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_back_and_forth),
        cmocka_unit_test(test_one_spelling),
        cmocka_unit_test(test_other_spellings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
