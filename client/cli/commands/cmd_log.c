#include "client/cli/cli.h"

#include "client/agent/clock.h"
#include "client/cli/args.h"
#include "client/cli/ids.h"
#include "client/cli/log_export.h"
#include "client/cli/log_find.h"
#include "client/cli/log_print.h"
#include "client/cli/print.h"
#include "client/engine/api/query.h"
#include "proto/number.h"
#include "proto/policy.h"
#include "proto/words.h"

#define LIMIT_DEFAULT 200u

struct log_words {
    bool mine;
    bool all;
    const char *chart;
    const char *actor;
    const char *section;
    const char *action;
    const char *outcome;
    const char *from;
    const char *to;
    const char *limit;
    const char *format;
};

static int outcome_of(struct cli *cli, const char *word, uint32_t *out)
{
    static const char *const names[] = {"", "ok", "refused", "failed"};

    for (uint32_t i = 1; i < ARRAY_LEN(names); i++) {
        if (strcmp(names[i], word) == 0) {
            *out = i;
            return CLI_OK;
        }
    }
    (void)fprintf(cli->err, "alcove: --outcome is ok, refused or failed\n");
    return CLI_USAGE;
}

static int limit_of(struct cli *cli, const char *word, uint32_t *out)
{
    uint64_t limit;

    if (!number_of(word, 0, 10000000u, &limit)) {
        (void)fprintf(cli->err, "alcove: --limit is a number; 0: everything\n");
        return CLI_USAGE;
    }
    *out = (uint32_t)limit;
    return CLI_OK;
}

/* Auditors ask about all, clients about their own chart, others about themselves. */
static int scope_of(struct cli *cli, const struct log_words *words, struct query_terms *query)
{
    struct engine_state state;
    struct member_id client;

    engine_state(host_engine(cli->host), &state);
    if (words->all || (!words->mine && state.role == ROLE_AUDITOR)) {
        query->scope = ACTION_LOG_ALL;
        if (words->chart == NULL) {
            return CLI_OK;
        }
        return state.role == ROLE_AUDITOR ? log_find_chart(cli, words->chart, &query->chart)
                                          : ids_chart(cli, words->chart, &query->chart, &client);
    }
    if (words->chart != NULL || (!words->mine && state.role == ROLE_CLIENT)) {
        query->scope = ACTION_LOG_CHART;
        return ids_chart(cli, words->chart, &query->chart, &client);
    }
    query->scope = ACTION_LOG_OWN;
    return CLI_OK;
}

static int section_of(struct cli *cli, const char *word, struct section_id *out)
{
    struct engine_state state;
    struct view_section section;
    int code;

    engine_state(host_engine(cli->host), &state);
    if (state.role == ROLE_AUDITOR) {
        return log_find_section(cli, word, out);
    }
    code = ids_section(cli, word, 0, &section);
    *out = section.section;
    return code;
}

static int query_of(struct cli *cli, const struct log_words *words, uint32_t limit_default,
                    struct query_terms *query)
{
    struct view_member actor;
    int code = scope_of(cli, words, query);

    query->limit = limit_default;
    if (code == CLI_OK && words->limit != NULL) {
        code = limit_of(cli, words->limit, &query->limit);
    }
    if (code == CLI_OK && words->actor != NULL) {
        code = ids_member(cli, words->actor, &actor);
        query->actor = actor.member;
    }
    if (code == CLI_OK && words->section != NULL) {
        code = section_of(cli, words->section, &query->section);
    }
    if (code == CLI_OK && words->action != NULL &&
        policy_action_parse(span_of(words->action, strlen(words->action)), &query->action) !=
            STATUS_OK) {
        (void)fprintf(cli->err, "alcove: there is no action called %s; alcove(1) lists them\n",
                      words->action);
        code = CLI_USAGE;
    }
    if (code == CLI_OK && words->outcome != NULL) {
        code = outcome_of(cli, words->outcome, &query->outcome);
    }
    if (code == CLI_OK && words->from != NULL) {
        code = ids_time(cli, words->from, &query->time_from_ms);
    }
    if (code == CLI_OK && words->to != NULL) {
        code = ids_time_end(cli, words->to, &query->time_to_ms);
    }
    return code;
}

