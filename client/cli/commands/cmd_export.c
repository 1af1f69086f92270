#include "client/agent/clock.h"
#include "client/cli/command.h"
#include "client/cli/export_write.h"
#include "client/cli/files.h"
#include "client/cli/ids.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/cli/sections.h"
#include "client/cli/slow.h"
#include "client/engine/api/write.h"
#include "keys/public/bytes/array.h"
#include "proto/policy.h"
#include "proto/words.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

struct exporting {
    struct export_write write;
    struct engine *engine;
    const struct chart_id *chart; /* NULL: all */
    bool process;
    cJSON *sections;
    size_t left_out; /* sections of class process */
    size_t section_count;
    size_t note_count;
    size_t note_room;
    struct note_id *notes; /* of one section */
    uint64_t ticket;       /* of the last word that a section was exported; 0: none */
};

static bool is_of_chart(const struct exporting *exporting, const struct view_section *section)
{
    return exporting->chart == NULL || ID_EQUAL(exporting->chart, &section->chart);
}

static bool is_wanted(const struct exporting *exporting, const struct view_section *section)
{
    return is_of_chart(exporting, section) &&
           (section->class != CLASS_PROCESS || exporting->process);
}

static bool collect_note(void *visitor, const struct view_note *note)
{
    struct exporting *exporting = visitor;
    if (note->newest.body != NULL && note->newest.body->kind == NOTE_NAME) {
        return true; /* a name; shown where the people are */
    }
    if (array_grow(&exporting->notes, &exporting->note_room, exporting->note_count + 1,
                   sizeof *exporting->notes) != STATUS_OK) {
        return false;
    }
    exporting->notes[exporting->note_count++] = note->note;
    return true;
}

static void section_in_manifest(struct exporting *exporting, const struct view_section *section)
{
    cJSON *object = cJSON_CreateObject();
    print_add_id(object, "section", ID_SPAN(&section->section));
    print_add_id(object, "chart", ID_SPAN(&section->chart));
    print_add_id(object, "client", ID_SPAN(&section->client));
    print_add_text(object, "class", policy_class_name(section->class));
    print_add_number(object, "verified_to_number", section->number);
    print_add_number(object, "notes", exporting->note_count);
    (void)cJSON_AddItemToArray(exporting->sections, object);
}

/* Before the first file: an export without its line cannot be told from none. Saved here, sealed, if
 * the server is away. Of a section that one has left the server takes no word. */
static int say_exported(struct exporting *exporting, const struct view_section *section)
{
    enum status status = section->ended ? STATUS_NOT_FOUND
                                        : write_exported(exporting->engine, &section->section,
                                                         clock_now_ms(), &exporting->ticket);
    return status == STATUS_OK || status == STATUS_NOT_FOUND
               ? CLI_OK
               : cli_fail(exporting->write.cli, SAY_EXPORT, status);
}

static int export_section(struct exporting *exporting, const struct view_section *section)
{
    exporting->note_count = 0;
    enum status status = view_notes(exporting->engine, &section->section, collect_note, exporting);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return cli_fail(exporting->write.cli, SAY_SECTION_READ, status);
    }
    int code = CLI_OK;
    for (size_t i = 0; code == CLI_OK && i < exporting->note_count; i++) {
        code = export_write_note(&exporting->write, section, &exporting->notes[i]);
    }
    section_in_manifest(exporting, section);
    return code;
}

static int write_manifest(struct exporting *exporting)
{
    struct cli *cli = exporting->write.cli;
    cJSON *object = cJSON_CreateObject();
    struct engine_state state;
    engine_state(exporting->engine, &state);
    print_add_text(object, "format", "alcove-export-1");
    print_add_text(object, "warning", "These files are not encrypted.");
    print_add_number(object, "made_ms", clock_now_ms());
    print_add_id(object, "practice",
                 ID_SPAN(&keystore_content(host_keystore(cli->host))->practice));
    print_add_id(object, "exported_by", ID_SPAN(&state.member));
    print_add_number(object, "events_size", state.events_size);
    print_add_number(object, "statements_size", state.statements_size);
    print_add_number(object, "process_sections_left_out", exporting->left_out);
    (void)cJSON_AddItemToObject(object, "sections", exporting->sections);
    (void)cJSON_AddItemToObject(object, "files", exporting->write.files);
    exporting->sections = NULL;
    exporting->write.files = NULL;
    char *text = cJSON_Print(object);
    char path[FILES_PATH_BYTES_MAX];
    enum status status = text == NULL ? STATUS_NO_MEMORY
                                      : files_join(exporting->write.folder, "manifest.json", path);
    if (status == STATUS_OK) {
        status = files_write_new(path, span_of(text, strlen(text)));
    }
    cJSON_free(text);
    cJSON_Delete(object);
    return status == STATUS_OK ? CLI_OK : cli_fail_at(cli, SAY_EXPORT, "manifest.json", status);
}

