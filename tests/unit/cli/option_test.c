#include "client/cli/option.h"

#include "client/cli/option_pack.h"
#include "proto/address.h"
#include "proto/words.h"
#include "tests/support/test.h"

#include <stdlib.h>
#include <time.h>

struct values {
    const char *text;
    const char *file;
    struct option_texts tags;
    struct option_links links;
    uint64_t number;
    uint64_t time_ms;
    int fd;
    uint32_t choice;
    uint32_t class;
    uint32_t rights;
    bool flag;
};

static const char *const WORDS[] = {"one", "two", NULL};
static const struct option_rule CHOICE = {.choices = WORDS};
static const struct option_rule RANGE = {.least = 3, .most = 5, .otherwise = 4};
static const struct option ROWS[] = {
    {"TEXT", OPTION_TEXT, offsetof(struct values, text), NULL, "", &option_required},
    {"--file", OPTION_INPUT, offsetof(struct values, file), "FILE", "", NULL},
    {"--tag", OPTION_MANY, offsetof(struct values, tags), "TEXT", "", NULL},
    {"links", OPTION_LINKS, offsetof(struct values, links), NULL, NULL, NULL},
    {"--number", OPTION_NUMBER, offsetof(struct values, number), "N", "", &RANGE},
    {"--time", OPTION_TIME, offsetof(struct values, time_ms), "TIME", "", NULL},
    {"--fd", OPTION_FD, offsetof(struct values, fd), "N", "", NULL},
    {"--choice", OPTION_CHOICE, offsetof(struct values, choice), "WORD", "", &CHOICE},
    {"--class", OPTION_CLASS, offsetof(struct values, class), "CLASS", "", NULL},
    {"--rights", OPTION_RIGHTS, offsetof(struct values, rights), "RIGHTS", "", NULL},
    {"--flag", OPTION_FLAG, offsetof(struct values, flag), NULL, "", NULL},
};
static const struct option_table TABLE = {ROWS, ARRAY_LEN(ROWS), sizeof(struct values)};

static const char *not_bad(const void *given)
{
    const struct values *values = given;
    return strcmp(values->text, "bad") == 0 ? "bad" : NULL;
}

static const struct command COMMAND = {
    "test", "test", COMMAND_NEEDS_NOTHING, COMMAND_ANYWHERE, &TABLE, not_bad, NULL, NULL, NULL};

static bool take(enum option_kind kind, const char *text, uint64_t *out_number)
{
    const struct option option = {"--x", kind, 0, "X", "", &RANGE};
    char wrong[OPTION_WRONG_BYTES] = "";
    uint64_t values = 0;
    bool good = option_take(&option, &values, text, wrong);
    assert_true(good == (wrong[0] == '\0'));
    *out_number = option_get_number(&option, &values);
    assert_true(!good || option_number_valid(&option, *out_number));
    return good;
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
    (void)state;
    uint64_t number;
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(take(OPTION_NUMBER, bad[i], &number));
        assert_false(take(OPTION_FD, bad[i], &number));
    }
    assert_true(take(OPTION_NUMBER, "3", &number));
    assert_int_equal(number, 3);
    assert_true(take(OPTION_NUMBER, "5", &number));
    assert_false(take(OPTION_NUMBER, "2", &number));
    assert_false(take(OPTION_NUMBER, "6", &number));
    assert_true(take(OPTION_FD, "1048576", &number));
    assert_false(take(OPTION_FD, "1048577", &number));
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
    (void)state;
    struct address address;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_int_equal(address_of_server(good[i].text, &address), STATUS_OK);
        assert_string_equal(address.host, good[i].host);
        assert_int_equal(address.port, good[i].port);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_int_equal(address_of_server(bad[i], &address), STATUS_MALFORMED);
    }
}

/* Goal: dates are local and exact. Method: with and without a time, in a zone with an offset, as a
 * beginning and an end, and what is no date or has passed. */
