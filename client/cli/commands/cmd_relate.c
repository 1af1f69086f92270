#include "client/agent/clock.h"
#include "client/cli/command.h"
#include "client/cli/ids.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/cli/statement.h"
#include "client/engine/api/act.h"
#include "proto/policy.h"
#include "proto/words.h"

/* By RelationKind, from 1. */
static const char *const KINDS[] = {"treats", "supervises", "trains", "covers", NULL};
_Static_assert(RELATION_TREATS == 1 && RELATION_SUPERVISES == 2 && RELATION_TRAINS == 3 &&
                   RELATION_COVERS == 4,
               "the words stand in the order of their numbers");

static const char *kind_name(uint32_t kind)
{
    return kind >= 1 && kind < ARRAY_LEN(KINDS) ? KINDS[kind - 1] : "?";
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
    view_name(host_engine(cli->host), &relation->staff, staff);
    char subject[VIEW_NAME_BYTES_MAX];
    view_name(host_engine(cli->host), &relation->subject, subject);
    print_row(
        cli, list->array,
        (const struct print_field[]){
            {"relation", PRINT_ID, .span = ID_SPAN(&relation->statement), .before = ""},
            {"staff", PRINT_ID, .span = ID_SPAN(&relation->staff)},
            {NULL, PRINT_TEXT, .span = print_span(staff), .before = "  ", .columns = 20},
            {"kind", PRINT_TEXT, .span = print_span(kind_name(relation->kind)), .before = " "},
            {"subject", PRINT_ID, .span = ID_SPAN(&relation->subject)},
            {NULL, PRINT_TEXT, .span = print_span(subject), .before = " ", .columns = 20},
            {"until_ms", PRINT_NUMBER, .number = relation->until_ms},
            {NULL, PRINT_TIME, .number = relation->until_ms, .before = " until "},
            {"ended", PRINT_BOOL, .number = relation->ended, .before = " (ended)"}},
        9);
    return true;
}

static int run_list(struct cli *cli, const void *values)
{
    struct relation_list list = {cli, cli->json ? cJSON_CreateArray() : NULL};
    (void)values;
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
        return cli_error(cli, CLI_USAGE, "%s is not a %s; their role is %s", word,
                         policy_role_name(role), policy_role_name(member->role));
    }
    return member->enrolled
               ? CLI_OK
               : cli_error(cli, CLI_USAGE, "%s has not joined yet; state it when they have", word);
}

struct same_relation {
    struct view_relation wanted;
    bool found;   /* to the same end */
    bool another; /* to another end */
};

static bool find_same(void *visitor, const struct view_relation *relation)
{
    struct same_relation *same = visitor;
    bool like = !relation->ended && relation->kind == same->wanted.kind &&
                ID_EQUAL(&relation->staff, &same->wanted.staff) &&
                ID_EQUAL(&relation->subject, &same->wanted.subject);
    same->found |= like && relation->until_ms == same->wanted.until_ms;
    same->another |= like && relation->until_ms != same->wanted.until_ms;
    return !same->found;
}

/* Stated twice it would have to be ended twice, and who ends it once thinks it closed. */
static struct same_relation stated(const struct cli *cli, const struct view_relation *wanted)
{
    struct same_relation same = {.wanted = *wanted};
    view_relations(host_engine(cli->host), find_same, &same);
    return same;
}

struct relate_values {
    const char *staff; /* or the therapist, or the relation */
    uint32_t kind;
    const char *subject;
    uint64_t until_ms;
    bool yes;
};

