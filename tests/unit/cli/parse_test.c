#include "client/cli/parse.h"

#include "client/cli/note_put.h"
#include "client/cli/table.h"
#include "tests/support/test.h"

#define ARGC_MAX 16

struct values {
    const char *chart;
    const char *other;
    const char *title;
    struct option_texts tags;
    bool draft;
    uint64_t days;
};

static const struct option_rule DAYS = {.least = 1, .most = 9, .otherwise = 3};
static const struct option ROWS[] = {
    {"CHART", OPTION_TEXT, offsetof(struct values, chart), NULL, "one", &option_required},
    {"OTHER", OPTION_TEXT, offsetof(struct values, other), NULL, "two", NULL},
    {"--title", OPTION_TEXT, offsetof(struct values, title), "TEXT", "a title", NULL},
    {"--tag", OPTION_MANY, offsetof(struct values, tags), "TEXT", "a tag", NULL},
    {"--draft", OPTION_FLAG, offsetof(struct values, draft), NULL, "a flag", NULL},
    {"--days", OPTION_NUMBER, offsetof(struct values, days), "N", "a number", &DAYS},
    {"carried", OPTION_LINKS, 0, NULL, NULL, NULL},
};
static const struct option_table TABLE = {ROWS, ARRAY_LEN(ROWS) - 1, sizeof(struct values)};
static const struct option_table CARRIED = {&ROWS[ARRAY_LEN(ROWS) - 1], 1,
                                            sizeof(struct option_links)};

static const char *not_both(const void *given)
{
    const struct values *values = given;
    return values->draft && values->title != NULL ? "not both" : NULL;
}

static const struct command COMMANDS[] = {
    {"note", "write", COMMAND_NEEDS_NOTHING, COMMAND_ANYWHERE, &TABLE, NULL, NULL, NULL, NULL},
    {"note new", "write", COMMAND_NEEDS_NOTHING, COMMAND_ANYWHERE, &TABLE, not_both, NULL, NULL,
     NULL},
    {"carry it", "carry", COMMAND_NEEDS_NOTHING, COMMAND_ANYWHERE, &CARRIED, NULL, NULL, NULL,
     NULL},
};
static const struct command_list LIST = {COMMANDS, ARRAY_LEN(COMMANDS)};
static const struct command_list *const LISTS[] = {&LIST, NULL};

static const struct values *parse_by(const struct command_list *const *lists,
                                     const char *const *line, struct parsed *out)
{
    char *copy[ARGC_MAX];
    int argc = 0;
    while (line[argc] != NULL) {
        copy[argc] = (char *)(uintptr_t)line[argc];
        argc++;
    }
    parse_words(lists, argc, copy, out);
    return out->values;
}

static const struct values *parse(const char *const *line, struct parsed *out)
{
    return parse_by(LISTS, line, out);
}

/* Goal: flags, values, lists and words are told apart in any order, and "-" is a word. Method:
 * one line with all of them, values among them that look like options. */
static void test_parse_takes_every_kind(void **state)
{
    const char *const line[] = {"alcove",  "note",     "one",     "--tag", "a",
                                "--draft", "--title",  "--draft", "-",     "--tag",
                                "--json",  "--days=9", NULL};
    struct parsed parsed;
    const struct values *values = parse(line, &parsed);
    (void)state;
    assert_string_equal(parsed.wrong, "");
    assert_ptr_equal(parsed.command, &COMMANDS[0]);
    assert_string_equal(values->title, "--draft");
    assert_true(values->draft);
    assert_int_equal(values->tags.count, 2);
    assert_string_equal(values->tags.items[1], "--json");
    assert_false(parsed.json);
    assert_string_equal(values->chart, "one");
    assert_string_equal(values->other, "-");
    assert_int_equal(values->days, 9);
    parsed_deinit(&parsed);
}

/* Goal: what was not meant is named and nothing is guessed. Method: an unknown option, a value
 * that is missing or for a flag, one word too many, an abbreviated option, one given twice, a
 * number out of its range, options that do not go together, a name of what is carried alone. */
