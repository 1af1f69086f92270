#include "client/cli/cli.h"

#include "client/agent/clock.h"
#include "client/cli/args.h"
#include "client/cli/ids.h"
#include "client/cli/print.h"
#include "client/engine/act.h"
#include "proto/words.h"

static const struct {
    const char *word;
    uint32_t kind;
} KINDS[] = {{"treats", RELATION_TREATS},
             {"covers", RELATION_COVERS},
             {"supervises", RELATION_SUPERVISES},
             {"trains", RELATION_TRAINS}};

static const char *kind_name(uint32_t kind)
{
    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        if (KINDS[i].kind == kind) {
            return KINDS[i].word;
        }
    }
    return "?";
}

struct relation_list {
    struct cli *cli;
    cJSON *array;
};

static bool list_relation(void *visitor, const struct view_relation *relation)
{
    struct relation_list *list = visitor;
    struct cli *cli = list->cli;
    char staff[VIEW_NAME_BYTES_MAX];
    char subject[VIEW_NAME_BYTES_MAX];

    view_name(host_engine(cli->host), &relation->staff, staff);
    view_name(host_engine(cli->host), &relation->subject, subject);
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_id(object, "relation", ID_SPAN(&relation->statement));
        print_add_id(object, "staff", ID_SPAN(&relation->staff));
        print_add_text(object, "kind", kind_name(relation->kind));
        print_add_id(object, "subject", ID_SPAN(&relation->subject));
        print_add_number(object, "until_ms", relation->until_ms);
        (void)cJSON_AddBoolToObject(object, "ended", relation->ended);
        (void)cJSON_AddItemToArray(list->array, object);
        return true;
    }
    print_short(cli, ID_SPAN(&relation->statement));
    (void)fputs("  ", cli->out);
    print_text(cli, span_of(staff, strlen(staff)), 20);
    (void)fprintf(cli->out, " %s ", kind_name(relation->kind));
    print_text(cli, span_of(subject, strlen(subject)), 20);
    if (relation->until_ms != 0) {
        (void)fputs(" until ", cli->out);
        print_time(cli, relation->until_ms);
    }
    (void)fprintf(cli->out, "%s\n", relation->ended ? " (ended)" : "");
    return true;
}

static int relate_list(struct cli *cli)
{
    struct relation_list list = {cli, cli->json ? cJSON_CreateArray() : NULL};

    view_relations(host_engine(cli->host), list_relation, &list);
    if (cli->json) {
        print_json(cli, list.array);
    }
    return CLI_OK;
}

static int relate_new(struct cli *cli, const char *const *words, uint64_t until_ms)
{
    struct view_member staff;
    struct view_member subject;
    uint64_t ticket = 0;
    int code = ids_member(cli, words[0], &staff);

    if (code == CLI_OK) {
        code = ids_member(cli, words[2], &subject);
    }
    for (size_t i = 0; code == CLI_OK && i < ARRAY_LEN(KINDS); i++) {
        if (strcmp(words[1], KINDS[i].word) == 0) {
            enum status status = act_relate(host_engine(cli->host), &subject.member, &staff.member,
                                            KINDS[i].kind, until_ms, clock_now_ms(), &ticket);

            return cli_tell_statement(cli, status, &ticket,
                                      "Stated. It is a ceiling: what is opened to "
                                      "them is still for an owner to grant.");
        }
    }
    return code == CLI_OK ? cli_usage(cli, "relate", words[1]) : code;
}

static int relate_end(struct cli *cli, const char *word)
{
    struct hash relation;
    uint64_t ticket = 0;
    int code = ids_relation(cli, word, &relation);

    if (code != CLI_OK) {
        return code;
    }
    return cli_tell_statement(
        cli, act_unrelate(host_engine(cli->host), &relation, clock_now_ms(), &ticket), &ticket,
        "Ended: what rested on it is closed from now on.");
}

int cmd_relate(struct cli *cli, int argc, char **argv)
{
    const char *until = NULL;
    const struct args_option options[] = {{.name = "--until", .value = &until}};
    const char *words[3];
    const char *wrong = NULL;
    uint64_t until_ms = 0;
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), words, 3, &count, &wrong) ||
        count == 0 || (count == 1 && strcmp(words[0], "list") != 0) ||
        (count == 2 && strcmp(words[0], "end") != 0)) {
        return cli_usage(cli, "relate", wrong);
    }
    code = until == NULL ? CLI_OK : ids_time(cli, until, &until_ms);
    if (code == CLI_OK) {
        code = cli_open(cli);
    }
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    if (code != CLI_OK) {
        return code;
    }
    if (count == 1) {
        return relate_list(cli);
    }
    return count == 2 ? relate_end(cli, words[1]) : relate_new(cli, words, until_ms);
}

int cmd_delegate(struct cli *cli, int argc, char **argv)
{
    const char *until = NULL;
    const struct args_option options[] = {{.name = "--until", .value = &until}};
    struct view_member therapist;
    const char *words[1];
    const char *wrong = NULL;
    uint64_t until_ms = 0;
    uint64_t ticket = 0;
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), words, 1, &count, &wrong) ||
        count != 1) {
        return cli_usage(cli, "delegate", wrong);
    }
    code = until == NULL ? CLI_OK : ids_time(cli, until, &until_ms);
    if (code == CLI_OK) {
        code = cli_open(cli);
    }
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    if (code == CLI_OK) {
        code = ids_member(cli, words[0], &therapist);
    }
    if (code != CLI_OK) {
        return code;
    }
    return cli_tell_statement(
        cli,
        act_delegate(host_engine(cli->host), &therapist.member, until_ms, clock_now_ms(), &ticket),
        &ticket, "They may now invite clients.");
}
