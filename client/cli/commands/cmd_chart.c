#include "client/cli/cli.h"

#include "client/agent/clock.h"
#include "client/cli/args.h"
#include "client/cli/ids.h"
#include "client/cli/print.h"
#include "client/cli/sections.h"
#include "client/engine/api/act.h"
#include "proto/policy.h"
#include "proto/words.h"

/* Sections of one chart are shown together. */
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
    if (section->class == CLASS_DIRECTORY) {
        (void)fputs("the practice\n", cli->out);
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

static int chart_list(struct cli *cli)
{
    struct chart_list list = {.cli = cli};
    struct sections sections;
    int code = sections_get(cli, &sections);

    if (code != CLI_OK) {
        return code;
    }
    list.array = cli->json ? cJSON_CreateArray() : NULL;
    for (size_t i = 0; i < sections.count; i++) {
        if (i == 0 || !ID_EQUAL(&list.chart, &sections.items[i].chart)) {
            begin_chart(&list, &sections.items[i]);
        }
        tell_section(&list, &sections.items[i]);
    }
    if (cli->json) {
        print_json(cli, list.array);
    } else if (sections.count == 0) {
        (void)fprintf(cli->out, "Nothing is shared with you yet.\n");
    }
    sections_free(&sections);
    return CLI_OK;
}

/* A second set of the same sections could not be told from the first by name, nor ever be
 * removed. */
static int is_new(struct cli *cli, const struct member_id *client, uint32_t class)
{
    struct view_section own;

    if (sections_coming(cli)) {
        (void)fprintf(cli->err, "alcove: a chart or section of yours still waits to be made; "
                                "`alcove sync` first\n");
        return CLI_FAILED;
    }
    if (!sections_own(cli, client, class, &own)) {
        return CLI_OK;
    }
    if (class == 0) {
        (void)fprintf(cli->err, "alcove: you have a chart of this client already (`alcove chart "
                                "list`); for one\n  section more: alcove chart add CHART --class "
                                "C. Nothing was made.\n");
    } else {
        (void)fprintf(cli->err,
                      "alcove: you have a %s section in this chart already; nothing was made\n",
                      policy_class_name(class));
    }
    return CLI_FAILED;
}

static int chart_new(struct cli *cli, const char *word, const char *name)
{
    struct view_member client;
    struct chart_id chart;
    uint64_t ticket = 0;
    enum status status;
    int code = ids_member(cli, word, &client);

    if (code == CLI_OK && client.role != ROLE_CLIENT) {
        (void)fprintf(cli->err, "alcove: %s is no client but of role %s\n", word,
                      policy_role_name(client.role));
        code = CLI_USAGE;
    }
    if (code == CLI_OK && !client.enrolled) {
        (void)fprintf(cli->err, "alcove: %s has not joined yet; make the chart when they have\n",
                      word);
        code = CLI_USAGE;
    }
    if (code == CLI_OK) {
        code = is_new(cli, &client.member, 0);
    }
    if (code != CLI_OK) {
        return code;
    }
    status =
        act_chart(host_engine(cli->host), &client.member,
                  span_of(name, name == NULL ? 0 : strlen(name)), clock_now_ms(), &chart, &ticket);
    if (status == STATUS_REFUSED) {
        (void)fprintf(cli->err, "alcove: an admin must first state that you treat this client "
                                "(alcove relate YOU treats CLIENT)\n");
        return CLI_REFUSED;
    }
    return status == STATUS_OK ? cli_tell_made(cli, "chart", ID_SPAN(&chart), ticket)
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
    if (code == CLI_OK) {
        code = is_new(cli, &client, class);
    }
    if (code != CLI_OK) {
        return code;
    }
    status = act_section(host_engine(cli->host), class, &chart, &client, clock_now_ms(), &section,
                         &chart, &ticket);
    return status == STATUS_OK ? cli_tell_made(cli, "section", ID_SPAN(&section), ticket)
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
