#include "client/cli/audience.h"
#include "client/cli/command.h"
#include "client/cli/forward.h"
#include "client/cli/handed.h"
#include "client/cli/ids.h"
#include "client/cli/kept_fetch.h"
#include "client/cli/note_put.h"
#include "client/text/step.h"
#include "keys/public/bytes/wipe.h"
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

static bool revision_edits(const struct note_input *input)
{
    return !input->addendum && !input->correction && !input->late_entry;
}

static bool is_blank(const char *text)
{
    return text == NULL || text_is_blank(span_of(text, strlen(text)));
}

static const char *check_kept(const void *values)
{
    const struct note_input *input = values;
    return input->kept != NULL && input->file != NULL ? "--kept and --file do not go together"
                                                      : NULL;
}

static const char *check_write(const void *values)
{
    const struct note_input *input = values;
    int appended = input->addendum + input->correction + input->late_entry;
    if (appended > 1 || (appended == 1 && input->draft)) {
        return "one of --draft, --addendum, --correction and --late-entry is possible";
    }
    if (input->sign && (appended == 1 || input->draft || input->note == NULL)) {
        return "--sign signs the draft that --note NOTE names; without it a draft stays one";
    }
    if (appended == 1 && is_blank(input->reason)) {
        return "an addendum, a correction or a late entry says why: --reason TEXT";
    }
    if ((input->addendum || input->correction) && input->note == NULL) {
        return "--note NOTE says which note it is added to";
    }
    if (input->note == NULL && (input->chart == NULL || input->class == 0)) {
        return "a new note needs CHART and --class CLASS, an earlier one --note NOTE";
    }
    return check_kept(values);
}

/* A chart that is named beside a note must be the note's: else it would go to other readers than
 * the person thinks of. */
static int agrees(struct cli *cli, const struct note_input *input,
                  const struct view_section *section)
{
    if (input->class != 0 && input->class != section->class) {
        return cli_error(cli, CLI_USAGE, "the note is of class %s; nothing was written",
                         policy_class_name(section->class));
    }
    struct view_section named;
    if (input->chart == NULL || (ids_section_quietly(cli, input->chart, &named) &&
                                 ID_EQUAL(&named.section, &section->section))) {
        return CLI_OK;
    }
    struct chart_id chart;
    struct member_id client;
    int code = ids_chart(cli, input->chart, &chart, &client);
    if (code == CLI_OK && !ID_EQUAL(&chart, &section->chart)) {
        code = cli_error(cli, CLI_USAGE, "note %s is not in that chart; nothing was written",
                         input->note);
    }
    return code;
}

static int find_note(struct cli *cli, const struct note_input *input,
                     struct view_section *out_section, struct note_id *out_note,
                     struct note_before *before)
{
    struct section_id of_note;
    int code = ids_note(cli, input->note, &of_note, out_note);
    if (code != CLI_OK) {
        return code;
    }
    enum status status = view_section(host_engine(cli->host), &of_note, out_section);
    if (status == STATUS_OK) {
        status = note_before_get(cli, &of_note, out_note, before);
    }
    if (status == STATUS_OK && before->locked && revision_edits(input)) {
        status = STATUS_LOCKED; /* before anything is typed */
    }
    if (status == STATUS_OK && before->unread && revision_edits(input)) {
        status = STATUS_DAMAGED; /* likewise: nobody writes over a text that cannot be read */
    }
    if (status == STATUS_OK && before->unread) {
        cli_warn(cli, "the newest version of this note does not open here; what you add follows "
                      "it all the same");
    }
    return status == STATUS_OK ? agrees(cli, input, out_section)
                               : cli_fail(cli, SAY_NOTE_WRITE, status);
}

static int find_place(struct cli *cli, const struct note_input *input,
                      struct view_section *out_section, struct note_id *out_note,
                      struct note_before *before)
{
    return input->note == NULL ? ids_section_anew(cli, input->chart, input->class, out_section)
                               : find_note(cli, input, out_section, out_note, before);
}

static bool is_edited(const struct note_input *input)
{
    return input->note != NULL && input->file == NULL && revision_edits(input);
}

static int take_text(struct cli *cli, struct note_input *input, const struct note_before *before,
                     struct note_text *text)
{
    return is_edited(input) || (input->kept != NULL && input->file == NULL)
               ? note_text_edit(cli, input, span_of(before->text, before->text_size), text)
               : note_text_take(cli, input, text);
}

/* What the editor begins with, if it is a kept text. */
static int take_kept(struct cli *cli, const struct note_input *input, struct note_before *before)
{
    return input->kept != NULL && input->file == NULL ? kept_fetch_before(cli, input->kept, before)
                                                      : CLI_OK;
}

