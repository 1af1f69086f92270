#include "client/agent/agent.h"
#include "client/agent/talk.h"
#include "client/cli/command.h"
#include "client/cli/forward.h"
#include "client/cli/print_field.h"
#include "client/cli/secrets.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the agent finds what it is given. */
#define PASSPHRASE_FD 3
#define READY_FD      4
#define ABOVE_ALL     16
#define NUMBER_CHARS  12u
#define WORDS_BYTES   200u

static int tell_state(struct cli *cli, const char *state, const char *words)
{
    return print_answer(
        cli, (const struct print_field[]){{"agent", PRINT_TEXT, .span = print_span(state)}}, 1,
        "%s", words);
}

/* A process of its own, with nothing of this one but the two descriptors, the terminal's error
 * stream until it is ready, and the environment. */
static _Noreturn void become_agent(const char *profile, const char *idle, int passphrase, int ready)
{
    int null = open("/dev/null", O_RDWR);
    int high[2];
    high[0] = fcntl(passphrase, F_DUPFD, ABOVE_ALL);
    high[1] = fcntl(ready, F_DUPFD, ABOVE_ALL);
    if (null < 0 || high[0] < 0 || high[1] < 0 || dup2(null, STDIN_FILENO) < 0 ||
        dup2(null, STDOUT_FILENO) < 0 || dup2(high[0], PASSPHRASE_FD) < 0 ||
        dup2(high[1], READY_FD) < 0 || close_range(READY_FD + 1, ~0u, 0) != 0) {
        _exit(CLI_FAILED);
    }
    (void)execl("/proc/self/exe", "alcove", "agent", "--profile", profile, "--passphrase-fd", "3",
                "--ready-fd", "4", "--idle", idle, (char *)NULL);
    _exit(CLI_FAILED);
}

/* Twice, so that the agent is nobody's child and no session's leader. */
static enum status start(const char *profile, const char *idle, int passphrase, int ready)
{
    pid_t child = fork();
    if (child == 0) {
        (void)setsid();
        pid_t agent = fork();
        if (agent == 0) {
            become_agent(profile, idle, passphrase, ready);
        }
        _exit(agent < 0 ? 1 : 0);
    }
    if (child < 0) {
        return STATUS_IO;
    }
    int code = 0;
    while (waitpid(child, &code, 0) < 0) {
        if (errno != EINTR) {
            return STATUS_IO;
        }
    }
    return WIFEXITED(code) && WEXITSTATUS(code) == 0 ? STATUS_OK : STATUS_IO;
}

static int await_ready(struct cli *cli, int ready)
{
    uint8_t code = CLI_FAILED;
    ssize_t n;
    do {
        n = read(ready, &code, 1);
    } while (n < 0 && errno == EINTR);
    if (n != 1) {
        return cli_error(cli, CLI_FAILED,
                         "the agent ended before it was ready; nothing is unlocked");
    }
    return code;
}

static int start_with(struct cli *cli, const char *profile, uint32_t idle,
                      const struct secret *passphrase)
{
    struct span bytes = secret_view(passphrase);
    char minutes[NUMBER_CHARS];
    (void)snprintf(minutes, sizeof minutes, "%u", idle);
    enum status status = STATUS_IO;
    int secret_pipe[2] = {-1, -1};
    int ready_pipe[2] = {-1, -1};
    if (pipe2(secret_pipe, O_CLOEXEC) == 0 && pipe2(ready_pipe, O_CLOEXEC) == 0 &&
        write(secret_pipe[1], bytes.data, bytes.size) == (ssize_t)bytes.size &&
        write(secret_pipe[1], "\n", 1) == 1) {
        status = start(profile, minutes, secret_pipe[0], ready_pipe[1]);
    }
    for (int i = 0; i < 2; i++) {
        if (secret_pipe[i] >= 0) {
            (void)close(secret_pipe[i]);
        }
    }
    if (ready_pipe[1] >= 0) {
        (void)close(ready_pipe[1]);
    }
    int code = status == STATUS_OK ? await_ready(cli, ready_pipe[0])
                                   : cli_fail(cli, SAY_AGENT_BEGIN, status);
    if (ready_pipe[0] >= 0) {
        (void)close(ready_pipe[0]);
    }
    return code;
}

static int unlock(struct cli *cli, uint32_t idle)
{
    enum status status = host_probe(cli->profile);
    if (status != STATUS_OK) {
        return cli_fail_at(cli, status == STATUS_NOT_FOUND ? SAY_PROFILE_OPEN : SAY_PASSPHRASE,
                           cli->profile, status);
    }
    char *profile = realpath(cli->profile, NULL);
    if (profile == NULL) {
        return cli_fail_at(cli, SAY_PASSPHRASE, cli->profile, STATUS_IO);
    }
    unsigned tries = cli->passphrase_fd < 0 ? CLI_TRIES : 1;
    int code = CLI_LOCKED;
    for (unsigned i = 0; i < tries && code == CLI_LOCKED; i++) {
        struct secret *passphrase = NULL;
        status = secrets_get(cli->passphrase_fd, "Passphrase", &passphrase);
        code = status == STATUS_OK ? start_with(cli, profile, idle, passphrase)
                                   : cli_fail_at(cli, SAY_PASSPHRASE, cli->profile, status);
        secret_free(passphrase);
        if (status != STATUS_OK) {
            break;
        }
    }
    free(profile);
    return code;
}

struct unlock_values {
    uint64_t idle;
};

static int run_unlock(struct cli *cli, const void *given)
{
    const struct unlock_values *values = given;
    int fd = -1;
    if (talk_connect(cli->profile, &fd) == STATUS_OK) {
        (void)close(fd);
        return tell_state(cli, "unlocked",
                          "It is unlocked already; `alcove status` tells for how long. To change "
                          "that run `alcove lock`, then unlock again.");
    }
    char words[WORDS_BYTES];
    (void)snprintf(words, sizeof words,
                   "Unlocked. It locks after %u minutes without a command, when the machine "
                   "sleeps, and on `alcove lock`. An open editor counts as a command.",
                   (unsigned)values->idle);
    int code = unlock(cli, (uint32_t)values->idle);
    return code == CLI_OK ? tell_state(cli, "unlocked", words) : code;
}

static int run_lock(struct cli *cli, const void *values)
{
    bool was = false;
    int code = forward_lock(cli, &was);
    (void)values;
    return code == CLI_OK ? tell_state(cli, "locked",
                                       was ? "Locked: the keys are gone from memory."
                                           : "It is locked already: there is no agent.")
                          : code;
}

static const struct option_rule IDLE = {
    .least = 1, .most = AGENT_IDLE_MINUTES_MAX, .otherwise = AGENT_IDLE_MINUTES};

static const struct option UNLOCK_OPTIONS[] = {
    {"--idle", OPTION_NUMBER, offsetof(struct unlock_values, idle), "MINUTES",
     "lock after so long unused (10 by itself, at most 240)", &IDLE},
};
static const struct option_table UNLOCK = {UNLOCK_OPTIONS, ARRAY_LEN(UNLOCK_OPTIONS),
                                           sizeof(struct unlock_values)};

static const struct command COMMANDS[] = {
    {"unlock", "ask once; an agent holds the keys until it locks", COMMAND_NEEDS_NOTHING,
     COMMAND_HERE, &UNLOCK, NULL, NULL, NULL, run_unlock},
    {"lock", "end the agent and wipe the keys", COMMAND_NEEDS_NOTHING, COMMAND_HERE, &option_none,
     NULL, NULL, NULL, run_lock},
};
const struct command_list cmd_unlock = {COMMANDS, ARRAY_LEN(COMMANDS)};
