#include "client/cli/cli.h"

#include "client/agent/clock.h"
#include "client/cli/args.h"
#include "client/cli/files.h"
#include "client/cli/ids.h"
#include "client/cli/note_list.h"
#include "client/cli/print.h"
#include "client/cli/sections.h"
#include "client/engine/api/query.h"
#include "client/engine/api/write.h"
#include "keys/public/bytes/hex.h"
#include "proto/message.h"
#include "proto/policy.h"
#include "proto/words.h"

#define SEARCH_BYTES_MAX 1024u

/* ---- list */

static int list_all(struct cli *cli, const struct section_id *only, const struct chart_id *chart)
{
    struct note_list list = {.cli = cli};
    struct engine_state state;
    struct sections sections;
    enum status status = STATUS_OK;
    int code = sections_get(cli, &sections);

    if (code != CLI_OK) {
        return code;
    }
    engine_state(host_engine(cli->host), &state);
    list.headed = state.role != ROLE_CLIENT && only == NULL && chart == NULL;
    list.array = cli->json ? cJSON_CreateArray() : NULL;
    for (size_t i = 0; i < sections.count && status == STATUS_OK; i++) {
        const struct view_section *section = &sections.items[i];

        if ((only == NULL || ID_EQUAL(only, &section->section)) &&
            (chart == NULL || ID_EQUAL(chart, &section->chart))) {
            status = note_list_section(&list, section);
            status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
        }
    }
    sections_free(&sections);
    if (status != STATUS_OK) {
        cJSON_Delete(list.array);
        return cli_fail(cli, "a section could not be read", status);
    }
    if (cli->json) {
        print_json(cli, list.array);
    } else if (list.count == 0) {
        (void)fprintf(cli->err, "alcove: there are no notes here\n");
    }
    return CLI_OK;
}

/* A whole section id that is not known here: asked for all the same, and refused by the
 * server with a line in the log. */
static bool try_section(struct cli *cli, const char *word, int *out_code)
{
    struct section_id section;
    struct engine_ticket info;
    uint64_t ticket = 0;
    enum status status = hex_decode(span_of(word, strlen(word)), section.bytes, ID_BYTES);

    if (status == STATUS_OK) {
        status = query_try(host_engine(cli->host), &section, &ticket);
    }
    if (status != STATUS_OK) {
        return false;
    }
    status = host_finish(cli->host, ticket, CLI_TIMEOUT_MS);
    engine_ticket(host_engine(cli->host), ticket, &info);
    *out_code =
        cli_fail(cli, "the section was not read", status == STATUS_OK ? info.status : status);
    return true;
}

int cmd_list(struct cli *cli, int argc, char **argv)
{
    const char *section_word = NULL;
    const struct args_option options[] = {{.name = "--section", .value = &section_word}};
    struct view_section section;
    struct chart_id chart;
    struct member_id client;
    const char *words[1];
    const char *wrong = NULL;
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), words, 1, &count, &wrong)) {
        return cli_usage(cli, "list", wrong);
    }
    code = cli_open(cli);
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    if (code == CLI_OK && section_word != NULL && try_section(cli, section_word, &code)) {
        return code;
    }
    if (code == CLI_OK && section_word != NULL) {
        code = ids_section(cli, section_word, 0, &section);
    }
    if (code == CLI_OK && count == 1) {
        code = ids_chart(cli, words[0], &chart, &client);
    }
    return code == CLI_OK ? list_all(cli, section_word == NULL ? NULL : &section.section,
                                     count == 1 ? &chart : NULL)
                          : code;
}

/* ---- search */

static bool found_revision(void *visitor, const struct view_revision *revision)
{
    struct note_list *list = visitor;
    struct cli *cli = list->cli;
    struct view_section section;
    char name[VIEW_NAME_BYTES_MAX];

    list->count++;

    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_id(object, "note", ID_SPAN(&revision->note));
        print_add_id(object, "section", ID_SPAN(&revision->section));
        print_add_text(object, "class", policy_class_name(revision->class));
        print_add_span(object, "title", field_span(revision->body->title));
        (void)cJSON_AddItemToArray(list->array, object);
        return true;
    }
    print_short(cli, ID_SPAN(&revision->note));
    (void)fprintf(cli->out, " %-8s ", policy_class_name(revision->class));
    if (list->headed &&
        view_section(host_engine(cli->host), &revision->section, &section) == STATUS_OK) {
        view_name(host_engine(cli->host), &section.client, name);
        print_text(cli, span_of(name, strlen(name)), 16);
        (void)fputs("  ", cli->out);
    }
    print_text(cli, note_list_headline(revision->body), 40);
    (void)fputc('\n', cli->out);
    return true;
}

int cmd_search(struct cli *cli, int argc, char **argv)
{
    struct note_list list = {.cli = cli};
    struct engine_state state;
    uint8_t *text = NULL;
    const char *words[1];
    const char *wrong = NULL;
    size_t size = 0;
    size_t count = 0;
    enum status status = STATUS_OK;
    int code;

    if (!args_parse(argc, argv, NULL, 0, words, 1, &count, &wrong) || count != 1) {
        return cli_usage(cli, "search", wrong);
    }
    code = cli_open(cli);
    if (code != CLI_OK) {
        return code;
    }
    engine_state(host_engine(cli->host), &state);
    list.headed = state.role != ROLE_CLIENT;
    if (strcmp(words[0], "-") == 0) {
        status = files_read("-", cli->in, SEARCH_BYTES_MAX, &text, &size);
        while (size > 0 && text[size - 1] == '\n') {
            size--;
        }
    }
    if (status == STATUS_OK) {
        list.array = cli->json ? cJSON_CreateArray() : NULL;
        status =
            view_search(host_engine(cli->host),
                        text == NULL ? span_of(words[0], strlen(words[0])) : span_of(text, size),
                        found_revision, &list);
    }
    free(text);
    if (status != STATUS_OK) {
        cJSON_Delete(list.array);
        return cli_fail(cli, "nothing was searched", status);
    }
    if (cli->json) {
        print_json(cli, list.array);
    } else if (list.count == 0) {
        (void)fprintf(cli->err, "alcove: nothing here holds that text\n");
    }
    return CLI_OK;
}
