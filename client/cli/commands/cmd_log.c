#include "client/agent/clock.h"
#include "client/cli/cli.h"
#include "client/cli/command.h"
#include "client/cli/ids.h"
#include "client/cli/log_export.h"
#include "client/cli/log_find.h"
#include "client/cli/log_print.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "proto/words.h"

#define LIMIT_DEFAULT 200u
#define LIMIT_MAX     10000000u
#define LIMIT_NONE    (LIMIT_MAX + 1u) /* not given */

struct log_values {
    const char *folder;
    uint32_t format; /* enum log_format */
    bool mine;
    bool all;
    const char *chart;
    const char *actor;
    const char *section;
    const char *between;
    struct option_texts exclude;
    uint32_t action;
    uint32_t outcome;
    uint64_t from_ms;
    uint64_t to_ms;
    uint64_t limit;
};

/* Auditors ask about all, clients about their own chart, others about themselves. */
static int scope_of(struct cli *cli, const struct log_values *values, struct query_terms *query)
{
    struct engine_state state;
    engine_state(host_engine(cli->host), &state);
    if (!values->mine && state.role == ROLE_AUDITOR) {
        query->scope = ACTION_LOG_ALL;
        if (values->chart == NULL) {
            return CLI_OK;
        }
        return log_find_chart(cli, values->chart, &query->chart);
    }
    struct member_id client;
    if (values->chart != NULL || (!values->mine && state.role == ROLE_CLIENT)) {
        query->scope = ACTION_LOG_CHART;
        return ids_chart(cli, values->chart, &query->chart, &client);
    }
    query->scope = ACTION_LOG_OWN;
    return CLI_OK;
}

static int section_of(struct cli *cli, const char *word, struct section_id *out)
{
    struct engine_state state;
    engine_state(host_engine(cli->host), &state);
    if (state.role == ROLE_AUDITOR) {
        return log_find_section(cli, word, out);
    }
    struct view_section section;
    int code = ids_section(cli, word, 0, &section);
    *out = section.section;
    return code;
}

static int query_of(struct cli *cli, const struct log_values *values, uint32_t limit_default,
                    struct query_terms *query)
{
    int code = scope_of(cli, values, query);
    query->limit = values->limit == LIMIT_NONE ? limit_default : (uint32_t)values->limit;
    query->action = values->action;
    query->outcome = values->outcome;
    query->time_from_ms = values->from_ms;
    query->time_to_ms = values->to_ms;
    struct view_member actor;
    if (code == CLI_OK && values->actor != NULL) {
        code = ids_member(cli, values->actor, &actor);
        query->actor = actor.member;
    }
    if (code == CLI_OK && values->section != NULL) {
        code = section_of(cli, values->section, &query->section);
    }
    return code;
}

/* What is shown of the query's events. */
static int pick_of(struct cli *cli, const struct log_values *values,
                   const struct query_terms *query, struct log_pick *pick)
{
    *pick = (struct log_pick){.query = query, .all = values->all};
    if (values->between != NULL && !log_pick_between(values->between, pick)) {
        return cli_error(cli, CLI_USAGE,
                         "--between is a time of day, HH:MM-HH:MM, as 20:00-07:00; not %.40s",
                         values->between);
    }
    const char *wrong = NULL;
    if (!log_pick_exclude(&values->exclude, pick, &wrong)) {
        return cli_error(cli, CLI_USAGE,
                         "no action of the log is called %.40s; `alcove log --action` lists them",
                         wrong);
    }
    return CLI_OK;
}

/* Waits for an answer of the access log; these do not outlive a lost connection. */
static int await(struct cli *cli, uint64_t ticket, struct engine_ticket *out_info)
{
    enum status status = host_answer(cli->host, ticket, 10 * CLI_TIMEOUT_MS);
    engine_ticket(host_engine(cli->host), ticket, out_info);
    if (status != STATUS_OK && engine_alarm_count(host_engine(cli->host)) == 0) {
        return cli_fail(cli, SAY_LOG_READ, status);
    }
    return CLI_OK;
}

