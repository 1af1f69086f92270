#include "client/cli/main_loop.h"

#include "client/cli/cli.h"

#include <errno.h>
#include <unistd.h>

#define PROFILE_BYTES_MAX 4096u

static const struct cli_command COMMANDS[] = {
    {"practice", cmd_practice, "new --name NAME --server FILE --out DIR | sign DIR --server FILE",
     "found a practice: genesis, root key, first invitation"},
    {"join", cmd_join, "FILE|- [--yes] [--card FILE]", "become a member with an invitation's code"},
    {"status", cmd_status, "", "who you are here and how far this machine is"},
    {"sync", cmd_sync, "[--watch] [--timeout S]", "fetch, verify and send"},
    {"member", cmd_member, "invite --role R --name N --out FILE | list | suspend ID | resume ID",
     "people of the practice"},
    {"relate", cmd_relate, "STAFF treats|covers|supervises|trains SUBJECT [--until T] | list | end ID",
     "state who treats, covers, supervises whom"},
    {"delegate", cmd_delegate, "THERAPIST [--until T]", "let a therapist invite clients"},
    {"chart", cmd_chart, "new CLIENT [--name N] | list", "charts of clients"},
    {"directory", cmd_directory, "new", "the practice's directory of staff names"},
    {"write", cmd_write, "CHART --class C [--file F|-] [--title T] [--draft] ...", "write a note"},
    {"reflect", cmd_reflect, "CHART [--file F|-] [--yes]", "share a reflection with the client"},
    {"moment", cmd_moment, "[CHART] --category K [--file F|-] [--share WHO] [--bring]",
     "note a progress moment"},
    {"list", cmd_list, "[CHART]", "notes"},
    {"show", cmd_show, "NOTE", "read a note"},
    {"history", cmd_history, "NOTE", "all revisions of a note"},
    {"search", cmd_search, "TEXT|-", "find text in what is here"},
    {"grant", cmd_grant, "CHART|SECTION [--class C] MEMBER --rights R [--until T] [--history]",
     "let somebody in"},
    {"revoke", cmd_revoke, "CHART|SECTION [--class C] MEMBER", "end a grant"},
    {"access", cmd_access, "CHART|SECTION|NOTE [--class C]", "who can open this now, and why"},
    {"log", cmd_log, "[--mine|--chart C|--all] ... | verify | export --format F DIR",
     "the access log"},
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
    (void)fprintf(out, "Usage: alcove [--profile DIR] [--passphrase-fd N] [--json] COMMAND ...\n\n");
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        if (COMMANDS[i].summary != NULL) {
            (void)fprintf(out, "  %-11s %s\n", COMMANDS[i].name, COMMANDS[i].summary);
        }
    }
    (void)fprintf(out, "\n`alcove COMMAND --help` tells a command's words; alcove(1) all the rest.\n");
}

static int help_on(struct cli *cli, const struct cli_command *command)
{
    (void)fprintf(cli->out, "Usage: alcove %s %s\n\n%s.\nSee alcove(1).\n", command->name,
                  command->words, command->summary == NULL ? "Internal" : command->summary);
    return CLI_OK;
}

static bool number_of(const char *text, int *out)
{
    char *end = NULL;
    long value;

    errno = 0;
    value = strtol(text, &end, 10);
    *out = (int)value;
    return errno == 0 && end != text && *end == '\0' && value >= 0 && value < 1 << 20;
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
            if (!number_of(argv[++i], &cli->passphrase_fd)) {
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
    int n = data != NULL && data[0] == '/'
                ? snprintf(out, PROFILE_BYTES_MAX, "%s/alcove", data)
                : snprintf(out, PROFILE_BYTES_MAX, "%s/.local/share/alcove",
                           home == NULL ? "" : home);

    return n > 0 && (size_t)n < PROFILE_BYTES_MAX ? out : "alcove-profile";
}

int main_loop(int argc, char **argv)
{
    char profile[PROFILE_BYTES_MAX];
    struct cli cli = {.passphrase_fd = -1, .in = STDIN_FILENO, .out = stdout, .err = stderr};
    const struct cli_command *command;
    bool asked = false;
    int code;

    if (!take_globals(&cli, &argc, argv, &asked)) {
        help(stderr);
        return CLI_USAGE;
    }
    if (cli.profile == NULL) {
        cli.profile = default_profile(profile);
    }
    command = argc < 2 ? NULL : cli_find(argv[1]);
    if (command == NULL) {
        help(asked ? stdout : stderr);
        return asked ? CLI_OK : CLI_USAGE;
    }
    if (asked) {
        return help_on(&cli, command);
    }
    code = command->run(&cli, argc - 1, argv + 1);
    cli_close(&cli);
    if (fflush(stdout) != 0 && code == CLI_OK) {
        (void)fprintf(stderr, "alcove: the output could not be written\n");
        code = CLI_FAILED;
    }
    return code;
}
