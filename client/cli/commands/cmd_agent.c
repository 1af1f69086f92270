/* The agent's process: opens the profile and does the other commands' work with it. */
#include "client/agent/agent.h"
#include "client/cli/cli.h"
#include "client/cli/command.h"
#include "client/cli/devices_told.h"
#include "client/cli/handed.h"
#include "client/cli/option_pack.h"
#include "client/cli/watch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const char *agent_profile;
static uint32_t agent_idle_minutes;

/* A stream into nameless memory. Its descriptor for the caller is |*out_fd|. */
static FILE *memory_stream(int *out_fd)
{
    int fd = memfd_create("alcove", MFD_CLOEXEC);
    int own = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 0);
    FILE *stream = own < 0 ? NULL : fdopen(own, "w");
    if (stream == NULL) {
        if (own >= 0) {
            (void)close(own);
        }
        if (fd >= 0) {
            (void)close(fd);
        }
        fd = -1;
    }
    *out_fd = fd;
    return stream;
}

/* Times are shown as the caller's clock shows them. */
static void enter(const struct talk_request *request)
{
    if (request->tz[0] != '\0') {
        (void)setenv("TZ", request->tz, 1);
    } else {
        (void)unsetenv("TZ");
    }
    tzset();
    if (request->cwd < 0 || fchdir(request->cwd) != 0) {
        (void)!chdir("/");
    }
}

/* The command that the agent itself is, whose table the others are found in. */
static const struct command_list *const *all_commands;

static struct cli lent_cli(struct host *host, const struct talk_request *request, FILE *out,
                           FILE *err)
{
    return (struct cli){.commands = all_commands,
                        .profile = agent_profile,
                        .passphrase_fd = -1,
                        .json = request->json,
                        .utf8 = request->utf8,
                        .columns = request->columns,
                        .in = request->in,
                        .out = out,
                        .err = err,
                        .host = host,
                        .lent = true,
                        .idle_minutes = agent_idle_minutes};
}

/* A command by its packed options. Whoever sends what no `alcove` of this version would is told
 * so and nothing else. */
static int run_packed(struct cli *cli, const struct talk_request *request)
{
    const struct command *command = cli->command;
    void *values = option_values_new(command->options);
    int code = CLI_FAILED;
    if (option_unpack(command, request->options, values) != STATUS_OK) {
        code = cli_error(cli, CLI_USAGE, "the agent does not take these options");
    } else {
        handed_place(command, values, request->fds, request->fd_count);
        if (request->kind == TALK_RUN) {
            code = cli_run(cli, values);
            devices_told(cli);
        } else if (command->ask != NULL) {
            code = command->ask(cli, values);
        }
    }
    free(values);
    return code;
}

static const struct command *by_title(const char *title)
{
    const struct command *command;
    size_t i = 0;
    while ((command = command_at(all_commands, i)) != NULL && strcmp(command->title, title) != 0) {
        i++;
    }
    return command;
}

static uint8_t run(struct host *host, const struct talk_request *request, int *out_out,
                   int *out_err)
{
    FILE *out = memory_stream(out_out);
    FILE *err = memory_stream(out_err);
    struct cli cli = lent_cli(host, request, out, err);
    cli.command = by_title(request->command);
    int code = CLI_FAILED;
    if (out != NULL && err != NULL && cli.command != NULL &&
        (request->kind == TALK_ASK || (cli.command->flags & COMMAND_HERE) == 0)) {
        enter(request);
        code = run_packed(&cli, request);
        (void)!chdir("/");
    }
    if (out != NULL && fclose(out) != 0 && code == CLI_OK) {
        code = CLI_FAILED;
    }
    if (err != NULL && fclose(err) != 0 && code == CLI_OK) {
        code = CLI_FAILED;
    }
    return (uint8_t)code;
}

/* ---- watchers */

struct lent_watch {
    struct watch *watch;
    struct talk_request request; /* its flags only */
};