/* A chart's history comes oldest first and whole, since only so it can be proved: what is wanted
 * of it, the newest above all, is chosen here. */
static int ask(struct cli *cli, const struct query_terms *query, uint64_t *out_ticket)
{
    struct query_terms asked = *query;
    asked.limit = query->scope == ACTION_LOG_CHART ? 0 : query->limit;
    enum status status = query_ask(host_engine(cli->host), &asked, out_ticket);
    if (status != STATUS_OK) {
        return cli_fail(cli, SAY_LOG_READ, status);
    }
    struct engine_ticket info;
    int code = await(cli, *out_ticket, &info);
    return code == CLI_OK && info.wish != ENGINE_WISH_DONE
               ? cli_fail(cli, SAY_LOG_READ, info.status)
               : code;
}

static int run_log(struct cli *cli, const void *values)
{
    if (cli->stale) { /* why was said */
        return cli_error(cli, cli->alarmed ? CLI_ALARM : CLI_UNREACHABLE,
                         "the access log lies on the server alone, so that nothing of it is shown");
    }
    struct query_terms query = {0};
    int code = query_of(cli, values, LIMIT_DEFAULT, &query);
    struct log_pick pick;
    if (code == CLI_OK) {
        code = pick_of(cli, values, &query, &pick);
    }
    uint64_t ticket = 0;
    if (code == CLI_OK) {
        code = ask(cli, &query, &ticket);
    }
    if (code == CLI_OK) {
        code = log_print_events(cli, &pick, ticket);
    }
    query_drop(host_engine(cli->host), ticket);
    return code;
}

static int tell_verdict(struct cli *cli, uint64_t ticket)
{
    struct query_verdict verdict;
    enum status status = query_verdict(host_engine(cli->host), ticket, &verdict);
    if (status != STATUS_OK) {
        return cli_fail(cli, SAY_LOG_VERIFY, status);
    }
    if (verdict.status == STATUS_OK || cli->json) {
        (void)print_answer(
            cli,
            (const struct print_field[]){
                {"status", PRINT_TEXT, .span = print_span(status_name(verdict.status))},
                {"events", PRINT_NUMBER, .number = verdict.events},
                {"size", PRINT_NUMBER, .number = verdict.size},
                {"root", PRINT_ID, .span = ID_SPAN(&verdict.root)},
                {"charts", PRINT_NUMBER, .number = verdict.charts},
                {"sections", PRINT_NUMBER, .number = verdict.sections},
                {"reason", PRINT_TEXT, .span = print_span(verdict.reason)},
                {"before", PRINT_NUMBER, .number = verdict.before},
                {"whole_ms", PRINT_NUMBER, .number = verdict.whole_ms}},
            9,
            "Proved: %llu %sevents, nothing missing, nothing altered, against a log of %llu.\n%s",
            (unsigned long long)verdict.events, verdict.before > 0 ? "new " : "",
            (unsigned long long)verdict.size, verdict.reason);
    }
    if (verdict.status == STATUS_OK && !cli->json && verdict.before > 0) {
        (void)fprintf(cli->out, "The %llu events before them were proved from the beginning on ",
                      (unsigned long long)verdict.before);
        print_time(cli, verdict.whole_ms);
        (void)fputs(" or since; `alcove log verify --all` reads all of them again.\n", cli->out);
    }
    if (verdict.status == STATUS_CORRUPT || verdict.status == STATUS_UNAVAILABLE) {
        return cli_error(
            cli, CLI_ALARM,
            "%s. Nothing shows that anybody altered it. Tell whoever runs the server to "
            "run `alcoved fsck`.",
            verdict.reason);
    }
    return verdict.status == STATUS_OK ? CLI_OK
                                       : cli_error(cli, CLI_ALARM,
                                                   "ALARM: the log does not hold: %s. Keep this "
                                                   "text and tell your auditor.",
                                                   verdict.reason);
}

