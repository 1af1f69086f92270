#include "client/agent/clock.h"
#include "client/cli/command.h"
#include "client/cli/gaps.h"
#include "client/cli/handed.h"
#include "client/cli/kept_refused.h"
#include "client/cli/kept_text.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/cli/refused.h"
#include "client/cli/sections.h"
#include "client/cli/watch.h"
#include "client/engine/api/view.h"
#include "proto/message.h"
#include "proto/policy.h"

#include <signal.h>
#include <stdlib.h>

static const char *const PHASES[] = {"offline", "greeting", "login", "syncing", "idle", "stopped"};

static void tell_kept(struct cli *cli)
{
    size_t count = kept_text_count(cli->profile);
    if (count > 0) {
        cli_warn(cli,
                 "%zu of your texts did not become a note and are kept here, sealed. `alcove kept "
                 "list` names them; `alcove kept send NAME` writes one as it is, `alcove kept edit "
                 "NAME` takes it into the editor.",
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
        status = kept_refused(cli, refused->tickets[i]);
        if (status == STATUS_OK) {
            status = engine_take_back(host_engine(cli->host), refused->tickets[i]);
        }
    }
    if (status != STATUS_OK) {
        return cli_fail(cli, SAY_DROP, status);
    }
    cli_warn(cli,
             "%zu dropped that the server had refused; texts of notes are in `alcove kept list`",
             count);
    return CLI_OK;
}

static int tell_sync(struct cli *cli)
{
    struct sections sections;
    int code = sections_get(cli, &sections);
    if (code != CLI_OK) {
        return code;
    }
    size_t notes = 0;
    for (size_t i = 0; i < sections.count; i++) {
        notes += sections.items[i].notes;
    }
    size_t sections_count = sections.count;
    sections_free(&sections);
    struct engine_state state;
    engine_state(host_engine(cli->host), &state);
    size_t gaps = gaps_tell(cli);
    struct refused refused;
    refused_get(cli, &refused);
    (void)print_answer(
        cli,
        (const struct print_field[]){
            {"phase", PRINT_TEXT, .span = print_span(PHASES[state.phase])},
            {"sections", PRINT_NUMBER, .number = sections_count},
            {"notes", PRINT_NUMBER, .number = notes},
            {"behind", PRINT_NUMBER, .number = state.sections_behind},
            {"gaps", PRINT_NUMBER, .number = gaps},
            {"outbox", PRINT_NUMBER, .number = state.outbox_count},
            {"refused", PRINT_NUMBER, .number = refused.count},
            {"events_size", PRINT_NUMBER, .number = state.events_size},
            {"statements_size", PRINT_NUMBER, .number = state.statements_size},
            {"revisions_verified", PRINT_NUMBER, .number = state.revisions_verified}},
        10,
        "%zu sections, %zu notes here; %zu waiting to be sent.\n"
        "Verified against logs of %llu events and %llu statements.",
        sections_count, notes, state.outbox_count - refused.count,
        (unsigned long long)state.events_size, (unsigned long long)state.statements_size);
    refused_tell(cli);
    enum status held = host_held(cli->host);
    if (held != STATUS_OK) {
        cli_warn(cli, "the server %s what waits here; tell whoever runs it",
                 held == STATUS_FULL ? "has no room left for" : "could not store");
    }
    if (state.clock_shown) {
        cli_warn(cli, "the server's time and this machine's are %lld s apart",
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
    CHECK(watch != NULL);
    watch_ended = 0;
    (void)signal(SIGTERM, end_watch);
    (void)signal(SIGINT, end_watch);
    while (watch_ended == 0 && clock_awake_ms() < end_ms) {
        if (host_stay_connected(cli->host) != STATUS_OK || host_step(cli->host, 100) != STATUS_OK ||
            engine_alarm_count(host_engine(cli->host)) > 0) {
            break;
        }
        watch_step(watch, cli);
    }
    watch_free(watch);
    return engine_alarm_count(host_engine(cli->host)) > 0 ? cli_refresh(cli) : CLI_OK;
}

struct sync_values {
    bool watch;
    bool drop;
    uint64_t timeout_s;
};

#define FOR_EVER_S (365ull * 86400u)

static const char *check_sync(const void *given)
{
    const struct sync_values *values = given;
    return values->watch && values->drop ? "--watch and --drop-refused do not go together" : NULL;
}

/* The agent tells its watchers of changes and works for others meanwhile. */
static int gather_sync(struct cli *cli, void *given, struct handed *handed)
{
    const struct sync_values *values = given;
    (void)cli;
    handed->kind = values->watch ? TALK_WATCH : TALK_RUN;
    handed->limit_ms = values->timeout_s * 1000u;
    return CLI_OK;
}

static int run_sync(struct cli *cli, const void *given)
{
    const struct sync_values *values = given;
    if (values->watch && cli->lent) {
        return cli_usage(cli, "the agent runs no --watch as a command");
    }
    struct refused refused;
    refused_get(cli, &refused);
    int code = cli_refresh(cli);
    if (code == CLI_OK && values->drop) {
        code = drop_refused(cli, &refused);
    }
    if (code == CLI_OK && values->watch) {
        return run_watch(cli, clock_awake_ms() + values->timeout_s * 1000u);
    }
    if (code == CLI_OK) {
        code = tell_sync(cli);
    }
    return code == CLI_OK && cli->stale ? CLI_UNREACHABLE : code;
}

static int run_status(struct cli *cli, const void *values)
{
    struct engine *engine = host_engine(cli->host);
    const char *practice = view_practice_name(engine);
    (void)values;
    struct engine_state state;
    engine_state(engine, &state);
    struct view_member me = {.devices = 0};
    if (view_member(engine, &state.member, &me) != STATUS_OK) {
        me.member = state.member;
        view_name(engine, &state.member, me.name);
    }
    struct refused refused;
    refused_get(cli, &refused);
    const char *role = state.role == 0 ? "not synced yet" : policy_role_name(state.role);
    const struct print_field fields[] = {
        {"practice", PRINT_TEXT, .span = print_span(practice), .columns = 60,
         .before = practice[0] == '\0' ? NULL : "Practice: "},
        {"name", PRINT_TEXT, .span = print_span(me.name), .columns = 40,
         .before = practice[0] == '\0' ? "You are " : "\nYou are "},
        {"member", PRINT_ID, .span = ID_SPAN(&state.member), .before = " ("},
        {"role", PRINT_TEXT, .span = print_span(policy_role_name(state.role))},
        {NULL, PRINT_TEXT, .span = print_span(role), .before = "), "},
        {"phase", PRINT_TEXT, .span = print_span(PHASES[state.phase])},
        {"agent", PRINT_BOOL, .number = cli->lent, .before = ".\nAgent: unlocked",
         .otherwise = ".\nAgent: none"},
        {"idle_minutes", PRINT_NUMBER, .number = cli->idle_minutes,
         .before = cli->lent ? ", locks after " : NULL},
        {NULL, PRINT_BOOL, .number = cli->lent, .before = " minutes without a command",
         .otherwise = ""},
        {"outbox", PRINT_NUMBER, .number = state.outbox_count},
        {NULL, PRINT_NUMBER, .number = state.outbox_count - refused.count,
         .before = ". Waiting to be sent: "},
        {NULL, PRINT_BOOL, .number = true, .before = "."},
        {"events_size", PRINT_NUMBER, .number = state.events_size},
        {"statements_size", PRINT_NUMBER, .number = state.statements_size},
    };
    if (cli->json) {
        print_json(cli, print_object(fields, ARRAY_LEN(fields)));
    } else {
        print_row(cli, NULL, fields, ARRAY_LEN(fields));
        refused_tell(cli);
        tell_kept(cli);
    }
    return CLI_OK;
}

static const struct option_rule TIMEOUT = {.most = FOR_EVER_S, .otherwise = FOR_EVER_S};

static const struct option OPTIONS[] = {
    {"--watch", OPTION_FLAG, offsetof(struct sync_values, watch), NULL,
     "print a line for each change, until it is ended", NULL},
    {"--timeout", OPTION_NUMBER, offsetof(struct sync_values, timeout_s), "S",
     "end the watch after so many seconds", &TIMEOUT},
    {"--drop-refused", OPTION_FLAG, offsetof(struct sync_values, drop), NULL,
     "drop what the server refused before; texts are kept", NULL},
};
static const struct option_table SYNC = {OPTIONS, ARRAY_LEN(OPTIONS), sizeof(struct sync_values)};

static const struct command COMMANDS[] = {
    {"sync", "fetch, verify and send", COMMAND_NEEDS_PROFILE, COMMAND_ANYWHERE, &SYNC, check_sync,
     gather_sync, NULL, run_sync},
    {"status", "tell who you are here and what waits to be sent", COMMAND_NEEDS_PROFILE,
     COMMAND_ANYWHERE, &option_none, NULL, NULL, NULL, run_status},
};
const struct command_list cmd_sync = {COMMANDS, ARRAY_LEN(COMMANDS)};
