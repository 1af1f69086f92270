#include "client/agent/clock.h"
#include "client/cli/command.h"
#include "client/cli/files.h"
#include "client/cli/gaps.h"
#include "client/cli/ids.h"
#include "client/cli/note_rows.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/cli/sections.h"
#include "client/cli/slow.h"
#include "client/engine/api/query.h"
#include "client/text/fold.h"
#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/wipe.h"
#include "proto/policy.h"
#include "proto/words.h"

#include <stdlib.h>
#include <time.h>

#define SEARCH_BYTES_MAX 1024u

/* As many as a person looks through. */
#define LIMIT_DEFAULT 100u
#define LIMIT_MAX     10000000u
#define LIMIT_NONE    (LIMIT_MAX + 1u) /* not given */

static uint64_t limit_of(const struct cli *cli, uint64_t given)
{
    return given != LIMIT_NONE ? given : cli->json ? 0 /* a program is told all */ : LIMIT_DEFAULT;
}

static bool is_headed(const struct cli *cli)
{
    struct engine_state state;
    engine_state(host_engine(cli->host), &state);
    return state.role != ROLE_CLIENT;
}

/* What was collected is printed, or |none| said when that is nothing. An exit code. */
static int finish(struct note_list *list, enum status status, enum situation situation,
                  const char *none)
{
    struct cli *cli = list->cli;
    if (status == STATUS_OK) {
        status = note_rows_print(list);
    }
    if (status == STATUS_OK && list->count == 0 && !cli->json) {
        cli_warn(cli, "%s", none);
    }
    note_list_free(list);
    if (status != STATUS_OK) {
        return cli_fail(cli, situation, status);
    }
    /* What is missing from these rows is not there for a reason. */
    (void)gaps_tell(cli);
    return CLI_OK;
}

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

static size_t notes_in(const struct sections *sections)
{
    size_t notes = 0;
    for (size_t i = 0; i < sections->count; i++) {
        notes += sections->items[i].notes;
    }
    return notes;
}

static int list_all(struct note_list *list, const struct section_id *only,
                    const struct chart_id *chart)
{
    struct sections sections;
    int code = sections_get(list->cli, &sections);
    if (code != CLI_OK) {
        return code;
    }
    choose(&sections, only, chart);
    bool any = list->class == 0 && !list->drafts && !list->only_new && list->since_ms == 0;
    list->known = any ? notes_in(&sections) : 0;
    slow_begin(list->cli);
    /* Which of them fit is known when they are read. */
    enum status status = list_chosen(list, &sections, any ? (size_t)list->limit : 0);
    slow_end(list->cli);
    sections_free(&sections);
    return finish(list, status, SAY_SECTION_READ,
                  any              ? "there are no notes here"
                  : list->only_new ? "nothing here is new to you"
                                   : "there are no such notes here");
}

/* Local time at which Monday began. */
static uint64_t week_begin_ms(void)
{
    time_t now = (time_t)(clock_now_ms() / 1000u);
    struct tm local;
    CHECK(localtime_r(&now, &local) != NULL);
    local.tm_mday -= (local.tm_wday + 6) % 7;
    local.tm_hour = local.tm_min = local.tm_sec = 0;
    local.tm_isdst = -1;
    return (uint64_t)mktime(&local) * 1000u;
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
    uint32_t class;
    bool drafts;
    bool only_new;
    bool week;
    uint64_t since_ms;
    uint64_t limit;
};

static const char *check_list(const void *given)
{
    const struct list_values *values = given;
    return values->week && values->since_ms > 0 ? "--week and --since do not go together" : NULL;
}

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
    if (code != CLI_OK) {
        return code;
    }
    struct note_list list = {.cli = cli,
                             .headed =
                                 is_headed(cli) && values->section == NULL && values->chart == NULL,
                             .class = values->class,
                             .drafts = values->drafts,
                             .only_new = values->only_new,
                             .since_ms = values->week ? week_begin_ms() : values->since_ms,
                             .limit = limit_of(cli, values->limit)};
    return list_all(&list, values->section == NULL ? NULL : &section.section,
                    values->chart == NULL ? NULL : &chart);
}

