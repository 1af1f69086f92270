#include "client/cli/main_loop.h"

#include "client/cli/cli.h"
#include "client/cli/forward.h"
#include "client/cli/numbers.h"

#include <fcntl.h>
#include <langinfo.h>
#include <unistd.h>

#define PROFILE_BYTES_MAX 4096u

/* The words of each use stand on a line of their own. */
static const struct cli_command COMMANDS[] = {
    {"practice", cmd_practice,
     "new --name NAME --server FILE --out DIR [--trial]\nsign DIR --server FILE",
     "found a practice: genesis, root key, first invitation", CLI_HERE},
    {"join", cmd_join, "FILE|- [--yes] [--trial] [--card FILE]",
     "become a member with an invitation's code", CLI_HERE},
    {"qr", cmd_qr, "FILE|-", "show a code as a picture, for a camera", CLI_HERE},
    {"unlock", cmd_unlock, "", "ask once; an agent holds the keys until it locks", CLI_HERE},
    {"lock", cmd_lock, "", "end the agent and wipe the keys", CLI_HERE},
    {"agent", cmd_agent, "[--ready-fd N]", "what `unlock` starts", CLI_HERE | CLI_HIDDEN},
    {"passphrase", cmd_passphrase, "[--new-passphrase-fd N]", "change this device's passphrase",
     CLI_HERE},
    {"status", cmd_status, "", "who you are here and how far this machine is", 0},
    {"doctor", cmd_doctor, "[--confirm-clock]", "look for what is wrong with this profile", 0},
    {"sync", cmd_sync, "[--drop-refused]\n--watch [--timeout S]", "fetch, verify and send", 0},
    {"member", cmd_member,
     "invite --role ROLE --name NAME --out FILE [--days N] [--practice-name NAME] "
     "[--root FILE [--root-passphrase-fd N]]\nlist\ncode MEMBER\n"
     "suspend MEMBER [--root FILE [--root-passphrase-fd N]]\n"
     "resume MEMBER [--root FILE [--root-passphrase-fd N]]",
     "people of the practice", 0},
    {"relate", cmd_relate,
     "STAFF treats|covers|supervises|trains SUBJECT [--until TIME]\nlist\nend RELATION",
     "state who treats, covers, supervises whom", 0},
    {"delegate", cmd_delegate, "THERAPIST [--until TIME]", "let a therapist invite clients", 0},
    {"chart", cmd_chart, "new CLIENT [--name NAME]\nadd CHART --class CLASS\nlist",
     "charts of clients", 0},
    {"directory", cmd_directory, "new\nshare", "the practice's directory of staff names", 0},
    {"write", cmd_write,
     "CHART --class CLASS [--title TEXT] [--tag TEXT ...] [--file FILE|-] [--template soap|dap|"
     "birp|girp|free] [--draft]\n--note NOTE [--draft] [--title TEXT] [--tag TEXT ...] [--file "
     "FILE|-]\n--note NOTE --addendum|--correction|--late-entry --reason TEXT [--file FILE|-]",
     "write a note", CLI_TAKES_TEXT},
    {"before", cmd_before, "NOTE", "what `write --note` begins the editor with", CLI_HIDDEN},
    {"reflect", cmd_reflect, "CHART [--title TEXT] [--file FILE|-] [--yes]",
     "share a reflection with the client", CLI_TAKES_TEXT | CLI_PREVIEWS},
    {"moment", cmd_moment, "[CHART] --category KIND [--file FILE|-] [--share MEMBER] [--bring]",
     "note a progress moment", CLI_TAKES_TEXT},
    {"list", cmd_list, "[CHART|--section SECTION]", "notes", 0},
    {"show", cmd_show, "NOTE [--no-receipt]", "read a note", 0},
    {"history", cmd_history, "NOTE", "all revisions of a note", 0},
    {"search", cmd_search, "TEXT|-", "find text in what is here", 0},
    {"grant", cmd_grant,
     "CHART|SECTION [--class CLASS] MEMBER --rights read[,write[,own]] [--until TIME] [--history] "
     "[--code-compared]",
     "let somebody in", 0},
    {"revoke", cmd_revoke, "CHART|SECTION [--class CLASS] MEMBER", "end a grant", 0},
    {"access", cmd_access, "CHART|SECTION|NOTE [--class CLASS]", "who can open this now, and why",
     0},
    {"log", cmd_log,
     "[--mine|--chart CHART|--all] [--actor MEMBER] [--section SECTION] [--action ACTION] "
     "[--outcome ok|refused|failed] [--from TIME] [--to TIME] [--limit N]\n"
     "verify [--chart CHART]\nexport --format tlog-tiles|jsonl|csv DIR",
     "the access log", 0},
    {"export", cmd_export, "--chart CHART DIR [--include-process]\n--all DIR [--include-process]",
     "write notes out, in the clear", 0},
    {"device", cmd_device, "list [--member MEMBER]\nrevoke DEVICE [--member MEMBER]",
     "devices of yours", 0},
};

