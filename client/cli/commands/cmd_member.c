#include "client/cli/cli.h"

#include "client/agent/clock.h"
#include "client/cli/args.h"
#include "client/cli/files.h"
#include "client/cli/ids.h"
#include "client/cli/print.h"
#include "client/cli/root_key.h"
#include "client/cli/secrets.h"
#include "client/engine/api/act.h"
#include "keys/public/bytes/wipe.h"
#include "proto/number.h"
#include "proto/policy.h"
#include "proto/words.h"

#define INVITATION_DAYS_DEFAULT 14u
#define DAY_MS                  (24ull * 3600 * 1000)

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

    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_id(object, "member", ID_SPAN(&member->member));
        print_add_text(object, "name", member->name);
        print_add_text(object, "role", policy_role_name(member->role));
        (void)cJSON_AddBoolToObject(object, "enrolled", member->enrolled);
        (void)cJSON_AddBoolToObject(object, "suspended", member->suspended);
        (void)cJSON_AddBoolToObject(object, "delegated", member->delegated);
        (void)cJSON_AddBoolToObject(object, "vouched", member->vouched);
        print_add_number(object, "devices", member->devices);
        (void)cJSON_AddItemToArray(list->array, object);
        return true;
    }
    print_short(cli, ID_SPAN(&member->member));
    (void)fprintf(cli->out, "  %-9s  ", policy_role_name(member->role));
    print_text(cli, span_of(member->name, strlen(member->name)), 24);
    (void)fprintf(cli->out, "%s%s%s", member->enrolled ? "" : "  (invited)",
                  member->suspended ? "  (suspended)" : "",
                  member->delegated ? "  invites clients" : "");
    if (member->vouched) {
        view_name(host_engine(cli->host), &member->inviter, inviter);
        (void)fputs("  by ", cli->out);
        print_text(cli, span_of(inviter, strlen(inviter)), 16);
    }
    (void)fputc('\n', cli->out);
    return true;
}

static int member_list(struct cli *cli)
{
    struct member_list list = {cli, cli->json ? cJSON_CreateArray() : NULL};

    view_members(host_engine(cli->host), list_member, &list);
    if (cli->json) {
        print_json(cli, list.array);
    }
    return CLI_OK;
}

/* What two people compare, so that no server and no admin stands between them. */
static int member_code(struct cli *cli, const char *word)
{
    struct view_member member;
    char text[ACT_SHORT_CODE_CHARS_MAX];
    int code = ids_member(cli, word, &member);
    enum status status;

    if (code != CLI_OK) {
        return code;
    }
    status = act_short_code(host_engine(cli->host), &member.member, text);
    if (status != STATUS_OK) {
        return cli_fail(cli, "there is no code yet: both must have joined", status);
    }
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_id(object, "member", ID_SPAN(&member.member));
        print_add_text(object, "code", text);
        print_json(cli, object);
    } else {
        (void)fprintf(cli->out,
                      "%s\nThe other sees the same digits with `alcove member code`. Compare them "
                      "by voice\nor in person, never through the server.\n",
                      text);
    }
    return CLI_OK;
}

struct inviting {
    const char *role;
    const char *name;
    const char *out;
    const char *root;
    const char *root_fd;
    const char *days;
    const char *practice_name;
};

static int number_from(struct cli *cli, const char *text, uint64_t least, uint64_t most,
                       uint64_t *out)
{
    if (!number_of(text, least, most, out)) {
        (void)fprintf(cli->err, "alcove: %s is not a number from %llu to %llu\n", text,
                      (unsigned long long)least, (unsigned long long)most);
        return CLI_USAGE;
    }
    return CLI_OK;
}

static int open_root(struct cli *cli, const char *path, const char *fd_text,
                     struct identity_signer **out_root)
{
    struct secret *passphrase = NULL;
    uint64_t fd = 0;
    enum status status;
    int code = fd_text == NULL ? CLI_OK : number_from(cli, fd_text, 0, 1u << 20, &fd);

    if (code != CLI_OK) {
        return code;
    }
    status = secrets_get(cli_fd(cli, (int)fd), "Passphrase of the root key", &passphrase);
    if (status == STATUS_OK) {
        status = root_key_read(path, secret_view(passphrase), out_root);
    }
    secret_free(passphrase);
    return status == STATUS_OK ? CLI_OK : cli_fail(cli, "the root key was not opened", status);
}

static int deliver_invitation(struct cli *cli, const struct inviting *inviting,
                              const struct act_invite *invite)
{
    char code_secret[INVITATION_TEXT_CHARS_MAX + 2];
    struct member_id member;
    uint64_t ticket = 0;
    bool sent = false;
    enum status status =
        act_invite(host_engine(cli->host), invite, clock_now_ms(), code_secret, &member, &ticket);
    size_t code_size;
    int code;

    if (status != STATUS_OK) {
        return cli_fail(cli, "the invitation was not made", status);
    }
    /* The newline stands where the text's end did: the file needs no zero. */
    code_size = strlen(code_secret);
    code_secret[code_size] = '\n';
    status = files_write_new(inviting->out, span_of(code_secret, code_size + 1));
    wipe(code_secret, sizeof(code_secret));
    if (status != STATUS_OK) {
        if (engine_take_back(host_engine(cli->host), ticket) != STATUS_OK) {
            (void)fprintf(cli->err, "alcove: the invitation is on its way, but its code is lost; "
                                    "it will expire unused\n");
        }
        return cli_fail(cli, "the code was not written", status);
    }
    code = cli_deliver(cli, ticket, &sent);
    if (code != CLI_OK) {
        return code;
    }
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_id(object, "member", ID_SPAN(&member));
        print_add_text(object, "file", inviting->out);
        (void)cJSON_AddBoolToObject(object, "sent", sent);
        print_json(cli, object);
        return CLI_OK;
    }
    (void)fprintf(cli->out,
                  "The code is in %s. Hand it over in person or by another channel than\n"
                  "this server; it works once%s.\n",
                  inviting->out, sent ? "" : ", after the next sync");
    if (invite->role != ROLE_CLIENT) {
        (void)fprintf(cli->out, "Once they have joined: alcove directory share\n");
    }
    return CLI_OK;
}