static const struct option_rule LIMITS = {.most = LIMIT_MAX, .otherwise = LIMIT_NONE};

static const struct option LIST_OPTIONS[] = {
    {"CHART", OPTION_TEXT, offsetof(struct list_values, chart), NULL, "only of this chart", NULL},
    {"--section", OPTION_TEXT, offsetof(struct list_values, section), "SECTION",
     "only of this section", NULL},
    {"--class", OPTION_CLASS, offsetof(struct list_values, class), "CLASS", "only of this class",
     NULL},
    {"--drafts", OPTION_FLAG, offsetof(struct list_values, drafts), NULL, "only drafts", NULL},
    {"--new", OPTION_FLAG, offsetof(struct list_values, only_new), NULL,
     "only what this device has not shown you yet", NULL},
    {"--since", OPTION_TIME, offsetof(struct list_values, since_ms), "TIME",
     "only what was written since", NULL},
    {"--week", OPTION_FLAG, offsetof(struct list_values, week), NULL,
     "only what was written since Monday", NULL},
    {"--limit", OPTION_NUMBER, offsetof(struct list_values, limit), "N",
     "at most so many, the newest; 0 is all", &LIMITS},
};
static const struct option_table LIST = {LIST_OPTIONS, ARRAY_LEN(LIST_OPTIONS),
                                         sizeof(struct list_values)};

/* ---- search */

struct finding {
    struct note_list *list;
    enum status status;
};

static bool found_revision(void *visitor, const struct view_revision *revision)
{
    struct finding *finding = visitor;
    finding->status = note_list_add(finding->list, revision);
    return finding->status == STATUS_OK;
}

struct search_values {
    const char *text;
    uint64_t limit;
};

static int search(struct note_list *list, struct span text)
{
    uint8_t *folded = NULL;
    size_t size = 0;
    struct finding finding = {list, text_fold(text, &folded, &size)};
    list->found = span_of(folded, size);
    enum status status = finding.status;
    if (status == STATUS_OK) {
        slow_begin(list->cli);
        status = view_search(host_engine(list->cli->host), text, found_revision, &finding);
        slow_end(list->cli);
    }
    status = status == STATUS_OK ? finding.status : status;
    int code = finish(list, status, SAY_SEARCH, "nothing here holds that text");
    if (folded != NULL) {
        wipe(folded, size);
    }
    free(folded);
    return code;
}

static int run_search(struct cli *cli, const void *given)
{
    const struct search_values *values = given;
    struct note_list list = {
        .cli = cli, .headed = is_headed(cli), .limit = limit_of(cli, values->limit)};
    if (strcmp(values->text, "-") != 0) {
        return search(&list, print_span(values->text));
    }
    uint8_t *text = NULL;
    size_t size = 0;
    enum status status = files_read("-", cli->in, SEARCH_BYTES_MAX, &text, &size);
    while (size > 0 && text[size - 1] == '\n') {
        size--;
    }
    int code = status == STATUS_OK ? search(&list, span_of(text, size))
                                   : cli_fail(cli, SAY_SEARCH, status);
    if (text != NULL) {
        wipe(text, size);
    }
    free(text);
    return code;
}

static const struct option SEARCH_OPTIONS[] = {
    {"TEXT|-", OPTION_INPUT, offsetof(struct search_values, text), NULL,
     "what to look for; - is standard input", &option_required},
    {"--limit", OPTION_NUMBER, offsetof(struct search_values, limit), "N",
     "at most so many, the newest; 0 is all", &LIMITS},
};
static const struct option_table SEARCH = {SEARCH_OPTIONS, ARRAY_LEN(SEARCH_OPTIONS),
                                           sizeof(struct search_values)};

static const struct command COMMANDS[] = {
    {"list", "list the notes that are here, the newest first", COMMAND_NEEDS_LOOK, COMMAND_READS,
     &LIST, check_list, NULL, NULL, run_list},
    {"search", "find text in what is here", COMMAND_NEEDS_PROFILE, COMMAND_READS, &SEARCH, NULL,
     NULL, NULL, run_search},
};
const struct command_list cmd_list = {COMMANDS, ARRAY_LEN(COMMANDS)};