/* Finds the section, takes the text, writes. */
static int run_write(struct cli *cli, const void *values)
{
    struct note_input given = *(const struct note_input *)values;
    struct note_input *input = &given;
    struct note_id note;
    struct view_section section = {0};
    struct note_before before = {0};
    int code = find_place(cli, input, &section, &note, &before);
    struct audience audience;
    if (code == CLI_OK) {
        code = audience_get(cli, &section, &audience);
    }
    if (code == CLI_OK) {
        code = take_kept(cli, input, &before);
    }
    struct note_text text;
    note_text_none(&text);
    if (code == CLI_OK) {
        code = take_text(cli, input, &before, &text);
    }
    if (code == CLI_OK && !(cli->lent && given.yes)) {
        code = audience_preview(cli, &given, &audience, &text);
    }
    if (code == CLI_OK) {
        code =
            note_put(cli, input, note_kind(section.class), &section,
                     input->note == NULL ? NULL : &note, &before, span_of(text.bytes, text.size));
    }
    note_text_end(cli, &text, code);
    note_before_deinit(&before);
    return code;
}

/* ---- through the agent: the text is taken here, and a note that is edited begins with what the
 * agent has of it */

static int ask(struct cli *cli, const struct note_input *input)
{
    struct note_before before = {0};
    struct view_section section = {0};
    struct note_id note;
    int code = find_place(cli, input, &section, &note, &before);
    struct audience audience;
    if (code == CLI_OK) {
        code = audience_get(cli, &section, &audience);
    }
    if (code == CLI_OK) {
        code = take_kept(cli, input, &before);
    }
    if (code == CLI_OK) {
        (void)fwrite(&audience, 1, sizeof audience, cli->out);
        note_before_pack(&before, cli->out);
    }
    note_before_deinit(&before);
    return code;
}

static int ask_write(struct cli *cli, const void *values)
{
    return ask(cli, values);
}

static int ask_reflect(struct cli *cli, const void *values)
{
    struct note_input input = *(const struct note_input *)values;
    input.class = CLASS_SHARED;
    return ask(cli, &input);
}

/* The agent is the same program, so that a struct means the same in both. */
static int ask_agent(struct cli *cli, const struct note_input *input, struct audience *out_audience,
                     struct note_before *before)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    int code = forward_ask(cli, input, &bytes, &size);
    enum status status = STATUS_OK;
    if (code == CLI_OK) {
        status = size < sizeof *out_audience ? STATUS_MALFORMED : STATUS_OK;
    }
    if (code == CLI_OK && status == STATUS_OK) {
        memcpy(out_audience, bytes, sizeof *out_audience);
        out_audience->name[VIEW_NAME_BYTES_MAX - 1] = '\0';
        status = note_before_unpack(
            span_of(bytes + sizeof *out_audience, size - sizeof *out_audience), before);
    }
    if (bytes != NULL) {
        wipe(bytes, size);
    }
    free(bytes);
    return status == STATUS_OK ? code : cli_fail(cli, SAY_NOTE_READ, status);
}

/* The text is what the agent's command reads from its standard input. */
static int hand_text(struct cli *cli, struct note_input *input, struct handed *handed)
{
    input->file = "-";
    input->kept = NULL;
    return handed_text(cli, handed, span_of(handed->text.bytes, handed->text.size));
}

/* Asked before an editor opens, so that nothing is typed for a chart that is not there, and
 * before anything may be shared. */
static int gather_write(struct cli *cli, void *values, struct handed *handed)
{
    struct note_input *input = values;
    struct audience audience = {.class = input->class};
    bool asks = input->file == NULL || input->note != NULL || input->class == CLASS_SHARED;
    struct note_before before = {0};
    int code = asks ? ask_agent(cli, input, &audience, &before) : CLI_OK;
    if (code == CLI_OK) {
        if (is_edited(input) && input->after.count == 0) {
            input->after = before.links;
        }
        code = handed->text.bytes == NULL ? take_text(cli, input, &before, &handed->text) : CLI_OK;
    }
    if (code == CLI_OK) {
        code = audience_preview(cli, input, &audience, &handed->text);
    }
    note_before_deinit(&before);
    return code == CLI_OK ? hand_text(cli, input, handed) : code;
}

static const struct option_rule TEMPLATE = {.choices = note_text_templates};

