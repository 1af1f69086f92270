#include "client/cli/files.h"
#include "client/cli/messages.h"
#include "client/cli/parse.h"
#include "client/cli/table.h"
#include "client/cli/usage.h"
#include "tests/support/test.h"

#include <stdlib.h>

#define PAGE_BYTES_MAX (1u << 20)

static char *read_page(const char *path)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(files_read(path, -1, PAGE_BYTES_MAX, &bytes, &size), STATUS_OK);
    char *text = malloc(size + 1);
    assert_non_null(text);
    memcpy(text, bytes, size);
    text[size] = '\0';
    free(bytes);
    return text;
}

/* Goal: every key of the server's configuration stands in its manual. Method: the table in the
 * source, row by row, against ".It Cm KEY". */
static void test_every_key_is_in_the_manual(void **state)
{
    char *source = read_page(ALCOVE_SOURCE_DIR "/server/config.c");
    char *manual = read_page(ALCOVE_SOURCE_DIR "/server/man/alcoved.conf.5");
    char *row = strstr(source, "} KEYS[] = {");
    char *end = row == NULL ? NULL : strstr(row, "\n};");
    (void)state;
    assert_non_null(end);
    *end = '\0';
    size_t keys = 0;
    while ((row = strstr(row, "\n    {\"")) != NULL) {
        row += strlen("\n    {\"");
        char head[128];
        (void)snprintf(head, sizeof head, "\n.It Cm %.*s No = ", (int)strcspn(row, "\""), row);
        if (strstr(manual, head) == NULL) {
            fail_msg("alcoved.conf.5 does not describe %.*s", (int)strcspn(row, "\""), row);
        }
        keys++;
    }
    assert_true(keys >= 11);
    free(source);
    free(manual);
}

/* Goal: titles are unique and found, unknown ones are not; what rows say fits where it is shown,
 * and a row's struct holds what its options fill. Method: the whole table. */
static void test_table_is_sound(void **state)
{
    (void)state;
    const struct command *command;
    size_t count = 0;
    for (; (command = command_at(table_commands, count)) != NULL; count++) {
        char name[64];
        (void)snprintf(name, sizeof name, "%s", command->title);
        char *sub = strchr(name, ' ');
        if (sub != NULL) {
            *sub++ = '\0';
        }
        assert_ptr_equal(command_find(table_commands, name, sub), command);
        assert_true(strlen(command->title) <= 16 && strlen(command->summary) + 19 <= 80);
        assert_non_null(command->run);
        assert_true(command->options->count <= 64);
        for (size_t i = 0; i < command->options->count; i++) {
            const struct option *option = &command->options->rows[i];
            assert_true(option->offset < command->options->size);
            assert_ptr_equal(option_find(command->options, option->name, strlen(option->name)),
                             option);
            assert_null(option_find(&parse_globals, option->name, strlen(option->name)));
            char piece[USAGE_PIECE_BYTES];
            usage_piece(option, piece);
            assert_true(strlen(piece) < 70);
            assert_true(piece[0] == '\0' ||
                        (option->help[0] != '\0' && strlen(option->help) <= 54));
            assert_true((option->kind == OPTION_FLAG || option_is_word(option) ||
                         piece[0] == '\0') == (option->value == NULL));
        }
    }
    assert_true(count > 35);
    assert_null(command_find(table_commands, "", NULL));
    assert_null(command_find(table_commands, "lis", NULL));
    assert_null(command_find(table_commands, "list ", NULL));
    assert_null(command_find(table_commands, "member", NULL));
    assert_null(command_find(table_commands, "member", ""));
}

/* Goal: whatever fails is told in a sentence with a reason, and no word of machines is in it.
 * Method: every situation with every status. */
static void test_messages_are_plain(void **state)
{
    (void)state;
    for (int situation = 0; situation <= SAY_TEXT_READ; situation++) {
        for (int status = 1; status <= STATUS_USAGE; status++) {
            struct message message = message_of((enum situation)situation, (enum status)status);
            const char *const texts[] = {message.what, message.why, message.kept, message.next};
            assert_true(message.code >= CLI_FAILED && message.code <= CLI_NOT_FOUND);
            assert_true(message.what[0] != '\0' && message.why[0] != '\0');
            for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
                size_t size = strlen(texts[i]);
                assert_null(strstr(texts[i], "MALFORMED"));
                assert_null(strstr(texts[i], "NOT_FOUND"));
                assert_true(i < 2 || size == 0 || texts[i][size - 1] == '.');
                assert_true(i >= 2 || texts[i][size - 1] != '.');
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_key_is_in_the_manual),
        cmocka_unit_test(test_table_is_sound),
        cmocka_unit_test(test_messages_are_plain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
