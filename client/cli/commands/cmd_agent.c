/* The agent's process: opens the profile and does the other commands' work with it. */
#include "client/cli/cli.h"

#include "client/agent/agent.h"
#include "client/cli/args.h"
#include "client/cli/numbers.h"
#include "client/cli/watch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static const char *agent_profile;

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

static struct cli lent_cli(struct host *host, const struct talk_request *request, FILE *out,
                           FILE *err)
{
    return (struct cli){.profile = agent_profile,
                        .passphrase_fd = -1,
                        .json = request->json,
                        .utf8 = request->utf8,
                        .in = request->in,
                        .out = out,
                        .err = err,
                        .host = host,
                        .lent = true,
                        .request = request};
}

static uint8_t run(struct host *host, const struct talk_request *request, int *out_out,
                   int *out_err)
{
    const struct cli_command *command = cli_find(request->argv[0]);
    FILE *out = memory_stream(out_out);
    FILE *err = memory_stream(out_err);
    int code = CLI_FAILED;

    if (out != NULL && err != NULL && command != NULL && (command->flags & CLI_HERE) == 0) {
        struct cli cli = lent_cli(host, request, out, err);
        char *argv[TALK_WORDS_MAX + 1];

        memcpy(argv, request->argv, sizeof(argv));
        enter(request);
        code = command->run(&cli, request->argc, argv);
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
    struct lent_watch *lent = calloc(1, sizeof(*lent));

    if (lent == NULL) {
        return NULL;
    }
    talk_request_init(&lent->request);
    lent->request.json = request->json;
    lent->request.utf8 = request->utf8;
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
    struct cli cli;

    if (out == NULL) {
        return NULL;
    }
    cli = lent_cli(host, &lent->request, out, out);
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
    struct agent *agent = NULL;
    enum status status;
    int code = cli_open(cli);

    if (code == CLI_OK) {
        status = agent_new(cli->profile, cli->host, &lent_work, &agent);
        code = status == STATUS_OK ? CLI_OK : cli_fail(cli, "the agent could not begin", status);
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

int cmd_agent(struct cli *cli, int argc, char **argv)
{
    const char *ready = NULL;
    const struct args_option options[] = {{.name = "--ready-fd", .value = &ready}};
    const char *wrong = NULL;
    char *absolute;
    size_t count = 0;
    int ready_fd = -1;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), NULL, 0, &count, &wrong)) {
        return cli_usage(cli, "agent", wrong);
    }
    if (ready != NULL && !numbers_fd(ready, &ready_fd)) {
        return cli_usage(cli, "agent", ready);
    }
    absolute = realpath(cli->profile, NULL);
    if (absolute == NULL || chdir("/") != 0) {
        free(absolute);
        return cli_fail(cli, "the agent could not begin", STATUS_NOT_FOUND);
    }
    cli->profile = absolute;
    agent_profile = absolute;
    code = work(cli, ready_fd);
    agent_profile = NULL;
    cli->profile = "";
    free(absolute);
    return code;
}
