#include "client/cli/note_text.h"

#include "client/agent/clock.h"
#include "client/cli/editor.h"
#include "client/cli/files.h"
#include "client/cli/hold.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/text/step.h"
#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/random.h"
#include "keys/public/bytes/utf8.h"
#include "keys/public/bytes/wipe.h"
#include "proto/limits.h"

#include <unistd.h>

/* The official templates: headings that the text is written under. */
const char *const note_text_templates[] = {"soap", "dap", "birp", "girp", "free", NULL};
static const char *const HEADINGS[] = {
    "",
    "Subjective:\n\nObjective:\n\nAssessment:\n\nPlan:\n",
    "Data:\n\nAssessment:\n\nPlan:\n",
    "Behavior:\n\nIntervention:\n\nResponse:\n\nPlan:\n",
    "Goal:\n\nIntervention:\n\nResponse:\n\nPlan:\n",
    "",
};
_Static_assert(ARRAY_LEN(HEADINGS) == ARRAY_LEN(note_text_templates), "a text for each name");

static int judge(struct cli *cli, const struct note_text *text)
{
    const char *what = NULL;
    if (text_is_blank(span_of(text->bytes, text->size))) {
        what = "empty";
    } else if (!utf8_valid(span_of(text->bytes, text->size))) {
        what = "not UTF-8";
    }
    if (what != NULL) {
        return cli_error(cli, CLI_USAGE, "the text is %s; nothing was written", what);
    }
    return CLI_OK;
}

static int fail_read(struct cli *cli, const char *file, enum status status)
{
    if (file == NULL && status == STATUS_NOT_FOUND) {
        return CLI_FAILED; /* the editor, which was said */
    }
    if (file == NULL && status == STATUS_IO) {
        return cli_error(cli, CLI_FAILED, "the editor failed, or was ended. Nothing was written.");
    }
    return cli_fail_at(cli, SAY_TEXT_READ, file, status);
}

static int tell_left(struct cli *cli, const char *why)
{
    (void)print_answer(cli, (const struct print_field[]){{"written", PRINT_BOOL, .number = 0}}, 1,
                       "%s; nothing was written.", why);
    return CLI_LEFT;
}

void note_text_none(struct note_text *out_text)
{
    memset(out_text, 0, sizeof *out_text);
    kept_none(&out_text->clear);
}

/* ---- keeping */

/* What makes a revision of it known again, should the command be ended before it hears of it. */
static void draw(const struct cli *cli, struct note_input *input, struct note_text *text)
{
    if (input->kept != NULL) {
        (void)snprintf(text->name, sizeof text->name, "%s", input->kept);
    } else {
        kept_text_draw(cli->profile, text->name);
    }
    input->typed_ms = clock_now_ms();
    input->becomes = NULL;
    if (input->note == NULL) {
        uint8_t id[ID_BYTES];
        random_bytes(id, sizeof id);
        hex_encode(span_of(id, sizeof id), text->becomes);
        input->becomes = text->becomes;
    }
}

static void keep(struct cli *cli, struct note_input *input, struct note_text *text)
{
    const struct kept_words words = {cli->command, input};
    input->copy = text->name;
    text->outcome =
        kept_text_seal(cli, text->name, &words, span_of(text->bytes, text->size), &text->clear);
}

/* ---- the editor */

static int begin_edit(struct cli *cli, struct note_input *input, struct span begin,
                      struct note_text *text)
{
    draw(cli, input, text);
    const struct kept_words words = {cli->command, input};
    uint8_t *about = NULL;
    size_t size = 0;
    enum status status = kept_record_about(cli->profile, &words, begin, &about, &size);
    if (status == STATUS_OK) {
        status = kept_new(text->name, span_of(about, size), begin, &text->clear);
    }
    free(about);
    if (status == STATUS_ALREADY) {
        return cli_error(
            cli, CLI_FAILED,
            "another command works on the kept text %s, or it waits in memory for room on "
            "this machine's disk",
            text->name);
    }
    return status == STATUS_OK ? CLI_OK : cli_fail(cli, SAY_EDITOR, status);
}

int note_text_edit(struct cli *cli, struct note_input *input, struct span begin,
                   struct note_text *out_text)
{
    note_text_none(out_text);
    out_text->taken_back = input->kept != NULL;
    if (!editor_can_run(cli)) {
        return fail_read(cli, NULL, STATUS_USAGE);
    }
    int code = begin_edit(cli, input, begin, out_text);
    if (code != CLI_OK) {
        out_text->name[0] = out_text->taken_back ? out_text->name[0] : '\0';
        return code;
    }
    kept_guard(out_text->name);
    int hold = hold_begin(cli);
    enum status status = editor_run(cli, &out_text->clear, begin, NOTE_TEXT_BYTES_MAX,
                                    &out_text->bytes, &out_text->size, &out_text->in_window);
    hold_end(hold);
    struct span text = span_of(out_text->bytes, out_text->size);
    bool unchanged = out_text->bytes != NULL && span_equal(text, begin);
    bool blank = out_text->bytes == NULL || text_is_blank(text);
    out_text->typed = !unchanged && !blank;
    if (out_text->typed) {
        input->typed_ms = clock_now_ms();
        keep(cli, input, out_text);
    }
    if (status != STATUS_OK) {
        return fail_read(cli, NULL, status);
    }
    if (unchanged) {
        return tell_left(cli, "Nothing was changed");
    }
    return blank ? tell_left(cli, "The text was left empty") : judge(cli, out_text);
}

