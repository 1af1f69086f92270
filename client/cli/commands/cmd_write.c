#include "client/cli/cli.h"

#include "client/cli/args.h"
#include "client/cli/ids.h"
#include "client/cli/note_before.h"
#include "client/cli/note_put.h"
#include "client/cli/note_text.h"
#include "proto/policy.h"
#include "proto/words.h"

static uint32_t note_kind(uint32_t class)
{
    switch (class) {
    case CLASS_PROCESS:
        return NOTE_PROCESS;
    case CLASS_SESSION:
        return NOTE_SESSION;
    case CLASS_SHARED:
        return NOTE_REFLECTION;
    case CLASS_JOURNAL:
        return NOTE_MOMENT;
    case CLASS_SAFETY:
        return NOTE_SAFETY_CARD;
    default:
        return NOTE_PROGRESS;
    }
}

static bool revision_edits(const struct note_draft *draft)
{
    return !draft->addendum && !draft->correction && !draft->late_entry;
}

static bool kind_is_clear(struct cli *cli, const struct note_draft *draft)
{
    int appended = draft->addendum + draft->correction + draft->late_entry;

    if (appended > 1 || (appended == 1 && draft->unsigned_draft)) {
        (void)fprintf(cli->err, "alcove: one of --draft, --addendum, --correction, --late-entry\n");
        return false;
    }
    if (appended == 1 && draft->reason == NULL) {
        (void)fprintf(cli->err, "alcove: an addendum, a correction or a late entry says why: "
                                "--reason TEXT\n");
        return false;
    }
    if ((draft->addendum || draft->correction) && draft->note == NULL) {
        (void)fprintf(cli->err, "alcove: --note ID says what it is added to\n");
        return false;
    }
    return true;
}

/* A chart that is named beside a note must be the note's: else it would go to other readers than
 * the person thinks of. */
static int agrees(struct cli *cli, const struct note_draft *draft, uint32_t class,
                  const struct view_section *section)
{
    struct view_section named;
    struct chart_id chart;
    struct member_id client;
    int code = CLI_OK;

    if (class != 0 && class != section->class) {
        (void)fprintf(cli->err, "alcove: the note is of class %s; nothing was written\n",
                      policy_class_name(section->class));
        return CLI_USAGE;
    }
    if (draft->chart == NULL || (ids_section_quietly(cli, draft->chart, &named) &&
                                 ID_EQUAL(&named.section, &section->section))) {
        return CLI_OK;
    }
    code = ids_chart(cli, draft->chart, &chart, &client);
    if (code == CLI_OK && !ID_EQUAL(&chart, &section->chart)) {
        (void)fprintf(cli->err, "alcove: note %s is not in that chart; nothing was written\n",
                      draft->note);
        code = CLI_USAGE;
    }
    return code;
}

static int find_note(struct cli *cli, const struct note_draft *draft, uint32_t class,
                     struct view_section *out_section, struct note_before *before)
{
    struct section_id of_note;
    struct note_id note;
    enum status status;
    int code = ids_note(cli, draft->note, &of_note, &note);

    if (code != CLI_OK) {
        return code;
    }
    status = view_section(host_engine(cli->host), &of_note, out_section);
    if (status == STATUS_OK) {
        status = note_before_get(cli, &of_note, &note, before);
    }
    if (status == STATUS_OK && before->locked && revision_edits(draft)) {
        status = STATUS_LOCKED; /* before anything is typed */
    }
    return status == STATUS_OK ? agrees(cli, draft, class, out_section)
                               : cli_fail(cli, "the note was not written", status);
}

static int take_text(struct cli *cli, const struct note_draft *draft,
                     const struct note_before *before, struct note_text *text)
{
    if (draft->note != NULL && draft->file == NULL && revision_edits(draft)) {
        return note_text_edit(cli, span_of(before->text, before->text_size),
                              !draft->unsigned_draft && before->heads == 1, text);
    }
    return note_text_take(cli, draft->file, draft->template, text);
}