static void test_times_are_local(void **state)
{
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-13-01",
                                      "2026-02-30",
                                      "2026-03-02T",
                                      "2026-03-02T25:00",
                                      "2026-03-02 10:00",
                                      "2026-03-02T10:00x",
                                      "tomorrow"};
    (void)state;
    (void)setenv("TZ", "UTC-5", 1);
    tzset();
    uint64_t time_ms = 0;
    assert_true(take(OPTION_TIME, "1970-01-02", &time_ms));
    assert_int_equal(time_ms, (24 - 5) * 3600 * 1000);
    assert_true(take(OPTION_TIME, "1970-01-02T00:01", &time_ms));
    assert_int_equal(time_ms, (24 - 5) * 3600 * 1000 + 60000);
    assert_true(take(OPTION_TIME_END, "1970-01-02", &time_ms));
    assert_int_equal(time_ms, (48 - 5) * 3600 * 1000 - 1);
    assert_false(take(OPTION_UNTIL, "1970-01-02", &time_ms));
    assert_true(take(OPTION_UNTIL, "2999-01-02", &time_ms));
    uint64_t end_ms = 0;
    assert_true(take(OPTION_TIME, "2999-01-03", &end_ms));
    assert_int_equal(time_ms, end_ms - 1); /* it holds that whole day */
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(take(OPTION_TIME, bad[i], &time_ms));
        assert_false(take(OPTION_TIME_END, bad[i], &time_ms));
        assert_false(take(OPTION_UNTIL, bad[i], &time_ms));
    }
}

/* Goal: words of a list are called by their names and none is made up. Method: all, and near
 * misses. */
static void test_listed_words_have_names(void **state)
{
    static const char *const good[] = {"process", "progress", "session",  "shared",
                                       "journal", "safety",   "directory"};
    static const char *const bad[] = {"", "none", "Process", "progres", "processs", "?"};
    (void)state;
    uint64_t number;
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_true(take(OPTION_CLASS, good[i], &number));
        assert_int_equal(number, i + 1);
    }
    for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
        assert_false(take(OPTION_CLASS, bad[i], &number));
        assert_false(take(OPTION_ROLE, bad[i], &number));
        assert_false(take(OPTION_ACTION, bad[i], &number));
        assert_false(take(OPTION_RIGHTS, bad[i], &number));
    }
    assert_true(take(OPTION_ROLE, "admin", &number));
    assert_int_equal(number, ROLE_ADMIN);
    assert_true(take(OPTION_ACTION, "log-all", &number));
    assert_int_equal(number, ACTION_LOG_ALL);
    assert_true(take(OPTION_RIGHTS, "read,write", &number));
    assert_int_equal(number, RIGHT_READ | RIGHT_WRITE);
    assert_false(take(OPTION_RIGHTS, "write", &number));
}

/* ---- on the way to the agent */

static void fill(struct values *values)
{
    option_clear(&TABLE, values);
    values->text = "--yes";
    values->file = "";
    values->tags.items[0] = "a";
    values->tags.items[1] = "a";
    values->tags.count = 2;
    memset(values->links.items, 7, sizeof values->links.items);
    values->links.count = 2;
    values->number = 5;
    values->time_ms = 1234567890123;
    values->fd = 8;
    values->choice = 2;
    values->class = CLASS_SHARED;
    values->rights = RIGHT_READ | RIGHT_WRITE;
    values->flag = true;
}

static size_t pack(const struct values *values, uint8_t *out, size_t capacity)
{
    size_t size = 0;
    assert_int_equal(option_pack(&COMMAND, values, out, capacity, &size), STATUS_OK);
    return size;
}

/* Goal: the agent has what was parsed. Method: every kind there and back; then nothing but what is
 * required, which leaves the defaults. */
static void test_values_arrive_whole(void **state)
{
    (void)state;
    struct values sent;
    fill(&sent);
    uint8_t bytes[1024];
    size_t size = pack(&sent, bytes, sizeof bytes);
    struct values got;
    assert_int_equal(option_unpack(&COMMAND, span_of(bytes, size), &got), STATUS_OK);
    assert_string_equal(got.text, "--yes");
    assert_string_equal(got.file, "");
    assert_int_equal(got.tags.count, 2);
    assert_string_equal(got.tags.items[1], "a");
    assert_int_equal(got.links.count, 2);
    assert_memory_equal(got.links.items, sent.links.items, 2 * sizeof sent.links.items[0]);
    assert_int_equal(got.number, 5);
    assert_true(got.time_ms == sent.time_ms);
    assert_int_equal(got.fd, 8);
    assert_int_equal(got.choice, 2);
    assert_int_equal(got.class, CLASS_SHARED);
    assert_int_equal(got.rights, RIGHT_READ | RIGHT_WRITE);
    assert_true(got.flag);
    assert_int_equal(option_pack(&COMMAND, &sent, bytes, size - 1, &size), STATUS_TOO_LARGE);
    option_clear(&TABLE, &sent);
    sent.text = "x";
    size = pack(&sent, bytes, sizeof bytes);
    assert_int_equal(option_unpack(&COMMAND, span_of(bytes, size), &got), STATUS_OK);
    assert_null(got.file);
    assert_int_equal(got.number, 4);
    assert_int_equal(got.fd, -1);
    assert_false(got.flag);
}

