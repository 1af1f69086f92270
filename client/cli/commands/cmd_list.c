#include "client/cli/command.h"
#include "client/cli/files.h"
#include "client/cli/ids.h"
#include "client/cli/note_list.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/cli/sections.h"
#include "client/engine/api/query.h"
#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/wipe.h"
#include "proto/message.h"
#include "proto/policy.h"
#include "proto/words.h"

#define SEARCH_BYTES_MAX 1024u

/* As many as a person looks through. */
#define LIST_LIMIT_DEFAULT 100u
#define LIST_LIMIT_MAX     10000000u
#define LIST_LIMIT_NONE    (LIST_LIMIT_MAX + 1u) /* not given */

/* ---- list */

/* Leaves only the sections that were asked for. */
static void choose(struct sections *sections, const struct section_id *only,
                   const struct chart_id *chart)
{
    size_t count = 0;
    for (size_t i = 0; i < sections->count; i++) {
        const struct view_section *section = &sections->items[i];
        if ((only == NULL || ID_EQUAL(only, &section->section)) &&
            (chart == NULL || ID_EQUAL(chart, &section->chart))) {
            sections->items[count++] = *section;
        }
    }
    sections->count = count;
}

/* How many of each section's last notes are shown: out_last[i]. */
static enum status limit_to(struct engine *engine, const struct sections *sections, size_t limit,
                            size_t *out_last)
{
    struct section_id *ids = calloc(sections->count + 1, sizeof *ids);
    if (ids == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < sections->count; i++) {
        ids[i] = sections->items[i].section;
        out_last[i] = SIZE_MAX;
    }
    enum status status =
        limit == 0 ? STATUS_OK : view_newest(engine, ids, sections->count, limit, out_last);
    free(ids);
    return status;
}