static int run_relate(struct cli *cli, const void *given)
{
    const struct relate_values *values = given;
    bool of_client = values->kind == RELATION_TREATS || values->kind == RELATION_COVERS;
    struct view_relation wanted = {.kind = values->kind, .until_ms = values->until_ms};
    struct view_member staff;
    int code = ids_member(cli, values->staff, &staff);
    struct view_member subject;
    if (code == CLI_OK) {
        code = ids_member(cli, values->subject, &subject);
    }
    if (code == CLI_OK) {
        code = fits(cli, values->staff, &staff, ROLE_THERAPIST);
    }
    if (code == CLI_OK) {
        code = fits(cli, values->subject, &subject, of_client ? ROLE_CLIENT : ROLE_THERAPIST);
    }
    if (code != CLI_OK) {
        return code;
    }
    wanted.staff = staff.member;
    wanted.subject = subject.member;
    const struct same_relation same = stated(cli, &wanted);
    if (same.found) {
        return cli_fail(cli, SAY_RELATION, STATUS_ALREADY);
    }
    uint64_t ticket = 0;
    enum status status = act_relate(host_engine(cli->host), &subject.member, &staff.member,
                                    values->kind, values->until_ms, clock_now_ms(), &ticket);
    char until[64] = "";
    statement_until(values->until_ms, until, sizeof until);
    char done[320];
    (void)snprintf(done, sizeof done,
                   "Stated%s. It is a ceiling: an owner still grants what they may open.%s", until,
                   same.another
                       ? " The same was stated before, to another end. What was granted on "
                         "that still ends then; it goes on only if it is granted again."
                       : "");
    return statement_tell(
        cli, SAY_STATEMENT, status, ticket,
        &(const struct statement_words){done, NULL, "nobody can be granted anything by it yet"});
}

struct ending {
    struct hash statement;
    struct view_relation relation; /* that one */
    bool others;                   /* somebody else treats the same client */
};

static bool find_ending(void *visitor, const struct view_relation *relation)
{
    struct ending *ending = visitor;
    if (ID_EQUAL(&relation->statement, &ending->statement)) {
        ending->relation = *relation;
    }
    return true;
}

static bool find_others(void *visitor, const struct view_relation *relation)
{
    struct ending *ending = visitor;
    ending->others |= !relation->ended && relation->kind == RELATION_TREATS &&
                      ID_EQUAL(&relation->subject, &ending->relation.subject) &&
                      !ID_EQUAL(&relation->statement, &ending->statement);
    return !ending->others;
}

/* An admin sees no section of a chart, so that its classes are named: whatever the therapist alone
 * owns there would be left without an owner. */
static int judge_end(struct cli *cli, const struct hash *statement, bool yes)
{
    struct ending ending = {.statement = *statement};
    view_relations(host_engine(cli->host), find_ending, &ending);
    view_relations(host_engine(cli->host), find_others, &ending);
    if (yes || ending.relation.kind != RELATION_TREATS || ending.relation.ended) {
        return CLI_OK;
    }
    char staff[VIEW_NAME_BYTES_MAX];
    view_name(host_engine(cli->host), &ending.relation.staff, staff);
    char subject[VIEW_NAME_BYTES_MAX];
    view_name(host_engine(cli->host), &ending.relation.subject, subject);
    return cli_error(
        cli, CLI_REFUSED,
        "%s owns the session, progress and shared notes that they made of %s, and a safety card "
        "if they made one%s. What nobody else owns is left without an owner: nobody can be let in "
        "there any more, but into the shared notes and the card by the client. Nothing was ended. "
        "First let %s hand it over (alcove grant CHART NEXT --class CLASS --rights read,write,own "
        "--history), "
        "or end it all the same with --yes.",
        staff, subject, ending.others ? "" : ", and nobody else treats them", staff);
}

static int run_end(struct cli *cli, const void *given)
{
    const struct relate_values *values = given;
    struct hash relation;
    int code = ids_relation(cli, values->staff, &relation);
    if (code == CLI_OK) {
        code = judge_end(cli, &relation, values->yes);
    }
    if (code != CLI_OK) {
        return code;
    }
    uint64_t ticket = 0;
    enum status status = act_unrelate(host_engine(cli->host), &relation, clock_now_ms(), &ticket);
    return statement_tell(
        cli, SAY_STATEMENT, status, ticket,
        &(const struct statement_words){
            "Ended: access that rested on it is closed for good. Stated anew, it gives nothing "
            "back before somebody grants it.",
            NULL, "access that rests on it is still open"});
}

