/* Moments: the client's own, private unless they choose. */
#include "client/agent/clock.h"
#include "client/cli/command.h"
#include "client/cli/forward.h"
#include "client/cli/handed.h"
#include "client/cli/ids.h"
#include "client/cli/kept_fetch.h"
#include "client/cli/note_put.h"
#include "client/cli/sections.h"
#include "client/engine/api/act.h"
#include "keys/public/bytes/wipe.h"
#include "proto/policy.h"
#include "proto/words.h"

struct journal_search {
    struct engine *engine;
    const struct member_id *reader; /* NULL: the private one */
    struct view_section found;
    bool is_found;
    size_t readers;
    bool has_reader;
};

static bool count_reader(void *visitor, const struct view_access *access)
{
    struct journal_search *search = visitor;
    search->readers++;
    if (search->reader != NULL && ID_EQUAL(&access->member, search->reader)) {
        search->has_reader = true;
    }
    return true;
}

static bool visit_journal(void *visitor, const struct view_section *section)
{
    struct journal_search *search = visitor;
    size_t wanted = search->reader == NULL ? 1 : 2;
    if (section->class != CLASS_JOURNAL || (section->rights & RIGHT_OWN) == 0) {
        return true;
    }
    search->readers = 0;
    search->has_reader = false;
    if (view_access(search->engine, &section->section, count_reader, search) == STATUS_OK &&
        search->readers == wanted && search->has_reader == (search->reader != NULL)) {
        search->found = *section;
        search->is_found = true;
        return false;
    }
    return true;
}

/* One section per set of readers: sharing never gives anybody the private one's key
 * (decision 19). Makes it when it is the first moment of its kind. */
static int journal_section(struct cli *cli, const struct chart_id *chart,
                           const struct member_id *client, const struct member_id *reader,
                           struct view_section *out)
{
    struct journal_search search = {.engine = host_engine(cli->host), .reader = reader};
    view_sections(host_engine(cli->host), visit_journal, &search);
    if (search.is_found) {
        *out = search.found;
        return CLI_OK;
    }
    if (sections_coming(cli)) {
        return cli_error(cli, CLI_UNREACHABLE,
                         "your journal still waits to be made, which needs the server once. Run "
                         "`alcove sync`, then write this again.");
    }
    struct section_id section;
    struct chart_id same_chart;
    uint64_t ticket = 0;
    enum status status = act_section(host_engine(cli->host), CLASS_JOURNAL, chart, client,
                                     clock_now_ms(), &section, &same_chart, &ticket);
    if (status != STATUS_OK) {
        return cli_fail(cli, SAY_JOURNAL_MAKE, status);
    }
    bool sent = false;
    int code = cli_deliver(cli, ticket, &sent);
    if (code == CLI_OK && reader != NULL) {
        struct act_grant grant = {.section = section, .member = *reader, .rights = RIGHT_READ};
        code = cli_refresh(cli);
        status = code == CLI_OK ? act_grant(host_engine(cli->host), &grant, clock_now_ms(), &ticket)
                                : STATUS_OK;
        if (code == CLI_OK && status != STATUS_OK) {
            return cli_fail(cli, SAY_JOURNAL_SHARE, status);
        }
        code = code == CLI_OK ? cli_deliver(cli, ticket, &sent) : code;
    }
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    if (code == CLI_OK && view_section(host_engine(cli->host), &section, out) != STATUS_OK) {
        return cli_error(cli, CLI_UNREACHABLE,
                         "the first moment of its kind needs the server once, for the journal's "
                         "key; later ones do not. This one was not written.");
    }
    return code;
}

/* The text that the editor begins with, if it was kept; and that there is a chart, before anything
 * is typed for it. */
static int find_begin(struct cli *cli, const struct note_input *input, struct note_before *before)
{
    struct chart_id chart;
    struct member_id client;
    int code = ids_chart(cli, input->chart, &chart, &client);
    return code == CLI_OK && input->kept != NULL && input->file == NULL
               ? kept_fetch_before(cli, input->kept, before)
               : code;
}