/* Goal: what the parser would not let through is not taken from the socket either. Method: each
 * value out of its range, a required one missing, options that do not go together. */
static void test_values_are_checked_again(void **state)
{
    (void)state;
    struct values good;
    fill(&good);
    uint8_t bytes[1024];
    struct values got;
    for (size_t i = 0; i < 9; i++) {
        struct values bad = good;
        bad.number = i == 0 ? 6 : bad.number;
        bad.choice = i == 1 ? 3 : bad.choice;
        bad.class = i == 2 ? 8 : bad.class;
        bad.class = i == 3 ? UINT32_MAX : bad.class;
        bad.rights = i == 4 ? RIGHT_OWN : bad.rights;
        bad.text = i == 5 ? NULL : bad.text;
        bad.text = i == 6 ? "bad" : bad.text;
        bad.fd = i == 7 ? 1 << 30 : bad.fd;
        bad.time_ms = i == 8 ? UINT64_MAX : bad.time_ms;
        assert_int_equal(
            option_unpack(&COMMAND, span_of(bytes, pack(&bad, bytes, sizeof bytes)), &got),
            STATUS_MALFORMED);
    }
}

/* Goal: bytes of anybody break nothing. Method: cut at every byte, one byte more, every bit
 * flipped, the same twice, and more links than there is room for. */
static void test_bytes_are_strict(void **state)
{
    (void)state;
    struct values values;
    fill(&values);
    uint8_t bytes[2048];
    size_t size = pack(&values, bytes, sizeof bytes);
    struct values got;
    for (size_t bit = 0; bit < size * 8; bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (option_unpack(&COMMAND, span_of(bytes, size), &got) == STATUS_OK) {
            assert_true(got.tags.count <= 2 && got.links.count <= 2 && got.number >= 3 &&
                        got.number <= 5 && got.choice <= 2 && got.class < 8);
        }
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    bytes[size] = 0;
    assert_int_equal(option_unpack(&COMMAND, span_of(bytes, size + 1), &got), STATUS_MALFORMED);
    memcpy(bytes + size, bytes, size);
    assert_int_equal(option_unpack(&COMMAND, span_of(bytes, 2 * size), &got), STATUS_MALFORMED);
    for (size_t count = CONTEXT_PARENTS_MAX - 1; count <= CONTEXT_PARENTS_MAX; count++) {
        struct values more;
        option_clear(&TABLE, &more);
        more.links.count = 1;
        values.links.count = count;
        size = pack(&values, bytes, sizeof bytes);
        size += pack(&more, bytes + size, sizeof bytes - size);
        assert_int_equal(option_unpack(&COMMAND, span_of(bytes, size), &got),
                         count < CONTEXT_PARENTS_MAX ? STATUS_OK : STATUS_MALFORMED);
    }
}

/* Goal: no beginning of a message is one. Method: cut at every byte; where a cut falls between two
 * options, the required one, which is packed last here, is missing. */
static void test_cut_bytes_are_refused(void **state)
{
    static const struct option rows[] = {
        {"--flag", OPTION_FLAG, offsetof(struct values, flag), NULL, "", NULL},
        {"--tag", OPTION_MANY, offsetof(struct values, tags), "TEXT", "", NULL},
        {"TEXT", OPTION_TEXT, offsetof(struct values, text), NULL, "", &option_required},
    };
    static const struct option_table table = {rows, ARRAY_LEN(rows), sizeof(struct values)};
    static const struct command command = {
        "test", "test", COMMAND_NEEDS_NOTHING, COMMAND_ANYWHERE, &table, NULL, NULL, NULL, NULL};
    (void)state;
    struct values values;
    fill(&values);
    uint8_t bytes[1024];
    size_t size = 0;
    assert_int_equal(option_pack(&command, &values, bytes, sizeof bytes, &size), STATUS_OK);
    struct values got;
    assert_int_equal(option_unpack(&command, span_of(bytes, size), &got), STATUS_OK);
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *exact = malloc(cut + 1);
        assert_non_null(exact);
        memcpy(exact, bytes, cut);
        assert_int_equal(option_unpack(&command, span_of(exact, cut), &got), STATUS_MALFORMED);
        free(exact);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_are_strict),
        cmocka_unit_test(test_address_takes_host_and_port),
        cmocka_unit_test(test_times_are_local),
        cmocka_unit_test(test_listed_words_have_names),
        cmocka_unit_test(test_values_arrive_whole),
        cmocka_unit_test(test_values_are_checked_again),
        cmocka_unit_test(test_bytes_are_strict),
        cmocka_unit_test(test_cut_bytes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