static enum status list_chosen(struct note_list *list, const struct sections *sections,
                               size_t limit)
{
    struct engine *engine = host_engine(list->cli->host);
    size_t *last = calloc(sections->count + 1, sizeof *last);
    enum status status = last == NULL ? STATUS_NO_MEMORY : limit_to(engine, sections, limit, last);
    for (size_t i = 0; i < sections->count && status == STATUS_OK; i++) {
        status = note_list_section(list, &sections->items[i], last[i]);
        status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    free(last);
    return status;
}

/* That there is more must be said: a list that ends looks like all. */
static void tell_rest(struct note_list *list, const struct sections *sections)
{
    size_t notes = 0;
    for (size_t i = 0; i < sections->count; i++) {
        notes += sections->items[i].notes;
    }
    if (list->count == 0) {
        cli_warn(list->cli, "there are no notes here");
    } else if (notes > list->count) {
        cli_warn(list->cli,
                 "these are the newest %zu of %zu notes that are here; `alcove list --limit 0` "
                 "shows all",
                 list->count, notes);
    }
}

static int list_all(struct cli *cli, const struct section_id *only, const struct chart_id *chart,
                    size_t limit)
{
    struct note_list list = {.cli = cli};
    struct sections sections;
    int code = sections_get(cli, &sections);
    if (code != CLI_OK) {
        return code;
    }
    choose(&sections, only, chart);
    struct engine_state state;
    engine_state(host_engine(cli->host), &state);
    list.headed = state.role != ROLE_CLIENT && only == NULL && chart == NULL;
    list.array = cli->json ? cJSON_CreateArray() : NULL;
    enum status status = list_chosen(&list, &sections, limit);
    if (status != STATUS_OK) {
        cJSON_Delete(list.array);
        code = cli_fail(cli, SAY_SECTION_READ, status);
    } else if (cli->json) {
        print_json(cli, list.array);
    } else {
        tell_rest(&list, &sections);
    }
    sections_free(&sections);
    return code;
}

/* A whole section id that is not known here: asked for all the same, and refused by the
 * server with a line in the log. */
static bool try_section(struct cli *cli, const char *word, int *out_code)
{
    struct section_id section;
    enum status status = hex_decode(span_of(word, strlen(word)), section.bytes, ID_BYTES);
    uint64_t ticket = 0;
    if (status == STATUS_OK) {
        status = query_try(host_engine(cli->host), &section, &ticket);
    }
    if (status != STATUS_OK) {
        return false;
    }
    status = host_finish(cli->host, ticket, CLI_TIMEOUT_MS);
    struct engine_ticket info;
    engine_ticket(host_engine(cli->host), ticket, &info);
    *out_code = cli_fail(cli, SAY_SECTION_READ, status == STATUS_OK ? info.status : status);
    return true;
}

struct list_values {
    const char *chart;
    const char *section;
    uint64_t limit;
};

static int run_list(struct cli *cli, const void *given)
{
    const struct list_values *values = given;
    int code = CLI_OK;
    if (values->section != NULL && try_section(cli, values->section, &code)) {
        return code;
    }
    struct view_section section;
    if (values->section != NULL) {
        code = ids_section(cli, values->section, 0, &section);
    }
    struct chart_id chart;
    struct member_id client;
    if (code == CLI_OK && values->chart != NULL) {
        code = ids_chart(cli, values->chart, &chart, &client);
    }
    size_t limit = values->limit != LIST_LIMIT_NONE ? (size_t)values->limit
                   : cli->json                      ? 0 /* a program is told all */
                                                    : LIST_LIMIT_DEFAULT;
    return code == CLI_OK ? list_all(cli, values->section == NULL ? NULL : &section.section,
                                     values->chart == NULL ? NULL : &chart, limit)
                          : code;
}

static const struct option_rule LIST_LIMIT = {.most = LIST_LIMIT_MAX, .otherwise = LIST_LIMIT_NONE};
static const struct option LIST_OPTIONS[] = {
    {"CHART", OPTION_TEXT, offsetof(struct list_values, chart), NULL, "only of this chart", NULL},
    {"--section", OPTION_TEXT, offsetof(struct list_values, section), "SECTION",
     "only of this section", NULL},
    {"--limit", OPTION_NUMBER, offsetof(struct list_values, limit), "N",
     "at most so many, the newest; 0 is all", &LIST_LIMIT},
};
static const struct option_table LIST = {LIST_OPTIONS, ARRAY_LEN(LIST_OPTIONS),
                                         sizeof(struct list_values)};

/* ---- search */

static bool found_revision(void *visitor, const struct view_revision *revision)
{
    struct note_list *list = visitor;
    if (revision->body->kind == NOTE_NAME) {
        return true; /* shown where the people are */
    }
    struct cli *cli = list->cli;
    struct view_section section;
    bool named = list->headed &&
                 view_section(host_engine(cli->host), &revision->section, &section) == STATUS_OK;
    list->count++;
    char name[VIEW_NAME_BYTES_MAX] = "";
    if (named) {
        view_name(host_engine(cli->host), &section.client, name);
    }
    print_row(cli, list->array,
              (const struct print_field[]){
                  {"note", PRINT_ID, .span = ID_SPAN(&revision->note), .before = ""},
                  {"section", PRINT_ID, .span = ID_SPAN(&revision->section)},
                  {"class", PRINT_TEXT, .span = print_span(policy_class_name(revision->class)),
                   .before = " ", .columns = -8},
                  {"title", PRINT_TEXT, .span = field_span(revision->body->title)},
                  {NULL, PRINT_TEXT, .span = print_span(name), .before = named ? " " : NULL,
                   .columns = 16},
                  {NULL, PRINT_TEXT, .span = note_list_headline(revision->body),
                   .before = named ? "  " : " ", .columns = 40}},
              6);
    return true;
}

struct search_values {
    const char *text;
};

static int run_search(struct cli *cli, const void *given)
{
    const struct search_values *values = given;
    struct note_list list = {.cli = cli};
    struct engine_state state;
    engine_state(host_engine(cli->host), &state);
    list.headed = state.role != ROLE_CLIENT;
    uint8_t *text = NULL;
    size_t size = 0;
    enum status status = STATUS_OK;
    if (strcmp(values->text, "-") == 0) {
        status = files_read("-", cli->in, SEARCH_BYTES_MAX, &text, &size);
        while (size > 0 && text[size - 1] == '\n') {
            size--;
        }
    }
    if (status == STATUS_OK) {
        list.array = cli->json ? cJSON_CreateArray() : NULL;
        status = view_search(host_engine(cli->host),
                             text == NULL ? print_span(values->text) : span_of(text, size),
                             found_revision, &list);
    }
    if (text != NULL) {
        wipe(text, size);
    }
    free(text);
    if (status != STATUS_OK) {
        cJSON_Delete(list.array);
        return cli_fail(cli, SAY_SEARCH, status);
    }
    if (cli->json) {
        print_json(cli, list.array);
    } else if (list.count == 0) {
        cli_warn(cli, "nothing here holds that text");
    }
    return CLI_OK;
}

static const struct option SEARCH_OPTIONS[] = {
    {"TEXT|-", OPTION_INPUT, offsetof(struct search_values, text), NULL,
     "what to look for; - is standard input", &option_required},
};
static const struct option_table SEARCH = {SEARCH_OPTIONS, ARRAY_LEN(SEARCH_OPTIONS),
                                           sizeof(struct search_values)};

static const struct command COMMANDS[] = {
    {"list", "list the notes that are here", COMMAND_NEEDS_LOOK, COMMAND_ANYWHERE, &LIST, NULL,
     NULL, NULL, run_list},
    {"search", "find text in what is here", COMMAND_NEEDS_PROFILE, COMMAND_ANYWHERE, &SEARCH, NULL,
     NULL, NULL, run_search},
};
const struct command_list cmd_list = {COMMANDS, ARRAY_LEN(COMMANDS)};
