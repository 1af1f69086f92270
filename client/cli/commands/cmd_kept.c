/* Texts that did not become a note: found again, read, written after all, and thrown away when the
 * person says so. */
#include "client/cli/cli.h"
#include "client/cli/command.h"
#include "client/cli/forward.h"
#include "client/cli/handed.h"
#include "client/cli/kept_fetch.h"
#include "client/cli/note_written.h"
#include "client/cli/option_pack.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "keys/public/bytes/array.h"
#include "keys/public/bytes/wipe.h"
#include "proto/policy.h"

#include <stdlib.h>
#include <unistd.h>

#define BEGINNING_BYTES 160u

struct listing {
    struct cli *cli;
    struct found {
        struct kept_text text;
        bool refused;
    } * items;
    size_t count, room;
    size_t failed; /* that did not open, which was said */
};

static void print_kept(struct cli *cli, cJSON *array, const struct found *found)
{
    const struct kept_text *text = &found->text;
    const struct note_input *input = &text->input;
    size_t size = text->text.size < BEGINNING_BYTES ? text->text.size : BEGINNING_BYTES;
    while (size > 0 && (text->text.data[size - 1] == '\n' || text->text.data[size - 1] == ' ')) {
        size--;
    }
    const char *place = input->chart != NULL ? input->chart : input->note;
    const char *class = input->class == 0 ? "" : policy_class_name(input->class);
    const char *command = text->command == NULL ? "" : text->command->title;
    print_row(
        cli, array,
        (const struct print_field[]){
            {"name", PRINT_TEXT, .span = print_span(text->name), .before = ""},
            {"time", PRINT_TIME, .number = text->typed_ms, .before = "  "},
            {"command", PRINT_TEXT, .span = print_span(command), .columns = -8, .before = "  "},
            {"class", PRINT_TEXT, .span = print_span(class), .columns = -8, .before = " "},
            {"place", PRINT_TEXT, .span = print_span(place == NULL ? "" : place), .columns = -16,
             .before = " "},
            {"bytes", PRINT_NUMBER, .number = text->text.size},
            {"begins", PRINT_TEXT, .span = span_of(text->text.data, size), .columns = 30,
             .before = " "},
            {"refused", PRINT_BOOL, .number = found->refused, .before = " [refused]"},
        },
        8);
}

static bool list_one(void *visitor, const char *name)
{
    struct listing *listing = visitor;
    struct found found;
    enum status status = kept_text_open(listing->cli, name, &found.text);
    struct note_id note;
    enum note_written written = NOTE_NOT_WRITTEN;
    if (status == STATUS_OK) {
        written = note_written_kept(listing->cli, &found.text, &note);
    }
    if (status == STATUS_OK && written != NOTE_IS_WRITTEN) {
        found.refused = written == NOTE_WAS_REFUSED;
        status =
            array_grow(&listing->items, &listing->room, listing->count + 1, sizeof *listing->items);
        if (status == STATUS_OK) {
            listing->items[listing->count++] = found;
            return true;
        }
    }
    if (status == STATUS_OK) {
        (void)!kept_text_drop(listing->cli->profile, name);
    } else if (status != STATUS_NOT_FOUND) {
        (void)cli_fail_at(listing->cli, SAY_KEPT_OPEN, name, status);
        listing->failed++;
    }
    kept_text_deinit(&found.text);
    return true;
}

/* The newest first, as everywhere. */
static int compare(const void *a, const void *b)
{
    const struct found *one = a;
    const struct found *other = b;
    if (one->text.typed_ms != other->text.typed_ms) {
        return one->text.typed_ms < other->text.typed_ms ? 1 : -1;
    }
    return strcmp(one->text.name, other->text.name);
}

