#include "client/agent/clock.h"
#include "client/cli/command.h"
#include "client/cli/files.h"
#include "client/cli/going.h"
#include "client/cli/handed.h"
#include "client/cli/ids.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/cli/root_key.h"
#include "client/cli/secrets.h"
#include "client/cli/statement.h"
#include "client/engine/api/act.h"
#include "client/text/label.h"
#include "keys/public/bytes/wipe.h"
#include "proto/policy.h"
#include "proto/words.h"

#define DAY_MS (24ull * 3600 * 1000)

/* ---- members */

struct member_list {
    struct cli *cli;
    cJSON *array;
};

static bool list_member(void *visitor, const struct view_member *member)
{
    struct member_list *list = visitor;
    struct cli *cli = list->cli;
    char inviter[VIEW_NAME_BYTES_MAX];
    view_name(host_engine(cli->host), &member->inviter, inviter);
    print_row(
        cli, list->array,
        (const struct print_field[]){
            {"member", PRINT_ID, .span = ID_SPAN(&member->member), .before = ""},
            {NULL, PRINT_TEXT, .span = print_span(policy_role_name(member->role)), .before = "  ",
             .columns = -9},
            {"name", PRINT_TEXT, .span = print_span(member->name), .before = "  ", .columns = 24},
            {"role", PRINT_TEXT, .span = print_span(policy_role_name(member->role))},
            {"enrolled", PRINT_BOOL, .number = member->enrolled, .before = "",
             .otherwise = member->withdrawn ? "  (invitation withdrawn)" : "  (invited)"},
            {"withdrawn", PRINT_BOOL, .number = member->withdrawn},
            {"invitation_expires_ms", PRINT_NUMBER, .number = member->invitation_expires_ms},
            {NULL, PRINT_TIME,
             .number = member->enrolled || member->withdrawn ? 0 : member->invitation_expires_ms,
             .before = " until "},
            {"suspended", PRINT_BOOL, .number = member->suspended, .before = "  (suspended)"},
            {"delegated", PRINT_BOOL, .number = member->delegated, .before = "  invites clients"},
            {"vouched", PRINT_BOOL, .number = member->vouched},
            {NULL, PRINT_TEXT, .span = print_span(inviter),
             .before = member->vouched ? "  by " : NULL, .columns = 16},
            {"devices", PRINT_NUMBER, .number = member->devices}},
        13);
    return true;
}

static int run_list(struct cli *cli, const void *values)
{
    struct member_list list = {cli, cli->json ? cJSON_CreateArray() : NULL};
    (void)values;
    view_members(host_engine(cli->host), list_member, &list);
    if (cli->json) {
        print_json(cli, list.array);
    }
    return CLI_OK;
}

struct member_values {
    const char *member;
    uint32_t role;
    const char *name;
    const char *out;
    const char *root;
    int root_fd;
    uint64_t days;
    const char *practice_name;
    bool yes;
};

/* What two people compare, so that no server and no admin stands between them. */
static int run_code(struct cli *cli, const void *given)
{
    const struct member_values *values = given;
    struct view_member member;
    int code = ids_member(cli, values->member, &member);
    if (code != CLI_OK) {
        return code;
    }
    char text[ACT_SHORT_CODE_CHARS_MAX];
    enum status status = act_short_code(host_engine(cli->host), &member.member, text);
    if (status != STATUS_OK) {
        return cli_fail(cli, SAY_SHORT_CODE, status);
    }
    return print_answer(
        cli,
        (const struct print_field[]){{"member", PRINT_ID, .span = ID_SPAN(&member.member)},
                                     {"code", PRINT_TEXT, .span = print_span(text)}},
        2,
        "%s\nThe other sees the same digits with `alcove member code`. Compare "
        "them by voice or in person, never through the server.",
        text);
}

/* ---- the practice's root key, which appoints admins and auditors */

static int open_root(struct cli *cli, const struct member_values *values,
                     struct identity_signer **out_root)
{
    struct secret *passphrase = NULL;
    enum status status = secrets_get(values->root_fd, "Passphrase of the root key", &passphrase);
    if (status == STATUS_OK) {
        status = root_key_read(values->root, passphrase, out_root);
    }
    secret_free(passphrase);
    return status == STATUS_OK ? CLI_OK : cli_fail_at(cli, SAY_ROOT_OPEN, values->root, status);
}

static bool is_roots(uint32_t role)
{
    return role == ROLE_ADMIN || role == ROLE_AUDITOR;
}

/* The root key for a change of |member|; NULL stays where an admin may do it alone. |how| says what
 * the root does to such members. */
static int root_for(struct cli *cli, const struct member_values *values,
                    const struct view_member *member, const char *how,
                    struct identity_signer **out_root)
{
    if (!is_roots(member->role)) {
        return CLI_OK;
    }
    if (values->root == NULL) {
        return cli_error(cli, CLI_USAGE,
                         "admins and auditors are %s by the practice's root; give its key with "
                         "--root FILE. Nothing was changed.",
                         how);
    }
    return open_root(cli, values, out_root);
}

