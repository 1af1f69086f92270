#include "client/cli/cli.h"

#include "client/agent/clock.h"
#include "client/cli/args.h"
#include "client/cli/ids.h"
#include "client/cli/print.h"
#include "client/cli/sections.h"
#include "client/engine/api/act.h"
#include "proto/policy.h"
#include "proto/words.h"

struct opening {
    const char *class;
    const char *rights;
    const char *until;
    bool history;
    bool compared;
};

static int section_of(struct cli *cli, const char *word, const char *class_word,
                      struct view_section *out)
{
    uint32_t class = 0;
    int code = class_word == NULL ? CLI_OK : ids_class(cli, class_word, &class);

    return code == CLI_OK ? ids_section(cli, word, class, out) : code;
}

static int rights_of(struct cli *cli, const char *text, uint32_t *out)
{
    static const struct {
        const char *word;
        uint32_t right;
    } words[] = {{"read", RIGHT_READ}, {"write", RIGHT_WRITE}, {"own", RIGHT_OWN}};

    *out = 0;
    while (*text != '\0') {
        size_t size = strcspn(text, ",");
        size_t i = 0;

        while (i < ARRAY_LEN(words) &&
               (strlen(words[i].word) != size || strncmp(words[i].word, text, size) != 0)) {
            i++;
        }
        if (i == ARRAY_LEN(words)) {
            (void)fprintf(cli->err, "alcove: --rights is read, read,write or read,write,own\n");
            return CLI_USAGE;
        }
        *out |= words[i].right;
        text += size + (text[size] == ',' ? 1 : 0);
    }
    if ((*out & RIGHT_READ) == 0) {
        (void)fprintf(cli->err, "alcove: --rights is read, read,write or read,write,own\n");
        return CLI_USAGE;
    }
    return CLI_OK;
}

/* |ticket| by pointer: it is set by the call that gives |status|. */
static int tell(struct cli *cli, enum status status, const uint64_t *ticket, const char *what)
{
    struct engine_ticket info;
    bool sent = false;
    int code;

    if (status == STATUS_UNSUPPORTED) {
        (void)fprintf(cli->err, "alcove: this person is vouched for by an admin alone. Compare the "
                                "code\n  of `alcove member code` with them, then give "
                                "--code-compared.\n");
        return CLI_REFUSED;
    }
    if (status == STATUS_REFUSED) {
        (void)fprintf(cli->err, "alcove: it was not done: the section is not yours to open, or the "
                                "policy lets no\n  such person in. That somebody treats or covers "
                                "is stated by an admin first:\n  alcove relate STAFF covers CLIENT "
                                "(REFUSED)\n");
        return CLI_REFUSED;
    }
    if (status != STATUS_OK) {
        return cli_fail(cli, "it was not done", status);
    }
    code = cli_deliver(cli, *ticket, &sent);
    if (code != CLI_OK) {
        return code;
    }
    engine_ticket(host_engine(cli->host), *ticket, &info);
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        (void)cJSON_AddBoolToObject(object, "sent", sent);
        print_add_id(object, "statement", ID_SPAN(&info.object));
        print_add_number(object, "event", info.event);
        print_json(cli, object);
    } else if (sent) {
        (void)fprintf(cli->out, "%s\n", what);
    }
    return CLI_OK;
}

int cmd_grant(struct cli *cli, int argc, char **argv)
{
    struct opening opening = {0};
    const struct args_option options[] = {
        {.name = "--class", .value = &opening.class},
        {.name = "--rights", .value = &opening.rights},
        {.name = "--until", .value = &opening.until},
        {.name = "--history", .flag = &opening.history},
        {.name = "--code-compared", .flag = &opening.compared},
    };
    struct act_grant grant = {0};
    struct view_section section;
    struct view_member member;
    const char *words[2];
    const char *wrong = NULL;
    uint64_t ticket = 0;
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), words, 2, &count, &wrong) ||
        count != 2 || opening.rights == NULL) {
        return cli_usage(cli, "grant", wrong);
    }
    code = rights_of(cli, opening.rights, &grant.rights);
    if (code == CLI_OK && opening.until != NULL) {
        code = ids_until(cli, opening.until, &grant.until_ms);
    }
    if (code == CLI_OK) {
        code = cli_open(cli);
    }
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    if (code == CLI_OK) {
        code = section_of(cli, words[0], opening.class, &section);
    }
    if (code == CLI_OK) {
        code = ids_member(cli, words[1], &member);
    }
    if (code != CLI_OK) {
        return code;
    }
    grant.section = section.section;
    grant.member = member.member;
    grant.history_from = opening.history ? 1 : 0;
    grant.code_compared = opening.compared;
    return tell(cli, act_grant(host_engine(cli->host), &grant, clock_now_ms(), &ticket), &ticket,
                "Granted. The key goes to them with a new epoch.");
}

