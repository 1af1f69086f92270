#include "client/cli/cli.h"

#include "client/cli/print.h"
#include "client/cli/secrets.h"

#define USAGE_COLUMNS 79u

/* What a status means to a person, as the end of a sentence. */
static const struct {
    enum status status;
    int code;
    const char *text;
} MEANINGS[] = {
    {STATUS_REFUSED, CLI_REFUSED, "it is not there, or you may not"},
    {STATUS_CONFLICT, CLI_FAILED, "somebody was faster; look at it again"},
    {STATUS_NEEDS_EPOCH, CLI_FAILED, "the section waits for a new key"},
    {STATUS_LOCKED, CLI_REFUSED,
     "a signed note is never changed; add --addendum, --correction or --late-entry"},
    {STATUS_BUSY, CLI_UNREACHABLE, "it took too long, or another process has this profile"},
    {STATUS_FULL, CLI_FAILED, "the server's store is full; the operator must make room"},
    {STATUS_REWOUND, CLI_ALARM,
     "the server shows less than you have seen: it lost data or was set back"},
    {STATUS_TOO_LARGE, CLI_FAILED, "it is too large"},
    {STATUS_SUSPENDED, CLI_REFUSED, "your account is suspended; nothing here was deleted"},
    {STATUS_UNAVAILABLE, CLI_UNREACHABLE, "the server cannot do it now"},
    {STATUS_VERSION, CLI_FAILED, "client and server speak no common version"},
    {STATUS_BAD_SIGNATURE, CLI_ALARM, "a signature does not hold"},
    {STATUS_BAD_PROOF, CLI_ALARM, "a proof does not hold"},
    {STATUS_BAD_CHAIN, CLI_ALARM, "a chain of statements does not hold"},
    {STATUS_EQUIVOCATION, CLI_ALARM, "two histories were shown that cannot both be true"},
    {STATUS_NOT_FOUND, CLI_NOT_FOUND, "there is no such thing here"},
    {STATUS_NO_MEMORY, CLI_FAILED, "there is not enough memory"},
    {STATUS_IO, CLI_FAILED, "a file could not be read or written"},
    {STATUS_CORRUPT, CLI_ALARM, "stored data are damaged"},
    {STATUS_WRONG_KEY, CLI_LOCKED, "the two passphrases differ"},
    {STATUS_DAMAGED, CLI_LOCKED, "wrong passphrase, or a damaged file"},
    {STATUS_UNSUPPORTED, CLI_REFUSED, "this version or parameter is not accepted"},
    {STATUS_EXPIRED, CLI_REFUSED, "it has expired"},
    {STATUS_CLOCK, CLI_REFUSED,
     "the server's clock is over a day ahead of this machine's; see `alcove doctor`"},
    {STATUS_OFFLINE, CLI_UNREACHABLE, "the server was not reached"},
    {STATUS_USAGE, CLI_USAGE, "it was not asked in a way that can be done"},
    {STATUS_MALFORMED, CLI_FAILED, "it is not well-formed"},
    {STATUS_ALREADY, CLI_FAILED, "it is there already"},
};

int cli_fail(struct cli *cli, const char *what, enum status status)
{
    for (size_t i = 0; i < ARRAY_LEN(MEANINGS); i++) {
        if (MEANINGS[i].status == status) {
            (void)fprintf(cli->err, "alcove: %s: %s (%s)\n", what, MEANINGS[i].text,
                          status_name(status));
            return MEANINGS[i].code;
        }
    }
    (void)fprintf(cli->err, "alcove: %s (%s)\n", what, status_name(status));
    return CLI_FAILED;
}

int cli_no_passphrase(struct cli *cli, const char *what, enum status status)
{
    if (status == STATUS_REFUSED) {
        (void)fprintf(cli->err,
                      "alcove: the keystore in %s is not yours alone:\n  it must be a file "
                      "of your own that nobody else may read (chmod 600)\n",
                      cli->profile);
        return CLI_REFUSED;
    }
    if (status != STATUS_USAGE) {
        return cli_fail(cli, what, status);
    }
    (void)fprintf(cli->err, "alcove: no passphrase: none was typed, or there is no terminal to ask "
                            "on; then\n  `alcove unlock` first, or give --passphrase-fd N\n");
    return CLI_LOCKED;
}

