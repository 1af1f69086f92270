#include "client/cli/main_loop.h"

#include "client/cli/cli.h"
#include "client/cli/devices_told.h"
#include "client/cli/forward.h"
#include "client/cli/kept_adopt.h"
#include "client/cli/pager.h"
#include "client/cli/parse.h"
#include "client/cli/table.h"
#include "client/cli/usage.h"

#include <fcntl.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define PROFILE_BYTES_MAX 4096u
#define COLUMNS_MAX       4096u

static const char *default_profile(char out[PROFILE_BYTES_MAX])
{
    const char *data = getenv("XDG_DATA_HOME");
    const char *home = getenv("HOME");
    int n =
        data != NULL && data[0] == '/'
            ? snprintf(out, PROFILE_BYTES_MAX, "%s/alcove", data)
            : snprintf(out, PROFILE_BYTES_MAX, "%s/.local/share/alcove", home == NULL ? "" : home);
    return n > 0 && (size_t)n < PROFILE_BYTES_MAX ? out : "alcove-profile";
}

/* A closed standard stream stays unused: else the next file opened would take its place.
 * Whether there is an input. */
static bool hold_standard(void)
{
    bool in = fcntl(STDIN_FILENO, F_GETFD) >= 0;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) {
            return false;
        }
    }
    return in;
}

/* Of the terminal that shows what is printed, or as the environment says where there is none; 0:
 * not known. The terminal's own word goes first, since it wraps what is wider than itself. */
static uint32_t reader_columns(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        return size.ws_col;
    }
    const char *columns = getenv("COLUMNS");
    unsigned long number = columns == NULL ? 0 : strtoul(columns, NULL, 10);
    return number <= COLUMNS_MAX ? (uint32_t)number : 0;
}

/* Whoever read what is printed has seen enough, like `head`. */
static bool reader_gone(void)
{
    struct pollfd out = {STDOUT_FILENO, 0, 0};
    return poll(&out, 1, 0) > 0 && (out.revents & POLLERR) != 0;
}

/* As other programs end then: by the signal, without a word. What the command did is done. */
static void end_quietly(void)
{
    (void)signal(SIGPIPE, SIG_DFL);
    (void)raise(SIGPIPE);
}

/* The help that was asked for, or after an error how the command is called. */
static void help(FILE *out, const struct parsed *parsed)
{
    if (parsed->name == NULL) {
        usage_all(out, table_commands);
    } else if (parsed->help) {
        usage_help(out, table_commands, parsed->name, parsed->command);
    } else if (parsed->command != NULL) {
        usage_line(out, "Usage:", parsed->command);
    } else {
        usage_lines(out, table_commands, parsed->name);
    }
}

static int run(struct cli *cli, const struct parsed *parsed)
{
    int code;
    if (parsed->wrong[0] != '\0') {
        code = cli_error(cli, CLI_USAGE, "%s", parsed->wrong);
        if (!cli->json) {
            help(cli->err, parsed);
        }
        return code;
    }
    if (parsed->help) {
        help(cli->out, parsed);
        return CLI_OK;
    }
    if ((cli->command->flags & COMMAND_HIDDEN) == 0) {
        kept_adopt(cli);
    }
    if (!forward_run(cli, parsed->values, &code)) {
        code = cli_run(cli, parsed->values);
    }
    devices_told(cli);
    cli_close(cli);
    return code == CLI_LEFT ? CLI_OK : code;
}

int main_loop(int argc, char **argv)
{
    struct cli cli = {.commands = table_commands, .out = stdout, .err = stderr};
    cli.in = hold_standard() ? STDIN_FILENO : -1;
    cli.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    cli.columns = reader_columns();
    struct parsed parsed;
    parse_words(table_commands, argc, argv, &parsed);
    cli.command = parsed.command;
    cli.json = parsed.json;
    cli.passphrase_fd = parsed.passphrase_fd;
    char profile[PROFILE_BYTES_MAX];
    cli.profile = parsed.profile == NULL ? default_profile(profile) : parsed.profile;
    struct pager pager = {NULL, NULL, 0, 0};
    if (!parsed.no_pager && !parsed.help && parsed.wrong[0] == '\0') {
        pager_begin(&cli, &pager);
    }
    int code = run(&cli, &parsed);
    pager_end(&cli, &pager);
    bool written = fflush(stdout) == 0 && ferror(stdout) == 0;
    if (!written && reader_gone()) {
        end_quietly();
    }
    if (!written && code == CLI_OK) {
        cli_warn(&cli, "the output could not be written");
        code = CLI_FAILED;
    }
    parsed_deinit(&parsed);
    return code;
}
