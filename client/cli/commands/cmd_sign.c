/* Signing: the one act that turns a draft into the record, as it stands. */
#include "client/cli/command.h"
#include "client/cli/ids.h"
#include "client/cli/note_put.h"

/* Whether the draft is one text that was read here. */
static int is_whole(struct cli *cli, const struct note_input *input,
                    const struct note_before *before)
{
    if (before->locked) {
        return cli_error(cli, CLI_REFUSED,
                         "note %s is signed already. Nothing was changed. Add to it with `alcove "
                         "write --note %s` and --addendum or --correction.",
                         input->note, input->note);
    }
    if (before->unread) {
        return cli_fail(cli, SAY_NOTE_WRITE, STATUS_DAMAGED);
    }
    if (before->heads > 1) {
        return cli_error(cli, CLI_FAILED,
                         "there are two versions of note %s, written at once. Nothing was signed. "
                         "Join them with `alcove write --note %s`, then sign that.",
                         input->note, input->note);
    }
    return before->newest == NULL ? cli_fail(cli, SAY_NOTE_READ, STATUS_NOT_FOUND) : CLI_OK;
}

static int run_sign(struct cli *cli, const void *values)
{
    struct note_input input = *(const struct note_input *)values;
    struct section_id id;
    struct note_id note;
    int code = ids_note(cli, input.note, &id, &note);
    if (code != CLI_OK) {
        return code;
    }
    struct view_section section = {0};
    enum status status = view_section(host_engine(cli->host), &id, &section);
    struct note_before before = {0};
    if (status == STATUS_OK) {
        status = note_before_get(cli, &id, &note, &before);
    }
    code =
        status == STATUS_OK ? is_whole(cli, &input, &before) : cli_fail(cli, SAY_NOTE_READ, status);
    if (code == CLI_OK && before.newest != NULL) {
        input.sign = true;
        input.after = before.links;
        code = note_put(cli, &input, before.newest->kind, &section, &note, &before,
                        span_of(before.text, before.text_size));
    } else if (code == CLI_OK) {
        code = cli_fail(cli, SAY_NOTE_READ, STATUS_NOT_FOUND);
    }
    note_before_deinit(&before);
    return code;
}

static const struct option OPTIONS[] = {
    {"NOTE", OPTION_TEXT, offsetof(struct note_input, note), NULL, "the draft to sign",
     &option_required},
};
static const struct option_table SIGN = {OPTIONS, ARRAY_LEN(OPTIONS), sizeof(struct note_input)};

static const struct command COMMANDS[] = {
    {"sign", "sign a draft as it stands; it never changes again", COMMAND_NEEDS_ONCE,
     COMMAND_ANYWHERE, &SIGN, NULL, NULL, NULL, run_sign},
};
const struct command_list cmd_sign = {COMMANDS, ARRAY_LEN(COMMANDS)};
