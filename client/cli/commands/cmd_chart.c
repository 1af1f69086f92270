#include "client/agent/clock.h"
#include "client/cli/command.h"
#include "client/cli/ids.h"
#include "client/cli/note_words.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/cli/sections.h"
#include "client/engine/api/act.h"
#include "client/text/label.h"
#include "proto/policy.h"
#include "proto/words.h"

/* Sections of one chart are shown together. */
struct chart_list {
    struct cli *cli;
    cJSON *array;
    struct chart_id chart;
    cJSON *sections; /* of the chart that was begun last */
    int count;
};

static void begin_chart(struct chart_list *list, const struct view_section *section)
{
    struct cli *cli = list->cli;
    list->chart = section->chart;
    char name[VIEW_NAME_BYTES_MAX];
    view_name(host_engine(cli->host), &section->client, name);
    if (!cli->json && section->class == CLASS_DIRECTORY) {
        (void)fputs("the practice\n", cli->out);
        return;
    }
    print_row(cli, list->array,
              (const struct print_field[]){
                  {"chart", PRINT_ID, .span = ID_SPAN(&section->chart), .before = "chart "},
                  {"client", PRINT_ID, .span = ID_SPAN(&section->client)},
                  {"name", PRINT_TEXT, .span = print_span(name), .before = "  ", .columns = 40}},
              3);
    list->sections =
        cJSON_AddArrayToObject(cJSON_GetArrayItem(list->array, list->count++), "sections");
}

static void tell_section(struct chart_list *list, const struct view_section *section)
{
    print_row(
        list->cli, list->sections,
        (const struct print_field[]){
            {"section", PRINT_ID, .span = ID_SPAN(&section->section), .before = "  "},
            {"class", PRINT_TEXT, .span = print_span(policy_class_name(section->class)),
             .before = "  ", .columns = -9},
            {"number", PRINT_NUMBER, .number = section->number},
            {"rights", PRINT_NUMBER, .number = section->rights},
            {"notes", PRINT_NUMBER, .number = section->notes, .before = " ", .columns = 4},
            {NULL, PRINT_TEXT, .span = print_span(note_rights(section->rights)),
             .before = " notes  "},
            {"epoch", PRINT_NUMBER, .number = section->epoch},
            {"ended", PRINT_BOOL, .number = section->ended, .before = "no longer shared with you"}},
        8);
}

static int run_list(struct cli *cli, const void *values)
{
    struct chart_list list = {.cli = cli};
    struct sections sections;
    int code = sections_get(cli, &sections);
    (void)values;
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
    if (sections_coming(cli)) {
        return cli_error(cli, CLI_FAILED,
                         "a chart or section of yours still waits to be made. Run `alcove sync` "
                         "first.");
    }
    struct view_section own;
    if (class == 0 || !sections_own(cli, client, class, &own)) {
        return CLI_OK;
    }
    return cli_error(cli, CLI_FAILED,
                     "you have a %s section in this chart already; nothing was made",
                     policy_class_name(class));
}

struct others {
    struct member_id self;
    struct member_id client;
    bool found;
};

static bool find_other(void *visitor, const struct view_relation *relation)
{
    struct others *others = visitor;
    others->found |= relation->kind == RELATION_TREATS &&
                     ID_EQUAL(&relation->subject, &others->client) &&
                     !ID_EQUAL(&relation->staff, &others->self);
    return !others->found;
}

/* Whoever begins with a client that others treat or treated should not wait for their notes. */
static void tell_past(struct cli *cli, const struct member_id *client)
{
    struct engine_state state;
    engine_state(host_engine(cli->host), &state);
    struct others others = {.self = state.member, .client = *client};
    view_relations(host_engine(cli->host), find_other, &others);
    if (others.found) {
        cli_warn(cli, "what others wrote about this client before stays closed to you until "
                      "somebody who owns it grants it. What was shared with the client they can "
                      "open to you themselves once nobody owns it any more: alcove grant CHART YOU "
                      "--class shared --rights read,write,own --history");
    }
}

struct chart_values {
    const char *of; /* a client, or the chart */
    const char *name;
    uint32_t class;
};

/* Said here, where it can be said what is wrong. */
static int judge_client(struct cli *cli, const char *word, const struct view_member *client)
{
    if (client->role != ROLE_CLIENT) {
        return cli_error(cli, CLI_USAGE, "%s is not a client; their role is %s", word,
                         policy_role_name(client->role));
    }
    return client->enrolled
               ? CLI_OK
               : cli_error(cli, CLI_USAGE, "%s has not joined yet; make the chart when they have",
                           word);
}

static const char *check_new(const void *given)
{
    const struct chart_values *values = given;
    return values->name == NULL ? NULL : ids_name_flaw(values->name);
}

static bool is_called(const struct view_member *member)
{
    char digits[PRINT_DIGITS_BYTES];
    print_digits(ID_SPAN(&member->member), digits);
    return strcmp(member->name, digits) != 0;
}

/* What the chart says of its client: as given, or else as they are called here already, since a
 * name on this device alone is lost with it. */
static void take_name(struct cli *cli, const struct chart_values *values,
                      const struct view_member *client, char out[static TEXT_LABEL_BYTES_MAX])
{
    const char *name = values->name != NULL ? values->name
                       : is_called(client)  ? client->name
                                            : NULL;
    out[0] = '\0';
    if (name == NULL || text_label_take(print_span(name), out) != NULL) {
        out[0] = '\0';
        cli_warn(cli,
                 "this client has no name here: colleagues will see digits. `alcove chart name "
                 "CHART NAME` gives one.");
    }
}