static int ask_moment(struct cli *cli, const void *values)
{
    struct note_before before = {0};
    int code = find_begin(cli, values, &before);
    if (code == CLI_OK) {
        note_before_pack(&before, cli->out);
    }
    note_before_deinit(&before);
    return code;
}

static int ask_agent(struct cli *cli, const struct note_input *input, struct note_before *before)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    int code = forward_ask(cli, input, &bytes, &size);
    enum status status =
        code == CLI_OK ? note_before_unpack(span_of(bytes, size), before) : STATUS_OK;
    if (bytes != NULL) {
        wipe(bytes, size);
    }
    free(bytes);
    return status == STATUS_OK ? code : cli_fail(cli, SAY_NOTE_READ, status);
}

static int take_text(struct cli *cli, struct note_input *input, const struct note_before *before,
                     struct note_text *text)
{
    return input->kept != NULL && input->file == NULL
               ? note_text_edit(cli, input, span_of(before->text, before->text_size), text)
               : note_text_take(cli, input, text);
}

static int gather_moment(struct cli *cli, void *values, struct handed *handed)
{
    struct note_input *input = values;
    struct note_before before = {0};
    int code = input->file == NULL ? ask_agent(cli, input, &before) : CLI_OK;
    if (code == CLI_OK && handed->text.bytes == NULL) {
        code = take_text(cli, input, &before, &handed->text);
    }
    note_before_deinit(&before);
    input->file = "-";
    input->kept = NULL;
    return code == CLI_OK ? handed_text(cli, handed, span_of(handed->text.bytes, handed->text.size))
                          : code;
}

static int run_moment(struct cli *cli, const void *values)
{
    struct note_input given = *(const struct note_input *)values;
    struct note_input *input = &given;
    struct chart_id chart;
    struct member_id client;
    int code = ids_chart(cli, input->chart, &chart, &client);
    struct view_member reader;
    if (code == CLI_OK && input->share != NULL) {
        code = ids_member(cli, input->share, &reader);
    }
    struct note_before before = {0};
    if (code == CLI_OK) {
        code = find_begin(cli, input, &before);
    }
    struct note_text text;
    note_text_none(&text);
    if (code == CLI_OK) {
        code = take_text(cli, input, &before, &text);
    }
    note_before_deinit(&before);
    struct view_section section;
    if (code == CLI_OK) {
        code = journal_section(cli, &chart, &client, input->share == NULL ? NULL : &reader.member,
                               &section);
    }
    if (code == CLI_OK) {
        code = note_put(cli, input, NOTE_MOMENT, &section, NULL, &before,
                        span_of(text.bytes, text.size));
    }
    note_text_end(cli, &text, code);
    return code;
}

static const struct option_rule CATEGORY = {.required = true, .choices = note_categories};

static const struct option OPTIONS[] = {
    {"CHART", OPTION_TEXT, offsetof(struct note_input, chart), NULL,
     "your chart, if there are several", NULL},
    {"--category", OPTION_CHOICE, offsetof(struct note_input, category), "KIND",
     "what kind of moment it was", &CATEGORY},
    {"--file", OPTION_INPUT, offsetof(struct note_input, file), "FILE|-",
     "take the text from a file, or - from standard input", NULL},
    {"--kept", OPTION_TEXT, offsetof(struct note_input, kept), "NAME",
     "begin the editor with a text that was kept", NULL},
    {"--share", OPTION_TEXT, offsetof(struct note_input, share), "MEMBER",
     "let this person read it", NULL},
    {"--bring", OPTION_FLAG, offsetof(struct note_input, bring), NULL,
     "mark it for the next session", NULL},
    {"--yes", OPTION_FLAG, offsetof(struct note_input, yes), NULL,
     "nothing is asked; kept for scripts", NULL},
    NOTE_INPUT_KEPT_OPTIONS,
};
static const struct option_table MOMENT = {OPTIONS, ARRAY_LEN(OPTIONS), sizeof(struct note_input)};

static const struct command COMMANDS[] = {
    {"moment", "note a progress moment, private unless you share it", COMMAND_NEEDS_ONCE,
     COMMAND_TYPES, &MOMENT, NULL, gather_moment, ask_moment, run_moment},
};
const struct command_list cmd_moment = {COMMANDS, ARRAY_LEN(COMMANDS)};
