/*
 * What `alcove show` prints of a note that a hostile program wrote: its author's words everywhere,
 * and nothing that a terminal obeys or takes for a line of this program's own.
 */
#include "client/cli/cli.h"
#include "client/cli/command.h"
#include "client/cli/context.h"
#include "client/cli/option.h"
#include "client/cli/table.h"
#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/utf8.h"
#include "tests/support/test.h"
#include "tests/unit/engine/scene.h"

static struct engine *engine; /* whose commands run */

struct engine *__wrap_host_engine(const struct host *host);
struct engine *__wrap_host_engine(const struct host *host)
{
    (void)host;
    return engine;
}

#define EVIL                                                                                       \
    "Seen\nFORGED\r\033[2J\033]0;own\a\xc2\x9b"                                                    \
    "31m\xe2\x80\xae\xe2\x80\xa8"                                                                  \
    "FORGED"

/* A note with the same in each of its words. */
static struct note_id write_evil(struct scene *scene, const struct section_id *section)
{
    struct span evil = span_of((const uint8_t *)EVIL, sizeof EVIL - 1);
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    Alcove__NoteField field = ALCOVE__NOTE_FIELD__INIT;
    Alcove__NoteField *fields[] = {&field};
    ProtobufCBinaryData tag = field_of(evil.data, evil.size);
    field.key = tag;
    field.value = tag;
    body.kind = NOTE_REFLECTION;
    body.title = tag;
    body.text = field_of((const uint8_t *)"text", 4);
    body.reason = tag;
    body.tag = &tag;
    body.n_tag = 1;
    body.field = fields;
    body.n_field = 1;
    struct write_note ask = {.section = *section, .kind = REVISION_SIGNED, .body = &body};
    struct note_id note;
    uint64_t ticket = 0;
    OK(write_note(scene->therapist.engine, &ask, scene->server.now_ms, &note, &ticket));
    scene_wait(&scene->therapist, ticket);
    return note;
}

static char *show(const struct note_id *note)
{
    char digits[2 * ID_BYTES + 1];
    hex_encode(ID_SPAN(note), digits);
    char *text = NULL;
    size_t size = 0;
    struct cli cli = {.commands = table_commands,
                      .command = command_find(table_commands, "show", NULL),
                      .columns = 80,
                      .utf8 = true,
                      .in = -1,
                      .out = open_memstream(&text, &size)};
    assert_non_null(cli.out);
    assert_non_null(cli.command);
    cli.err = cli.out;
    void *values = option_values_new(cli.command->options);
    assert_non_null(values);
    char wrong[OPTION_WRONG_BYTES];
    assert_true(option_take(option_find(cli.command->options, "NOTE", 4), values, digits, wrong));
    assert_true(
        option_take(option_find(cli.command->options, "--no-receipt", 12), values, "", wrong));
    assert_int_equal(cli.command->run(&cli, values), CLI_OK);
    free(values);
    assert_int_equal(fclose(cli.out), 0);
    return text;
}

/* Goal: title, reason, tags and fields are as harmless as the text. Method: a line break, escapes
 * and marks of direction in each; the client, who is shown the note, sees no line begin with them. */
static void test_no_word_of_a_note_is_shown_raw(void **state)
{
    (void)state;
    struct scene scene;
    scene_open(&scene);
    struct section_id shared = scene_section(&scene.therapist, CLASS_SHARED);
    struct note_id note = write_evil(&scene, &shared);
    scene_refresh(&scene.client);
    engine = scene.client.engine;
    char *text = show(&note);
    assert_non_null(strstr(text, "\n  Title: Seen"));
    assert_non_null(strstr(text, "\n  Reason: Seen"));
    assert_non_null(strstr(text, "\n  Tag: Seen"));
    assert_null(strstr(text, "\nFORGED"));
    struct span rest = span_of((const uint8_t *)text, strlen(text));
    while (rest.size > 0) {
        uint32_t code = 0;
        assert_true(utf8_next(&rest, &code));
        assert_true(code == '\n' || code >= 0x20);
        assert_false(code >= 0x7f && code < 0xa0);
        assert_false(code >= 0x202a && code <= 0x202e);
        assert_false(code == 0x2028);
    }
    free(text);
    scene_close(&scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_word_of_a_note_is_shown_raw)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
