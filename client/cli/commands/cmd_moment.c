/* Moments: the client's own, private unless they choose. */
#include "client/cli/cli.h"

#include "client/agent/clock.h"
#include "client/cli/args.h"
#include "client/cli/ids.h"
#include "client/cli/note_put.h"
#include "client/cli/note_text.h"
#include "client/cli/sections.h"
#include "client/engine/api/act.h"
#include "proto/policy.h"
#include "proto/words.h"

static const char *const CATEGORIES[] = {
    "reached-out",          "boundary",       "trigger-named",
    "felt-without-numbing", "asked-for-help", "stress-handled",
    "present-for-others",   "showed-up",      "hard-day",
};

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
    struct section_id section;
    struct chart_id same_chart;
    uint64_t ticket = 0;
    bool sent = false;
    enum status status;
    int code;

    view_sections(host_engine(cli->host), visit_journal, &search);
    if (search.is_found) {
        *out = search.found;
        return CLI_OK;
    }
    if (sections_coming(cli)) {
        (void)fprintf(cli->err,
                      "alcove: your journal still waits to be made, which needs the server "
                      "once;\n  `alcove sync`, then write this again\n");
        return CLI_UNREACHABLE;
    }
    status = act_section(host_engine(cli->host), CLASS_JOURNAL, chart, client, clock_now_ms(),
                         &section, &same_chart, &ticket);
    if (status != STATUS_OK) {
        return cli_fail(cli, "your journal was not made", status);
    }
    code = cli_deliver(cli, ticket, &sent);
    if (code == CLI_OK && reader != NULL) {
        struct act_grant grant = {.section = section, .member = *reader, .rights = RIGHT_READ};

        code = cli_refresh(cli);
        status = code == CLI_OK ? act_grant(host_engine(cli->host), &grant, clock_now_ms(), &ticket)
                                : STATUS_OK;
        if (code == CLI_OK && status != STATUS_OK) {
            return cli_fail(cli, "it was not shared; nothing was written", status);
        }
        code = code == CLI_OK ? cli_deliver(cli, ticket, &sent) : code;
    }
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    if (code == CLI_OK && view_section(host_engine(cli->host), &section, out) != STATUS_OK) {
        (void)fprintf(cli->err, "alcove: the first moment of its kind needs the server once, for "
                                "the journal's\n  key; later ones do not. This one was not "
                                "written.\n");
        return CLI_UNREACHABLE;
    }
    return code;
}

static bool category_known(struct cli *cli, const char *category)
{
    for (size_t i = 0; category != NULL && i < ARRAY_LEN(CATEGORIES); i++) {
        if (strcmp(CATEGORIES[i], category) == 0) {
            return true;
        }
    }
    (void)fprintf(cli->err, "alcove: --category is one of");
    for (size_t i = 0; i < ARRAY_LEN(CATEGORIES); i++) {
        (void)fprintf(cli->err, "%s%s", i % 5 == 0 ? "\n  " : " ", CATEGORIES[i]);
    }
    (void)fputc('\n', cli->err);
    return false;
}

int cmd_moment(struct cli *cli, int argc, char **argv)
{
    struct note_draft draft = {.kind = NOTE_MOMENT};
    const char *share = NULL;
    const struct args_option options[] = {
        {.name = "--category", .value = &draft.category},
        {.name = "--file", .value = &draft.file},
        {.name = "--share", .value = &share},
        {.name = "--bring", .flag = &draft.bring},
        {.name = "--yes", .flag = &draft.yes}, /* nothing is asked: kept for scripts */
    };
    struct view_section section;
    struct view_member reader;
    struct chart_id chart;
    struct member_id client;
    const char *wrong = NULL;
    struct note_text text = {0};
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), &draft.chart, 1, &count, &wrong)) {
        return cli_usage(cli, "moment", wrong);
    }
    if (!category_known(cli, draft.category)) {
        return CLI_USAGE;
    }
    code = cli_open(cli);
    if (code == CLI_OK && !engine_synced_once(host_engine(cli->host))) {
        code = cli_refresh(cli);
    }
    if (code == CLI_OK) {
        code = ids_chart(cli, draft.chart, &chart, &client);
    }
    if (code == CLI_OK && share != NULL) {
        code = ids_member(cli, share, &reader);
    }
    if (code == CLI_OK) {
        code = note_text_take(cli, draft.file, NULL, &text);
    }
    if (code == CLI_OK) {
        code =
            journal_section(cli, &chart, &client, share == NULL ? NULL : &reader.member, &section);
    }
    if (code == CLI_OK) {
        code = note_put(cli, &draft, &section, span_of(text.bytes, text.size));
    }
    note_text_end(cli, &text, code);
    return code;
}
