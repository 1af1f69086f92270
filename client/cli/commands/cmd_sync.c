#include "client/cli/cli.h"

#include "client/agent/clock.h"
#include "client/cli/args.h"
#include "client/cli/numbers.h"
#include "client/cli/print.h"
#include "client/cli/sections.h"
#include "client/cli/watch.h"
#include "client/engine/api/view.h"
#include "proto/policy.h"

#include <signal.h>
#include <stdlib.h>

static const char *const PHASES[] = {"offline", "greeting", "login", "syncing", "idle", "stopped"};

#define REFUSED_MAX 256u

/* Refused for good: kept in the outbox, since the text is nowhere else, until the person says. */
struct refused {
    uint64_t tickets[REFUSED_MAX]; /* the first of them */
    size_t count;                  /* of all */
};

static bool find_refused(void *visitor, uint64_t ticket, const struct engine_ticket *info)
{
    struct refused *refused = visitor;

    if (info->wish == ENGINE_WISH_FAILED) {
        if (refused->count < REFUSED_MAX) {
            refused->tickets[refused->count] = ticket;
        }
        refused->count++;
    }
    return true;
}

static void get_refused(const struct cli *cli, struct refused *out_refused)
{
    out_refused->count = 0;
    engine_outbox(host_engine(cli->host), find_refused, out_refused);
}

static size_t count_refused(const struct cli *cli)
{
    struct refused refused;

    get_refused(cli, &refused);
    return refused.count;
}

static void tell_refused(struct cli *cli)
{
    size_t count = count_refused(cli);

    if (count > 0) {
        (void)fprintf(
            cli->err,
            "alcove: the server refused %zu for good; `alcove doctor` says why. The text is "
            "here\n  alone: copy what you need of it, then `alcove sync --drop-refused`\n",
            count);
    }
}

/* Only what was refused before this command began, which earlier ones told of: what is refused
 * while it syncs is news, and its text exists nowhere else. */
static int drop_refused(struct cli *cli, const struct refused *refused)
{
    size_t count = refused->count < REFUSED_MAX ? refused->count : REFUSED_MAX;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = engine_take_back(host_engine(cli->host), refused->tickets[i]);
    }
    if (status != STATUS_OK) {
        return cli_fail(cli, "it was not dropped", status);
    }
    (void)fprintf(cli->err, "alcove: %zu taken away that the server had refused\n", count);
    return CLI_OK;
}

static int tell_sync(struct cli *cli)
{
    struct engine_state state;
    struct sections sections;
    size_t sections_count;
    size_t notes = 0;
    int code = sections_get(cli, &sections);

    if (code != CLI_OK) {
        return code;
    }
    for (size_t i = 0; i < sections.count; i++) {
        notes += sections.items[i].notes;
    }
    sections_count = sections.count;
    sections_free(&sections);
    engine_state(host_engine(cli->host), &state);
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_text(object, "phase", PHASES[state.phase]);
        print_add_number(object, "sections", sections_count);
        print_add_number(object, "notes", notes);
        print_add_number(object, "behind", state.sections_behind);
        print_add_number(object, "outbox", state.outbox_count);
        print_add_number(object, "refused", count_refused(cli));
        print_add_number(object, "events_size", state.events_size);
        print_add_number(object, "statements_size", state.statements_size);
        print_add_number(object, "revisions_verified", state.revisions_verified);
        print_json(cli, object);
        return CLI_OK;
    }
    (void)fprintf(cli->out,
                  "%zu sections, %zu notes here; %zu waiting to be sent.\n"
                  "Verified against logs of %llu events and %llu statements.\n",
                  sections_count, notes, state.outbox_count - count_refused(cli),
                  (unsigned long long)state.events_size, (unsigned long long)state.statements_size);
    tell_refused(cli);
    if (state.clock_shown) {
        (void)fprintf(cli->err, "alcove: the server's time and this machine's are %lld s apart\n",
                      (long long)(state.clock_off_ms / 1000));
    }
    return CLI_OK;
}

/* ---- watching */

static volatile sig_atomic_t watch_ended;

static void end_watch(int signal)
{
    (void)signal;
    watch_ended = 1;
}

