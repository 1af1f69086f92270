#include "client/cli/cli.h"

#include "client/agent/clock.h"
#include "client/cli/args.h"
#include "client/cli/ids.h"
#include "client/cli/print.h"
#include "client/engine/api/act.h"
#include "proto/policy.h"
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

/* Said here, where it can be said what is wrong: a statement that fits no chain is refused
 * without a word. */
static int fits(struct cli *cli, const char *word, const struct view_member *member, uint32_t role)
{
    if (member->role != role) {
        (void)fprintf(cli->err, "alcove: %s is no %s but of role %s\n", word,
                      policy_role_name(role), policy_role_name(member->role));
        return CLI_USAGE;
    }
    if (!member->enrolled) {
        (void)fprintf(cli->err, "alcove: %s has not joined yet; state it when they have\n", word);
        return CLI_USAGE;
    }
    return CLI_OK;
}

struct same_relation {
    struct view_relation wanted;
    bool found;
};

static bool find_same(void *visitor, const struct view_relation *relation)
{
    struct same_relation *same = visitor;

    same->found |= !relation->ended && relation->kind == same->wanted.kind &&
                   relation->until_ms == same->wanted.until_ms &&
                   ID_EQUAL(&relation->staff, &same->wanted.staff) &&
                   ID_EQUAL(&relation->subject, &same->wanted.subject);
    return !same->found;
}

/* Stated twice it would have to be ended twice, and who ends it once thinks it closed. */
static bool is_stated(const struct cli *cli, const struct view_relation *wanted)
{
    struct same_relation same = {.wanted = *wanted};

    view_relations(host_engine(cli->host), find_same, &same);
    return same.found;
}

static int relate_new(struct cli *cli, const char *const *words, uint64_t until_ms)
{
    struct view_member staff;
    struct view_member subject;
    struct view_relation wanted = {.until_ms = until_ms};
    uint64_t ticket = 0;
    enum status status;
    int code = ids_member(cli, words[0], &staff);

    for (size_t i = 0; i < ARRAY_LEN(KINDS); i++) {
        wanted.kind = strcmp(words[1], KINDS[i].word) == 0 ? KINDS[i].kind : wanted.kind;
    }
    if (wanted.kind == 0) {
        return cli_usage(cli, "relate", words[1]);
    }
    if (code == CLI_OK) {
        code = ids_member(cli, words[2], &subject);
    }
    if (code == CLI_OK) {
        code = fits(cli, words[0], &staff, ROLE_THERAPIST);
    }
    if (code == CLI_OK) {
        bool of_client = wanted.kind == RELATION_TREATS || wanted.kind == RELATION_COVERS;

        code = fits(cli, words[2], &subject, of_client ? ROLE_CLIENT : ROLE_THERAPIST);
    }
    if (code != CLI_OK) {
        return code;
    }
    wanted.staff = staff.member;
    wanted.subject = subject.member;
    if (is_stated(cli, &wanted)) {
        return cli_fail(cli, "nothing was stated", STATUS_ALREADY);
    }
    status = act_relate(host_engine(cli->host), &subject.member, &staff.member, wanted.kind,
                        until_ms, clock_now_ms(), &ticket);
    return cli_tell_statement(cli, status, &ticket,
                              "Stated. It is a ceiling: what is opened to "
                              "them is still for an owner to grant.");
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
    code = until == NULL ? CLI_OK : ids_until(cli, until, &until_ms);
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
    code = until == NULL ? CLI_OK : ids_until(cli, until, &until_ms);
    if (code == CLI_OK) {
        code = cli_open(cli);
    }
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    if (code == CLI_OK) {
        code = ids_member(cli, words[0], &therapist);
    }
    if (code == CLI_OK) {
        code = fits(cli, words[0], &therapist, ROLE_THERAPIST);
    }
    if (code != CLI_OK) {
        return code;
    }
    return cli_tell_statement(
        cli,
        act_delegate(host_engine(cli->host), &therapist.member, until_ms, clock_now_ms(), &ticket),
        &ticket, "They may now invite clients.");
}