static int run_delegate(struct cli *cli, const void *given)
{
    const struct relate_values *values = given;
    struct view_member therapist;
    int code = ids_member(cli, values->staff, &therapist);
    if (code == CLI_OK) {
        code = fits(cli, values->staff, &therapist, ROLE_THERAPIST);
    }
    if (code != CLI_OK) {
        return code;
    }
    uint64_t ticket = 0;
    enum status status = act_delegate(host_engine(cli->host), &therapist.member, values->until_ms,
                                      clock_now_ms(), &ticket);
    char until[64] = "";
    statement_until(values->until_ms, until, sizeof until);
    char done[96];
    (void)snprintf(done, sizeof done, "They may now invite clients%s.", until);
    return statement_tell(
        cli, SAY_STATEMENT, status, ticket,
        &(const struct statement_words){done, therapist.name, "cannot invite clients yet"});
}

static const struct option_rule KIND = {.required = true, .choices = KINDS};

static const struct option RELATE_OPTIONS[] = {
    {"STAFF", OPTION_TEXT, offsetof(struct relate_values, staff), NULL, "a therapist",
     &option_required},
    {"KIND", OPTION_CHOICE, offsetof(struct relate_values, kind), NULL, "what they do", &KIND},
    {"SUBJECT", OPTION_TEXT, offsetof(struct relate_values, subject), NULL,
     "a client, or the therapist supervised or trained", &option_required},
    {"--until", OPTION_UNTIL, offsetof(struct relate_values, until_ms), "TIME",
     "when it ends by itself", NULL},
};
static const struct option_table RELATE = {RELATE_OPTIONS, ARRAY_LEN(RELATE_OPTIONS),
                                           sizeof(struct relate_values)};

static const struct option END_OPTIONS[] = {
    {"RELATION", OPTION_TEXT, offsetof(struct relate_values, staff), NULL,
     "the first digits of its id", &option_required},
    {"--yes", OPTION_FLAG, offsetof(struct relate_values, yes), NULL,
     "end it although sections are left without an owner", NULL},
};
static const struct option_table RELATE_END = {END_OPTIONS, ARRAY_LEN(END_OPTIONS),
                                               sizeof(struct relate_values)};

static const struct option DELEGATE_OPTIONS[] = {
    {"THERAPIST", OPTION_TEXT, offsetof(struct relate_values, staff), NULL, "the therapist",
     &option_required},
    {"--until", OPTION_UNTIL, offsetof(struct relate_values, until_ms), "TIME",
     "when it ends by itself", NULL},
};
static const struct option_table DELEGATE = {DELEGATE_OPTIONS, ARRAY_LEN(DELEGATE_OPTIONS),
                                             sizeof(struct relate_values)};

static const struct command COMMANDS[] = {
    {"relate", "state who treats, covers, supervises or trains whom", COMMAND_NEEDS_FRESH,
     COMMAND_ANYWHERE, &RELATE, NULL, NULL, NULL, run_relate},
    {"relate list", "list the relations that are stated", COMMAND_NEEDS_LOOK, COMMAND_READS,
     &option_none, NULL, NULL, NULL, run_list},
    {"relate end", "end a relation", COMMAND_NEEDS_FRESH, COMMAND_ANYWHERE, &RELATE_END, NULL, NULL,
     NULL, run_end},
    {"delegate", "let a therapist invite clients", COMMAND_NEEDS_FRESH, COMMAND_ANYWHERE, &DELEGATE,
     NULL, NULL, NULL, run_delegate},
};
const struct command_list cmd_relate = {COMMANDS, ARRAY_LEN(COMMANDS)};