static int run_watch(struct cli *cli, uint64_t end_ms)
{
    struct watch *watch = watch_new();
    uint64_t retry_ms = 0;

    CHECK(watch != NULL);
    watch_ended = 0;
    (void)signal(SIGTERM, end_watch);
    (void)signal(SIGINT, end_watch);
    while (watch_ended == 0 && clock_awake_ms() < end_ms) {
        uint64_t now_ms = clock_awake_ms();

        if (!host_online(cli->host) && now_ms >= retry_ms) {
            retry_ms = now_ms + 1000;
            if (host_connect(cli->host) != STATUS_OK) {
                break;
            }
        }
        if (host_step(cli->host, 100) != STATUS_OK ||
            engine_alarm_count(host_engine(cli->host)) > 0) {
            break;
        }
        watch_step(watch, cli);
    }
    watch_free(watch);
    return engine_alarm_count(host_engine(cli->host)) > 0 ? cli_refresh(cli) : CLI_OK;
}

int cmd_sync(struct cli *cli, int argc, char **argv)
{
    bool watch = false;
    bool drop = false;
    const char *timeout = NULL;
    const struct args_option options[] = {
        {.name = "--watch", .flag = &watch},
        {.name = "--drop-refused", .flag = &drop},
        {.name = "--timeout", .value = &timeout},
    };
    struct refused refused = {.count = 0};
    const char *wrong = NULL;
    uint64_t limit_ms = UINT64_MAX / 2;
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), NULL, 0, &count, &wrong) ||
        (timeout != NULL && !numbers_seconds(timeout, &limit_ms))) {
        return cli_usage(cli, "sync", wrong);
    }
    if (watch && cli->lent) {
        return cli_usage(cli, "sync", "--watch");
    }
    code = cli_open(cli);
    if (code == CLI_OK) {
        get_refused(cli, &refused);
        code = cli_refresh(cli);
    }
    if (code == CLI_OK && drop) {
        code = drop_refused(cli, &refused);
    }
    if (code == CLI_OK && !watch) {
        code = tell_sync(cli);
        code = code == CLI_OK && !host_online(cli->host) ? CLI_UNREACHABLE : code;
    }
    if (code == CLI_OK && watch) {
        code = run_watch(cli, clock_awake_ms() + limit_ms);
    }
    return code;
}

int cmd_status(struct cli *cli, int argc, char **argv)
{
    struct engine_state state;
    struct view_member me;
    const char *practice;
    const char *wrong = NULL;
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, NULL, 0, NULL, 0, &count, &wrong)) {
        return cli_usage(cli, "status", wrong);
    }
    code = cli_open(cli);
    if (code != CLI_OK) {
        return code;
    }
    engine_state(host_engine(cli->host), &state);
    practice = view_practice_name(host_engine(cli->host));
    memset(&me, 0, sizeof(me));
    if (view_member(host_engine(cli->host), &state.member, &me) != STATUS_OK) {
        me.member = state.member;
        view_name(host_engine(cli->host), &state.member, me.name);
    }
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_id(object, "member", ID_SPAN(&state.member));
        print_add_text(object, "name", me.name);
        print_add_text(object, "practice", practice);
        print_add_text(object, "role", policy_role_name(state.role));
        print_add_text(object, "phase", PHASES[state.phase]);
        print_add_number(object, "outbox", state.outbox_count);
        print_add_number(object, "events_size", state.events_size);
        print_add_number(object, "statements_size", state.statements_size);
        (void)cJSON_AddBoolToObject(object, "agent", cli->lent);
        print_json(cli, object);
        return CLI_OK;
    }
    if (practice[0] != '\0') {
        (void)fputs("Practice: ", cli->out);
        print_text(cli, span_of(practice, strlen(practice)), 60);
        (void)fputc('\n', cli->out);
    }
    (void)fprintf(cli->out, "You are ");
    print_text(cli, span_of(me.name, strlen(me.name)), 40);
    (void)fprintf(cli->out, " (");
    print_short(cli, ID_SPAN(&state.member));
    (void)fprintf(cli->out, "), %s.\nAgent: %s. Waiting to be sent: %zu.\n",
                  state.role == 0 ? "not synced yet" : policy_role_name(state.role),
                  cli->lent ? "unlocked" : "none", state.outbox_count - count_refused(cli));
    tell_refused(cli);
    return CLI_OK;
}