/* |whole|: from the beginning, and kept for an export; else from where the last proof ended. */
static int verify(struct cli *cli, const char *chart_word, bool whole, uint64_t *out_ticket)
{
    struct engine *engine = host_engine(cli->host);
    struct engine_state state;
    engine_state(engine, &state);
    bool all = state.role == ROLE_AUDITOR;
    struct chart_id chart;
    struct member_id client;
    int code = all ? CLI_OK : ids_chart(cli, chart_word, &chart, &client);
    if (code != CLI_OK) {
        return code;
    }
    enum status status = !whole ? query_verify_on(engine, all ? NULL : &chart, out_ticket)
                         : all  ? query_verify_all(engine, out_ticket)
                                : query_verify_chart(engine, &chart, out_ticket);
    if (status != STATUS_OK) {
        return cli_fail(cli, SAY_LOG_VERIFY, status);
    }
    struct engine_ticket info;
    code = await(cli, *out_ticket, &info);
    return code == CLI_OK && info.wish == ENGINE_WISH_WAITING
               ? cli_fail(cli, SAY_LOG_VERIFY, info.status)
               : code;
}

/* Of what others did, a member proves nothing but a client their own chart and an auditor all. */
static bool may_prove(const struct cli *cli)
{
    struct engine_state state;
    engine_state(host_engine(cli->host), &state);
    return state.role == ROLE_AUDITOR || state.role == ROLE_CLIENT;
}

/* What was proved, as tiles; or the events of a query, as lines. An auditor's proof is of leaves
 * alone, so that the lines are asked for after it. */
static int export_log(struct cli *cli, const struct log_values *values, uint64_t proved)
{
    if (values->format == LOG_FORMAT_TILES) {
        return log_export_tiles(cli, proved, values->folder);
    }
    struct engine_state state;
    engine_state(host_engine(cli->host), &state);
    struct query_terms query = {0};
    int code = query_of(cli, values, 0, &query);
    struct log_pick pick;
    if (code == CLI_OK) {
        code = pick_of(cli, values, &query, &pick);
    }
    uint64_t ticket = 0;
    if (code == CLI_OK && (proved == 0 || state.role == ROLE_AUDITOR)) {
        code = ask(cli, &query, &ticket);
    }
    if (code == CLI_OK) {
        code = log_export_lines(cli, &pick, ticket == 0 ? proved : ticket, values->format,
                                values->folder);
    }
    query_drop(host_engine(cli->host), ticket);
    return code;
}

static int run_export(struct cli *cli, const void *given)
{
    const struct log_values *values = given;
    struct engine_state state;
    engine_state(host_engine(cli->host), &state);
    if (values->format == LOG_FORMAT_TILES && state.role != ROLE_AUDITOR) {
        return cli_error(cli, CLI_REFUSED,
                         "tlog-tiles is the whole log, which only an auditor may read; jsonl and "
                         "csv write what is yours. Nothing was exported.");
    }
    uint64_t ticket = 0;
    int code = CLI_OK;
    if (may_prove(cli)) {
        code = verify(cli, values->chart, true, &ticket);
    }
    if (code == CLI_OK) {
        code = export_log(cli, values, ticket);
    }
    query_drop(host_engine(cli->host), ticket);
    return code;
}

static int run_verify(struct cli *cli, const void *given)
{
    const struct log_values *values = given;
    if (!may_prove(cli)) {
        return cli_error(cli, CLI_REFUSED,
                         "the whole log is proved by an auditor, and a chart's part of it by its "
                         "client. That nothing was taken back is checked at each `alcove sync`.");
    }
    uint64_t ticket = 0;
    int code = verify(cli, values->chart, values->all, &ticket);
    if (code == CLI_OK) {
        code = tell_verdict(cli, ticket);
    }
    query_drop(host_engine(cli->host), ticket);
    return code;
}

