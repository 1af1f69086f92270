#include "client/cli/cli.h"

#include "client/agent/clock.h"
#include "client/cli/args.h"
#include "client/cli/ids.h"
#include "client/cli/print.h"
#include "client/engine/act.h"
#include "proto/policy.h"
#include "proto/words.h"

/* Sections come one by one; those of one chart are shown together. */
struct chart_list {
    struct cli *cli;
    cJSON *array;
    struct chart_id chart;
    cJSON *sections;
};

static void begin_chart(struct chart_list *list, const struct view_section *section)
{
    struct cli *cli = list->cli;
    char name[VIEW_NAME_BYTES_MAX];

    list->chart = section->chart;
    view_name(host_engine(cli->host), &section->client, name);
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_id(object, "chart", ID_SPAN(&section->chart));
        print_add_id(object, "client", ID_SPAN(&section->client));
        print_add_text(object, "name", name);
        list->sections = cJSON_AddArrayToObject(object, "sections");
        (void)cJSON_AddItemToArray(list->array, object);
        return;
    }
    (void)fputs("chart ", cli->out);
    print_short(cli, ID_SPAN(&section->chart));
    (void)fputs("  ", cli->out);
    print_text(cli, span_of(name, strlen(name)), 40);
    (void)fputc('\n', cli->out);
}

static void tell_section(struct chart_list *list, const struct view_section *section)
{
    struct cli *cli = list->cli;

    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_id(object, "section", ID_SPAN(&section->section));
        print_add_text(object, "class", policy_class_name(section->class));
        print_add_number(object, "number", section->number);
        print_add_number(object, "rights", section->rights);
        print_add_number(object, "notes", section->notes);
        print_add_number(object, "epoch", section->epoch);
        (void)cJSON_AddBoolToObject(object, "ended", section->ended);
        (void)cJSON_AddItemToArray(list->sections, object);
        return;
    }
    (void)fputs("  ", cli->out);
    print_short(cli, ID_SPAN(&section->section));
    (void)fprintf(cli->out, "  %-9s %4zu notes  %s%s%s%s\n", policy_class_name(section->class),
                  section->notes, (section->rights & RIGHT_READ) != 0 ? "read" : "",
                  (section->rights & RIGHT_WRITE) != 0 ? " write" : "",
                  (section->rights & RIGHT_OWN) != 0 ? " own" : "",
                  section->ended ? "no longer shared with you" : "");
}

/* The engine visits in its own order: one pass per chart that was not shown yet. */
struct chart_pass {
    struct chart_list list;
    struct chart_id done[1024];
    size_t done_count;
    bool begun;
};

static bool is_done(const struct chart_pass *pass, const struct chart_id *chart)
{
    for (size_t i = 0; i < pass->done_count; i++) {
        if (ID_EQUAL(&pass->done[i], chart)) {
            return true;
        }
    }
    return false;
}

static bool visit(void *visitor, const struct view_section *section)
{
    struct chart_pass *pass = visitor;

    if (!pass->begun && is_done(pass, &section->chart)) {
        return true;
    }
    if (!pass->begun) {
        begin_chart(&pass->list, section);
        pass->begun = true;
    }
    if (ID_EQUAL(&pass->list.chart, &section->chart)) {
        tell_section(&pass->list, section);
    }
    return true;
}

static int chart_list(struct cli *cli)
{
    struct chart_pass *pass = calloc(1, sizeof(*pass));

    CHECK(pass != NULL);
    pass->list.cli = cli;
    pass->list.array = cli->json ? cJSON_CreateArray() : NULL;
    do {
        pass->begun = false;
        view_sections(host_engine(cli->host), visit, pass);
        pass->done[pass->done_count++] = pass->list.chart;
    } while (pass->begun && pass->done_count < ARRAY_LEN(pass->done));
    if (cli->json) {
        print_json(cli, pass->list.array);
    }
    free(pass);
    return CLI_OK;
}