/* A name in words of this device, or in the chart. */
static int run_name(struct cli *cli, const void *given)
{
    const struct chart_values *values = given;
    struct chart_id chart;
    struct member_id client;
    int code = ids_chart(cli, values->of, &chart, &client);
    if (code != CLI_OK) {
        return code;
    }
    char name[TEXT_LABEL_BYTES_MAX];
    CHECK(text_label_take(print_span(values->name), name) == NULL); /* check_new */
    uint64_t ticket = 0;
    bool written = false;
    enum status status = act_call(host_engine(cli->host), &client, print_span(name), clock_now_ms(),
                                  &written, &ticket);
    if (status != STATUS_OK) {
        return cli_fail(cli, SAY_NAME, status);
    }
    bool sent = false;
    code = written ? cli_deliver(cli, ticket, &sent) : CLI_OK;
    struct view_member called;
    if (code != CLI_OK || view_member(host_engine(cli->host), &client, &called) != STATUS_OK) {
        return code;
    }
    return print_answer(
        cli,
        (const struct print_field[]){{"client", PRINT_ID, .span = ID_SPAN(&client)},
                                     {"name", PRINT_TEXT, .span = print_span(called.name)},
                                     {"in_chart", PRINT_BOOL, .number = written}},
        3, "The client is called %s%s.", called.name,
        written                          ? ", in the chart, for whoever may read its sessions"
        : strcmp(called.name, name) != 0 ? " by the chart itself, which goes before your name"
                                         : ", on this device alone");
}

static int run_new(struct cli *cli, const void *given)
{
    const struct chart_values *values = given;
    struct view_member client;
    int code = ids_member(cli, values->of, &client);
    if (code == CLI_OK) {
        code = judge_client(cli, values->of, &client);
    }
    if (code == CLI_OK) {
        code = is_new(cli, &client.member, 0);
    }
    if (code != CLI_OK) {
        return code;
    }
    char name[TEXT_LABEL_BYTES_MAX];
    take_name(cli, values, &client, name);
    struct chart_id chart;
    uint64_t ticket = 0;
    enum status status = act_chart(host_engine(cli->host), &client.member, print_span(name),
                                   clock_now_ms(), &chart, &ticket);
    if (status != STATUS_OK) {
        return cli_fail(cli, SAY_CHART_MAKE, status);
    }
    tell_past(cli, &client.member);
    return cli_tell_made(cli, "chart", ID_SPAN(&chart), ticket);
}

/* One section more in a chart that is there: a safety card's, say. */
static int run_add(struct cli *cli, const void *given)
{
    const struct chart_values *values = given;
    struct chart_id chart;
    struct member_id client;
    int code = ids_chart(cli, values->of, &chart, &client);
    if (code == CLI_OK) {
        code = is_new(cli, &client, values->class);
    }
    if (code != CLI_OK) {
        return code;
    }
    struct section_id section;
    uint64_t ticket = 0;
    enum status status = act_section(host_engine(cli->host), values->class, &chart, &client,
                                     clock_now_ms(), &section, &chart, &ticket);
    return status == STATUS_OK ? cli_tell_made(cli, "section", ID_SPAN(&section), ticket)
                               : cli_fail(cli, SAY_SECTION_MAKE, status);
}

static const struct option NEW_OPTIONS[] = {
    {"CLIENT", OPTION_TEXT, offsetof(struct chart_values, of), NULL, "whose chart it is",
     &option_required},
    {"--name", OPTION_TEXT, offsetof(struct chart_values, name), "NAME",
     "what to call the client there; unseen by the server", NULL},
};
static const struct option_table CHART_NEW = {NEW_OPTIONS, ARRAY_LEN(NEW_OPTIONS),
                                              sizeof(struct chart_values)};

static const struct option NAME_OPTIONS[] = {
    {"CHART", OPTION_TEXT, offsetof(struct chart_values, of), NULL, "the client's chart",
     &option_required},
    {"NAME", OPTION_TEXT, offsetof(struct chart_values, name), NULL,
     "what you call the client; the server never sees it", &option_required},
};
static const struct option_table CHART_NAME = {NAME_OPTIONS, ARRAY_LEN(NAME_OPTIONS),
                                               sizeof(struct chart_values)};

static const struct option ADD_OPTIONS[] = {
    {"CHART", OPTION_TEXT, offsetof(struct chart_values, of), NULL, "the chart", &option_required},
    {"--class", OPTION_CLASS, offsetof(struct chart_values, class), "CLASS",
     "what the section is for", &option_required},
};
static const struct option_table CHART_ADD = {ADD_OPTIONS, ARRAY_LEN(ADD_OPTIONS),
                                              sizeof(struct chart_values)};

static const struct command COMMANDS[] = {
    {"chart new", "make a client's chart", COMMAND_NEEDS_FRESH, COMMAND_ANYWHERE, &CHART_NEW,
     check_new, NULL, NULL, run_new},
    {"chart add", "add a section to a chart", COMMAND_NEEDS_FRESH, COMMAND_ANYWHERE, &CHART_ADD,
     NULL, NULL, NULL, run_add},
    {"chart name", "say what a client is called", COMMAND_NEEDS_FRESH, COMMAND_ANYWHERE,
     &CHART_NAME, check_new, NULL, NULL, run_name},
    {"chart list", "list the charts and sections that are shared with you", COMMAND_NEEDS_LOOK,
     COMMAND_READS, &option_none, NULL, NULL, NULL, run_list},
};
const struct command_list cmd_chart = {COMMANDS, ARRAY_LEN(COMMANDS)};