/* Waits for an answer of the access log; these do not outlive a lost connection. */
static int await(struct cli *cli, uint64_t ticket, struct engine_ticket *out_info)
{
    enum status status = host_finish(cli->host, ticket, 10 * CLI_TIMEOUT_MS);

    engine_ticket(host_engine(cli->host), ticket, out_info);
    if (status != STATUS_OK && engine_alarm_count(host_engine(cli->host)) == 0) {
        return cli_fail(cli, "the log was not read", status);
    }
    return CLI_OK;
}

/* A chart's history comes oldest first and whole, since only so it can be proved: what is wanted
 * of it, the newest above all, is chosen here. */
static int ask(struct cli *cli, const struct query_terms *query, uint64_t *out_ticket)
{
    struct query_terms asked = *query;
    struct engine_ticket info;
    enum status status;
    int code;

    asked.limit = query->scope == ACTION_LOG_CHART ? 0 : query->limit;
    status = query_ask(host_engine(cli->host), &asked, out_ticket);
    if (status != STATUS_OK) {
        return cli_fail(cli, "the log was not read", status);
    }
    code = await(cli, *out_ticket, &info);
    return code == CLI_OK && info.wish != ENGINE_WISH_DONE
               ? cli_fail(cli, "the log was not read", info.status)
               : code;
}

static int log_query(struct cli *cli, const struct log_words *words)
{
    struct query_terms query = {0};
    uint64_t ticket = 0;
    int code = query_of(cli, words, LIMIT_DEFAULT, &query);

    if (code == CLI_OK) {
        code = ask(cli, &query, &ticket);
    }
    if (code == CLI_OK) {
        code = log_print_events(cli, &query, ticket);
    }
    query_drop(host_engine(cli->host), ticket);
    return code;
}

static int tell_verdict(struct cli *cli, uint64_t ticket)
{
    struct query_verdict verdict;
    enum status status = query_verdict(host_engine(cli->host), ticket, &verdict);

    if (status != STATUS_OK) {
        return cli_fail(cli, "nothing was verified", status);
    }
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_text(object, "status", status_name(verdict.status));
        print_add_number(object, "events", verdict.events);
        print_add_number(object, "size", verdict.size);
        print_add_id(object, "root", ID_SPAN(&verdict.root));
        print_add_number(object, "charts", verdict.charts);
        print_add_number(object, "sections", verdict.sections);
        print_add_text(object, "reason", verdict.reason);
        print_json(cli, object);
    } else if (verdict.status == STATUS_OK) {
        (void)fprintf(cli->out,
                      "Proved: %llu events, nothing missing, nothing altered, against a "
                      "log of %llu.\n",
                      (unsigned long long)verdict.events, (unsigned long long)verdict.size);
        print_block(cli, span_of(verdict.reason, strlen(verdict.reason)), 0);
    }
    if (verdict.status != STATUS_OK) {
        (void)fprintf(cli->err, "alcove: ALARM: the log does not hold: %s (%s)\n", verdict.reason,
                      status_name(verdict.status));
        return CLI_ALARM;
    }
    return CLI_OK;
}

