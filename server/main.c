/* alcoved: keeps a practice's ciphertext, decides who may fetch it, records every access. */
#include "server/cmd.h"

#include "keys/public/bytes/random.h"
#include "server/store/db.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} COMMANDS[] = {
    {"init", cmd_init, "make a data directory, then take in the signed genesis"},
    {"serve", cmd_serve, "serve a data directory until a signal ends it"},
    {"status", cmd_status, "whether it serves, and takes notes; its sizes, room, clock and files"},
    {"clock", cmd_clock, "show whether the clock is believed; --accept says that it is right"},
    {"backup", cmd_backup, "make a copy while it serves, or prove one with --check"},
    {"restore", cmd_restore, "put a backup in place as a new data directory"},
    {"fsck", cmd_fsck, "read everything back and compare it with its hashes"},
};

static void usage(FILE *out)
{
    (void)fprintf(out, "Usage: alcoved COMMAND DATA [OPTION ...]\n\n");
    for (size_t i = 0; i < ARRAY_LEN(COMMANDS); i++) {
        (void)fprintf(out, "  %-8s %s\n", COMMANDS[i].name, COMMANDS[i].help);
    }
    (void)fprintf(
        out,
        "  --version\n\nalcoved COMMAND --help tells a command's options; alcoved(8) the rest.\n"
        "This server holds ciphertext and cannot read it: no key for that is linked.\n");
}

static void version(void)
{
    (void)printf("alcoved " ALCOVE_VERSION "\n");
#ifdef ALCOVE_TEST_HOOKS
    (void)printf("built with test hooks; not for real notes\n");
#endif
}

/* No core files and no debugger of another process: memory holds who shares with whom. */
static void keep_memory_in(void)
{
    struct rlimit none = {0, 0};

    (void)umask(077);
    (void)setrlimit(RLIMIT_CORE, &none);
#ifndef ALCOVE_TEST_HOOKS
    (void)prctl(PR_SET_DUMPABLE, 0);
#endif
}

int main(int argc, char **argv)
{
    keep_memory_in();
    db_guard();
    if (random_init() != STATUS_OK) {
        (void)fprintf(stderr, "alcoved: the kernel gives no randomness; nothing was started\n");
        return CMD_FAILED;
    }
    if (argc >= 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        usage(stdout);
        return CMD_OK;
    }
    if (argc >= 2 && strcmp(argv[1], "--version") == 0) {
        version();
        return CMD_OK;
    }
    for (size_t i = 0; argc >= 2 && i < ARRAY_LEN(COMMANDS); i++) {
        if (strcmp(argv[1], COMMANDS[i].name) == 0) {
            return COMMANDS[i].run(argc - 1, argv + 1);
        }
    }
    usage(stderr);
    return CMD_USAGE;
}
