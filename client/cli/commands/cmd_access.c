#include "client/agent/clock.h"
#include "client/cli/command.h"
#include "client/cli/ids.h"
#include "client/cli/note_words.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/cli/sections.h"
#include "client/cli/statement.h"
#include "client/engine/api/act.h"
#include "proto/policy.h"

#include <stdlib.h>

struct access_values {
    const char *place; /* a chart, a section, or for `access` a note */
    const char *member;
    uint32_t class;
    uint32_t rights;
    uint64_t until_ms;
    bool history;
    bool code_compared;
};

static int find_both(struct cli *cli, const struct access_values *values,
                     struct view_section *out_section, struct view_member *out_member)
{
    int code = ids_section(cli, values->place, values->class, out_section);
    return code == CLI_OK ? ids_member(cli, values->member, out_member) : code;
}

static int tell_granted(struct cli *cli, const struct act_grant *grant, const char *name,
                        enum status status, uint64_t ticket)
{
    char until[64] = "";
    statement_until(grant->until_ms, until, sizeof until);
    char words[VIEW_NAME_BYTES_MAX];
    uint64_t rests_until_ms = 0;
    view_rests(host_engine(cli->host), &grant->section, &grant->member, grant->rights, words,
               &rests_until_ms);
    char rests_until[64] = "";
    statement_until(rests_until_ms, rests_until, sizeof rests_until);
    char rests[VIEW_NAME_BYTES_MAX * 3u] = "";
    if (words[0] != '\0') {
        (void)snprintf(rests, sizeof rests,
                       " This rests on a relation: %s %s%s. It ends with that relation for good.",
                       name, words, rests_until);
    }
    char *done = NULL;
    CHECK(asprintf(&done, "Granted%s. %s %s.%s", until, name,
                   grant->history_from > 0
                       ? "can also open what was written before"
                       : "sees what is written from now on, and nothing earlier; grant it again "
                         "with --history to open that too",
                   rests) >= 0);
    int code = statement_tell(
        cli, SAY_GRANT, status, ticket,
        &(const struct statement_words){done, name, "cannot open anything by it yet"});
    free(done);
    return code;
}

static int run_grant(struct cli *cli, const void *given)
{
    const struct access_values *values = given;
    struct act_grant grant = {.rights = values->rights,
                              .until_ms = values->until_ms,
                              .history_from = values->history ? 1 : 0,
                              .code_compared = values->code_compared};
    struct view_section section;
    struct view_member member;
    int code = find_both(cli, values, &section, &member);
    if (code != CLI_OK) {
        return code;
    }
    grant.section = section.section;
    grant.member = member.member;
    uint64_t ticket = 0;
    enum status status = act_grant(host_engine(cli->host), &grant, clock_now_ms(), &ticket);
    return tell_granted(cli, &grant, member.name, status, ticket);
}

static int run_revoke(struct cli *cli, const void *given)
{
    struct view_section section;
    struct view_member member;
    int code = find_both(cli, given, &section, &member);
    if (code != CLI_OK) {
        return code;
    }
    uint64_t ticket = 0;
    enum status status = act_revoke(host_engine(cli->host), &section.section, &member.member,
                                    clock_now_ms(), &ticket);
    return statement_tell(
        cli, SAY_GRANT, status, ticket,
        &(const struct statement_words){
            "Revoked: nothing new reaches them. What they read before cannot be unread.",
            member.name, "can still open everything that they could"});
}

/* ---- who can open this now */

struct accessing {
    struct cli *cli;
    cJSON *array;
    const struct view_section *section; /* of a whole chart: said with each name */
};

static bool tell_access(void *visitor, const struct view_access *access)
{
    struct accessing *accessing = visitor;
    const struct view_section *section = accessing->section;
    const struct print_field fields[] = {
        {"member", PRINT_ID, .span = ID_SPAN(&access->member)},
        {"name", PRINT_TEXT, .span = print_span(access->name), .before = "", .columns = 20},
        {"role", PRINT_TEXT, .span = print_span(policy_role_name(access->role))},
        {"rights", PRINT_NUMBER, .number = access->rights},
        {NULL, PRINT_TEXT, .span = print_span(note_rights(access->rights)), .before = "  "},
        {"until_ms", PRINT_NUMBER, .number = access->until_ms},
        {"reason", PRINT_TEXT, .span = print_span(access->reason), .before = "  ", .columns = 40},
        {NULL, PRINT_TIME, .number = access->until_ms, .before = ", until "},
        {"devices", PRINT_NUMBER, .number = access->devices},
        {"in_epoch", PRINT_BOOL, .number = access->in_epoch, .otherwise = "  (no key yet)"},
        /* of a whole chart: with each name */
        {"section", PRINT_ID,
         .span = section == NULL ? span_of(NULL, 0) : ID_SPAN(&section->section)},
        {"class", PRINT_TEXT,
         .span = print_span(section == NULL ? "" : policy_class_name(section->class))},
    };
    print_row(accessing->cli, accessing->array, fields,
              ARRAY_LEN(fields) - (section == NULL ? 2 : 0));
    return true;
}