static int run_list(struct cli *cli, const void *values)
{
    struct listing listing = {.cli = cli};
    cJSON *array = cli->json ? cJSON_CreateArray() : NULL;
    (void)values;
    kept_text_all(cli->profile, list_one, &listing);
    if (listing.count > 0) {
        qsort(listing.items, listing.count, sizeof *listing.items, compare);
    }
    for (size_t i = 0; i < listing.count; i++) {
        print_kept(cli, array, &listing.items[i]);
        kept_text_deinit(&listing.items[i].text);
    }
    free(listing.items);
    if (cli->json) {
        print_json(cli, array);
    } else if (listing.count == 0 && listing.failed == 0) {
        (void)print_answer(cli, NULL, 0, "No text is kept.");
    }
    return CLI_OK;
}

struct kept_values {
    const char *name;
    bool yes;
};

/* Byte for byte when it goes into a file or another program, filtered on a terminal. */
static int put(struct cli *cli, const struct kept_text *text)
{
    if (cli->json) {
        print_json(cli, print_object(
                            (const struct print_field[]){
                                {"name", PRINT_TEXT, .span = print_span(text->name)},
                                {"text", PRINT_TEXT, .span = text->text}},
                            2));
    } else if (isatty(fileno(cli->out))) {
        print_block(cli, text->text, 2);
    } else {
        (void)fwrite(text->text.data, 1, text->text.size, cli->out);
    }
    return CLI_OK;
}

static int run_discard(struct cli *cli, const void *given)
{
    const struct kept_values *values = given;
    if (!values->yes && (cli->json || !cli_confirm(cli, "This is the only copy. Delete it?"))) {
        return cli_error(cli, CLI_REFUSED, "it was not deleted; give --yes to be asked nothing");
    }
    enum status status = kept_text_drop(cli->profile, values->name);
    if (status == STATUS_NOT_FOUND) {
        return cli_error(cli, CLI_NOT_FOUND, "no kept text is called %s; see `alcove kept list`",
                         values->name);
    }
    return status != STATUS_OK
               ? cli_fail_at(cli, SAY_KEPT_DROP, values->name, status)
               : print_answer(cli,
                              (const struct print_field[]){
                                  {"name", PRINT_TEXT, .span = print_span(values->name)}},
                              1, "The kept text %s is deleted.", values->name);
}

/* ---- into the command that it was given to */

/* What the agent hands over, which is the same program. */
static int ask_text(struct cli *cli, const void *given)
{
    const struct kept_values *values = given;
    struct kept_text text;
    int code = kept_fetch(cli, values->name, &text);
    if (code == CLI_OK) {
        (void)fwrite(text.bytes, 1, text.size, cli->out);
    }
    kept_text_deinit(&text);
    return code;
}

static int fetch(struct cli *cli, const struct kept_values *values, struct kept_text *out_text)
{
    memset(out_text, 0, sizeof *out_text);
    if (!forward_reaches(cli)) {
        int code = cli_open(cli);
        return code == CLI_OK ? kept_fetch(cli, values->name, out_text) : code;
    }
    int code = forward_ask(cli, values, &out_text->bytes, &out_text->size);
    if (code != CLI_OK) {
        return code;
    }
    (void)snprintf(out_text->name, sizeof out_text->name, "%s", values->name);
    enum status status = kept_record_read(cli->commands, out_text);
    return status == STATUS_OK ? CLI_OK : cli_fail_at(cli, SAY_KEPT_OPEN, values->name, status);
}

static int run_show(struct cli *cli, const void *given)
{
    struct kept_text text;
    int code = fetch(cli, given, &text);
    if (code == CLI_OK) {
        code = put(cli, &text);
    }
    kept_text_deinit(&text);
    return code;
}

/* Anybody who could write to this disk may have put a text there: it is seen before it goes. */
static int confirm(struct cli *cli, const struct kept_values *values, const struct kept_text *text)
{
    if (text->input.class == CLASS_SHARED || values->yes) {
        return CLI_OK; /* that is shown and asked by the command itself */
    }
    if (cli->json) {
        return cli_error(cli, CLI_USAGE, "with --json nothing is shown or asked; give --yes");
    }
    print_block(cli, text->text, 2);
    (void)fputc('\n', cli->out);
    return cli_confirm(cli, "Write it as it stands?")
               ? CLI_OK
               : cli_error(cli, CLI_REFUSED, "it was not written, and stays kept");
}

