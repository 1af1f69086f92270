#include "client/cli/cli.h"
#include "client/cli/files.h"
#include "tests/support/test.h"

#include <stdlib.h>

#define PAGE_BYTES_MAX (1u << 20)

static char *read_page(const char *path)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    char *text;

    assert_int_equal(files_read(path, -1, PAGE_BYTES_MAX, &bytes, &size), STATUS_OK);
    text = malloc(size + 1);
    assert_non_null(text);
    memcpy(text, bytes, size);
    text[size] = '\0';
    free(bytes);
    return text;
}

/* Goal: every command stands in the manual and in the completion, under its own name. Method:
 * the table against ".SS NAME" and the completion's list. */
static void test_every_command_is_in_the_manual(void **state)
{
    char *manual = read_page(ALCOVE_SOURCE_DIR "/client/man/alcove.1");
    char *completion = read_page(ALCOVE_SOURCE_DIR "/client/completion/alcove.bash");
    size_t count = 0;
    const struct cli_command *commands = cli_commands(&count);

    (void)state;
    assert_true(count > 20);
    for (size_t i = 0; i < count; i++) {
        char head[64];

        (void)snprintf(head, sizeof(head), "\n.It Cm %s", commands[i].name);
        if (strstr(manual, head) == NULL) {
            fail_msg("alcove.1 does not describe %s", commands[i].name);
        }
        if ((commands[i].flags & CLI_HIDDEN) == 0) {
            (void)snprintf(head, sizeof(head), " %s ", commands[i].name);
            if (strstr(completion, head) == NULL) {
                fail_msg("the completion does not know %s", commands[i].name);
            }
        }
    }
    free(manual);
    free(completion);
}

/* Goal: every key of the server's configuration stands in its manual. Method: the table in the
 * source, row by row, against ".It Cm KEY". */
static void test_every_key_is_in_the_manual(void **state)
{
    char *source = read_page(ALCOVE_SOURCE_DIR "/server/config.c");
    char *manual = read_page(ALCOVE_SOURCE_DIR "/server/man/alcoved.conf.5");
    char *row = strstr(source, "} KEYS[] = {");
    char *end = row == NULL ? NULL : strstr(row, "\n};");
    size_t keys = 0;

    (void)state;
    assert_non_null(end);
    *end = '\0';
    while ((row = strstr(row, "\n    {\"")) != NULL) {
        char head[128];

        row += strlen("\n    {\"");
        (void)snprintf(head, sizeof(head), "\n.It Cm %.*s No = ", (int)strcspn(row, "\""), row);
        if (strstr(manual, head) == NULL) {
            fail_msg("alcoved.conf.5 does not describe %.*s", (int)strcspn(row, "\""), row);
        }
        keys++;
    }
    assert_true(keys >= 11);
    free(source);
    free(manual);
}

/* Goal: names are unique and found, unknown ones are not, and no line of help is wider than 80
 * columns. Method: the whole table. */
static void test_table_is_sound(void **state)
{
    size_t count = 0;
    const struct cli_command *commands = cli_commands(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(cli_find(commands[i].name), &commands[i]);
        assert_true(strlen(commands[i].summary) + 14 <= 80);
        assert_non_null(commands[i].run);
        assert_non_null(commands[i].words);
    }
    assert_null(cli_find(""));
    assert_null(cli_find("lis"));
    assert_null(cli_find("list "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_command_is_in_the_manual),
        cmocka_unit_test(test_every_key_is_in_the_manual),
        cmocka_unit_test(test_table_is_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
