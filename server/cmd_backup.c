#include "server/cmd.h"

#include "keys/public/bytes/hex.h"
#include "server/cmd_backup_make.h"
#include "server/cmd_backup_say.h"
#include "server/cmd_backup_series.h"
#include "server/core/clock.h"

#include <getopt.h>

struct backup_options {
    const char *data;     /* NULL: --check */
    const char *target;   /* the backup's folder, or that of the series with --into */
    const char *age;      /* a recipient; NULL: not sealed */
    const char *identity; /* with --check */
    bool series;
    bool check;
    bool json;
    bool help;
    bool keeps;
    struct keep_counts keep;
    bool has_practice;
    struct practice_id practice;
};

static void help(FILE *out)
{
    (void)fprintf(
        out,
        "Usage: alcoved backup DATA DIR [--age RECIPIENT] [--json]\n"
        "       alcoved backup DATA --into FOLDER [--keep DAYS,WEEKS,MONTHS] [--age RECIPIENT]\n"
        "       alcoved backup --check DIR [--practice HEX] [--identity FILE] [--json]\n\n"
        "Copies a practice, also while it is served, and proves the copy before it has its name.\n"
        "No key of the server is in it: keep login.key, tls.key and the log signer's log.key\n"
        "elsewhere, offline. They never change.\n\n"
        "  DIR                 the backup's own folder, which must not exist\n"
        "  --into FOLDER       makes FOLDER/TIME instead\n"
        "  --keep D,W,M        then removes all of FOLDER but the newest of each of the last D\n"
        "                      days, W weeks and M months\n"
        "  --age RECIPIENT     encrypts it with the program age(1)\n"
        "  --check DIR         proves a backup; needs no server and no key\n"
        "  --practice HEX      refuses one of another practice (`alcoved status` prints the id)\n"
        "  --identity FILE     age's key, to look into an encrypted one; decrypts under $TMPDIR\n"
        "  --json              one JSON object\n");
}

static bool take_option(int option, const char *value, struct backup_options *out)
{
    switch (option) {
    case 'a':
        out->age = value;
        return true;
    case 'c':
        out->check = true;
        return true;
    case 'i':
        out->series = true;
        out->target = value;
        return true;
    case 'I':
        out->identity = value;
        return true;
    case 'j':
        out->json = true;
        return true;
    case 'k':
        out->keeps = true;
        return keep_parse(value, &out->keep) == STATUS_OK;
    case 'p':
        out->has_practice =
            hex_decode(span_of(value, strlen(value)), out->practice.bytes, HASH_BYTES) == STATUS_OK;
        return out->has_practice;
    case 'h':
        out->help = true;
        return true;
    default:
        return false;
    }
}

/* Options that do not go together are a mistake: one that was passed over would be believed. */
static bool whole(const struct backup_options *options, int words)
{
    if (options->check) {
        return words == 1 && !options->series && !options->keeps && options->age == NULL;
    }
    return words == (options->series ? 1 : 2) && (!options->keeps || options->series) &&
           options->identity == NULL && !options->has_practice;
}

static bool parse(int argc, char **argv, struct backup_options *out)
{
    static const struct option known[] = {
        {"age", required_argument, NULL, 'a'},
        {"check", no_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},
        {"identity", required_argument, NULL, 'I'},
        {"into", required_argument, NULL, 'i'},
        {"json", no_argument, NULL, 'j'},
        {"keep", required_argument, NULL, 'k'},
        {"practice", required_argument, NULL, 'p'},
        {NULL, 0, NULL, 0},
    };
    memset(out, 0, sizeof *out);
    int option;
    while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        if (!take_option(option, optarg, out)) {
            return false;
        }
    }
    int words = argc - optind;
    if (out->help) {
        return true;
    }
    if (!whole(out, words)) {
        return false;
    }
    if (!out->check) {
        out->data = argv[optind];
    }
    if (!out->series) {
        out->target = argv[argc - 1];
    }
    return true;
}

static int check(const struct backup_options *options)
{
    const char *scratch = getenv("TMPDIR"); // NOLINT(concurrency-mt-unsafe): one thread
    const struct check_options how = {.identity = options->identity,
                                      .practice = options->has_practice ? &options->practice : NULL,
                                      .scratch = scratch == NULL ? "/tmp" : scratch,
                                      .now_ms = clock_now_ms()};
    struct check_report report;
    struct trouble trouble = {""};
    enum status status = check_backup(options->target, &how, &report, &trouble);
    if (status != STATUS_OK) {
        return cmd_backup_fail(options->json, "backup --check", status, &trouble);
    }
    cmd_backup_say(options->json, options->target, &report, false);
    return CMD_OK;
}

static int make(const struct backup_options *options)
{
    uint64_t now_ms = clock_now_ms();
    char name[KEEP_NAME_CHARS + 1];
    keep_name(now_ms, name);
    char own[PATHS_BYTES_MAX];
    int n = options->series ? snprintf(own, sizeof own, "%s/%s", options->target, name)
                            : snprintf(own, sizeof own, "%s", options->target);
    if (n < 0 || (size_t)n >= sizeof own) {
        return CMD_USAGE;
    }
    const struct make_options how = {.data = options->data,
                                     .target = own,
                                     .age = options->age,
                                     .json = options->json,
                                     .now_ms = now_ms};
    struct check_report report;
    int code = cmd_backup_make(&how, &report);
    return code == CMD_OK && options->keeps
               ? cmd_backup_prune(options->target, &options->keep, &report.manifest.practice,
                                  options->json)
               : code;
}

int cmd_backup(int argc, char **argv)
{
    struct backup_options options;
    if (!parse(argc, argv, &options)) {
        help(stderr);
        return CMD_USAGE;
    }
    if (options.help) {
        help(stdout);
        return CMD_OK;
    }
    return options.check ? check(&options) : make(&options);
}
