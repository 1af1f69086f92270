#include "client/cli/log_export.h"

#include "client/cli/files.h"
#include "client/cli/log_print.h"
#include "client/cli/print.h"
#include "client/engine/ledger.h"

#include <errno.h>
#include <sys/stat.h>

struct writing {
    const char *folder;
    size_t files;
    enum status status;
};

/* The folders above |path|, one after the other. */
static enum status make_parents(const char *folder, const char *path)
{
    char full[FILES_PATH_BYTES_MAX];

    for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        int n = snprintf(full, sizeof(full), "%s/%.*s", folder, (int)(slash - path), path);

        if (n < 0 || (size_t)n >= sizeof(full)) {
            return STATUS_USAGE;
        }
        if (files_folder(full) != STATUS_OK) {
            return STATUS_IO;
        }
    }
    return STATUS_OK;
}

static bool write_file(void *writer, const char *path, struct span bytes)
{
    struct writing *writing = writer;
    char full[FILES_PATH_BYTES_MAX];

    writing->status = make_parents(writing->folder, path);
    if (writing->status == STATUS_OK) {
        writing->status = files_join(writing->folder, path, full);
    }
    if (writing->status == STATUS_OK) {
        writing->status = files_write_new(full, bytes);
    }
    writing->files++;
    return writing->status == STATUS_OK;
}

static int tell(struct cli *cli, const char *folder, const char *what, size_t count)
{
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_text(object, "folder", folder);
        print_add_number(object, what, count);
        print_json(cli, object);
    } else {
        (void)fprintf(cli->out, "%zu %s in %s\n", count, what, folder);
    }
    return CLI_OK;
}

static int export_tiles(struct cli *cli, uint64_t ticket, const char *folder)
{
    struct writing writing = {.folder = folder, .status = STATUS_OK};
    enum status status = ledger_export(host_engine(cli->host), ticket, write_file, &writing);

    if (status != STATUS_OK) {
        return cli_fail(cli, "the export is not whole",
                        writing.status == STATUS_OK ? status : writing.status);
    }
    return tell(cli, folder, "files", writing.files);
}

struct lines {
    struct cli *cli;
    FILE *file;
    bool csv;
    size_t count;
};

/* A cell that begins with one of these would be run as a formula by a spreadsheet. */
static void csv_cell(FILE *file, const char *text, bool last)
{
    (void)fputc('"', file);
    if (text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL) {
        (void)fputc('\'', file);
    }
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '"') {
            (void)fputc('"', file);
        }
        (void)fputc(*c, file);
    }
    (void)fputs(last ? "\"\r\n" : "\",", file);
}

static const char *const COLUMNS[] = {
    "seq",   "time_ms", "actor_name", "actor", "role",  "action", "outcome", "reason", "purpose",
    "class", "chart",   "section",    "note",  "basis", "device", "source",  "leaf"};

static void csv_line(struct lines *lines, const cJSON *object)
{
    for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, COLUMNS[i]);
        char number[32] = "";

        if (cJSON_IsNumber(item)) {
            (void)snprintf(number, sizeof(number), "%.0f", item->valuedouble);
        }
        csv_cell(lines->file, cJSON_IsString(item) ? item->valuestring : number,
                 i + 1 == ARRAY_LEN(COLUMNS));
    }
}

static bool write_line(void *visitor, const struct ledger_event *event)
{
    struct lines *lines = visitor;
    cJSON *object = log_print_object(host_engine(lines->cli->host), event);

    if (lines->csv) {
        csv_line(lines, object);
    } else {
        char *text = cJSON_PrintUnformatted(object);

        CHECK(text != NULL);
        (void)fprintf(lines->file, "%s\n", text);
        cJSON_free(text);
    }
    cJSON_Delete(object);
    lines->count++;
    return true;
}

static int export_lines(struct cli *cli, uint64_t ticket, const char *folder, bool csv)
{
    struct lines lines = {.cli = cli, .csv = csv};
    char path[FILES_PATH_BYTES_MAX];
    enum status status = files_join(folder, csv ? "events.csv" : "events.jsonl", path);

    if (status == STATUS_OK) {
        lines.file = fopen(path, "wxe");
        status = lines.file == NULL ? STATUS_IO : STATUS_OK;
    }
    if (status != STATUS_OK) {
        return cli_fail(cli, "nothing was exported", status);
    }
    for (size_t i = 0; csv && i < ARRAY_LEN(COLUMNS); i++) {
        csv_cell(lines.file, COLUMNS[i], i + 1 == ARRAY_LEN(COLUMNS));
    }
    status = ledger_events(host_engine(cli->host), ticket, write_line, &lines);
    if (fclose(lines.file) != 0 && status == STATUS_OK) {
        status = STATUS_IO;
    }
    return status == STATUS_OK ? tell(cli, folder, "events", lines.count)
                               : cli_fail(cli, "the export is not whole", status);
}

int log_export(struct cli *cli, uint64_t ticket, const char *format, const char *folder)
{
    bool tiles = strcmp(format, "tlog-tiles") == 0;
    bool csv = strcmp(format, "csv") == 0;

    if (!tiles && !csv && strcmp(format, "jsonl") != 0) {
        (void)fprintf(cli->err, "alcove: --format is tlog-tiles, jsonl or csv\n");
        return CLI_USAGE;
    }
    if (mkdir(folder, 0700) != 0) {
        (void)fprintf(cli->err, "alcove: %s cannot be made%s; nothing was exported\n", folder,
                      errno == EEXIST ? ", it exists" : "");
        return CLI_FAILED;
    }
    return tiles ? export_tiles(cli, ticket, folder) : export_lines(cli, ticket, folder, csv);
}
