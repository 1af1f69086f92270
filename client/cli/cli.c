#include "client/cli/cli.h"

#include "client/cli/command.h"
#include "client/cli/kept_key.h"
#include "client/cli/kept_settle.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/cli/secrets.h"
#include "client/cli/usage.h"
#include "keys/private/passphrase.h"

#include <stdarg.h>
#include <stdlib.h>
#include <strings.h>

/* Of an error that has no status: the word for programs. */
static const char *const WORDS[] = {
    [CLI_FAILED] = "FAILED",       [CLI_USAGE] = "USAGE", [CLI_REFUSED] = "REFUSED",
    [CLI_UNREACHABLE] = "OFFLINE", [CLI_ALARM] = "ALARM", [CLI_LOCKED] = "KEYS_LOCKED",
    [CLI_NOT_FOUND] = "NOT_FOUND",
};

#define MARKED                                                                                     \
    "the passphrase begins with a byte order mark (U+FEFF), which some editors put before a "      \
    "text. "                                                                                       \
    "Save the file without it."

static void put_error(struct cli *cli, const char *text)
{
    struct cli loud = *cli;
    loud.out = cli->err;
    print_sentence(&loud, span_of(text, strlen(text)), 0);
}

static void put_failure(struct cli *cli, const char *word, const char *text)
{
    struct print_field fields[] = {
        {"error", PRINT_TEXT, .span = span_of(word, strlen(word))},
        {"message", PRINT_TEXT, .span = span_of(text, strlen(text))},
    };
    if (cli->json && !cli->answered) {
        print_json(cli, print_object(fields, ARRAY_LEN(fields)));
        return;
    }
    char *line = NULL;
    CHECK(asprintf(&line, "alcove: %s", text) >= 0);
    put_error(cli, line);
    free(line);
}

int cli_fail_at(struct cli *cli, enum situation situation, const char *subject, enum status status)
{
    struct message message = message_of(situation, status);
    char *text = NULL;
    CHECK(asprintf(&text, "%s%s%s%s: %s.%s%s%s%s", message.what, subject == NULL ? "" : " (",
                   subject == NULL ? "" : subject, subject == NULL ? "" : ")", message.why,
                   message.kept[0] == '\0' ? "" : " ", message.kept,
                   message.next[0] == '\0' ? "" : " ", message.next) >= 0);
    put_failure(cli, status_name(status), text);
    free(text);
    return message.code;
}

int cli_fail(struct cli *cli, enum situation situation, enum status status)
{
    return cli_fail_at(cli, situation, NULL, status);
}

int cli_error(struct cli *cli, int code, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *text = NULL;
    CHECK(vasprintf(&text, format, values) >= 0); /* NOLINT(clang-analyzer-valist.*) */
    va_end(values);
    put_failure(cli, WORDS[code], text);
    free(text);
    return code;
}

void cli_warn(struct cli *cli, const char *format, ...)
{
    va_list values;
    va_start(values, format);
    char *text = NULL;
    CHECK(vasprintf(&text, format, values) >= 0); /* NOLINT(clang-analyzer-valist.*) */
    va_end(values);
    char *line = NULL;
    CHECK(asprintf(&line, "alcove: %s", text) >= 0);
    put_error(cli, line);
    free(line);
    free(text);
}

int cli_usage(struct cli *cli, const char *what)
{
    int code = cli_error(cli, CLI_USAGE, "%s", what);
    if (!cli->json && cli->command != NULL) {
        usage_line(cli->err, "Usage:", cli->command);
    }
    return code;
}

/* What is asked so cannot be undone: a letter, or a key that was held, is asked again. */
bool cli_confirm(struct cli *cli, const char *question)
{
    char line[16];
    for (unsigned left = CLI_TRIES; left > 0 && cli->in >= 0; left--) {
        (void)fprintf(cli->out, "%s Type the word yes: ", question);
        (void)fflush(cli->out);
        if (fgets(line, sizeof line, stdin) == NULL) {
            return false;
        }
        line[strcspn(line, "\r\n")] = '\0';
        if (strcasecmp(line, "yes") == 0) {
            return true;
        }
        if (strcasecmp(line, "y") != 0) {
            return false;
        }
    }
    return false;
}

static enum status open_host(void *opener, struct span passphrase)
{
    struct cli *cli = opener;
    return host_open(cli->profile, passphrase, &cli->host);
}

static void tell_slow(void *state)
{
    cli_warn(state, "waiting for the server. What is here stays here.");
}

static enum status try_open(struct cli *cli, const struct secret *passphrase)
{
    enum status status = secrets_try(passphrase, open_host, cli);
    if (status == STATUS_DAMAGED && secrets_marked(passphrase)) {
        cli_warn(cli, MARKED);
    }
    if (status == STATUS_OK &&
        kept_key_settle(cli->profile, keystore_content(host_keystore(cli->host)))) {
        cli_warn(cli, "somebody had changed the key that texts are sealed to while this profile "
                      "is locked (" KEPT_FOLDER "/" KEPT_KEY " in it). It is right again. What you "
                      "typed while it was locked may be readable to whoever did it, and does not "
                      "open here; tell your practice.");
    }
    if (status == STATUS_OK) {
        kept_settle(cli);
        host_when_slow(cli->host, tell_slow, cli);
    }
    return status;
}