/* The agent asks nobody: the passphrase is taken in the caller's process. */
static int gather_root(struct cli *cli, void *given, struct handed *handed)
{
    struct member_values *values = given;
    if (values->root == NULL) {
        return CLI_OK;
    }
    struct secret *secret = NULL;
    enum status status = secrets_get(values->root_fd, "Passphrase of the root key", &secret);
    int code = status == STATUS_OK ? handed_secret(cli, handed, secret, &values->root_fd)
                                   : cli_fail_at(cli, SAY_ROOT_OPEN, values->root, status);
    secret_free(secret);
    return code;
}

/* ---- invitations */

static int deliver_invitation(struct cli *cli, const struct member_values *values,
                              const struct act_invite *invite)
{
    char code_secret[INVITATION_TEXT_CHARS_MAX + 2];
    struct member_id member;
    uint64_t ticket = 0;
    enum status status =
        act_invite(host_engine(cli->host), invite, clock_now_ms(), code_secret, &member, &ticket);
    if (status != STATUS_OK) {
        return cli_fail(cli, SAY_INVITE, status);
    }
    /* The newline stands where the text's end did: the file needs no zero. */
    size_t code_size = strlen(code_secret);
    code_secret[code_size] = '\n';
    status = files_write_new(values->out, span_of(code_secret, code_size + 1));
    wipe(code_secret, sizeof code_secret);
    if (status != STATUS_OK) {
        if (engine_take_back(host_engine(cli->host), ticket) != STATUS_OK) {
            cli_warn(cli, "the invitation is on its way, but its code is lost; it will expire "
                          "unused");
        }
        return cli_fail_at(cli, SAY_CODE_WRITE, values->out, status);
    }
    bool sent = false;
    int code = cli_deliver(cli, ticket, &sent);
    if (code != CLI_OK) {
        return code;
    }
    return print_answer(
        cli,
        (const struct print_field[]){{"member", PRINT_ID, .span = ID_SPAN(&member)},
                                     {"file", PRINT_TEXT, .span = print_span(values->out)},
                                     {"sent", PRINT_BOOL, .number = sent}},
        3,
        "The code is in %s. Hand it over in person or by another channel than this server; it "
        "works "
        "once%s.%s",
        values->out, sent ? "" : ", after the next sync",
        invite->role == ROLE_CLIENT ? "" : "\nOnce they have joined: alcove directory share");
}

/* As we were told when we joined, unless they say otherwise. */
static struct span practice_name(const struct cli *cli, const struct member_values *values)
{
    return print_span(values->practice_name != NULL ? values->practice_name
                                                    : view_practice_name(host_engine(cli->host)));
}

static const char *check_invite(const void *given)
{
    const struct member_values *values = given;
    const char *flaw = ids_name_flaw(values->name);
    if (flaw == NULL && values->practice_name != NULL) {
        flaw = ids_name_flaw(values->practice_name);
    }
    if (flaw != NULL) {
        return flaw;
    }
    return is_roots(values->role) && values->root == NULL
               ? "admins and auditors are appointed by the practice's root: give --root FILE "
                 "(root.key)"
               : NULL;
}

static int run_invite(struct cli *cli, const void *given)
{
    const struct member_values *values = given;
    char name[TEXT_LABEL_BYTES_MAX];
    CHECK(text_label_take(print_span(values->name), name) == NULL); /* check_invite */
    struct act_invite invite = {.name = print_span(name),
                                .role = values->role,
                                .practice_name = practice_name(cli, values),
                                .expires_ms = clock_now_ms() + values->days * DAY_MS};
    struct identity_signer *root = NULL;
    int code = CLI_OK;
    if (is_roots(values->role)) {
        code = open_root(cli, values, &root);
    }
    if (code == CLI_OK) {
        invite.root = root;
        code = deliver_invitation(cli, values, &invite);
    }
    identity_signer_free(root);
    return code;
}

static int change_account(struct cli *cli, const struct member_values *values, bool resume)
{
    struct view_member member;
    int code = ids_member(cli, values->member, &member);
    if (code == CLI_OK && member.suspended != resume) {
        return cli_error(cli, CLI_FAILED, "%s is %s; nothing was changed", values->member,
                         resume ? "not suspended" : "suspended already");
    }
    if (code == CLI_OK && !resume) {
        code = going_judge(cli, &member, "is suspended, until they are resumed", values->yes);
    }
    struct identity_signer *root = NULL;
    if (code == CLI_OK) {
        code = root_for(cli, values, &member, "suspended and resumed", &root);
    }
    uint64_t ticket = 0;
    if (code == CLI_OK) {
        enum status status = act_suspend(host_engine(cli->host), &member.member, resume, root,
                                         clock_now_ms(), &ticket);
        code = statement_tell(
            cli, SAY_STATEMENT, status, ticket,
            &(const struct statement_words){
                resume ? "Resumed."
                       : "Suspended: connections are closed, keys move on with the next note.\n"
                         "Nothing was deleted.",
                member.name, resume ? "is still suspended" : "can still connect, read and write"});
    }
    identity_signer_free(root);
    return code;
}

