#include "client/cli/note_text.h"

#include "client/cli/editor.h"
#include "client/cli/files.h"
#include "client/cli/hold.h"
#include "client/cli/print_field.h"
#include "client/text/step.h"
#include "keys/public/bytes/utf8.h"
#include "keys/public/bytes/wipe.h"
#include "proto/limits.h"

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

static bool is_as_it_was(const struct note_text *text, struct span begin)
{
    return text->bytes != NULL && text->size == begin.size &&
           (begin.size == 0 || memcmp(text->bytes, begin.data, begin.size) == 0);
}

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
    return cli_fail_at(cli, SAY_TEXT_READ, file, status);
}

static int fail_kept(struct cli *cli, const char *name, enum status status)
{
    return status == STATUS_BUSY
               ? cli_error(cli, CLI_FAILED, "another command works on the kept text %s", name)
               : cli_error(cli, CLI_NOT_FOUND, "no kept text is called %s; see `alcove kept list`",
                           name);
}

static int tell_left(struct cli *cli, const char *why)
{
    (void)print_answer(cli, (const struct print_field[]){{"written", PRINT_BOOL, .number = 0}}, 1,
                       "%s; nothing was written.", why);
    return CLI_LEFT;
}

int note_text_edit(struct cli *cli, struct span begin, const char *kept, struct note_text *out_text)
{
    memset(out_text, 0, sizeof *out_text);
    out_text->kept.lock = -1;
    if (!editor_can_run(cli)) {
        return fail_read(cli, NULL, STATUS_USAGE);
    }
    enum status status =
        kept == NULL ? kept_new(begin, &out_text->kept) : kept_take(kept, &out_text->kept);
    if (status != STATUS_OK) {
        return kept == NULL ? fail_read(cli, NULL, status) : fail_kept(cli, kept, status);
    }
    uint8_t *before = NULL;
    size_t before_size = 0;
    if (kept != NULL) {
        status = files_read(out_text->kept.path, -1, KEPT_BYTES_MAX, &before, &before_size);
        if (status != STATUS_OK) {
            return fail_kept(cli, kept, status);
        }
        begin = span_of(before, before_size);
    }
    kept_guard(&out_text->kept);
    int hold = hold_begin(cli);
    status = editor_run(cli, &out_text->kept, begin, NOTE_TEXT_BYTES_MAX, &out_text->bytes,
                        &out_text->size);
    hold_end(hold);
    bool unchanged = is_as_it_was(out_text, begin);
    out_text->typed = !unchanged || kept != NULL;
    out_text->taken_back = kept != NULL;
    if (before != NULL) {
        wipe(before, before_size);
    }
    free(before);
    if (status != STATUS_OK) {
        return fail_read(cli, NULL, status);
    }
    if (unchanged) {
        return tell_left(cli, "Nothing was changed");
    }
    return text_is_blank(span_of(out_text->bytes, out_text->size))
               ? tell_left(cli, "The text was left empty")
               : judge(cli, out_text);
}

int note_text_take(struct cli *cli, const char *file, const char *kept, uint32_t template,
                   struct note_text *out_text)
{
    memset(out_text, 0, sizeof *out_text);
    out_text->kept.lock = -1;
    if (file == NULL) {
        return note_text_edit(cli, span_of(HEADINGS[template], strlen(HEADINGS[template])), kept,
                              out_text);
    }
    enum status status =
        files_read(file, cli->in, NOTE_TEXT_BYTES_MAX, &out_text->bytes, &out_text->size);
    return status == STATUS_OK ? judge(cli, out_text) : fail_read(cli, file, status);
}

/* One that was taken back stays as it is until it is written. */
static void end_kept(struct cli *cli, struct note_text *text, int code)
{
    bool written = code == CLI_OK || (code == CLI_LEFT && !text->taken_back);
    kept_unguard();
    /* A piped text, which nobody has a copy of, is put away only now that nobody took it. */
    if (text->kept.folder[0] == '\0' && text->typed && text->size > 0 && !written &&
        kept_new(span_of(text->bytes, text->size), &text->kept) != STATUS_OK) {
        cli_warn(cli, "your text could not be kept");
    }
    if (text->kept.folder[0] == '\0') {
        return;
    }
    if (written || !text->typed) {
        kept_drop(&text->kept);
        return;
    }
    char name[KEPT_NAME_BYTES];
    memcpy(name, text->kept.name, sizeof name);
    if (!kept_leave(&text->kept)) {
        return;
    }
    cli_warn(cli,
             "your text is kept as %s (in memory: it is gone when this machine stops). `alcove "
             "write CHART --class CLASS --kept %s` takes it into the editor again; `alcove kept "
             "list` finds it.",
             name, name);
}

void note_text_end(struct cli *cli, struct note_text *text, int code)
{
    end_kept(cli, text, code);
    if (text->bytes != NULL) {
        wipe(text->bytes, text->size);
    }
    free(text->bytes);
    memset(text, 0, sizeof *text);
    text->kept.lock = -1;
}