static const struct option WRITE_OPTIONS[] = {
    {"CHART", OPTION_TEXT, offsetof(struct note_input, chart), NULL, "whose note it is", NULL},
    {"--class", OPTION_CLASS, offsetof(struct note_input, class), "CLASS",
     "in which section it goes", NULL},
    {"--title", OPTION_TEXT, offsetof(struct note_input, title), "TEXT",
     "a title, sealed like the text", NULL},
    {"--tag", OPTION_MANY, offsetof(struct note_input, tags), "TEXT", "a tag, sealed like the text",
     NULL},
    {"--file", OPTION_INPUT, offsetof(struct note_input, file), "FILE|-",
     "take the text from a file, or - from standard input", NULL},
    {"--kept", OPTION_TEXT, offsetof(struct note_input, kept), "NAME",
     "begin the editor with a text that was kept", NULL},
    {"--template", OPTION_CHOICE, offsetof(struct note_input, template), "NAME",
     "begin the editor with headings", &TEMPLATE},
    {"--draft", OPTION_FLAG, offsetof(struct note_input, draft), NULL, "do not sign it yet", NULL},
    {"--sign", OPTION_FLAG, offsetof(struct note_input, sign), NULL,
     "sign the draft once it is changed", NULL},
    {"--note", OPTION_TEXT, offsetof(struct note_input, note), "NOTE",
     "go on with this draft, or add to this signed note", NULL},
    {"--addendum", OPTION_FLAG, offsetof(struct note_input, addendum), NULL, "add to a signed note",
     NULL},
    {"--correction", OPTION_FLAG, offsetof(struct note_input, correction), NULL,
     "correct a signed note", NULL},
    {"--late-entry", OPTION_FLAG, offsetof(struct note_input, late_entry), NULL,
     "write down late what belongs to an earlier day", NULL},
    {"--reason", OPTION_TEXT, offsetof(struct note_input, reason), "TEXT",
     "why it is added, corrected or late", NULL},
    {"--yes", OPTION_FLAG, offsetof(struct note_input, yes), NULL,
     "share with the client without being asked", NULL},
    {"after", OPTION_LINKS, offsetof(struct note_input, after), NULL, NULL, NULL},
    NOTE_INPUT_KEPT_OPTIONS,
};
static const struct option_table WRITE = {WRITE_OPTIONS, ARRAY_LEN(WRITE_OPTIONS),
                                          sizeof(struct note_input)};

/* ---- reflections */

static int gather_reflect(struct cli *cli, void *values, struct handed *handed)
{
    struct note_input *input = values;
    struct note_before before = {0};
    struct audience audience;
    int code = ask_agent(cli, input, &audience, &before);
    if (code == CLI_OK && handed->text.bytes == NULL) {
        code = take_text(cli, input, &before, &handed->text);
    }
    note_before_deinit(&before);
    if (code == CLI_OK) {
        code = audience_preview(cli, input, &audience, &handed->text);
    }
    return code == CLI_OK ? hand_text(cli, input, handed) : code;
}

/* In the agent --yes says that the caller's process has asked. */
static int run_reflect(struct cli *cli, const void *values)
{
    struct note_input input = *(const struct note_input *)values;
    struct view_section section = {0};
    int code = ids_section_anew(cli, input.chart, CLASS_SHARED, &section);
    struct audience audience;
    if (code == CLI_OK) {
        code = audience_get(cli, &section, &audience);
    }
    struct note_before before = {0};
    if (code == CLI_OK) {
        code = take_kept(cli, &input, &before);
    }
    struct note_text text;
    note_text_none(&text);
    if (code == CLI_OK) {
        code = take_text(cli, &input, &before, &text);
    }
    if (code == CLI_OK && !(cli->lent && input.yes)) {
        code = audience_preview(cli, &input, &audience, &text);
    }
    note_before_deinit(&before);
    if (code == CLI_OK) {
        code = note_put(cli, &input, NOTE_REFLECTION, &section, NULL, &before,
                        span_of(text.bytes, text.size));
    }
    note_text_end(cli, &text, code);
    return code;
}

static const struct option REFLECT_OPTIONS[] = {
    {"CHART", OPTION_TEXT, offsetof(struct note_input, chart), NULL, "whose reflection it is",
     &option_required},
    {"--title", OPTION_TEXT, offsetof(struct note_input, title), "TEXT",
     "a title, sealed like the text", NULL},
    {"--file", OPTION_INPUT, offsetof(struct note_input, file), "FILE|-",
     "take the text from a file, or - from standard input", NULL},
    {"--kept", OPTION_TEXT, offsetof(struct note_input, kept), "NAME",
     "begin the editor with a text that was kept", NULL},
    {"--yes", OPTION_FLAG, offsetof(struct note_input, yes), NULL, "share without being asked",
     NULL},
    NOTE_INPUT_KEPT_OPTIONS,
};
static const struct option_table REFLECT = {REFLECT_OPTIONS, ARRAY_LEN(REFLECT_OPTIONS),
                                            sizeof(struct note_input)};

static const struct command COMMANDS[] = {
    {"write", "write a note", COMMAND_NEEDS_ONCE, COMMAND_TYPES, &WRITE, check_write, gather_write,
     ask_write, run_write},
    {"reflect", "share a reflection with the client", COMMAND_NEEDS_ONCE, COMMAND_TYPES, &REFLECT,
     check_kept, gather_reflect, ask_reflect, run_reflect},
};
const struct command_list cmd_write = {COMMANDS, ARRAY_LEN(COMMANDS)};