static void tell(const struct exporting *exporting)
{
    struct cli *cli = exporting->write.cli;
    (void)print_answer(
        cli,
        (const struct print_field[]){
            {"folder", PRINT_TEXT, .span = print_span(exporting->write.folder)},
            {"notes", PRINT_NUMBER, .number = exporting->write.notes},
            {"sections", PRINT_NUMBER, .number = exporting->section_count},
            {"process_sections_left_out", PRINT_NUMBER, .number = exporting->left_out}},
        4, "%zu notes of %zu sections are in %s, with manifest.json.%s", exporting->write.notes,
        exporting->section_count, exporting->write.folder,
        exporting->left_out > 0 ? "\nProcess notes are left out; --include-process takes them in."
                                : "");
    cli_warn(cli,
             "WARNING: the files are plain text. The access log says that you exported them, and "
             "nothing of who reads them after you. Keep them encrypted, and remove them soon.");
}

static int export_sections(struct exporting *exporting, const struct sections *sections)
{
    struct cli *cli = exporting->write.cli;
    if (mkdir(exporting->write.folder, 0700) != 0) {
        return cli_fail_at(cli, SAY_EXPORT_FOLDER, exporting->write.folder,
                           errno == EEXIST ? STATUS_ALREADY : STATUS_IO);
    }
    exporting->sections = cJSON_CreateArray();
    exporting->write.files = cJSON_CreateArray();
    int code = CLI_OK;
    for (size_t i = 0; code == CLI_OK && i < sections->count; i++) {
        if (is_wanted(exporting, &sections->items[i])) {
            code = say_exported(exporting, &sections->items[i]);
        }
    }
    slow_begin(cli);
    for (size_t i = 0; code == CLI_OK && i < sections->count; i++) {
        if (is_wanted(exporting, &sections->items[i])) {
            code = export_section(exporting, &sections->items[i]);
        }
    }
    slow_end(cli);
    if (code == CLI_OK) {
        code = write_manifest(exporting);
    }
    if (code == CLI_OK) {
        tell(exporting);
        bool sent = false;
        code = exporting->ticket == 0 ? CLI_OK : cli_deliver(cli, exporting->ticket, &sent);
    } else {
        cli_warn(cli, "%s is incomplete; remove it", exporting->write.folder);
    }
    cJSON_Delete(exporting->sections);
    cJSON_Delete(exporting->write.files);
    free(exporting->notes);
    return code;
}

struct export_values {
    const char *folder;
    const char *chart;
    bool all;
    bool process;
};

static const char *check_export(const void *given)
{
    const struct export_values *values = given;
    return values->all == (values->chart != NULL) ? "give --chart CHART, or --all" : NULL;
}

static int run_export(struct cli *cli, const void *given)
{
    const struct export_values *values = given;
    struct exporting exporting = {.write = {.cli = cli, .folder = values->folder},
                                  .engine = host_engine(cli->host),
                                  .process = values->process};
    struct chart_id chart;
    struct member_id client;
    int code = values->all ? CLI_OK : ids_chart(cli, values->chart, &chart, &client);
    exporting.chart = values->all ? NULL : &chart;
    struct sections sections;
    if (code == CLI_OK) {
        code = sections_get(cli, &sections);
    }
    if (code != CLI_OK) {
        return code;
    }
    for (size_t i = 0; i < sections.count; i++) {
        bool wanted = is_wanted(&exporting, &sections.items[i]);
        exporting.section_count += wanted ? 1 : 0;
        exporting.left_out += !wanted && is_of_chart(&exporting, &sections.items[i]) ? 1 : 0;
    }
    code = exporting.section_count > 0
               ? export_sections(&exporting, &sections)
               : cli_error(cli, CLI_NOT_FOUND, "there is nothing here to export");
    sections_free(&sections);
    return code;
}

static const struct option OPTIONS[] = {
    {"DIR", OPTION_FILE, offsetof(struct export_values, folder), NULL,
     "the folder, which must not exist yet", &option_required},
    {"--chart", OPTION_TEXT, offsetof(struct export_values, chart), "CHART", "the notes of a chart",
     NULL},
    {"--all", OPTION_FLAG, offsetof(struct export_values, all), NULL, "all notes that are here",
     NULL},
    {"--include-process", OPTION_FLAG, offsetof(struct export_values, process), NULL,
     "process notes too", NULL},
};
static const struct option_table EXPORT = {OPTIONS, ARRAY_LEN(OPTIONS),
                                           sizeof(struct export_values)};

static const struct command COMMANDS[] = {
    {"export", "write notes into files, in the clear", COMMAND_NEEDS_LOOK, COMMAND_READS, &EXPORT,
     check_export, NULL, NULL, run_export},
};
const struct command_list cmd_export = {COMMANDS, ARRAY_LEN(COMMANDS)};
