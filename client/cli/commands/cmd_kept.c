/* Texts that did not become a note: found again, read, and thrown away when the person says so. */
#include "client/cli/cli.h"
#include "client/cli/command.h"
#include "client/cli/kept.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "keys/public/bytes/wipe.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BEGINNING_BYTES 160u

struct listing {
    struct cli *cli;
    cJSON *array;
    size_t count;
};

static bool list_one(void *visitor, const struct kept *kept)
{
    struct listing *listing = visitor;
    struct stat found;
    uint8_t *bytes = NULL;
    size_t size = 0;
    bool there = stat(kept->path, &found) == 0 &&
                 files_read(kept->path, -1, KEPT_BYTES_MAX, &bytes, &size) == STATUS_OK;
    struct span begin = span_of(bytes, size < BEGINNING_BYTES ? size : BEGINNING_BYTES);
    print_row(listing->cli, listing->array,
              (const struct print_field[]){
                  {"name", PRINT_TEXT, .span = print_span(kept->name), .before = ""},
                  {"time", PRINT_TIME, .number = there ? (uint64_t)found.st_mtime * 1000u : 0,
                   .before = "  "},
                  {"bytes", PRINT_NUMBER, .number = size},
                  {"begins", PRINT_TEXT, .span = begin, .columns = 50, .before = "  "},
                  {"folder", PRINT_TEXT, .span = print_span(kept->folder)},
              },
              5);
    if (bytes != NULL) {
        wipe(bytes, size);
    }
    free(bytes);
    listing->count++;
    return true;
}

static int run_list(struct cli *cli, const void *values)
{
    struct listing listing = {.cli = cli, .array = cli->json ? cJSON_CreateArray() : NULL};
    (void)values;
    kept_all(list_one, &listing);
    if (cli->json) {
        print_json(cli, listing.array);
    } else if (listing.count == 0) {
        (void)print_answer(cli, NULL, 0, "No text is kept.");
    }
    return CLI_OK;
}

struct kept_values {
    const char *name;
    bool yes;
};

static int take(struct cli *cli, const char *name, struct kept *out_kept)
{
    enum status status = kept_take(name, out_kept);
    return status == STATUS_OK ? CLI_OK
           : status == STATUS_BUSY
               ? cli_error(cli, CLI_FAILED, "another command works on the kept text %s", name)
               : cli_error(cli, CLI_NOT_FOUND, "no kept text is called %s; see `alcove kept list`",
                           name);
}

/* Byte for byte when it goes into a file or another program, filtered on a terminal. */
static int put(struct cli *cli, const char *name, struct span text)
{
    if (cli->json) {
        print_json(cli,
                   print_object(
                       (const struct print_field[]){{"name", PRINT_TEXT, .span = print_span(name)},
                                                    {"text", PRINT_TEXT, .span = text}},
                       2));
    } else if (isatty(fileno(cli->out))) {
        print_block(cli, text, 2);
    } else {
        (void)fwrite(text.data, 1, text.size, cli->out);
    }
    return CLI_OK;
}

static int run_show(struct cli *cli, const void *given)
{
    const struct kept_values *values = given;
    struct kept kept;
    int code = take(cli, values->name, &kept);
    if (code != CLI_OK) {
        return code;
    }
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = files_read(kept.path, -1, KEPT_BYTES_MAX, &bytes, &size);
    code = status == STATUS_OK ? put(cli, values->name, span_of(bytes, size))
                               : cli_fail_at(cli, SAY_TEXT_READ, kept.folder, status);
    if (bytes != NULL) {
        wipe(bytes, size);
    }
    free(bytes);
    (void)kept_leave(&kept);
    return code;
}

static int run_discard(struct cli *cli, const void *given)
{
    const struct kept_values *values = given;
    struct kept kept;
    int code = take(cli, values->name, &kept);
    if (code != CLI_OK) {
        return code;
    }
    if (!values->yes && (cli->json || !cli_confirm(cli, "This is the only copy. Delete it?"))) {
        (void)kept_leave(&kept);
        return cli_error(cli, CLI_REFUSED, "it was not deleted; give --yes to be asked nothing");
    }
    kept_drop(&kept);
    return print_answer(
        cli, (const struct print_field[]){{"name", PRINT_TEXT, .span = print_span(values->name)}},
        1, "The kept text %s is deleted.", values->name);
}

static const struct option SHOW_OPTIONS[] = {
    {"NAME", OPTION_TEXT, offsetof(struct kept_values, name), NULL, "of the text",
     &option_required},
};
static const struct option_table SHOW = {SHOW_OPTIONS, ARRAY_LEN(SHOW_OPTIONS),
                                         sizeof(struct kept_values)};

static const struct option DISCARD_OPTIONS[] = {
    {"NAME", OPTION_TEXT, offsetof(struct kept_values, name), NULL, "of the text",
     &option_required},
    {"--yes", OPTION_FLAG, offsetof(struct kept_values, yes), NULL, "delete it without being asked",
     NULL},
};
static const struct option_table DISCARD = {DISCARD_OPTIONS, ARRAY_LEN(DISCARD_OPTIONS),
                                            sizeof(struct kept_values)};

static const struct command COMMANDS[] = {
    {"kept list", "list texts that did not become a note", COMMAND_NEEDS_NOTHING, COMMAND_HERE,
     &option_none, NULL, NULL, NULL, run_list},
    {"kept show", "print a kept text", COMMAND_NEEDS_NOTHING, COMMAND_HERE, &SHOW, NULL, NULL, NULL,
     run_show},
    {"kept discard", "delete a kept text", COMMAND_NEEDS_NOTHING, COMMAND_HERE, &DISCARD, NULL,
     NULL, NULL, run_discard},
};
const struct command_list cmd_kept = {COMMANDS, ARRAY_LEN(COMMANDS)};
