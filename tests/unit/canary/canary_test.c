#include "tests/support/canary.h"

#include "tests/support/test.h"

#include <stdbool.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Needs two-, three- and four-byte characters, and both characters that base64
 * and base64url spell differently. */
static const char phrase[] = "canary \xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa6 ~~~??? in the mine";

/* The expected bytes were made with Node's Buffer, not with the code under test. */
struct sample {
    enum canary_encoding encoding;
    const char *hex;
};
static const struct sample samples[] = {
#include "samples.inc"
};

static size_t from_hex(const char *hex, uint8_t *out)
{
    size_t size = strlen(hex) / 2;
    for (size_t i = 0; i < size; i++) {
        const char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};
        out[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return size;
}

static struct canary *with_phrase(void)
{
    struct canary *canary = canary_new(NULL);
    assert_non_null(canary);
    assert_true(canary_add(canary, phrase));
    return canary;
}

/* Goal: every encoding of a planted phrase is found, as that encoding, once.
 * Method: bytes encoded elsewhere, planted in noise at several places. */
static void test_search_every_encoding_found(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof samples / sizeof samples[0]; s++) {
        uint8_t planted[512];
        const size_t size = from_hex(samples[s].hex, planted);
        for (size_t at = 0; at < 64; at++) {
            uint8_t field[1024];
            memset(field, (int)(at * 37), sizeof field);
            memcpy(field + at, planted, size);
            struct canary *canary = with_phrase();
            assert_true(canary_search_bytes(canary, "field", field, sizeof field));
            assert_int_equal(canary_hits(canary), 1);
            assert_int_equal(canary_hits_of(canary, samples[s].encoding), 1);
            canary_free(canary);
        }
    }
    assert_int_equal(sizeof samples / sizeof samples[0], CANARY_ENCODINGS_END - 1);
}

/* Goal: the control. Method: any one changed byte of a planted phrase, and text
 * without it, give no hit. */
static void test_search_damaged_phrase_not_found(void **state)
{
    (void)state;
    for (size_t s = 0; s < sizeof samples / sizeof samples[0]; s++) {
        uint8_t field[512];
        const size_t size = from_hex(samples[s].hex, field);
        for (size_t i = 0; i < size; i++) {
            field[i] ^= 1;
            struct canary *canary = with_phrase();
            assert_true(canary_search_bytes(canary, "field", field, size));
            assert_int_equal(canary_hits(canary), 0);
            canary_free(canary);
            field[i] ^= 1;
        }
        struct canary *canary = with_phrase();
        assert_true(canary_search_bytes(canary, "field", field, size - 1));
        assert_int_equal(canary_hits(canary), 0);
        canary_free(canary);
    }
}

static void write_file(const char *path, size_t before, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    for (size_t i = 0; i < before; i++) {
        assert_int_equal(fputc('.', file), '.');
    }
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* Goal: a phrase across two chunks is found once, in files of a folder in a
 * folder. Method: planted at every offset near the chunk's end. */
static void test_search_path_across_chunks(void **state)
{
    (void)state;
    char top[] = "/tmp/alcove-canary-XXXXXX";
    assert_non_null(mkdtemp(top));
    char inner[64];
    (void)snprintf(inner, sizeof inner, "%s/inner", top);
    assert_int_equal(mkdir(inner, 0700), 0);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/file", inner);
    const size_t size = sizeof phrase - 1;
    const size_t chunk = (size_t)1 << 20;
    for (size_t before = chunk - size - 1; before <= chunk + 1; before += 5) {
        write_file(path, before, (const uint8_t *)phrase, size);
        struct canary *canary = with_phrase();
        assert_true(canary_search_path(canary, top));
        assert_int_equal(canary_hits(canary), 1);
        assert_true(canary_bytes_searched(canary) >= before + size);
        canary_free(canary);
    }
    assert_int_equal(unlink(path), 0);

    /* A name counts as much as what is in it; what is missing is no "nothing". */
    (void)snprintf(path, sizeof path, "%s/%s", inner, phrase);
    write_file(path, 0, (const uint8_t *)"", 0);
    struct canary *canary = with_phrase();
    assert_true(canary_search_path(canary, top));
    assert_int_equal(canary_hits(canary), 1);
    assert_false(canary_search_path(canary, "/nonexistent/alcove"));
    canary_free(canary);

    /* A folder named through a link is searched, not passed by. */
    char link[64];
    (void)snprintf(link, sizeof link, "%s-link", top);
    assert_int_equal(symlink(top, link), 0);
    canary = with_phrase();
    assert_true(canary_search_path(canary, link));
    assert_int_equal(canary_hits(canary), 1);
    canary_free(canary);
    assert_int_equal(unlink(link), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(inner), 0);
    assert_int_equal(rmdir(top), 0);
}

/* Starts cat, which keeps in its buffer what it passed on; a program built with
 * a sanitizer would have terabytes of shadow to search. */
static pid_t start_holder(const uint8_t *text, size_t size, int *out_pipe)
{
    int to[2];
    assert_int_equal(pipe2(to, O_CLOEXEC), 0);
    int back[2];
    assert_int_equal(pipe2(back, O_CLOEXEC), 0);
    const pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(to[0], STDIN_FILENO);
        dup2(back[1], STDOUT_FILENO);
        execl("/bin/cat", "cat", (char *)NULL);
        _exit(127);
    }
    close(to[0]);
    close(back[1]);
    assert_int_equal(write(to[1], text, size), size);
    uint8_t echo[512];
    for (size_t got = 0; got < size;) {
        const ssize_t count = read(back[0], echo, sizeof echo);
        assert_true(count > 0);
        got += (size_t)count;
    }
    close(back[0]);
    *out_pipe = to[1];
    return pid;
}

static uint64_t hits_in_holder(const uint8_t *text, size_t size)
{
    int to = -1;
    const pid_t pid = start_holder(text, size, &to);
    struct canary *canary = with_phrase();
    const int whole = canary_search_process(canary, pid);
    const uint64_t hits = canary_hits_of(canary, CANARY_UTF16LE);
    canary_free(canary);
    close(to);
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_true(whole);
    return hits;
}

/* Goal: the memory of a live process is searched. Method: another program holds
 * the phrase as UTF-16; the same with one bit changed is the control. */
static void test_search_process_memory(void **state)
{
    (void)state;
    uint8_t text[512];
    const size_t size = from_hex(samples[1].hex, text);
    assert_true(hits_in_holder(text, size) >= 1);
    text[size / 2] ^= 1;
    assert_int_equal(hits_in_holder(text, size), 0);
    struct canary *canary = with_phrase();
    assert_false(canary_search_process(canary, 0x3ffffffe));
    canary_free(canary);
}

/* Goal: what cannot be searched for is refused, not skipped. */
static void test_add_unusable_phrase_refused(void **state)
{
    (void)state;
    struct canary *canary = canary_new(NULL);
    assert_false(canary_add(canary, "short"));
    assert_false(canary_add(canary, "not utf-8 \xff here"));
    assert_false(canary_add(canary, "cut short \xe2\x82"));
    char large[CANARY_PHRASE_BYTES_MAX + 2];
    memset(large, 'a', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    assert_false(canary_add(canary, large));
    assert_true(canary_add(canary, large + 1));
    canary_free(canary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search_every_encoding_found),
        cmocka_unit_test(test_search_damaged_phrase_not_found),
        cmocka_unit_test(test_search_path_across_chunks),
        cmocka_unit_test(test_search_process_memory),
        cmocka_unit_test(test_add_unusable_phrase_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
