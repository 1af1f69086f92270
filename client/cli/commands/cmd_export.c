#include "client/cli/cli.h"

#include "client/agent/clock.h"
#include "client/cli/args.h"
#include "client/cli/export_write.h"
#include "client/cli/files.h"
#include "client/cli/ids.h"
#include "client/cli/print.h"
#include "proto/policy.h"
#include "proto/words.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#define SECTIONS_MAX 4096u

struct exporting {
    struct export_write write;
    struct engine *engine;
    const struct chart_id *chart; /* NULL: all */
    bool process;
    cJSON *sections;
    size_t left_out; /* sections of class process */
    size_t section_count;
    struct view_section list[SECTIONS_MAX];
    size_t note_count;
    size_t note_room;
    struct note_id *notes; /* of one section */
};

static bool collect_section(void *visitor, const struct view_section *section)
{
    struct exporting *exporting = visitor;

    if (exporting->chart != NULL && !ID_EQUAL(exporting->chart, &section->chart)) {
        return true;
    }
    if (section->class == CLASS_PROCESS && !exporting->process) {
        exporting->left_out++;
        return true;
    }
    if (exporting->section_count < SECTIONS_MAX) {
        exporting->list[exporting->section_count++] = *section;
    }
    return true;
}

static bool collect_note(void *visitor, const struct view_note *note)
{
    struct exporting *exporting = visitor;

    if (exporting->note_count == exporting->note_room) {
        size_t room = exporting->note_room == 0 ? 64 : exporting->note_room * 2;
        struct note_id *notes = realloc(exporting->notes, room * sizeof(*notes));

        if (notes == NULL) {
            return false;
        }
        exporting->notes = notes;
        exporting->note_room = room;
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

static int export_section(struct exporting *exporting, const struct view_section *section)
{
    enum status status;
    int code = CLI_OK;

    exporting->note_count = 0;
    status = view_notes(exporting->engine, &section->section, collect_note, exporting);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
        return cli_fail(exporting->write.cli, "a section could not be read", status);
    }
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
    char path[FILES_PATH_BYTES_MAX];
    char *text;
    enum status status;

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
    text = cJSON_Print(object);
    status = text == NULL ? STATUS_NO_MEMORY
                          : files_join(exporting->write.folder, "manifest.json", path);
    if (status == STATUS_OK) {
        status = files_write_new(path, span_of(text, strlen(text)));
    }
    cJSON_free(text);
    cJSON_Delete(object);
    return status == STATUS_OK ? CLI_OK : cli_fail(cli, "the manifest was not written", status);
}

static void tell(const struct exporting *exporting)
{
    struct cli *cli = exporting->write.cli;

    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_text(object, "folder", exporting->write.folder);
        print_add_number(object, "notes", exporting->write.notes);
        print_add_number(object, "sections", exporting->section_count);
        print_add_number(object, "process_sections_left_out", exporting->left_out);
        print_json(cli, object);
    } else {
        (void)fprintf(cli->out, "%zu notes of %zu sections are in %s, with manifest.json.\n",
                      exporting->write.notes, exporting->section_count, exporting->write.folder);
        if (exporting->left_out > 0) {
            (void)fprintf(cli->out,
                          "Process notes are left out; --include-process takes them in.\n");
        }
    }
    (void)fprintf(cli->err, "alcove: WARNING: the files are plain text. Whoever gets hold of them "
                            "can read\n  them; no access log will say so. Keep them encrypted, "
                            "and remove them soon.\n");
}

static int export_all(struct exporting *exporting)
{
    struct cli *cli = exporting->write.cli;
    int code = CLI_OK;

    exporting->engine = host_engine(cli->host);
    view_sections(exporting->engine, collect_section, exporting);
    if (exporting->section_count == 0) {
        return cli_fail(cli, "there is nothing to export", STATUS_NOT_FOUND);
    }
    if (mkdir(exporting->write.folder, 0700) != 0) {
        return cli_fail(cli, "the folder was not made, and nothing was written",
                        errno == EEXIST ? STATUS_ALREADY : STATUS_IO);
    }
    exporting->sections = cJSON_CreateArray();
    exporting->write.files = cJSON_CreateArray();
    for (size_t i = 0; code == CLI_OK && i < exporting->section_count; i++) {
        code = export_section(exporting, &exporting->list[i]);
    }
    if (code == CLI_OK) {
        code = write_manifest(exporting);
    }
    if (code == CLI_OK) {
        tell(exporting);
    } else {
        (void)fprintf(cli->err, "alcove: %s is incomplete; remove it\n", exporting->write.folder);
    }
    cJSON_Delete(exporting->sections);
    cJSON_Delete(exporting->write.files);
    free(exporting->notes);
    return code;
}

int cmd_export(struct cli *cli, int argc, char **argv)
{
    const char *chart_word = NULL;
    bool all = false;
    bool process = false;
    const struct args_option options[] = {
        {.name = "--chart", .value = &chart_word},
        {.name = "--all", .flag = &all},
        {.name = "--include-process", .flag = &process},
    };
    struct exporting *exporting;
    struct chart_id chart;
    struct member_id client;
    const char *words[1];
    const char *wrong = NULL;
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), words, 1, &count, &wrong) ||
        count != 1 || all == (chart_word != NULL)) {
        return cli_usage(cli, "export", wrong);
    }
    code = cli_open(cli);
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    if (code == CLI_OK && chart_word != NULL) {
        code = ids_chart(cli, chart_word, &chart, &client);
    }
    if (code != CLI_OK) {
        return code;
    }
    exporting = calloc(1, sizeof(*exporting));
    CHECK(exporting != NULL);
    exporting->write.cli = cli;
    exporting->write.folder = words[0];
    exporting->chart = all ? NULL : &chart;
    exporting->process = process;
    code = export_all(exporting);
    free(exporting);
    return code;
}
