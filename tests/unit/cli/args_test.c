#include "client/cli/args.h"
#include "client/cli/ids.h"
#include "client/cli/numbers.h"
#include "proto/address.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <time.h>

struct parsed {
    const char *title;
    const char *tags[2];
    size_t tag_count;
    bool draft;
    const char *words[2];
    size_t word_count;
    const char *wrong;
};

static bool parse(int argc, const char *const *argv, struct parsed *out)
{
    const struct args_option options[] = {
        {.name = "--title", .value = &out->title},
        {.name = "--tag", .list = out->tags, .list_count = &out->tag_count, .list_max = 2},
        {.name = "--draft", .flag = &out->draft},
    };
    char *copy[16];

    memset(out, 0, sizeof(*out));
    for (int i = 0; i < argc; i++) {
        copy[i] = (char *)(uintptr_t)argv[i];
    }
    return args_parse(argc, copy, options, ARRAY_LEN(options), out->words, ARRAY_LEN(out->words),
                      &out->word_count, &out->wrong);
}

/* Goal: flags, values, lists and words are told apart in any order, and "-" is a word. Method:
 * one line with all of them. */
static void test_parse_takes_every_kind(void **state)
{
    const char *const line[] = {"write",   "one",     "--tag", "a",     "--draft",
                                "--title", "--draft", "-",     "--tag", "b"};
    struct parsed parsed;

    (void)state;
    assert_true(parse(10, line, &parsed));
    assert_string_equal(parsed.title, "--draft");
    assert_true(parsed.draft);
    assert_int_equal(parsed.tag_count, 2);
    assert_string_equal(parsed.tags[1], "b");
    assert_int_equal(parsed.word_count, 2);
    assert_string_equal(parsed.words[1], "-");
}

/* Goal: what was not meant is named and nothing is guessed. Method: an unknown option, a value
 * that is missing, one word and one list entry too many, an abbreviated option. */
static void test_parse_names_what_is_wrong(void **state)
{
    static const struct {
        int argc;
        const char *line[8];
        const char *wrong;
    } cases[] = {
        {2, {"write", "--what"}, "--what"},
        {2, {"write", "--title"}, "--title"},
        {4, {"write", "a", "b", "c"}, "c"},
        {7, {"write", "--tag", "a", "--tag", "b", "--tag", "c"}, "--tag"},
        {3, {"write", "--titl", "x"}, "--titl"},
        {2, {"write", "--title=x"}, "--title=x"},
        {2, {"write", "-d"}, "-d"},
    };
    struct parsed parsed;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_false(parse(cases[i].argc, cases[i].line, &parsed));
        assert_string_equal(parsed.wrong, cases[i].wrong);
    }
}

/* Goal: after "--" everything is a word. Method: words that look like options. */
static void test_parse_ends_options(void **state)
{
    const char *const line[] = {"search", "--", "--draft", "--"};
    struct parsed parsed;

    (void)state;
    assert_true(parse(4, line, &parsed));
    assert_false(parsed.draft);
    assert_int_equal(parsed.word_count, 2);
    assert_string_equal(parsed.words[0], "--draft");
}

/* Goal: numbers are digits alone and within their limits. Method: both sides of each limit,
 * signs, spaces, overflow, rubbish after. */
static void test_numbers_are_strict(void **state)
{
    static const char *const bad[] = {"",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1x",
                                      "x",
                                      "0x10",
                                      "18446744073709551616",
                                      "99999999999999999999999"};
    uint64_t number;
    int fd;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(numbers_parse(bad[i], 0, UINT64_MAX, &number));
        assert_false(numbers_seconds(bad[i], &number));
        assert_false(numbers_fd(bad[i], &fd));
        assert_int_equal(fd, -1);
    }
    assert_true(numbers_parse("18446744073709551615", 0, UINT64_MAX, &number));
    assert_true(number == UINT64_MAX);
    assert_true(numbers_parse("3", 3, 4, &number));
    assert_false(numbers_parse("2", 3, 4, &number));
    assert_false(numbers_parse("5", 3, 4, &number));
    assert_true(numbers_seconds("31536000", &number));
    assert_true(number == 31536000000u);
    assert_false(numbers_seconds("31536001", &number));
    assert_true(numbers_fd("1048576", &fd));
    assert_false(numbers_fd("1048577", &fd));
}

/* Goal: an address is taken apart exactly. Method: names, IPv4, IPv6, and what is none. */
static void test_address_takes_host_and_port(void **state)
{
    static const struct {
        const char *text;
        const char *host;
        uint16_t port;
    } good[] = {{"a.example:1", "a.example", 1},
                {"127.0.0.1:65535", "127.0.0.1", 65535},
                {"[::1]:8443", "::1", 8443}};
    static const char *const bad[] = {"",        "a",    "a:",   ":1",     "a:0",
                                      "a:65536", "a:1x", "a:-1", "[::1:8", "a: 1"};
    struct address address;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_int_equal(address_of_server(good[i].text, &address), STATUS_OK);
        assert_string_equal(address.host, good[i].host);
        assert_int_equal(address.port, good[i].port);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(address_of_server(bad[i], &address), STATUS_MALFORMED);
    }
}

/* Goal: dates are local and exact. Method: with and without a time, in a zone with an offset,
 * and what is no date. */
static void test_times_are_local(void **state)
{
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-13-01",
                                      "2026-03-02T",
                                      "2026-03-02T25:00",
                                      "2026-03-02 10:00",
                                      "2026-03-02T10:00x",
                                      "tomorrow"};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct cli cli = {.out = out, .err = out};
    uint64_t time_ms = 0;

    (void)state;
    (void)setenv("TZ", "UTC-5", 1);
    tzset();
    assert_int_equal(ids_time(&cli, "1970-01-02", &time_ms), CLI_OK);
    assert_int_equal(time_ms, (24 - 5) * 3600 * 1000);
    assert_int_equal(ids_time(&cli, "1970-01-02T00:01", &time_ms), CLI_OK);
    assert_int_equal(time_ms, (24 - 5) * 3600 * 1000 + 60000);
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(ids_time(&cli, bad[i], &time_ms), CLI_USAGE);
    }
    (void)fclose(out);
    free(text);
}

/* Goal: classes are called by their names and none is made up. Method: all, and near misses. */
static void test_classes_have_names(void **state)
{
    static const char *const good[] = {"process", "progress", "session",  "shared",
                                       "journal", "safety",   "directory"};
    static const char *const bad[] = {"", "none", "Process", "progres", "processs"};
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct cli cli = {.out = out, .err = out};
    uint32_t class;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_int_equal(ids_class(&cli, good[i], &class), CLI_OK);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(ids_class(&cli, bad[i], &class), CLI_USAGE);
    }
    assert_int_equal(ids_class(&cli, NULL, &class), CLI_USAGE);
    (void)fclose(out);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_takes_every_kind),
        cmocka_unit_test(test_parse_names_what_is_wrong),
        cmocka_unit_test(test_parse_ends_options),
        cmocka_unit_test(test_numbers_are_strict),
        cmocka_unit_test(test_address_takes_host_and_port),
        cmocka_unit_test(test_times_are_local),
        cmocka_unit_test(test_classes_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
