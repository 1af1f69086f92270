#include "client/cli/note_text.h"

#include "client/cli/editor.h"
#include "client/cli/files.h"
#include "client/cli/print.h"
#include "keys/public/bytes/utf8.h"
#include "keys/public/bytes/wipe.h"
#include "proto/limits.h"

#include <unistd.h>

/* The official templates: headings that the text is written under. */
static const struct {
    const char *name;
    const char *text;
} TEMPLATES[] = {
    {"soap", "Subjective:\n\nObjective:\n\nAssessment:\n\nPlan:\n"},
    {"dap", "Data:\n\nAssessment:\n\nPlan:\n"},
    {"birp", "Behavior:\n\nIntervention:\n\nResponse:\n\nPlan:\n"},
    {"girp", "Goal:\n\nIntervention:\n\nResponse:\n\nPlan:\n"},
    {"free", ""},
};

static const char *template_text(const char *name)
{
    for (size_t i = 0; name != NULL && i < ARRAY_LEN(TEMPLATES); i++) {
        if (strcmp(TEMPLATES[i].name, name) == 0) {
            return TEMPLATES[i].text;
        }
    }
    return name == NULL ? "" : NULL;
}

static bool is_as_it_was(const struct note_text *text, struct span begin)
{
    return text->bytes != NULL && text->size == begin.size &&
           (begin.size == 0 || memcmp(text->bytes, begin.data, begin.size) == 0);
}

/* Nothing that a reader would see. */
static bool is_blank(const struct note_text *text)
{
    size_t i = 0;

    while (i < text->size && strchr(" \t\r\n", text->bytes[i]) != NULL && text->bytes[i] != 0) {
        i++;
    }
    return i == text->size;
}

static int judge(struct cli *cli, const struct note_text *text, bool unchanged)
{
    const char *what = NULL;

    if (is_blank(text)) {
        what = "empty";
    } else if (unchanged) {
        what = "as it was";
    } else if (!utf8_valid(span_of(text->bytes, text->size))) {
        what = "not UTF-8";
    }
    if (what != NULL) {
        (void)fprintf(cli->err, "alcove: the text is %s; nothing was written\n", what);
        return CLI_USAGE;
    }
    return CLI_OK;
}

static int fail_read(struct cli *cli, const char *file, enum status status)
{
    char what[128];

    if (status == STATUS_USAGE) {
        (void)fprintf(cli->err, "alcove: no text: give --file FILE, --file - or a terminal for the "
                                "editor\n");
        return CLI_USAGE;
    }
    if (status == STATUS_TOO_LARGE) {
        (void)fprintf(cli->err,
                      "alcove: the text is larger than a note may be, %u KiB; nothing was "
                      "written\n",
                      NOTE_TEXT_BYTES_MAX / 1024u);
        return CLI_FAILED;
    }
    if (file == NULL && status == STATUS_NOT_FOUND) {
        return CLI_FAILED; /* the editor, which was said */
    }
    if (file == NULL || strcmp(file, "-") == 0) {
        return cli_fail(cli, "the text was not read", status);
    }
    (void)snprintf(what, sizeof(what), "the text was not read from %.64s", file);
    return cli_fail(cli, what, status);
}

int note_text_edit(struct cli *cli, struct span begin, bool as_it_was, struct note_text *out_text)
{
    enum status status;
    bool unchanged;

    memset(out_text, 0, sizeof(*out_text));
    status = editor_run(cli, begin, NOTE_TEXT_BYTES_MAX, &out_text->bytes, &out_text->size);
    unchanged = is_as_it_was(out_text, begin);
    out_text->typed = out_text->bytes != NULL && !unchanged;
    return status == STATUS_OK ? judge(cli, out_text, unchanged && !as_it_was)
                               : fail_read(cli, NULL, status);
}

int note_text_take(struct cli *cli, const char *file, const char *template,
                   struct note_text *out_text)
{
    const char *begin = template_text(template);
    enum status status;

    memset(out_text, 0, sizeof(*out_text));
    if (begin == NULL) {
        (void)fprintf(cli->err, "alcove: --template is soap, dap, birp, girp or free\n");
        return CLI_USAGE;
    }
    if (file == NULL) {
        return note_text_edit(cli, span_of(begin, strlen(begin)), false, out_text);
    }
    out_text->from_in = strcmp(file, "-") == 0;
    status = files_read(file, cli->in, NOTE_TEXT_BYTES_MAX, &out_text->bytes, &out_text->size);
    return status == STATUS_OK ? judge(cli, out_text, false) : fail_read(cli, file, status);
}

int note_text_preview(struct cli *cli, const char *title, const struct note_text *text, bool yes)
{
    char line[16];

    if (cli->json || cli->lent) {
        return CLI_OK; /* lent: the caller's own process has shown it */
    }
    (void)fprintf(cli->out, "The client will see:\n\n");
    if (title != NULL) {
        print_block(cli, span_of(title, strlen(title)), 2);
        (void)fputc('\n', cli->out);
    }
    print_block(cli, span_of(text->bytes, text->size), 2);
    (void)fputc('\n', cli->out);
    if (yes) {
        return CLI_OK;
    }
    (void)fprintf(cli->out, "Share it? Type yes: ");
    (void)fflush(cli->out);
    if (text->from_in || cli->in < 0 || fgets(line, sizeof(line), stdin) == NULL ||
        strncmp(line, "yes", 3) != 0) {
        (void)fprintf(cli->err, "alcove: not shared; give --yes to share without being asked\n");
        return CLI_REFUSED;
    }
    return CLI_OK;
}

void note_text_end(struct cli *cli, struct note_text *text, int code)
{
    char path[FILES_PATH_BYTES_MAX];

    if (text->typed && text->size > 0 && code != CLI_OK) {
        if (editor_keep(span_of(text->bytes, text->size), path) == STATUS_OK) {
            (void)fprintf(cli->err,
                          "alcove: your text is kept in %s\n"
                          "  (in memory: gone when this machine stops). Use it with --file, then "
                          "remove it.\n",
                          path);
        } else {
            (void)fprintf(cli->err, "alcove: and your text could not be kept\n");
        }
    }
    if (text->bytes != NULL) {
        wipe(text->bytes, text->size);
    }
    free(text->bytes);
    memset(text, 0, sizeof(*text));
}