static void *new_watch(const struct talk_request *request)
{
    struct lent_watch *lent = calloc(1, sizeof *lent);
    if (lent == NULL) {
        return NULL;
    }
    talk_request_init(&lent->request);
    lent->request.json = request->json;
    lent->request.utf8 = request->utf8;
    lent->request.columns = request->columns;
    lent->watch = watch_new();
    if (lent->watch == NULL) {
        free(lent);
        return NULL;
    }
    return lent;
}

static void free_watch(void *watch)
{
    struct lent_watch *lent = watch;
    watch_free(lent->watch);
    free(lent);
}

static char *step_watch(void *watch, struct host *host)
{
    struct lent_watch *lent = watch;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL) {
        return NULL;
    }
    struct cli cli = lent_cli(host, &lent->request, out, out);
    watch_step(lent->watch, &cli);
    if (fclose(out) != 0 || size == 0) {
        free(text);
        return NULL;
    }
    return text;
}

/* ---- the process */

/* Who unlocked waits for this byte; from then on nobody reads what we print. */
static void tell_ready(int fd, uint8_t code)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        return;
    }
    if (write(fd, &code, 1) != 1) {
        code = CLI_FAILED; /* nobody waits any more: no matter */
    }
    (void)close(fd);
    if (null >= 0) {
        (void)dup2(null, STDERR_FILENO);
        (void)close(null);
    }
}

static int work(struct cli *cli, int ready_fd)
{
    static const struct agent_work lent_work = {run, new_watch, step_watch, free_watch};
    int code = cli_open(cli);
    struct agent *agent = NULL;
    if (code == CLI_OK) {
        enum status status = agent_new(cli->profile, cli->host, &lent_work,
                                       agent_idle_minutes * AGENT_MINUTE_MS, &agent);
        code = status == STATUS_OK ? CLI_OK : cli_fail(cli, SAY_AGENT_BEGIN, status);
    }
    if (code != CLI_OK) {
        tell_ready(ready_fd, (uint8_t)code);
        return code;
    }
    tell_ready(ready_fd, CLI_OK);
    if (agent_run(agent) == AGENT_END_BROKEN) {
        code = CLI_FAILED;
    }
    agent_quiet(agent);
    host_forget(cli->host);
    agent_free(agent); /* tells who asked for it that the keys are gone */
    cli_close(cli);
    return code;
}

struct agent_values {
    int ready_fd;
    uint64_t idle;
};

static int run_agent(struct cli *cli, const void *given)
{
    const struct agent_values *values = given;
    char *absolute = realpath(cli->profile, NULL);
    if (absolute == NULL || chdir("/") != 0) {
        free(absolute);
        return cli_fail_at(cli, SAY_AGENT_BEGIN, cli->profile, STATUS_NOT_FOUND);
    }
    cli->profile = absolute;
    agent_profile = absolute;
    agent_idle_minutes = (uint32_t)values->idle;
    all_commands = cli->commands;
    int code = work(cli, values->ready_fd);
    agent_profile = NULL;
    cli->profile = "";
    free(absolute);
    return code;
}

static const struct option_rule IDLE = {
    .least = 1, .most = AGENT_IDLE_MINUTES_MAX, .otherwise = AGENT_IDLE_MINUTES};

static const struct option OPTIONS[] = {
    {"--ready-fd", OPTION_FD, offsetof(struct agent_values, ready_fd), "N",
     "write a byte there when commands are served", NULL},
    {"--idle", OPTION_NUMBER, offsetof(struct agent_values, idle), "MINUTES",
     "lock after so long without a command", &IDLE},
};
static const struct option_table AGENT = {OPTIONS, ARRAY_LEN(OPTIONS), sizeof(struct agent_values)};

static const struct command COMMANDS[] = {
    {"agent", "hold the keys in the foreground; `unlock` starts this", COMMAND_NEEDS_NOTHING,
     COMMAND_HERE | COMMAND_HIDDEN, &AGENT, NULL, NULL, NULL, run_agent},
};
const struct command_list cmd_agent = {COMMANDS, ARRAY_LEN(COMMANDS)};