int cmd_revoke(struct cli *cli, int argc, char **argv)
{
    const char *class = NULL;
    const struct args_option options[] = {{.name = "--class", .value = &class}};
    struct view_section section;
    struct view_member member;
    const char *words[2];
    const char *wrong = NULL;
    uint64_t ticket = 0;
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), words, 2, &count, &wrong) ||
        count != 2) {
        return cli_usage(cli, "revoke", wrong);
    }
    code = cli_open(cli);
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    if (code == CLI_OK) {
        code = section_of(cli, words[0], class, &section);
    }
    if (code == CLI_OK) {
        code = ids_member(cli, words[1], &member);
    }
    if (code != CLI_OK) {
        return code;
    }
    return tell(cli,
                act_revoke(host_engine(cli->host), &section.section, &member.member, clock_now_ms(),
                           &ticket),
                &ticket,
                "Revoked: nothing new reaches them. What they read before cannot be unread.");
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
    struct cli *cli = accessing->cli;

    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_id(object, "member", ID_SPAN(&access->member));
        print_add_text(object, "name", access->name);
        print_add_text(object, "role", policy_role_name(access->role));
        print_add_number(object, "rights", access->rights);
        print_add_number(object, "until_ms", access->until_ms);
        print_add_text(object, "reason", access->reason);
        print_add_number(object, "devices", access->devices);
        (void)cJSON_AddBoolToObject(object, "in_epoch", access->in_epoch);
        if (accessing->section != NULL) {
            print_add_id(object, "section", ID_SPAN(&accessing->section->section));
            print_add_text(object, "class", policy_class_name(accessing->section->class));
        }
        (void)cJSON_AddItemToArray(accessing->array, object);
        return true;
    }
    print_text(cli, span_of(access->name, strlen(access->name)), 20);
    (void)fprintf(cli->out, "  %s%s%s  ", (access->rights & RIGHT_READ) != 0 ? "read" : "",
                  (access->rights & RIGHT_WRITE) != 0 ? " write" : "",
                  (access->rights & RIGHT_OWN) != 0 ? " own" : "");
    print_text(cli, span_of(access->reason, strlen(access->reason)), 40);
    if (access->until_ms != 0) {
        (void)fputs(", until ", cli->out);
        print_time(cli, access->until_ms);
    }
    (void)fprintf(cli->out, "%s\n", access->in_epoch ? "" : "  (no key yet)");
    return true;
}

/* Without a word when it is none: it may still be a section or a chart. */
static bool is_note(const struct cli *cli, const char *word, struct section_id *out_section)
{
    struct cli quiet = *cli;
    struct note_id note;
    bool found;

    quiet.err = fopen("/dev/null", "we");
    if (quiet.err == NULL) {
        return false;
    }
    found = ids_note(&quiet, word, out_section, &note) == CLI_OK;
    (void)fclose(quiet.err);
    return found;
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
static int access_word(struct cli *cli, const char *word, const char *class,
                       struct accessing *accessing)
{
    struct view_section section;
    struct section_id of_note;
    struct sections sections;
    struct chart_id chart;
    struct member_id client;
    enum status status;
    int code;

    if (class == NULL && is_note(cli, word, &of_note)) {
        status = access_of(accessing, &of_note);
    } else if (class != NULL || ids_section_quietly(cli, word, &section)) {
        code = class == NULL ? CLI_OK : section_of(cli, word, class, &section);
        if (code != CLI_OK) {
            return code;
        }
        status = access_of(accessing, &section.section);
    } else {
        code = ids_chart(cli, word, &chart, &client);
        if (code == CLI_OK) {
            code = sections_get(cli, &sections);
        }
        if (code != CLI_OK) {
            return code;
        }
        status = access_chart(accessing, &sections, &chart);
        sections_free(&sections);
    }
    return status == STATUS_OK ? CLI_OK : cli_fail(cli, "it could not be told", status);
}

int cmd_access(struct cli *cli, int argc, char **argv)
{
    const char *class = NULL;
    const struct args_option options[] = {{.name = "--class", .value = &class}};
    struct accessing accessing = {.cli = cli};
    const char *words[1];
    const char *wrong = NULL;
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), words, 1, &count, &wrong) ||
        count != 1) {
        return cli_usage(cli, "access", wrong);
    }
    code = cli_open(cli);
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    if (code != CLI_OK) {
        return code;
    }
    accessing.array = cli->json ? cJSON_CreateArray() : NULL;
    code = access_word(cli, words[0], class, &accessing);
    if (code != CLI_OK) {
        cJSON_Delete(accessing.array);
    } else if (cli->json) {
        print_json(cli, accessing.array);
    }
    return code;
}
