#include "server/cmd_backup_say.h"

#include "keys/public/bytes/hex.h"
#include "server/backup/restore.h"
#include "server/core/clock.h"

#include <getopt.h>

struct restore_options {
    const char *folder;
    const char *data;
    const char *identity;
    bool json;
    bool help;
    bool has_practice;
    struct practice_id practice;
};

static void help(FILE *out)
{
    (void)fprintf(
        out,
        "Usage: alcoved restore DIR DATA [--practice HEX] [--identity FILE] [--json]\n\n"
        "Proves the backup DIR and makes the data directory DATA of it, which must not exist. No "
        "key\n"
        "is in a backup, and no memory of what was signed: put login.key, tls.key and the log\n"
        "signer's folder there before you serve it.\n\n"
        "  --practice HEX      refuses a backup of another practice\n"
        "  --identity FILE     age's key, for an encrypted one\n"
        "  --json              one JSON object\n");
}

static bool parse(int argc, char **argv, struct restore_options *out)
{
    static const struct option known[] = {
        {"help", no_argument, NULL, 'h'},
        {"identity", required_argument, NULL, 'I'},
        {"json", no_argument, NULL, 'j'},
        {"practice", required_argument, NULL, 'p'},
        {NULL, 0, NULL, 0},
    };
    memset(out, 0, sizeof *out);
    int option;
    while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        switch (option) {
        case 'I':
            out->identity = optarg;
            break;
        case 'j':
            out->json = true;
            break;
        case 'p':
            out->has_practice = hex_decode(span_of(optarg, strlen(optarg)), out->practice.bytes,
                                           HASH_BYTES) == STATUS_OK;
            if (!out->has_practice) {
                return false;
            }
            break;
        case 'h':
            out->help = true;
            return true;
        default:
            return false;
        }
    }
    if (argc - optind != 2) {
        return false;
    }
    out->folder = argv[optind];
    out->data = argv[optind + 1];
    return true;
}

static void say_next(const char *data)
{
    (void)printf(
        "%s is in place. Before you serve it:\n"
        "  copy login.key and tls.key there, from the old folder or from where they are "
        "kept;\n"
        "  move the log signer's folder of the old machine, with its state as it is now, to "
        "%s/signer\n"
        "  (or leave it where signer-socket in alcoved.conf finds it). Never an older copy "
        "of it.\n"
        "If more was signed after this backup than it holds, the server will be read-only.\n",
        data, data);
}

int cmd_restore(int argc, char **argv)
{
    struct restore_options options;
    if (!parse(argc, argv, &options)) {
        help(stderr);
        return CMD_USAGE;
    }
    if (options.help) {
        help(stdout);
        return CMD_OK;
    }
    const struct check_options how = {.identity = options.identity,
                                      .practice = options.has_practice ? &options.practice : NULL,
                                      .now_ms = clock_now_ms()};
    struct check_report report;
    struct trouble trouble = {""};
    enum status status = restore_backup(options.folder, options.data, &how, &report, &trouble);
    if (status != STATUS_OK) {
        return cmd_backup_fail(options.json, "restore", status, &trouble);
    }
    cmd_backup_say(options.json, options.folder, &report, false);
    if (!options.json) {
        say_next(options.data);
    }
    return CMD_OK;
}
