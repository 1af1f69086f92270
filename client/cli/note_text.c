#include "client/cli/note_text.h"

#include "client/cli/editor.h"
#include "client/cli/files.h"
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

static int tell_left(struct cli *cli, const char *why)
{
    (void)print_answer(cli, (const struct print_field[]){{"written", PRINT_BOOL, .number = 0}}, 1,
                       "%s; nothing was written.", why);
    return CLI_LEFT;
}

int note_text_edit(struct cli *cli, struct span begin, struct note_text *out_text)
{
    memset(out_text, 0, sizeof *out_text);
    enum status status =
        editor_run(cli, begin, NOTE_TEXT_BYTES_MAX, &out_text->bytes, &out_text->size);
    bool unchanged = is_as_it_was(out_text, begin);
    out_text->typed = out_text->bytes != NULL && !unchanged;
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

int note_text_take(struct cli *cli, const char *file, uint32_t template, struct note_text *out_text)
{
    memset(out_text, 0, sizeof *out_text);
    if (file == NULL) {
        return note_text_edit(cli, span_of(HEADINGS[template], strlen(HEADINGS[template])),
                              out_text);
    }
    enum status status =
        files_read(file, cli->in, NOTE_TEXT_BYTES_MAX, &out_text->bytes, &out_text->size);
    return status == STATUS_OK ? judge(cli, out_text) : fail_read(cli, file, status);
}

void note_text_end(struct cli *cli, struct note_text *text, int code)
{
    char path[FILES_PATH_BYTES_MAX];
    if (text->typed && text->size > 0 && code != CLI_OK) {
        if (editor_keep(span_of(text->bytes, text->size), path) == STATUS_OK) {
            cli_warn(cli,
                     "your text is kept in %s (in memory: it is gone when this machine stops). "
                     "Use it with --file, then remove it.",
                     path);
        } else {
            cli_warn(cli, "your text could not be kept");
        }
    }
    if (text->bytes != NULL) {
        wipe(text->bytes, text->size);
    }
    free(text->bytes);
    memset(text, 0, sizeof *text);
}