static const char *const OUTCOMES[] = {"ok", "refused", "failed", NULL};
_Static_assert(OUTCOME_OK == 1 && OUTCOME_REFUSED == 2 && OUTCOME_FAILED == 3,
               "the words stand in the order of their numbers");
static const struct option_rule OUTCOME = {.choices = OUTCOMES};
static const struct option_rule LIMIT = {.most = LIMIT_MAX, .otherwise = LIMIT_NONE};
static const struct option_rule FORMAT = {.required = true, .choices = log_export_formats};

/* The first two are of `log export`. */
static const struct option OPTIONS[] = {
    {"DIR", OPTION_FILE, offsetof(struct log_values, folder), NULL,
     "the folder, which must not exist yet", &option_required},
    {"--format", OPTION_CHOICE, offsetof(struct log_values, format), "FORMAT", "what is written",
     &FORMAT},
    {"--chart", OPTION_TEXT, offsetof(struct log_values, chart), "CHART",
     "what anybody did in this chart", NULL},
    {"--mine", OPTION_FLAG, offsetof(struct log_values, mine), NULL, "what you did yourself", NULL},
    {"--all", OPTION_FLAG, offsetof(struct log_values, all), NULL,
     "logins, looks at the log and changed keys too", NULL},
    {"--exclude", OPTION_MANY, offsetof(struct log_values, exclude), "ACTION",
     "no action of this name; may be given often", NULL},
    {"--between", OPTION_TEXT, offsetof(struct log_values, between), "HOURS",
     "only at this time of day, as 20:00-07:00", NULL},
    {"--actor", OPTION_TEXT, offsetof(struct log_values, actor), "MEMBER", "only by this person",
     NULL},
    {"--section", OPTION_TEXT, offsetof(struct log_values, section), "SECTION",
     "only in this section", NULL},
    {"--action", OPTION_ACTION, offsetof(struct log_values, action), "ACTION",
     "only actions of this name", NULL},
    {"--outcome", OPTION_CHOICE, offsetof(struct log_values, outcome), "OUTCOME",
     "only what ended so", &OUTCOME},
    {"--from", OPTION_TIME, offsetof(struct log_values, from_ms), "TIME",
     "from here; a day is its first minute", NULL},
    {"--to", OPTION_TIME_END, offsetof(struct log_values, to_ms), "TIME",
     "up to here; a day is its last minute", NULL},
    {"--limit", OPTION_NUMBER, offsetof(struct log_values, limit), "N",
     "at most so many, the newest; 0 is all", &LIMIT},
};
static const struct option_table LOG = {&OPTIONS[2], ARRAY_LEN(OPTIONS) - 2,
                                        sizeof(struct log_values)};
static const struct option VERIFY_OPTIONS[] = {
    {"--chart", OPTION_TEXT, offsetof(struct log_values, chart), "CHART", "your chart, of several",
     NULL},
    {"--all", OPTION_FLAG, offsetof(struct log_values, all), NULL,
     "from the beginning, also what was proved before", NULL},
};
static const struct option_table LOG_VERIFY = {VERIFY_OPTIONS, ARRAY_LEN(VERIFY_OPTIONS),
                                               sizeof(struct log_values)};
static const struct option_table LOG_EXPORT = {OPTIONS, ARRAY_LEN(OPTIONS),
                                               sizeof(struct log_values)};

static const struct command COMMANDS[] = {
    {"log", "read the access log, newest first", COMMAND_NEEDS_LOOK, COMMAND_READS, &LOG, NULL,
     NULL, NULL, run_log},
    {"log verify", "prove that the log is whole and unchanged", COMMAND_NEEDS_FRESH,
     COMMAND_ANYWHERE, &LOG_VERIFY, NULL, NULL, NULL, run_verify},
    {"log export", "prove the log and write it into files", COMMAND_NEEDS_FRESH, COMMAND_ANYWHERE,
     &LOG_EXPORT, NULL, NULL, NULL, run_export},
};
const struct command_list cmd_log = {COMMANDS, ARRAY_LEN(COMMANDS)};
