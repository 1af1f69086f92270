#include "client/agent/clock.h"
#include "client/cli/cli.h"
#include "client/cli/command.h"
#include "client/cli/gaps.h"
#include "client/cli/kept_text.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/cli/refused.h"
#include "client/engine/api/query.h"
#include "keys/private/keystore.h"
#include "keys/private/pass_file.h"
#include "keys/private/secret.h"
#include "proto/words.h"

#include <stdarg.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_BYTES_MAX   512u
#define LINE_REST        63u
#define MEMLOCK_KIB_MIN  64u
#define SYNC_OLD_MS      (24ull * 3600u * 1000u)
#define SECONDS_SHOWN(x) ((long long)((x) / 1000))

/* What is looked at, one line each. */
struct doctor {
    struct cli *cli;
    cJSON *checks;
    bool fine;
    size_t gaps;
};

static void tell(struct doctor *doctor, const char *check, bool fine, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void tell(struct doctor *doctor, const char *check, bool fine, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char text[TEXT_BYTES_MAX];
    (void)vsnprintf(text, sizeof text, format, values); /* NOLINT(clang-analyzer-valist.*) */
    va_end(values);
    doctor->fine = doctor->fine && fine;
    if (doctor->cli->json) {
        print_row(doctor->cli, doctor->checks,
                  (const struct print_field[]){{"check", PRINT_TEXT, .span = print_span(check)},
                                               {"fine", PRINT_BOOL, .number = fine},
                                               {"text", PRINT_TEXT, .span = print_span(text)}},
                  3);
        return;
    }
    (void)fprintf(doctor->cli->out, "%-7s %-8s ", fine ? "fine" : "PROBLEM", check);
    if (strlen(text) <= LINE_REST) {
        (void)print_text(doctor->cli, span_of(text, strlen(text)), 0);
        (void)fputc('\n', doctor->cli->out);
    } else {
        (void)fputc('\n', doctor->cli->out);
        print_sentence(doctor->cli, span_of(text, strlen(text)), 8);
    }
}

/* ---- this machine */

static void look_at_modes(struct doctor *doctor)
{
    const char *profile = doctor->cli->profile;
    char path[4096];
    struct stat folder;
    struct stat file;
    if (stat(profile, &folder) != 0 ||
        (size_t)snprintf(path, sizeof path, "%s/keystore", profile) >= sizeof path ||
        stat(path, &file) != 0) {
        tell(doctor, "modes", false, "the profile's files cannot be looked at");
        return;
    }
    if (folder.st_uid != geteuid() || file.st_uid != geteuid()) {
        tell(doctor, "modes", false, "the profile belongs to another user");
    } else if ((folder.st_mode & 077u) != 0 || (file.st_mode & 077u) != 0) {
        tell(doctor, "modes", false, "others may read it: chmod 700 the folder, 600 the keystore");
    } else {
        tell(doctor, "modes", true, "profile and keystore are closed to others");
    }
}

static void look_at_keystore(struct doctor *doctor)
{
    struct pass_file_params params = {0, 0};
    enum status status = keystore_probe(doctor->cli->profile, &params);
    const struct pass_file_params *best = &pass_file_params_default;
    if (status != STATUS_OK) {
        tell(doctor, "keystore", false, "it cannot be read: %s", status_reason(status));
    } else if (params.passes < best->passes || params.memory_kib < best->memory_kib) {
        tell(doctor, "keystore", false,
             "guessing costs %u passes over %u MiB, below the %u over %u of a real profile; "
             "made with --trial",
             params.passes, params.memory_kib / 1024, best->passes, best->memory_kib / 1024);
    } else {
        tell(doctor, "keystore", true, "Argon2id, %u passes over %u MiB", params.passes,
             params.memory_kib / 1024);
    }
}

static void look_at_memory(struct doctor *doctor)
{
    struct rlimit lock = {0, 0};
    (void)getrlimit(RLIMIT_MEMLOCK, &lock);
    struct rlimit core = {1, 1};
    (void)getrlimit(RLIMIT_CORE, &core);
    if (secret_take_lock_warning() || lock.rlim_cur < MEMLOCK_KIB_MIN * 1024u) {
        tell(doctor, "memory", false,
             "keys could not be locked in memory and may reach swap; raise `ulimit -l`");
    } else {
        tell(doctor, "memory", true, "keys are locked in memory");
    }
    if (core.rlim_cur != 0 || prctl(PR_GET_DUMPABLE) != 0) {
        tell(doctor, "core", false, "a crash could write keys to disk");
    } else {
        tell(doctor, "core", true, "no core file, no foreign debugger");
    }
}

/* ---- the server and what is here */

static bool take_time(void *visitor, const struct query_event *event)
{
    uint64_t *newest_ms = visitor;
    *newest_ms = event->open->time_ms > *newest_ms ? event->open->time_ms : *newest_ms;
    return true;
}

/* The time of our newest line in the log. */
static bool newest_line(struct host *host, uint64_t *out_ms)
{
    *out_ms = 0;
    struct query_terms terms = {.scope = ACTION_LOG_OWN, .limit = 1};
    uint64_t ticket = 0;
    enum status status = query_ask(host_engine(host), &terms, &ticket);
    if (status == STATUS_OK) {
        status = host_finish(host, ticket, CLI_TIMEOUT_MS);
    }
    if (status == STATUS_OK) {
        status = query_events(host_engine(host), ticket, take_time, out_ms);
    }
    query_drop(host_engine(host), ticket);
    return status == STATUS_OK && *out_ms != 0;
}

/* An entry that came earlier may be old, and says little of the server's clock now. What was asked
 * a moment ago left a line with the server's time: to ask for the newest line is such an ask, so
 * the second one surely finds a line of this moment. */
static bool compare_clocks(struct host *host, int64_t *out_off_ms)
{
    uint64_t line_ms;
    if (!newest_line(host, &line_ms) || !newest_line(host, &line_ms)) {
        return false;
    }
    *out_off_ms = (int64_t)(line_ms - clock_now_ms());
    return true;
}

static void look_at_clock(struct doctor *doctor, const struct engine_state *state, bool reached)
{
    int64_t off_ms = state->clock_off_ms;
    bool compared = reached && compare_clocks(doctor->cli->host, &off_ms);
    bool far = state->clock_shown || state->clock_stopped ||
               (compared && llabs(off_ms) > (int64_t)ENGINE_CLOCK_SHOWN_MS);
    if (far) {
        tell(doctor, "clock", false,
             "this machine's and the server's are %lld s apart: this one is %s%s",
             SECONDS_SHOWN(llabs(off_ms)), off_ms < 0 ? "ahead" : "behind",
             state->clock_stopped ? "; nothing is sent until one is set right, or you find this "
                                    "machine's right and run `alcove doctor --confirm-clock`"
                                  : "");
    } else if (compared) {
        tell(doctor, "clock", true, "%lld s from the server's", SECONDS_SHOWN(llabs(off_ms)));
    } else {
        tell(doctor, "clock", true, "not compared: the server was not reached");
    }
}

static void look_at_server(struct doctor *doctor)
{
    struct host *host = doctor->cli->host;
    enum status status = host_sync(host, CLI_TIMEOUT_MS);
    struct engine_state state;
    engine_state(host_engine(host), &state);
    if (status == STATUS_OK) {
        tell(doctor, "server", true, "reached at %s, with the key that is pinned",
             keystore_content(host_keystore(host))->address);
    } else if (status == STATUS_OFFLINE || status == STATUS_BUSY) {
        tell(doctor, "server", false, "%s: %s", keystore_content(host_keystore(host))->address,
             host_why(host) == NULL ? "no answer in time" : host_why(host));
    } else {
        tell(doctor, "server", false, "syncing stopped: %s", status_reason(status));
    }
    if (engine_alarm_count(host_engine(host)) > 0) {
        tell(doctor, "proofs", false, "%s", engine_alarm(host_engine(host), 0)->reason);
    } else if (!engine_synced_once(host_engine(host))) {
        tell(doctor, "proofs", false, "never synced: `alcove sync`");
    } else {
        tell(doctor, "proofs", true, "verified against %llu events and %llu statements",
             (unsigned long long)state.events_size, (unsigned long long)state.statements_size);
    }
    look_at_clock(doctor, &state, status == STATUS_OK);
    if (state.sections_behind > 0) {
        tell(doctor, "sync", false, "%zu sections are not wholly here", state.sections_behind);
    } else if (state.newest_leaf_ms != 0 && clock_now_ms() > state.newest_leaf_ms + SYNC_OLD_MS) {
        tell(doctor, "sync", status == STATUS_OK, "the newest entry seen is older than a day");
    } else {
        tell(doctor, "sync", true, "up to date");
    }
}

static bool tell_gap(void *visitor, const struct view_gap *gap)
{
    struct doctor *doctor = visitor;
    char text[GAP_BYTES_MAX];
    gaps_sentence(doctor->cli, gap, text);
    tell(doctor, "notes", false, "%s", text);
    doctor->gaps++;
    return true;
}

static void look_at_gaps(struct doctor *doctor)
{
    enum status status = view_gaps(host_engine(doctor->cli->host), tell_gap, doctor);
    if (status != STATUS_OK) {
        tell(doctor, "notes", false, "they cannot be looked through: %s", status_reason(status));
    } else if (doctor->gaps == 0) {
        tell(doctor, "notes", true, "each that you may read opens");
    }
}

static bool tell_statement(void *visitor, uint64_t ticket, const struct engine_ticket *info)
{
    struct doctor *doctor = visitor;
    (void)ticket;
    if (info->wish == ENGINE_WISH_FAILED && info->statement != STATEMENT_NONE) {
        char words[REFUSED_WORDS_BYTES];
        refused_words(doctor->cli, info, words);
        tell(doctor, "outbox", false, "refused, and not in force: %s (%s)", words,
             status_reason(info->status));
    }
    return true;
}

/* What waits, and what will never go. */
static void look_at_outbox(struct doctor *doctor)
{
    struct refused refused;
    refused_get(doctor->cli, &refused);
    struct engine_state state;
    engine_state(host_engine(doctor->cli->host), &state);
    engine_outbox(host_engine(doctor->cli->host), tell_statement, doctor);
    if (refused.count > refused.statements) {
        tell(doctor, "outbox", false,
             "the server refused %zu notes for good (the last: %s); their text is kept here, see "
             "`alcove list`",
             refused.count - refused.statements, status_reason(refused.why));
    }
    if (state.outbox_count > refused.count) {
        tell(doctor, "outbox", false, "%zu things wait to be sent",
             state.outbox_count - refused.count);
    }
    if (state.outbox_count == 0) {
        tell(doctor, "outbox", true, "nothing waits");
    }
}

/* After the server was looked at: what is confirmed is what was just shown. */
static void confirm_clock(struct doctor *doctor)
{
    struct host *host = doctor->cli->host;
    enum status status = engine_confirm_clock(host_engine(host));
    if (status == STATUS_ALREADY) {
        tell(doctor, "clock", true, "there was nothing to confirm");
        return;
    }
    if (status == STATUS_OK) {
        status = host_sync(host, CLI_TIMEOUT_MS);
    }
    if (status == STATUS_OK) {
        tell(doctor, "clock", true, "what waited is sent; tell your admin of the server's clock");
    } else {
        tell(doctor, "clock", false, "%s", status_reason(status));
    }
}

struct doctor_values {
    bool confirm_clock;
};

static int run_doctor(struct cli *cli, const void *given)
{
    const struct doctor_values *values = given;
    struct doctor doctor = {.cli = cli, .fine = true};
    doctor.checks = cli->json ? cJSON_CreateArray() : NULL;
    look_at_modes(&doctor);
    look_at_keystore(&doctor);
    look_at_memory(&doctor);
    tell(&doctor, "agent", true, cli->lent ? "unlocked" : "none; each command asks");
    look_at_server(&doctor);
    if (values->confirm_clock) {
        confirm_clock(&doctor);
    }
    look_at_gaps(&doctor);
    look_at_outbox(&doctor);
    tell(&doctor, "kept", true, "%zu texts did not become a note%s", kept_text_count(cli->profile),
         kept_text_count(cli->profile) == 0 ? "" : "; see `alcove kept list`");
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();
        (void)cJSON_AddBoolToObject(object, "fine", doctor.fine);
        (void)cJSON_AddItemToObject(object, "checks", doctor.checks);
        gaps_json(cli, object);
        print_json(cli, object);
    }
    if (engine_alarm_count(host_engine(cli->host)) > 0) {
        return CLI_ALARM;
    }
    return doctor.fine ? CLI_OK : CLI_FAILED;
}

static const struct option OPTIONS[] = {
    {"--confirm-clock", OPTION_FLAG, offsetof(struct doctor_values, confirm_clock), NULL,
     "this machine's clock is right, not the server's", NULL},
};
static const struct option_table DOCTOR = {OPTIONS, ARRAY_LEN(OPTIONS),
                                           sizeof(struct doctor_values)};

static const struct command COMMANDS[] = {
    {"doctor", "look for problems of this profile", COMMAND_NEEDS_PROFILE, COMMAND_ANYWHERE,
     &DOCTOR, NULL, NULL, NULL, run_doctor},
};
const struct command_list cmd_doctor = {COMMANDS, ARRAY_LEN(COMMANDS)};