static enum status access_of(struct accessing *accessing, const struct section_id *section)
{
    return view_access(host_engine(accessing->cli->host), section, tell_access, accessing);
}

/* Every section of a chart that is here, each with those who can open it. */
static enum status access_chart(struct accessing *accessing, const struct sections *sections,
                                const struct chart_id *chart)
{
    struct cli *cli = accessing->cli;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sections->count && status == STATUS_OK; i++) {
        const struct view_section *section = &sections->items[i];
        if (!ID_EQUAL(&section->chart, chart) || section->ended) {
            continue;
        }
        accessing->section = section;
        if (!cli->json) {
            print_short(cli, ID_SPAN(&section->section));
            (void)fprintf(cli->out, "  %s\n", policy_class_name(section->class));
        }
        status = access_of(accessing, &section->section);
    }
    return status;
}

/* What the word means, the narrowest first: a note, a section, a chart's section of the class,
 * the whole chart. */
static int access_word(struct cli *cli, const struct access_values *values,
                       struct accessing *accessing)
{
    struct view_section section;
    struct sections sections;
    struct chart_id chart;
    struct member_id client;
    struct note_id note;
    enum status status;
    int code = CLI_OK;
    if (values->class != 0) {
        code = ids_section(cli, values->place, values->class, &section);
    } else if (!ids_note_quietly(cli, values->place, &section.section, &note) &&
               !ids_section_quietly(cli, values->place, &section)) {
        code = ids_chart(cli, values->place, &chart, &client);
        if (code == CLI_OK) {
            code = sections_get(cli, &sections);
        }
        if (code != CLI_OK) {
            return code;
        }
        status = access_chart(accessing, &sections, &chart);
        sections_free(&sections);
        return status == STATUS_OK ? CLI_OK : cli_fail(cli, SAY_SECTION_READ, status);
    }
    status = code == CLI_OK ? access_of(accessing, &section.section) : STATUS_OK;
    return status == STATUS_OK ? code : cli_fail(cli, SAY_SECTION_READ, status);
}

static int run_access(struct cli *cli, const void *values)
{
    struct accessing accessing = {.cli = cli, .array = cli->json ? cJSON_CreateArray() : NULL};
    int code = access_word(cli, values, &accessing);
    if (code != CLI_OK) {
        cJSON_Delete(accessing.array);
    } else if (cli->json) {
        print_json(cli, accessing.array);
    }
    return code;
}

static const struct option GRANT_OPTIONS[] = {
    {"CHART|SECTION", OPTION_TEXT, offsetof(struct access_values, place), NULL,
     "a section, or a chart with --class", &option_required},
    {"MEMBER", OPTION_TEXT, offsetof(struct access_values, member), NULL, "the person",
     &option_required},
    {"--class", OPTION_CLASS, offsetof(struct access_values, class), "CLASS",
     "which section of the chart", NULL},
    {"--rights", OPTION_RIGHTS, offsetof(struct access_values, rights), "RIGHTS",
     "what they may do there", &option_required},
    {"--until", OPTION_UNTIL, offsetof(struct access_values, until_ms), "TIME",
     "when it ends by itself", NULL},
    {"--history", OPTION_FLAG, offsetof(struct access_values, history), NULL,
     "with what was written before", NULL},
    {"--code-compared", OPTION_FLAG, offsetof(struct access_values, code_compared), NULL,
     "you compared the short code with them", NULL},
};
static const struct option_table GRANT = {GRANT_OPTIONS, ARRAY_LEN(GRANT_OPTIONS),
                                          sizeof(struct access_values)};
static const struct option_table REVOKE = {GRANT_OPTIONS, 3, sizeof(struct access_values)};

static const struct option ACCESS_OPTIONS[] = {
    {"CHART|SECTION|NOTE", OPTION_TEXT, offsetof(struct access_values, place), NULL,
     "what is asked about", &option_required},
    {"--class", OPTION_CLASS, offsetof(struct access_values, class), "CLASS",
     "only this section of the chart", NULL},
};
static const struct option_table ACCESS = {ACCESS_OPTIONS, ARRAY_LEN(ACCESS_OPTIONS),
                                           sizeof(struct access_values)};

static const struct command COMMANDS[] = {
    {"grant", "let somebody in", COMMAND_NEEDS_FRESH, COMMAND_ANYWHERE, &GRANT, NULL, NULL, NULL,
     run_grant},
    {"revoke", "end a grant", COMMAND_NEEDS_FRESH, COMMAND_ANYWHERE, &REVOKE, NULL, NULL, NULL,
     run_revoke},
    {"access", "tell who can open this now, and why", COMMAND_NEEDS_LOOK, COMMAND_READS, &ACCESS,
     NULL, NULL, NULL, run_access},
};
const struct command_list cmd_access = {COMMANDS, ARRAY_LEN(COMMANDS)};