const struct cli_command *cli_commands(size_t *out_count)
{
    *out_count = ARRAY_LEN(COMMANDS);
    return COMMANDS;
}

const struct cli_command *cli_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        if (strcmp(COMMANDS[i].name, name) == 0) {
            return &COMMANDS[i];
        }
    }
    return NULL;
}

static void help(FILE *out)
{
    (void)fprintf(out,
                  "Usage: alcove [--profile DIR] [--passphrase-fd N] [--json] COMMAND ...\n\n");
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        if ((COMMANDS[i].flags & CLI_HIDDEN) == 0) {
            (void)fprintf(out, "  %-11s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
        }
    }
    (void)fprintf(out,
                  "\n`alcove COMMAND --help` tells a command's words; alcove(1) all the rest.\n");
}

static int help_on(struct cli *cli, const struct cli_command *command)
{
    cli_usage_lines(cli->out, command);
    (void)fprintf(cli->out,
                  "\n%c%s.\n"
                  "Everywhere: [--profile DIR] [--passphrase-fd N] [--json]; see alcove(1).\n",
                  command->summary[0] - 'a' + 'A', command->summary + 1);
    return CLI_OK;
}

/* Global options may stand anywhere before `--`; the rest stays in order. */
static bool take_globals(struct cli *cli, int *argc, char **argv, bool *out_help)
{
    int kept = 1;
    bool open = true;

    for (int i = 1; i < *argc; i++) {
        if (open && strcmp(argv[i], "--json") == 0) {
            cli->json = true;
        } else if (open && strcmp(argv[i], "--help") == 0) {
            *out_help = true;
        } else if (open && strcmp(argv[i], "--profile") == 0 && i + 1 < *argc) {
            cli->profile = argv[++i];
        } else if (open && strcmp(argv[i], "--passphrase-fd") == 0 && i + 1 < *argc) {
            if (!numbers_fd(argv[++i], &cli->passphrase_fd)) {
                return false;
            }
        } else {
            open = open && strcmp(argv[i], "--") != 0;
            argv[kept++] = argv[i];
        }
    }
    *argc = kept;
    return true;
}

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

int main_loop(int argc, char **argv)
{
    char profile[PROFILE_BYTES_MAX];
    struct cli cli = {.passphrase_fd = -1, .in = STDIN_FILENO, .out = stdout, .err = stderr};
    char **words = argv + 1;
    int word_count;
    const struct cli_command *command;
    bool asked = false;
    int code;

    cli.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    cli.in = hold_standard() ? STDIN_FILENO : -1;
    if (!take_globals(&cli, &argc, argv, &asked)) {
        help(stderr);
        return CLI_USAGE;
    }
    if (cli.profile == NULL) {
        cli.profile = default_profile(profile);
    }
    command = argc < 2 ? NULL : cli_find(argv[1]);
    if (command == NULL && argc >= 2 && !asked) {
        (void)fprintf(stderr, "alcove: there is no command called %s; see alcove --help\n",
                      argv[1]);
        return CLI_USAGE;
    }
    if (command == NULL) {
        help(asked ? stdout : stderr);
        return asked ? CLI_OK : CLI_USAGE;
    }
    if (asked) {
        return help_on(&cli, command);
    }
    word_count = argc - 1;
    if (!forward_run(&cli, command, &word_count, &words, &code)) {
        code = command->run(&cli, word_count, words);
        cli_close(&cli);
    }
    if (fflush(stdout) != 0 && code == CLI_OK) {
        (void)fprintf(stderr, "alcove: the output could not be written\n");
        code = CLI_FAILED;
    }
    return code;
}