int cli_open_with(struct cli *cli, const struct secret *passphrase)
{
    enum status status = try_open(cli, passphrase);
    return status == STATUS_OK ? CLI_OK : cli_fail_at(cli, SAY_PROFILE_OPEN, cli->profile, status);
}

/* Asked once; |*out_situation| is of what failed. */
static enum status open_once(struct cli *cli, enum situation *out_situation)
{
    *out_situation = SAY_PASSPHRASE;
    struct secret *passphrase = NULL;
    enum status status = secrets_get(cli->passphrase_fd, "Passphrase", &passphrase);
    if (status == STATUS_OK) {
        *out_situation = SAY_PROFILE_OPEN;
        status = try_open(cli, passphrase);
    }
    secret_free(passphrase);
    return status;
}

int cli_open(struct cli *cli)
{
    if (cli->host != NULL) {
        return CLI_OK;
    }
    enum status status = host_probe(cli->profile);
    enum situation situation = status == STATUS_REFUSED ? SAY_PASSPHRASE : SAY_PROFILE_OPEN;
    for (unsigned left = CLI_TRIES; status == STATUS_OK && cli->host == NULL; left--) {
        status = open_once(cli, &situation);
        if (status == STATUS_DAMAGED && cli->passphrase_fd < 0 && left > 1) {
            cli_warn(cli, "the passphrase is wrong, or the keystore file is damaged; try again");
            status = STATUS_OK;
        }
    }
    return status == STATUS_OK ? CLI_OK : cli_fail_at(cli, situation, cli->profile, status);
}

int cli_new_passphrase(struct cli *cli, enum situation situation, int fd, const char *prompt,
                       struct secret **out_secret)
{
    enum status status = secrets_get_new(fd, prompt, out_secret);
    if (status != STATUS_OK) {
        return cli_fail(cli, situation, status);
    }
    if (secrets_marked(*out_secret)) {
        return cli_error(cli, CLI_LOCKED, "%s: " MARKED " %s",
                         message_of(situation, STATUS_OK).what,
                         message_of(situation, STATUS_OK).kept);
    }
    enum passphrase_verdict verdict = passphrase_judge(secret_view(*out_secret));
    return verdict == PASSPHRASE_GOOD
               ? CLI_OK
               : cli_error(cli, CLI_LOCKED, "%s: %s %s", message_of(situation, STATUS_OK).what,
                           passphrase_advice(verdict), message_of(situation, STATUS_OK).kept);
}

void cli_close(struct cli *cli)
{
    if (!cli->lent) {
        host_close(cli->host);
        cli->host = NULL;
    }
}

static int refresh(struct cli *cli, bool briefly);

/* What was never synced is not here to be shown. */
static int look(struct cli *cli)
{
    return refresh(cli, engine_synced_once(host_engine(cli->host)));
}

int cli_run(struct cli *cli, const void *values)
{
    const struct command *command = cli->command;
    int code = command->need == COMMAND_NEEDS_NOTHING ? CLI_OK : cli_open(cli);
    if (code == CLI_OK &&
        (command->need == COMMAND_NEEDS_FRESH ||
         (command->need == COMMAND_NEEDS_ONCE && !engine_synced_once(host_engine(cli->host))))) {
        code = cli_refresh(cli);
    } else if (code == CLI_OK && command->need == COMMAND_NEEDS_LOOK) {
        code = look(cli);
    }
    if (code == CLI_OK) {
        code = command->run(cli, values);
    }
    /* What was shown, or saved to be sent later, is no answer to the alarm. */
    return cli->alarmed && (code == CLI_OK || code == CLI_UNREACHABLE) ? CLI_ALARM : code;
}

/* Alarms are shown once and loudly: what was verified does not hold. */
static int show_alarms(struct cli *cli, bool goes_on)
{
    if (cli->alarmed) {
        return CLI_OK; /* once a command */
    }
    struct engine *engine = host_engine(cli->host);
    size_t count = engine_alarm_count(engine);
    struct cli loud = *cli;
    loud.out = cli->err;
    for (size_t i = 0; i < count; i++) {
        const struct engine_alarm *alarm = engine_alarm(engine, i);
        (void)fprintf(cli->err, "alcove: ALARM:\n");
        print_block(&loud, span_of(alarm->reason, strlen(alarm->reason)), 2);
        (void)fprintf(cli->err, "  evidence: %s\n",
                      alarm->evidence[0] == '\0' ? "-" : alarm->evidence);
    }
    if (count > 0) {
        if (cli->json && !cli->answered && !goes_on) {
            (void)cli_error(cli, CLI_ALARM, "%s", engine_alarm(engine, 0)->reason);
        }
        (void)fprintf(cli->err,
                      "  Nothing of it was stored or shown. Tell your auditor, and keep "
                      "this text.\n%s",
                      goes_on ? "  What is here was verified before.\n" : "");
        if (cli->lent) {
            engine_alarms_clear(engine); /* told; the agent lives on */
        }
    }
    return count > 0 ? CLI_ALARM : CLI_OK;
}