/* ---- files and pipes */

/* Whoever pipes a text may have no other copy of it. What is longer than a note is kept too. */
static int take_piped(struct cli *cli, struct note_input *input, struct note_text *text)
{
    enum status status = files_read("-", cli->in, KEPT_BYTES_MAX, &text->bytes, &text->size);
    if (status != STATUS_OK) {
        return fail_read(cli, "-", status);
    }
    text->typed = !text_is_blank(span_of(text->bytes, text->size));
    if (text->typed && input->kept != NULL) {
        (void)snprintf(text->name, sizeof text->name, "%s", input->kept);
        text->taken_back = true;
        input->copy = text->name;
        text->outcome = (struct kept_outcome){STATUS_OK, true};
    } else if (text->typed) {
        draw(cli, input, text);
        keep(cli, input, text);
        kept_guard(text->name);
    }
    return text->size > NOTE_TEXT_BYTES_MAX ? fail_read(cli, "-", STATUS_TOO_LARGE)
                                            : judge(cli, text);
}

int note_text_take(struct cli *cli, struct note_input *input, struct note_text *out_text)
{
    note_text_none(out_text);
    if (input->file == NULL) {
        const char *headings = HEADINGS[input->template];
        return note_text_edit(cli, input, span_of(headings, strlen(headings)), out_text);
    }
    /* With |typed_ms| it is kept already, by the process that hands it over. */
    if (strcmp(input->file, "-") == 0 && (input->typed_ms == 0 || input->kept != NULL)) {
        return take_piped(cli, input, out_text);
    }
    enum status status =
        files_read(input->file, cli->in, NOTE_TEXT_BYTES_MAX, &out_text->bytes, &out_text->size);
    return status == STATUS_OK ? judge(cli, out_text) : fail_read(cli, input->file, status);
}

/* ---- the end */

static void tell_sealed(struct cli *cli, const struct note_text *text)
{
    if (text->outcome.disk != STATUS_OK) {
        cli_warn(cli,
                 "your text could not be kept in %s: %s. It is kept as %s in memory, sealed, and "
                 "is gone when this machine stops. Make room on that disk, then run `alcove kept "
                 "list`.",
                 cli->profile,
                 text->outcome.disk == STATUS_FULL ? "this machine's disk is full"
                                                   : "it cannot be written",
                 text->name);
        return;
    }
    cli_warn(cli,
             "your text is kept as %s, sealed. `alcove kept send %s` writes it as it is, `alcove "
             "kept edit %s` takes it into the editor again; `alcove kept list` finds it.",
             text->name, text->name, text->name);
}

/* Not even sealed in memory: the clear folder stays, or as the last resort the screen has it. */
static void tell_clear(struct cli *cli, struct note_text *text)
{
    char name[KEPT_NAME_BYTES];
    memcpy(name, text->name, sizeof name);
    char folder[FILES_PATH_BYTES_MAX];
    memcpy(folder, text->clear.folder, sizeof folder);
    if (kept_leave(&text->clear)) {
        cli_warn(cli,
                 "your text could not be sealed and lies in %s, in memory and in the clear; it is "
                 "gone when this machine stops. `alcove kept list` seals it when it can.",
                 folder);
        return;
    }
    if (!isatty(fileno(cli->err))) {
        cli_warn(cli, "your text could not be kept anywhere: neither the disk nor the memory has "
                      "room. It is lost unless you have it elsewhere.");
        return;
    }
    cli_warn(cli, "your text could not be kept anywhere: neither the disk nor the memory has "
                  "room. This is it; copy it before you close this window:");
    struct cli loud = *cli;
    loud.out = cli->err;
    print_block(&loud, span_of(text->bytes, text->size), 2);
}

/* One that was taken back stays as it is until it is written. */
static void end_kept(struct cli *cli, struct note_text *text, int code)
{
    bool written = code == CLI_OK || (code == CLI_LEFT && !text->taken_back);
    kept_unguard();
    if (!text->typed) {
        /* What is there beside a text that is not there is the editor's. */
        bool failed = text->bytes == NULL && code != CLI_LEFT;
        if (text->clear.lock >= 0 && text->in_window) {
            kept_leave_to_window(&text->clear);
        } else if (!failed || !kept_leave(&text->clear)) {
            kept_drop(&text->clear);
        }
        return;
    }
    if (text->outcome.disk == STATUS_OK && !kept_text_is(cli->profile, text->name)) {
        kept_drop(&text->clear); /* it is in the outbox, whatever became of it there */
    } else if (!written && !text->outcome.sealed) {
        tell_clear(cli, text);
    } else if (!written) {
        tell_sealed(cli, text);
        (void)kept_leave(&text->clear);
    } else {
        kept_drop(&text->clear);
        if (text->outcome.sealed) {
            (void)!kept_text_drop(cli->profile, text->name);
        }
    }
}

void note_text_end(struct cli *cli, struct note_text *text, int code)
{
    end_kept(cli, text, code);
    if (text->bytes != NULL) {
        wipe(text->bytes, text->size);
    }
    free(text->bytes);
    note_text_none(text);
}