/* Opens, finds the section, takes the text, writes. Writing never waits for the server. */
static int write_into(struct cli *cli, struct note_draft *draft, uint32_t class)
{
    struct view_section section = {0};
    struct note_before before = {0};
    struct note_text text = {0};
    int code = CLI_OK;

    if (!engine_synced_once(host_engine(cli->host))) {
        code = cli_refresh(cli);
    }
    if (code == CLI_OK) {
        code = draft->note == NULL ? ids_section_anew(cli, draft->chart, class, &section)
                                   : find_note(cli, draft, class, &section, &before);
    }
    if (code == CLI_OK) {
        draft->kind = note_kind(section.class);
        code = take_text(cli, draft, &before, &text);
    }
    if (code == CLI_OK) {
        code = note_put(cli, draft, &section, span_of(text.bytes, text.size));
    }
    note_text_end(cli, &text, code);
    note_before_deinit(&before);
    return code;
}

int cmd_write(struct cli *cli, int argc, char **argv)
{
    struct note_draft draft = {0};
    const struct args_option options[] = {
        {.name = "--class", .value = &draft.class},
        {.name = "--title", .value = &draft.title},
        {.name = "--file", .value = &draft.file},
        {.name = "--note", .value = &draft.note},
        {.name = "--reason", .value = &draft.reason},
        {.name = "--template", .value = &draft.template},
        {.name = "--tag",
         .list = draft.tags,
         .list_count = &draft.tag_count,
         .list_max = NOTE_TAGS_MAX},
        {.name = "--after",
         .list = draft.after,
         .list_count = &draft.after_count,
         .list_max = WRITE_PARENTS_MAX},
        {.name = "--draft", .flag = &draft.unsigned_draft},
        {.name = "--addendum", .flag = &draft.addendum},
        {.name = "--correction", .flag = &draft.correction},
        {.name = "--late-entry", .flag = &draft.late_entry},
    };
    const char *wrong = NULL;
    uint32_t class = 0;
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), &draft.chart, 1, &count, &wrong) ||
        (count == 0 && draft.note == NULL)) {
        return cli_usage(cli, "write", wrong);
    }
    if (!kind_is_clear(cli, &draft)) {
        return CLI_USAGE;
    }
    code = draft.note != NULL && draft.class == NULL ? CLI_OK : ids_class(cli, draft.class, &class);
    if (code == CLI_OK) {
        code = cli_open(cli);
    }
    return code == CLI_OK ? write_into(cli, &draft, class) : code;
}

/* ---- reflections: shown first as the client will see them */

int cmd_reflect(struct cli *cli, int argc, char **argv)
{
    struct note_draft draft = {.kind = NOTE_REFLECTION};
    const struct args_option options[] = {
        {.name = "--title", .value = &draft.title},
        {.name = "--file", .value = &draft.file},
        {.name = "--yes", .flag = &draft.yes},
    };
    struct view_section section = {0};
    const char *wrong = NULL;
    struct note_text text = {0};
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), &draft.chart, 1, &count, &wrong) ||
        count != 1) {
        return cli_usage(cli, "reflect", wrong);
    }
    code = cli_open(cli);
    if (code == CLI_OK && !engine_synced_once(host_engine(cli->host))) {
        code = cli_refresh(cli);
    }
    if (code == CLI_OK) {
        code = ids_section_anew(cli, draft.chart, CLASS_SHARED, &section);
    }
    if (code == CLI_OK) {
        code = note_text_take(cli, draft.file, NULL, &text);
    }
    if (code == CLI_OK) {
        code = note_text_preview(cli, draft.title, &text, draft.yes);
    }
    if (code == CLI_OK) {
        code = note_put(cli, &draft, &section, span_of(text.bytes, text.size));
    }
    note_text_end(cli, &text, code);
    return code;
}