/* As we were told when we joined, unless they say otherwise. */
static struct span practice_name(const struct cli *cli, const struct inviting *inviting)
{
    const char *name = inviting->practice_name != NULL ? inviting->practice_name
                                                       : view_practice_name(host_engine(cli->host));

    return span_of(name, strlen(name));
}

static int member_invite(struct cli *cli, const struct inviting *inviting)
{
    struct act_invite invite = {.name = {(const uint8_t *)inviting->name, strlen(inviting->name)}};
    struct identity_signer *root = NULL;
    uint64_t days = INVITATION_DAYS_DEFAULT;
    int code = CLI_OK;

    if (policy_role_parse(span_of(inviting->role, strlen(inviting->role)), &invite.role) !=
        STATUS_OK) {
        (void)fprintf(cli->err, "alcove: --role is therapist, client, auditor or admin\n");
        return CLI_USAGE;
    }
    if (inviting->name[0] == '\0') {
        (void)fprintf(cli->err, "alcove: --name is empty; nobody could call them by it\n");
        return CLI_USAGE;
    }
    if (inviting->days != NULL) {
        code = number_from(cli, inviting->days, 1, 365, &days);
    }
    if (code == CLI_OK && (invite.role == ROLE_ADMIN || invite.role == ROLE_AUDITOR)) {
        if (inviting->root == NULL) {
            (void)fprintf(cli->err, "alcove: admins and auditors are appointed by the practice's "
                                    "root: give --root FILE (root.key)\n");
            return CLI_USAGE;
        }
        code = open_root(cli, inviting->root, inviting->root_fd, &root);
    }
    if (code == CLI_OK) {
        invite.root = root;
        invite.expires_ms = clock_now_ms() + days * DAY_MS;
        invite.practice_name = practice_name(cli, inviting);
        code = deliver_invitation(cli, inviting, &invite);
    }
    identity_signer_free(root);
    return code;
}

static int member_suspend(struct cli *cli, const char *word, bool resume,
                          const struct inviting *options)
{
    struct view_member member;
    struct identity_signer *root = NULL;
    uint64_t ticket = 0;
    int code = ids_member(cli, word, &member);
    bool by_root = false;

    if (code == CLI_OK) {
        by_root = member.role == ROLE_ADMIN || member.role == ROLE_AUDITOR;
    }
    if (code == CLI_OK && member.suspended != resume) {
        (void)fprintf(cli->err, "alcove: %s is %s; nothing was changed\n", word,
                      resume ? "not suspended" : "suspended already");
        return CLI_FAILED;
    }
    if (by_root && options->root == NULL) {
        (void)fprintf(cli->err, "alcove: admins and auditors are suspended and resumed by the "
                                "practice's root;\ngive its key with --root FILE. Nothing was "
                                "changed.\n");
        return CLI_USAGE;
    }
    if (by_root) {
        code = open_root(cli, options->root, options->root_fd, &root);
    }
    if (code == CLI_OK) {
        enum status status = act_suspend(host_engine(cli->host), &member.member, resume, root,
                                         clock_now_ms(), &ticket);

        code = cli_tell_statement(cli, status, &ticket,
                                  resume ? "Resumed."
                                         : "Suspended: connections are closed, keys move on with "
                                           "the next note.\nNothing was deleted.");
    }
    identity_signer_free(root);
    return code;
}

int cmd_member(struct cli *cli, int argc, char **argv)
{
    struct inviting inviting = {0};
    const struct args_option options[] = {
        {.name = "--role", .value = &inviting.role},
        {.name = "--name", .value = &inviting.name},
        {.name = "--out", .value = &inviting.out},
        {.name = "--root", .value = &inviting.root},
        {.name = "--root-passphrase-fd", .value = &inviting.root_fd},
        {.name = "--days", .value = &inviting.days},
        {.name = "--practice-name", .value = &inviting.practice_name},
    };
    const char *words[2];
    const char *wrong = NULL;
    size_t count = 0;
    bool invite;
    bool list;
    bool compare;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), words, 2, &count, &wrong) ||
        count == 0) {
        return cli_usage(cli, "member", wrong);
    }
    invite = count == 1 && strcmp(words[0], "invite") == 0 && inviting.role != NULL &&
             inviting.name != NULL && inviting.out != NULL;
    list = count == 1 && strcmp(words[0], "list") == 0;
    compare = count == 2 && strcmp(words[0], "code") == 0;
    if (!invite && !list && !compare &&
        !(count == 2 && (strcmp(words[0], "suspend") == 0 || strcmp(words[0], "resume") == 0))) {
        return cli_usage(cli, "member", NULL);
    }
    code = cli_open(cli);
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    if (code != CLI_OK) {
        return code;
    }
    if (invite) {
        return member_invite(cli, &inviting);
    }
    if (compare) {
        return member_code(cli, words[1]);
    }
    return list ? member_list(cli)
                : member_suspend(cli, words[1], strcmp(words[0], "resume") == 0, &inviting);
}