int cli_open(struct cli *cli)
{
    struct secret *passphrase = NULL;
    enum status status;

    if (cli->host != NULL) {
        return CLI_OK;
    }
    status = host_probe(cli->profile);
    if (status == STATUS_NOT_FOUND) {
        (void)fprintf(cli->err, "alcove: there is no profile in %s; `alcove join` makes one\n",
                      cli->profile);
        return CLI_NOT_FOUND;
    }
    if (status == STATUS_OK) {
        status = secrets_get(cli->passphrase_fd, "Passphrase", &passphrase);
        if (status != STATUS_OK) {
            return cli_no_passphrase(cli, "the profile was not opened", status);
        }
    }
    if (status == STATUS_REFUSED) {
        return cli_no_passphrase(cli, "the profile was not opened", status);
    }
    if (status == STATUS_OK) {
        status = host_open(cli->profile, secret_view(passphrase), &cli->host);
    }
    secret_free(passphrase);
    return status == STATUS_OK ? CLI_OK : cli_fail(cli, "the profile was not opened", status);
}

int cli_fd(const struct cli *cli, int number)
{
    if (!cli->lent || number < 0) {
        return number;
    }
    for (size_t i = 0; i < cli->request->fd_count; i++) {
        if (cli->request->fds[i].number == (uint32_t)number) {
            return cli->request->fds[i].fd;
        }
    }
    return -1;
}

void cli_close(struct cli *cli)
{
    if (!cli->lent) {
        host_close(cli->host);
        cli->host = NULL;
    }
}

/* Alarms are shown once and loudly: what was verified does not hold. */
static int show_alarms(struct cli *cli)
{
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
        (void)fprintf(cli->err, "  Nothing of it was stored or shown. Tell your auditor, and keep "
                                "this text.\n");
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
    size_t size = 0;

    if (why == NULL) {
        return "no answer in time";
    }
    (void)snprintf(reason, sizeof(reason), "%s", why);
    size = strlen(reason);
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
    struct engine_ticket info;
    enum status status = host_finish(cli->host, ticket, CLI_TIMEOUT_MS);
    int code = show_alarms(cli);

    *out_sent = false;
    if (code != CLI_OK) {
        return code;
    }
    engine_ticket(host_engine(cli->host), ticket, &info);
    if (status == STATUS_OK && info.wish == ENGINE_WISH_DONE) {
        *out_sent = true;
        if (!ID_EQUAL(&info.section, &no_section)) {
            /* A note is fetched like every other, so that it is here when the server is away
             * afterwards. It is written in any case. */
            (void)!host_settle(cli->host, CLI_SETTLE_MS);
        }
        return show_alarms(cli);
    }
    if (status == STATUS_OK && info.status == STATUS_BAD_CHAIN) {
        /* Ours, not the server's: nothing that was verified is in doubt. */
        (void)fprintf(cli->err, "alcove: it was not done: it does not fit what is stated so far "
                                "(BAD_CHAIN)\n");
        return CLI_REFUSED;
    }
    if (status == STATUS_OK) {
        return cli_fail(cli, "the server did not take it", info.status);
    }
    if (status == STATUS_OFFLINE || status == STATUS_BUSY) {
        (void)fprintf(cli->err,
                      "alcove: not sent yet: %s.\n"
                      "  It is saved here, sealed, and goes with the next `alcove sync`.\n",
                      offline_reason(cli));
        return CLI_OK;
    }
    return cli_fail(cli, "it is saved here, and was not sent", status);
}

