#include "client/cli/kept_fetch.h"

#include "client/cli/note_written.h"
#include "client/cli/print_field.h"

static int tell_written(struct cli *cli, const char *name, const struct note_id *note)
{
    char digits[PRINT_DIGITS_BYTES];
    print_digits(ID_SPAN(note), digits);
    return cli_error(cli, CLI_NOT_FOUND,
                     "the kept text %s is a note already: see `alcove show %s`. Its kept copy is "
                     "gone.",
                     name, digits);
}

int kept_fetch(struct cli *cli, const char *name, struct kept_text *out_text)
{
    enum status status = kept_text_open(cli, name, out_text);
    if (status == STATUS_NOT_FOUND) {
        return cli_error(cli, CLI_NOT_FOUND, "no kept text is called %s; see `alcove kept list`",
                         name);
    }
    if (status != STATUS_OK) {
        return cli_fail_at(cli, SAY_KEPT_OPEN, name, status);
    }
    struct note_id note;
    if (note_written_kept(cli, out_text, &note) != NOTE_IS_WRITTEN) {
        return CLI_OK;
    }
    (void)!kept_text_drop(cli->profile, name);
    return tell_written(cli, name, &note);
}

int kept_fetch_before(struct cli *cli, const char *name, struct note_before *before)
{
    struct kept_text text;
    int code = kept_fetch(cli, name, &text);
    if (code == CLI_OK && note_before_set(before, text.text) != STATUS_OK) {
        code = cli_fail_at(cli, SAY_KEPT_OPEN, name, STATUS_NO_MEMORY);
    }
    kept_text_deinit(&text);
    return code;
}