/* As the middle of a sentence of ours. */
static const char *offline_reason(const struct cli *cli)
{
    static char reason[160];
    const char *why = host_why(cli->host);
    if (why == NULL) {
        return "no answer in time";
    }
    (void)snprintf(reason, sizeof reason, "%s", why);
    size_t size = strlen(reason);
    if (size > 0 && reason[size - 1] == '.') {
        reason[size - 1] = '\0';
    }
    if (strncmp(reason, "The ", 4) == 0) {
        reason[0] = 't';
    }
    return reason;
}

int cli_deliver(struct cli *cli, uint64_t ticket, bool *out_sent)
{
    static const struct section_id no_section;
    struct engine_state state;
    engine_state(host_engine(cli->host), &state);
    if (state.clock_stopped) {
        *out_sent = false;
        cli_warn(cli, "not sent yet: this machine's clock is more than a day behind the server's "
                      "log. It is saved here, sealed, and is signed and sent once the clock is "
                      "right; `alcove doctor` tells more.");
        return show_alarms(cli, false);
    }
    /* This very command found the server silent: it is not waited for twice. */
    enum status status =
        cli->stale ? STATUS_OFFLINE : host_finish(cli->host, ticket, CLI_TIMEOUT_MS);
    *out_sent = false;
    if (show_alarms(cli, true) == CLI_ALARM) {
        cli->alarmed = true;
        cli_warn(cli, "not sent. It is saved here, sealed, and goes when the alarm is settled.");
        return CLI_OK;
    }
    struct engine_ticket info;
    engine_ticket(host_engine(cli->host), ticket, &info);
    if (status == STATUS_OK && info.wish == ENGINE_WISH_DONE) {
        *out_sent = true;
        if (!ID_EQUAL(&info.section, &no_section)) {
            /* A note is fetched like every other, so that it is here when the server is away
             * afterwards. It is written in any case. */
            (void)!host_settle(cli->host, CLI_SETTLE_MS);
        }
        return show_alarms(cli, false);
    }
    if (status == STATUS_OK && info.wish == ENGINE_WISH_WAITING) {
        cli_warn(cli,
                 "not sent yet: the server %s. It is saved here, sealed, and goes by itself when "
                 "the server can take it; tell whoever runs the server.",
                 info.status == STATUS_FULL ? "has no room left" : "could not store it");
        return CLI_OK;
    }
    if (status == STATUS_OK) {
        bool stated = info.statement != 0; /* all that there is to say of it is said here */
        (void)!(stated && engine_take_back(host_engine(cli->host), ticket) == STATUS_OK);
        return cli_fail(cli, stated ? SAY_DELIVER_STATEMENT : SAY_DELIVER, info.status);
    }
    if (status == STATUS_OFFLINE || status == STATUS_BUSY) {
        /* That the server is away was said when this command found it so. */
        cli_warn(cli,
                 "not sent yet%s%s. It is saved here, sealed, and goes with the next `alcove "
                 "sync`.",
                 cli->stale ? "" : ": ", cli->stale ? "" : offline_reason(cli));
        return CLI_OK;
    }
    return cli_fail(cli, SAY_SEND, status);
}

static int refresh(struct cli *cli, bool briefly)
{
    enum status status = briefly ? host_sync_briefly(cli->host, CLI_TIMEOUT_MS)
                                 : host_sync(cli->host, CLI_TIMEOUT_MS);
    bool reads =
        (cli->command->flags & COMMAND_READS) != 0 && engine_synced_once(host_engine(cli->host));
    int code = show_alarms(cli, reads);
    if (code == CLI_ALARM && reads) {
        cli->alarmed = true;
        cli->stale = true;
        return CLI_OK;
    }
    if (code != CLI_OK || status == STATUS_OK) {
        return code;
    }
    if (engine_synced_once(host_engine(cli->host)) &&
        (status == STATUS_OFFLINE || status == STATUS_BUSY)) {
        cli->stale = true;
        cli_warn(cli, "%s; this is what was here at the last sync", offline_reason(cli));
        return CLI_OK;
    }
    if (status == STATUS_OFFLINE) {
        return cli_error(cli, CLI_UNREACHABLE, "the server was not reached: %s",
                         offline_reason(cli));
    }
    return cli_fail(cli, SAY_SYNC, status);
}

int cli_refresh(struct cli *cli)
{
    return refresh(cli, false);
}

int cli_tell_made(struct cli *cli, const char *key, struct span id, uint64_t ticket)
{
    bool sent = false;
    int code = cli_deliver(cli, ticket, &sent);
    if (code != CLI_OK) {
        return code;
    }
    char digits[PRINT_DIGITS_BYTES];
    print_digits(id, digits);
    code = print_answer(cli,
                        (const struct print_field[]){{key, PRINT_ID, .span = id},
                                                     {"sent", PRINT_BOOL, .number = sent}},
                        2, sent ? "%s %s is made." : "%s %s is NOT YET THERE for anybody else.",
                        key, digits);
    return code == CLI_OK && !sent ? CLI_UNREACHABLE : code;
}