static int run_withdraw(struct cli *cli, const void *given)
{
    const struct member_values *values = given;
    struct view_member member;
    int code = ids_member(cli, values->member, &member);
    if (code == CLI_OK && (member.enrolled || member.withdrawn)) {
        return cli_error(cli, CLI_FAILED,
                         member.enrolled ? "%s has joined already; nothing was changed. To close "
                                           "their account: alcove member suspend"
                                         : "%s's invitation is withdrawn already",
                         values->member);
    }
    struct identity_signer *root = NULL;
    if (code == CLI_OK) {
        code = root_for(cli, values, &member, "invited", &root);
    }
    uint64_t ticket = 0;
    if (code == CLI_OK) {
        enum status status =
            act_withdraw(host_engine(cli->host), &member.member, root, clock_now_ms(), &ticket);
        code = statement_tell(
            cli, SAY_STATEMENT, status, ticket,
            &(const struct statement_words){"Withdrawn: the code opens nothing any more.", NULL,
                                            "whoever holds the code can still join with it"});
    }
    identity_signer_free(root);
    return code;
}

static int run_suspend(struct cli *cli, const void *values)
{
    return change_account(cli, values, false);
}

static int run_resume(struct cli *cli, const void *values)
{
    return change_account(cli, values, true);
}

static const struct option_rule DAYS = {.least = 1, .most = 365, .otherwise = 14};

static const struct option INVITE_OPTIONS[] = {
    {"--role", OPTION_ROLE, offsetof(struct member_values, role), "ROLE", "what they will be",
     &option_required},
    {"--name", OPTION_TEXT, offsetof(struct member_values, name), "NAME",
     "what they are called; the server never sees it", &option_required},
    {"--out", OPTION_FILE, offsetof(struct member_values, out), "FILE", "the new file for the code",
     &option_required},
    {"--days", OPTION_NUMBER, offsetof(struct member_values, days), "N",
     "how long the code can be used, 14 unless given", &DAYS},
    {"--practice-name", OPTION_TEXT, offsetof(struct member_values, practice_name), "NAME",
     "what the invitation calls the practice", NULL},
    {"--root", OPTION_FILE, offsetof(struct member_values, root), "FILE",
     "the practice's root.key, for an admin or auditor", NULL},
    {"--root-passphrase-fd", OPTION_FD, offsetof(struct member_values, root_fd), "N",
     "read the root key's passphrase from this descriptor", NULL},
};
static const struct option_table MEMBER_INVITE = {INVITE_OPTIONS, ARRAY_LEN(INVITE_OPTIONS),
                                                  sizeof(struct member_values)};

static const struct option ONE_OPTIONS[] = {
    {"MEMBER", OPTION_TEXT, offsetof(struct member_values, member), NULL, "the person",
     &option_required},
    {"--root", OPTION_FILE, offsetof(struct member_values, root), "FILE",
     "the practice's root.key, for an admin or auditor", NULL},
    {"--root-passphrase-fd", OPTION_FD, offsetof(struct member_values, root_fd), "N",
     "read the root key's passphrase from this descriptor", NULL},
    {"--yes", OPTION_FLAG, offsetof(struct member_values, yes), NULL,
     "close it although sections are left without an owner", NULL},
};
static const struct option_table MEMBER_CODE = {ONE_OPTIONS, 1, sizeof(struct member_values)};
static const struct option_table MEMBER_CHANGE = {ONE_OPTIONS, ARRAY_LEN(ONE_OPTIONS) - 1,
                                                  sizeof(struct member_values)};
static const struct option_table MEMBER_SUSPEND = {ONE_OPTIONS, ARRAY_LEN(ONE_OPTIONS),
                                                   sizeof(struct member_values)};

static const struct command COMMANDS[] = {
    {"member invite", "invite somebody into the practice", COMMAND_NEEDS_FRESH, COMMAND_ANYWHERE,
     &MEMBER_INVITE, check_invite, gather_root, NULL, run_invite},
    {"member list", "list the people whom you may know of", COMMAND_NEEDS_LOOK, COMMAND_READS,
     &option_none, NULL, NULL, NULL, run_list},
    {"member code", "show the code that you and this person compare", COMMAND_NEEDS_FRESH,
     COMMAND_ANYWHERE, &MEMBER_CODE, NULL, NULL, NULL, run_code},
    {"member withdraw", "take back an invitation that nobody used", COMMAND_NEEDS_FRESH,
     COMMAND_ANYWHERE, &MEMBER_CHANGE, NULL, gather_root, NULL, run_withdraw},
    {"member suspend", "close somebody's account; nothing is deleted", COMMAND_NEEDS_FRESH,
     COMMAND_ANYWHERE, &MEMBER_SUSPEND, NULL, gather_root, NULL, run_suspend},
    {"member resume", "open a closed account again", COMMAND_NEEDS_FRESH, COMMAND_ANYWHERE,
     &MEMBER_CHANGE, NULL, gather_root, NULL, run_resume},
};
const struct command_list cmd_member = {COMMANDS, ARRAY_LEN(COMMANDS)};
