#include "client/cli/log_export.h"

#include "client/cli/files.h"
#include "client/cli/log_print.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "keys/public/bytes/array.h"
#include "proto/words.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

const char *const log_export_formats[] = {"tlog-tiles", "jsonl", "csv", NULL};

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
        int n = snprintf(full, sizeof full, "%s/%.*s", folder, (int)(slash - path), path);
        if (n < 0 || (size_t)n >= sizeof full) {
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
    writing->status = make_parents(writing->folder, path);
    char full[FILES_PATH_BYTES_MAX];
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
    return print_answer(
        cli,
        (const struct print_field[]){{"folder", PRINT_TEXT, .span = print_span(folder)},
                                     {what, PRINT_NUMBER, .number = count}},
        2, "%zu %s in %s", count, what, folder);
}

static int make_folder(struct cli *cli, const char *folder)
{
    return mkdir(folder, 0700) == 0 ? CLI_OK
                                    : cli_fail_at(cli, SAY_EXPORT_FOLDER, folder,
                                                  errno == EEXIST ? STATUS_ALREADY : STATUS_IO);
}

int log_export_tiles(struct cli *cli, uint64_t ticket, const char *folder)
{
    struct writing writing = {.folder = folder, .status = STATUS_OK};
    int code = make_folder(cli, folder);
    if (code != CLI_OK) {
        return code;
    }
    enum status status = query_export(host_engine(cli->host), ticket, write_file, &writing);
    if (status != STATUS_OK) {
        return cli_fail(cli, SAY_LOG_EXPORT, writing.status == STATUS_OK ? status : writing.status);
    }
    return tell(cli, folder, "files", writing.files);
}

struct lines {
    struct cli *cli;
    const struct log_pick *pick;
    FILE *file;
    bool csv;
    cJSON **found; /* in the order in which they came */
    size_t count, room;
};

static const char *const COLUMNS[] = {
    "seq",    "time_utc", "time_ms", "actor_name",   "actor",         "role",
    "action", "outcome",  "reason",  "purpose",      "purpose_words", "class",
    "chart",  "section",  "note",    "subject_name", "subject",       "object",
    "basis",  "device",   "address", "leaf"};

/* As a spreadsheet reads a time, and as auditors of several time zones can compare it. */
static void utc_of(const cJSON *time_ms, char out[32])
{
    time_t seconds = cJSON_IsNumber(time_ms) ? (time_t)(time_ms->valuedouble / 1000) : 0;
    struct tm utc;
    if (gmtime_r(&seconds, &utc) == NULL || strftime(out, 32, "%Y-%m-%d %H:%M:%S", &utc) == 0) {
        out[0] = '\0';
    }
}

static void csv_line(struct lines *lines, const cJSON *object)
{
    for (size_t i = 0; i < ARRAY_LEN(COLUMNS); i++) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, COLUMNS[i]);
        char number[32] = "";
        if (strcmp(COLUMNS[i], "time_utc") == 0) {
            utc_of(cJSON_GetObjectItemCaseSensitive(object, "time_ms"), number);
        } else if (cJSON_IsNumber(item)) {
            (void)snprintf(number, sizeof number, "%.0f", item->valuedouble);
        }
        print_csv_cell(lines->file, cJSON_IsString(item) ? item->valuestring : number,
                       i + 1 == ARRAY_LEN(COLUMNS));
    }
}

static bool take_line(void *visitor, const struct query_event *event)
{
    struct lines *lines = visitor;
    if (!log_pick_wanted(lines->pick, event)) {
        return true;
    }
    CHECK(array_grow(&lines->found, &lines->room, lines->count + 1, sizeof(cJSON *)) == STATUS_OK);
    lines->found[lines->count++] = log_print_object(host_engine(lines->cli->host), event);
    return true;
}

/* Oldest first, as one reads a history; all but a chart's comes the other way round. */
static void write_lines(struct lines *lines)
{
    bool backwards = lines->pick->query->scope != ACTION_LOG_CHART;
    for (size_t i = 0; i < lines->count; i++) {
        cJSON *object = lines->found[backwards ? lines->count - 1 - i : i];
        if (lines->csv) {
            csv_line(lines, object);
        } else {
            print_json_line(lines->file, object);
        }
        cJSON_Delete(object);
    }
    free(lines->found);
}

int log_export_lines(struct cli *cli, const struct log_pick *pick, uint64_t ticket, uint32_t format,
                     const char *folder)
{
    struct lines lines = {.cli = cli, .pick = pick, .csv = format == LOG_FORMAT_CSV};
    char path[FILES_PATH_BYTES_MAX];
    enum status status = files_join(folder, lines.csv ? "events.csv" : "events.jsonl", path);
    int code = status == STATUS_OK ? make_folder(cli, folder) : cli_fail(cli, SAY_EXPORT, status);
    if (code != CLI_OK) {
        return code;
    }
    lines.file = fopen(path, "wxe");
    if (lines.file == NULL) {
        return cli_fail(cli, SAY_EXPORT, STATUS_IO);
    }
    for (size_t i = 0; lines.csv && i < ARRAY_LEN(COLUMNS); i++) {
        print_csv_cell(lines.file, COLUMNS[i], i + 1 == ARRAY_LEN(COLUMNS));
    }
    status = query_events(host_engine(cli->host), ticket, take_line, &lines);
    write_lines(&lines);
    if (fclose(lines.file) != 0 && status == STATUS_OK) {
        status = STATUS_IO;
    }
    return status == STATUS_OK ? tell(cli, folder, "events", lines.count)
                               : cli_fail(cli, SAY_LOG_EXPORT, status);
}