static int verify(struct cli *cli, const struct log_words *words, uint64_t *out_ticket)
{
    struct engine_state state;
    struct engine_ticket info;
    struct chart_id chart;
    struct member_id client;
    enum status status;
    int code = CLI_OK;

    engine_state(host_engine(cli->host), &state);
    if (state.role == ROLE_AUDITOR) {
        status = query_verify_all(host_engine(cli->host), out_ticket);
    } else {
        code = ids_chart(cli, words->chart, &chart, &client);
        if (code != CLI_OK) {
            return code;
        }
        status = query_verify_chart(host_engine(cli->host), &chart, out_ticket);
    }
    if (status != STATUS_OK) {
        return cli_fail(cli, "nothing was verified", status);
    }
    return await(cli, *out_ticket, &info);
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
static int export_log(struct cli *cli, const struct log_words *words, uint64_t proved,
                      const char *folder)
{
    struct query_terms query = {0};
    struct engine_state state;
    uint64_t ticket = 0;
    int code;

    if (log_export_is_tiles(words->format)) {
        return log_export_tiles(cli, proved, folder);
    }
    engine_state(host_engine(cli->host), &state);
    code = query_of(cli, words, 0, &query);
    if (code == CLI_OK && (proved == 0 || state.role == ROLE_AUDITOR)) {
        code = ask(cli, &query, &ticket);
    }
    if (code == CLI_OK) {
        code = log_export_lines(cli, &query, ticket == 0 ? proved : ticket, words->format, folder);
    }
    query_drop(host_engine(cli->host), ticket);
    return code;
}

/* Before anything is asked of the server. */
static int judge_export(struct cli *cli, const struct log_words *words)
{
    struct engine_state state;

    if (!log_export_is_format(words->format)) {
        (void)fprintf(cli->err, "alcove: --format is tlog-tiles, jsonl or csv\n");
        return CLI_USAGE;
    }
    engine_state(host_engine(cli->host), &state);
    if (log_export_is_tiles(words->format) && state.role != ROLE_AUDITOR) {
        (void)fprintf(cli->err, "alcove: tlog-tiles is the whole log, which is an auditor's to "
                                "read; jsonl and\n  csv write what is yours\n");
        return CLI_REFUSED;
    }
    return CLI_OK;
}

int cmd_log(struct cli *cli, int argc, char **argv)
{
    struct log_words given = {0};
    const struct args_option options[] = {
        {.name = "--mine", .flag = &given.mine},
        {.name = "--all", .flag = &given.all},
        {.name = "--chart", .value = &given.chart},
        {.name = "--actor", .value = &given.actor},
        {.name = "--section", .value = &given.section},
        {.name = "--action", .value = &given.action},
        {.name = "--outcome", .value = &given.outcome},
        {.name = "--from", .value = &given.from},
        {.name = "--to", .value = &given.to},
        {.name = "--limit", .value = &given.limit},
        {.name = "--format", .value = &given.format},
    };
    const char *words[2];
    const char *wrong = NULL;
    uint64_t ticket = 0;
    size_t count = 0;
    bool verifies;
    bool exports;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), words, 2, &count, &wrong)) {
        return cli_usage(cli, "log", wrong);
    }
    verifies = count == 1 && strcmp(words[0], "verify") == 0;
    exports = count == 2 && strcmp(words[0], "export") == 0 && given.format != NULL;
    if (count != 0 && !verifies && !exports) {
        return cli_usage(cli, "log", NULL);
    }
    code = cli_open(cli);
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    if (code == CLI_OK && exports) {
        code = judge_export(cli, &given);
    }
    if (code != CLI_OK || count == 0) {
        return code == CLI_OK ? log_query(cli, &given) : code;
    }
    if (verifies && !may_prove(cli)) {
        (void)fprintf(cli->err,
                      "alcove: a log is proved whole by an auditor, and a chart's part by "
                      "its client;\n  that nothing was taken back is checked at each "
                      "`alcove sync`\n");
        return CLI_REFUSED;
    }
    if (may_prove(cli)) {
        code = verify(cli, &given, &ticket);
    }
    if (code == CLI_OK && verifies) {
        code = tell_verdict(cli, ticket);
    }
    if (code == CLI_OK && exports) {
        code = export_log(cli, &given, ticket, words[1]);
    }
    query_drop(host_engine(cli->host), ticket);
    return code;
}