static int run_into(struct cli *cli, const struct kept_values *values, struct kept_text *text,
                    bool edit)
{
    if (text->command == NULL) {
        return cli_error(
            cli, CLI_FAILED,
            "the kept text %s was kept by another version. `alcove kept show %s` "
            "prints it; `alcove write CHART --class CLASS --kept %s` takes it into the "
            "editor.",
            values->name, values->name, values->name);
    }
    struct cli own = *cli;
    struct note_input input = text->input;
    own.command = text->command;
    input.kept = values->name;
    input.yes = values->yes;
    struct handed handed;
    handed_init(&handed);
    int code = CLI_OK;
    if (!edit) {
        code = confirm(cli, values, text);
        input.file = "-";
        input.again = true;
        if (code == CLI_OK) {
            code = handed_text(cli, &handed, text->text);
            own.in = handed.in;
        }
    }
    if (code == CLI_OK && !forward_run(&own, &input, &code)) {
        code = cli_run(&own, &input);
    }
    cli->host = own.host;
    handed_deinit(cli, &handed, code);
    return code;
}

static int take_up(struct cli *cli, const struct kept_values *values, bool edit)
{
    struct kept_text text;
    int code = fetch(cli, values, &text);
    if (code == CLI_OK) {
        code = run_into(cli, values, &text, edit);
    }
    kept_text_deinit(&text);
    return code;
}

static int run_send(struct cli *cli, const void *values)
{
    return take_up(cli, values, false);
}

static int run_edit(struct cli *cli, const void *values)
{
    return take_up(cli, values, true);
}

static const struct option SHOW_OPTIONS[] = {
    {"NAME", OPTION_TEXT, offsetof(struct kept_values, name), NULL, "of the text",
     &option_required},
};
static const struct option_table SHOW = {SHOW_OPTIONS, ARRAY_LEN(SHOW_OPTIONS),
                                         sizeof(struct kept_values)};

static const struct option SEND_OPTIONS[] = {
    {"NAME", OPTION_TEXT, offsetof(struct kept_values, name), NULL, "of the text",
     &option_required},
    {"--yes", OPTION_FLAG, offsetof(struct kept_values, yes), NULL, "write it without being asked",
     NULL},
};
static const struct option_table SEND = {SEND_OPTIONS, ARRAY_LEN(SEND_OPTIONS),
                                         sizeof(struct kept_values)};

static const struct option DISCARD_OPTIONS[] = {
    {"NAME", OPTION_TEXT, offsetof(struct kept_values, name), NULL, "of the text",
     &option_required},
    {"--yes", OPTION_FLAG, offsetof(struct kept_values, yes), NULL, "delete it without being asked",
     NULL},
};
static const struct option_table DISCARD = {DISCARD_OPTIONS, ARRAY_LEN(DISCARD_OPTIONS),
                                            sizeof(struct kept_values)};

static const struct command COMMANDS[] = {
    {"kept list", "list texts that did not become a note", COMMAND_NEEDS_PROFILE, COMMAND_ANYWHERE,
     &option_none, NULL, NULL, NULL, run_list},
    {"kept show", "print a kept text", COMMAND_NEEDS_NOTHING, COMMAND_HERE, &SHOW, NULL, NULL,
     ask_text, run_show},
    {"kept send", "write a kept text as it stands, where it was to go", COMMAND_NEEDS_NOTHING,
     COMMAND_HERE, &SEND, NULL, NULL, ask_text, run_send},
    {"kept edit", "take a kept text into the editor again", COMMAND_NEEDS_NOTHING, COMMAND_HERE,
     &SHOW, NULL, NULL, ask_text, run_edit},
    {"kept discard", "delete a kept text", COMMAND_NEEDS_NOTHING, COMMAND_HERE, &DISCARD, NULL,
     NULL, NULL, run_discard},
};
const struct command_list cmd_kept = {COMMANDS, ARRAY_LEN(COMMANDS)};