int cli_refresh(struct cli *cli)
{
    enum status status = host_sync(cli->host, CLI_TIMEOUT_MS);
    int code = show_alarms(cli);

    if (code != CLI_OK || status == STATUS_OK) {
        return code;
    }
    if (engine_synced_once(host_engine(cli->host)) &&
        (status == STATUS_OFFLINE || status == STATUS_BUSY)) {
        (void)fprintf(cli->err, "alcove: %s; this is what was here at the last sync\n",
                      offline_reason(cli));
        return CLI_OK;
    }
    if (status == STATUS_OFFLINE) {
        (void)fprintf(cli->err, "alcove: the server was not reached: %s\n", offline_reason(cli));
        return CLI_UNREACHABLE;
    }
    if (status == STATUS_REFUSED) {
        (void)fprintf(cli->err,
                      "alcove: the server does not let this device in; it may have been "
                      "revoked. What is\n  here stays here. Ask whoever runs your practice "
                      "(REFUSED)\n");
        return CLI_REFUSED;
    }
    return cli_fail(cli, "syncing stopped", status);
}

static void usage_line(FILE *out, const char *begin, const char *name, struct span words)
{
    size_t column = (size_t)fprintf(out, "%s alcove %s", begin, name);

    while (words.size > 0) {
        const uint8_t *space = memchr(words.data, ' ', words.size);
        size_t size = space == NULL ? words.size : (size_t)(space - words.data);

        if (column + 1 + size > USAGE_COLUMNS) {
            column = (size_t)fprintf(out, "\n          ") - 1;
        }
        column += (size_t)fprintf(out, " %.*s", (int)size, (const char *)words.data);
        size += space == NULL ? 0 : 1;
        words = span_of(words.data + size, words.size - size);
    }
    (void)fputc('\n', out);
}

void cli_usage_lines(FILE *out, const struct cli_command *command)
{
    const char *begin = "Usage:";

    for (const char *line = command->words; line != NULL; begin = "      ") {
        const char *end = strchr(line, '\n');

        usage_line(out, begin, command->name,
                   span_of(line, end == NULL ? strlen(line) : (size_t)(end - line)));
        line = end == NULL ? NULL : end + 1;
    }
}

int cli_usage(struct cli *cli, const char *name, const char *what)
{
    const struct cli_command *command = cli_find(name);

    if (what != NULL) {
        (void)fprintf(cli->err,
                      what[0] == '-' ? "alcove %s: no option here, or its value is missing: %s\n"
                                     : "alcove %s: not understood: %s\n",
                      name, what);
    }
    if (command != NULL) {
        cli_usage_lines(cli->err, command);
    }
    return CLI_USAGE;
}

/* |ticket| by pointer: it is set by the call that gives |status|. */
int cli_tell_statement(struct cli *cli, enum status status, const uint64_t *ticket,
                       const char *what)
{
    bool sent = false;
    int code;

    if (status != STATUS_OK) {
        return cli_fail(cli, "it was not done", status);
    }
    code = cli_deliver(cli, *ticket, &sent);
    if (code != CLI_OK) {
        return code;
    }
    if (cli->json) {
        struct engine_ticket info;
        cJSON *object = cJSON_CreateObject();

        engine_ticket(host_engine(cli->host), *ticket, &info);
        (void)cJSON_AddBoolToObject(object, "sent", sent);
        print_add_id(object, "statement", ID_SPAN(&info.object));
        print_add_number(object, "event", info.event);
        print_json(cli, object);
    } else if (sent) {
        (void)fprintf(cli->out, "%s\n", what);
    }
    return CLI_OK;
}

int cli_tell_made(struct cli *cli, const char *key, struct span id, uint64_t ticket)
{
    bool sent = false;
    int code = cli_deliver(cli, ticket, &sent);

    if (code != CLI_OK) {
        return code;
    }
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_id(object, key, id);
        (void)cJSON_AddBoolToObject(object, "sent", sent);
        print_json(cli, object);
        return CLI_OK;
    }
    (void)fprintf(cli->out, "%s ", key);
    print_short(cli, id);
    (void)fprintf(cli->out, " is made.\n");
    return CLI_OK;
}