static int tell_made(struct cli *cli, const char *key, struct span id, uint64_t ticket)
{
    bool sent = false;
    int code = cli_deliver(cli, ticket, &sent);

    if (code != CLI_OK) {
        return code;
    }
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_id(object, key, id);
        (void)cJSON_AddBoolToObject(object, "sent", sent);
        print_json(cli, object);
        return CLI_OK;
    }
    (void)fprintf(cli->out, "%s ", key);
    print_short(cli, id);
    (void)fprintf(cli->out, " is made.\n");
    return CLI_OK;
}

static int chart_new(struct cli *cli, const char *word, const char *name)
{
    struct view_member client;
    struct chart_id chart;
    uint64_t ticket = 0;
    enum status status;
    int code = ids_member(cli, word, &client);

    if (code != CLI_OK) {
        return code;
    }
    status = act_chart(host_engine(cli->host), &client.member,
                       span_of(name, name == NULL ? 0 : strlen(name)), clock_now_ms(), &chart,
                       &ticket);
    if (status == STATUS_REFUSED) {
        (void)fprintf(cli->err, "alcove: an admin must first state that you treat this client "
                                "(alcove relate YOU treats CLIENT)\n");
        return CLI_REFUSED;
    }
    return status == STATUS_OK ? tell_made(cli, "chart", ID_SPAN(&chart), ticket)
                               : cli_fail(cli, "the chart was not made", status);
}

/* One section more in a chart that is there: a safety card's, say. */
static int chart_add(struct cli *cli, const char *word, const char *class_word)
{
    struct section_id section;
    struct chart_id chart;
    struct member_id client;
    uint32_t class = 0;
    uint64_t ticket = 0;
    enum status status;
    int code = ids_class(cli, class_word, &class);

    if (code == CLI_OK) {
        code = ids_chart(cli, word, &chart, &client);
    }
    if (code != CLI_OK) {
        return code;
    }
    status = act_section(host_engine(cli->host), class, &chart, &client, clock_now_ms(), &section,
                         &chart, &ticket);
    return status == STATUS_OK ? tell_made(cli, "section", ID_SPAN(&section), ticket)
                               : cli_fail(cli, "the section was not made", status);
}

int cmd_chart(struct cli *cli, int argc, char **argv)
{
    const char *name = NULL;
    const char *class = NULL;
    const struct args_option options[] = {{.name = "--name", .value = &name},
                                          {.name = "--class", .value = &class}};
    const char *words[2];
    const char *wrong = NULL;
    size_t count = 0;
    bool list;
    bool add;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), words, 2, &count, &wrong)) {
        return cli_usage(cli, "chart", wrong);
    }
    list = count == 1 && strcmp(words[0], "list") == 0;
    add = count == 2 && strcmp(words[0], "add") == 0 && class != NULL;
    if (!list && !add && !(count == 2 && strcmp(words[0], "new") == 0)) {
        return cli_usage(cli, "chart", NULL);
    }
    code = cli_open(cli);
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    if (code != CLI_OK) {
        return code;
    }
    if (add) {
        return chart_add(cli, words[1], class);
    }
    return list ? chart_list(cli) : chart_new(cli, words[1], name);
}

int cmd_directory(struct cli *cli, int argc, char **argv)
{
    static const struct chart_id no_chart;
    static const struct member_id no_client;
    struct section_id section;
    struct chart_id chart;
    const char *words[1];
    const char *wrong = NULL;
    uint64_t ticket = 0;
    size_t count = 0;
    enum status status;
    int code;

    if (!args_parse(argc, argv, NULL, 0, words, 1, &count, &wrong) || count != 1 ||
        strcmp(words[0], "new") != 0) {
        return cli_usage(cli, "directory", wrong);
    }
    code = cli_open(cli);
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    if (code != CLI_OK) {
        return code;
    }
    status = act_section(host_engine(cli->host), CLASS_DIRECTORY, &no_chart, &no_client,
                         clock_now_ms(), &section, &chart, &ticket);
    return status == STATUS_OK ? tell_made(cli, "section", ID_SPAN(&section), ticket)
                               : cli_fail(cli, "the directory was not made", status);
}