static void test_parse_names_what_is_wrong(void **state)
{
    static const struct {
        const char *line[9];
        const char *wrong;
    } cases[] = {
        {{"alcove"}, "no command was given"},
        {{"alcove", "nota"}, "there is no command called nota"},
        {{"alcove", "carry"}, "carry is followed by"},
        {{"alcove", "carry", "on"}, "there is no command carry on"},
        {{"alcove", "--title", "x", "note", "a"}, "no command stands before --title"},
        {{"alcove", "note"}, "CHART is missing"},
        {{"alcove", "note", "a", "--what"}, "there is no option --what here"},
        {{"alcove", "note", "a", "--title"}, "--title needs a value"},
        {{"alcove", "note", "a", "b", "c"}, "c is one word too many"},
        {{"alcove", "note", "a", "--titl", "x"}, "there is no option --titl here"},
        {{"alcove", "note", "a", "--draft=x"}, "--draft takes no value"},
        {{"alcove", "note", "a", "-d"}, "there is no option -d here"},
        {{"alcove", "note", "a", "--title", "x", "--title", "y"}, "--title is given twice"},
        {{"alcove", "note", "a", "--json", "--json"}, "--json is given twice"},
        {{"alcove", "note", "a", "--days", "10"}, "--days is a number from 1 to 9"},
        {{"alcove", "note", "a", "--passphrase-fd", "x"}, "--passphrase-fd is a number"},
        {{"alcove", "note", "new", "a", "--draft", "--title", "x"}, "not both"},
        {{"alcove", "carry", "it", "carried", "x"}, "carried is one word too many"},
        {{"alcove", "carry", "it", "--carried", "x"}, "there is no option --carried here"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct parsed parsed;
        (void)parse(cases[i].line, &parsed);
        if (strncmp(parsed.wrong, cases[i].wrong, strlen(cases[i].wrong)) != 0) {
            fail_msg("expected \"%s\", found \"%s\"", cases[i].wrong, parsed.wrong);
        }
        parsed_deinit(&parsed);
    }
}

/* Goal: a list has an end. Method: as many tags as there may be, and one more. */
static void test_parse_limits_lists(void **state)
{
    static char words[5][8] = {"alcove", "note", "a", "--tag", "t"};
    (void)state;
    char *line[3 + 2 * (NOTE_TAGS_MAX + 1)];
    for (size_t i = 0; i < ARRAY_LEN(line); i++) {
        line[i] = i < 3 ? words[i] : words[4 - i % 2];
    }
    struct parsed parsed;
    parse_words(LISTS, (int)ARRAY_LEN(line) - 2, line, &parsed);
    assert_string_equal(parsed.wrong, "");
    parsed_deinit(&parsed);
    parse_words(LISTS, (int)ARRAY_LEN(line), line, &parsed);
    assert_string_not_equal(parsed.wrong, "");
    parsed_deinit(&parsed);
}

/* Goal: after "--" everything is a word. Method: words that look like options. */
static void test_parse_ends_options(void **state)
{
    const char *const line[] = {"alcove", "note", "--", "--draft", "--", NULL};
    struct parsed parsed;
    const struct values *values = parse(line, &parsed);
    (void)state;
    assert_string_equal(parsed.wrong, "");
    assert_false(values->draft);
    assert_string_equal(values->chart, "--draft");
    assert_string_equal(values->other, "--");
    parsed_deinit(&parsed);
}

/* Goal: what every command takes may stand anywhere but in the place of a value, and what is not
 * given has its default. Method: before, between and after; behind an error too. */
static void test_parse_takes_globals_anywhere(void **state)
{
    struct parsed parsed;
    const char *const line[] = {"alcove", "--profile",         "--json", "note", "--json", "new",
                                "a",      "--passphrase-fd=7", NULL};
    const struct values *values = parse(line, &parsed);
    (void)state;
    assert_string_equal(parsed.wrong, "");
    assert_ptr_equal(parsed.command, &COMMANDS[1]);
    assert_string_equal(parsed.profile, "--json");
    assert_true(parsed.json);
    assert_int_equal(parsed.passphrase_fd, 7);
    assert_string_equal(values->chart, "a");
    parsed_deinit(&parsed);
    const char *const late[] = {"alcove", "note", "--what", "--json", NULL};
    (void)parse(late, &parsed);
    assert_string_not_equal(parsed.wrong, "");
    assert_true(parsed.json);
    parsed_deinit(&parsed);
    const char *const plain[] = {"alcove", "note", "a", NULL};
    values = parse(plain, &parsed);
    assert_null(parsed.profile);
    assert_int_equal(parsed.passphrase_fd, -1);
    assert_int_equal(values->days, 3);
    parsed_deinit(&parsed);
}

/* Goal: help is heard in each of its forms, and misses no word. Method: --help, -h, `help`, with a
 * command, a sub-command and none; as a value it is one. */
static void test_parse_hears_help(void **state)
{
    static const char *const asked[][5] = {
        {"alcove", "--help"},      {"alcove", "-h"},           {"alcove", "help"},
        {"alcove", "note", "-h"},  {"alcove", "help", "note"}, {"alcove", "note", "new", "--help"},
        {"alcove", "carry", "-h"},
    };
    (void)state;
    struct parsed parsed;
    for (size_t i = 0; i < ARRAY_LEN(asked); i++) {
        (void)parse(asked[i], &parsed);
        assert_true(parsed.help);
        assert_string_equal(parsed.wrong, "");
        parsed_deinit(&parsed);
    }
    const char *const value[] = {"alcove", "note", "help", "--title", "--help", NULL};
    const struct values *values = parse(value, &parsed);
    assert_false(parsed.help);
    assert_string_equal(values->chart, "help");
    assert_string_equal(values->title, "--help");
    parsed_deinit(&parsed);
}

/* Goal: a reflection whose title looks like --yes is not shared unasked. Method: the real rows. */
static void test_reflect_keeps_a_title_of_yes(void **state)
{
    const char *const line[] = {"alcove", "reflect", "C1",     "--title", "--yes",
                                "--file", "r.txt",   "--json", NULL};
    struct parsed parsed;
    const struct note_input *input = (const void *)parse_by(table_commands, line, &parsed);
    (void)state;
    assert_string_equal(parsed.wrong, "");
    assert_string_equal(input->title, "--yes");
    assert_string_equal(input->file, "r.txt");
    assert_false(input->yes);
    assert_true(parsed.json);
    parsed_deinit(&parsed);
}

/* Goal: what cannot be is refused before an editor opens or an agent is asked. Method: the real
 * rows; a class, rights, a day, a number, words that do not go together. */
static void test_real_rows_refuse_early(void **state)
{
    static const char *const lines[][10] = {
        {"alcove", "write", "C1", "--class", "nonsense"},
        {"alcove", "write", "C1"},
        {"alcove", "write", "C1", "--class", "progress", "--addendum"},
        {"alcove", "write", "--note", "ab12", "--addendum", "--draft", "--reason", "r"},
        {"alcove", "write", "C1", "--class", "progress", "--template", "novel"},
        {"alcove", "grant", "C1", "M", "--rights", "own"},
        {"alcove", "grant", "C1", "M", "--rights", "read", "--until", "2020-01-01"},
        {"alcove", "grant", "C1", "M", "--rights", "read", "--until", "2099-02-30"},
        {"alcove", "member", "invite", "--role", "auditor", "--name", "A", "--out", "f"},
        {"alcove", "log", "--limit", "-1"},
        {"alcove", "log", "--action", "none"},
        {"alcove", "export", "d", "--all", "--chart", "C1"},
        {"alcove", "sync", "--watch", "--drop-refused"},
        {"alcove", "moment", "--category", "other"},
        {"alcove", "relate", "T", "loves", "C"},
    };
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
        struct parsed parsed;
        (void)parse_by(table_commands, lines[i], &parsed);
        if (parsed.wrong[0] == '\0') {
            fail_msg("line %zu was taken", i);
        }
        parsed_deinit(&parsed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_takes_every_kind),
        cmocka_unit_test(test_parse_names_what_is_wrong),
        cmocka_unit_test(test_parse_limits_lists),
        cmocka_unit_test(test_parse_ends_options),
        cmocka_unit_test(test_parse_takes_globals_anywhere),
        cmocka_unit_test(test_parse_hears_help),
        cmocka_unit_test(test_reflect_keeps_a_title_of_yes),
        cmocka_unit_test(test_real_rows_refuse_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
