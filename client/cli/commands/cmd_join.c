#include "client/cli/cli.h"

#include "client/cli/args.h"
#include "client/cli/files.h"
#include "client/cli/joining.h"
#include "client/cli/print.h"
#include "client/cli/secrets.h"
#include "client/engine/section/petname.h"
#include "client/store/store.h"
#include "keys/private/passphrase.h"
#include "keys/private/recovery.h"
#include "keys/public/bytes/wipe.h"
#include "proto/policy.h"

#include <unistd.h>

static int confirm(struct cli *cli, const struct join_info *info, bool yes)
{
    char line[32];

    if (!cli->json) {
        (void)fprintf(cli->out, "The invitation is genuine.\n  practice  ");
        print_text(cli, span_of(info->practice_name, strlen(info->practice_name)), 60);
        (void)fprintf(cli->out, "\n  name      ");
        print_text(cli, span_of(info->name, strlen(info->name)), 60);
        (void)fprintf(cli->out, "\n  role      %s\n", policy_role_name(info->role));
    }
    if (yes || cli->json) {
        return CLI_OK;
    }
    (void)fprintf(cli->out, "Join? Type yes: ");
    (void)fflush(cli->out);
    if (cli->in < 0 || fgets(line, sizeof(line), stdin) == NULL || strncmp(line, "yes", 3) != 0) {
        (void)fprintf(cli->err, "alcove join: not joined; the invitation is unused\n");
        return CLI_REFUSED;
    }
    return CLI_OK;
}

static int take_passphrase(struct cli *cli, struct secret **out_passphrase)
{
    enum passphrase_verdict verdict;
    enum status status = secrets_get_new(cli->passphrase_fd,
                                         "New passphrase, 15 characters or more", out_passphrase);

    if (status != STATUS_OK) {
        return cli_no_passphrase(cli, "no passphrase was given", status);
    }
    verdict = passphrase_judge(secret_view(*out_passphrase));
    if (verdict != PASSPHRASE_GOOD) {
        (void)fprintf(cli->err,
                      "alcove join: this passphrase will not do.\n  %s\nNothing was made; the "
                      "invitation is unused.\n",
                      passphrase_advice(verdict));
        return CLI_LOCKED;
    }
    return CLI_OK;
}

static int give_card(struct cli *cli, const char *path, const char *card)
{
    if (path != NULL) {
        enum status status = files_write_new(path, span_of(card, strlen(card)));

        return status == STATUS_OK ? CLI_OK
                                   : cli_fail(cli, "the recovery card was not written", status);
    }
    if (!cli->json) {
        (void)fprintf(
            cli->out,
            "\nYour recovery card. Print or copy it now, keep it away from this machine;\n"
            "nobody else has it and it is not shown again:\n\n%s\n\n",
            card);
    }
    return CLI_OK;
}

static void tell_joined(struct cli *cli, const struct join_info *info, const char *card_path)
{
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_id(object, "member", ID_SPAN(&info->member));
        print_add_text(object, "role", policy_role_name(info->role));
        print_add_text(object, "practice", info->practice_name);
        print_add_text(object, "name", info->name);
        if (card_path != NULL) {
            print_add_text(object, "card_file", card_path);
        }
        print_json(cli, object);
        return;
    }
    (void)fprintf(cli->out, "Joined. Next: alcove unlock\n");
}

/* What the invitation calls the newcomer and the practice. It is a convenience: without it both
 * are called by digits, so a failure is no reason to stop. */
static void keep_names(struct cli *cli, const struct keystore_content *content,
                       const struct join_info *info)
{
    char path[FILES_PATH_BYTES_MAX];
    struct store *store = NULL;
    struct storage storage;
    enum status status = files_join(cli->profile, "store", path);

    if (status == STATUS_OK) {
        status = store_open(path, content->cache_master, &content->practice, &store);
    }
    if (status == STATUS_OK) {
        store_storage(store, &storage);
        status = petname_keep(&storage, &info->member, span_of(info->name, strlen(info->name)));
    }
    if (status == STATUS_OK) {
        (void)!petname_keep(&storage, NULL,
                            span_of(info->practice_name, strlen(info->practice_name)));
    }
    store_close(store);
}

/* Before the invitation is used up: whether keys can be kept where they are to be. */
static enum status make_place(const char *profile)
{
    static const uint8_t zeros[4096];
    char path[FILES_PATH_BYTES_MAX];
    enum status status = files_parents(profile);

    if (status == STATUS_OK) {
        status = files_folder(profile);
    }
    if (status == STATUS_OK) {
        status = files_join(profile, "room", path);
    }
    if (status == STATUS_OK) {
        (void)unlink(path);
        status = files_write_new(path, span_of(zeros, sizeof(zeros)));
        (void)unlink(path);
    }
    return status;
}

static int fail_join(struct cli *cli, const struct joining *joining, enum status status)
{
    if (status == STATUS_OFFLINE || status == STATUS_BUSY) {
        (void)fprintf(cli->err,
                      "alcove join: the server was not reached: %s\nThe invitation is "
                      "unused; try again.\n",
                      joining->why == NULL ? "no answer in time" : joining->why);
        return CLI_UNREACHABLE;
    }
    if (status == STATUS_REFUSED) {
        (void)fprintf(cli->err, "alcove join: the server knows no such invitation, or it was used "
                                "already.\n  Ask the one who gave it to you for a new one.\n");
        return CLI_REFUSED;
    }
    return cli_fail(cli, "the invitation does not hold", status);
}

/* What an enrolment that did not come about leaves behind; the invitation serves again. */
static void remove_keys(const struct cli *cli, const char *card_path)
{
    static const char *const names[] = {"keystore", "keystore.lock"};
    char path[FILES_PATH_BYTES_MAX];

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (files_join(cli->profile, names[i], path) == STATUS_OK) {
            (void)unlink(path);
        }
    }
    if (card_path != NULL) {
        (void)unlink(card_path);
    }
}

static int tell_unsure(struct cli *cli)
{
    (void)fprintf(cli->err,
                  "alcove join: the server did not answer; it may have taken you in or not.\n"
                  "Your keys are kept in %s. Try `alcove sync`: if that is refused,\n"
                  "remove this folder and the card, and join again with the same invitation.\n",
                  cli->profile);
    return CLI_UNREACHABLE;
}

/* The keys are on the disk before the invitation is used up: whatever ends this program after
 * that leaves a profile that works. */
static int send_enrolment(struct cli *cli, struct joining *joining, const char *card_path)
{
    enum status status = joining_connect(joining, JOIN_DONE);

    if (status == STATUS_OK) {
        return CLI_OK;
    }
    if (joining->enrol_sent && status != STATUS_REFUSED) {
        return tell_unsure(cli);
    }
    remove_keys(cli, card_path);
    return fail_join(cli, joining, status);
}

static int enrol(struct cli *cli, struct joining *joining, const struct join_info *info,
                 const struct pass_file_params *params, struct secret *passphrase,
                 const char *card_path)
{
    char card_secret[RECOVERY_CARD_CHARS_MAX + 1];
    struct keystore_content content;
    struct keystore *keystore = NULL;
    enum status status = make_place(cli->profile);
    int code;

    memset(&content, 0, sizeof(content));
    if (status != STATUS_OK) {
        return cli_fail(cli, "the profile's folder cannot be written; the invitation is unused",
                        status);
    }
    status = join_enrol(joining->join, card_secret);
    if (status == STATUS_OK) {
        status = join_take_content(joining->join, &content);
    }
    if (status == STATUS_OK) {
        status =
            keystore_create(cli->profile, params, secret_view(passphrase), &content, &keystore);
    }
    keystore_content_deinit(&content);
    if (status != STATUS_OK) {
        wipe(card_secret, sizeof(card_secret));
        return cli_fail(cli, "the keys were not stored; the invitation is unused", status);
    }
    code = give_card(cli, card_path, card_secret);
    wipe(card_secret, sizeof(card_secret));
    if (code == CLI_OK) {
        code = send_enrolment(cli, joining, card_path);
    } else {
        remove_keys(cli, NULL);
    }
    if (code == CLI_OK) {
        keep_names(cli, keystore_content(keystore), info);
        tell_joined(cli, info, card_path);
    }
    keystore_close(keystore);
    return code;
}

static int join_with(struct cli *cli, struct joining *joining, bool yes, bool trial,
                     const char *card_path)
{
    const struct pass_file_params *params =
        trial ? &pass_file_params_floor : &pass_file_params_default;
    struct secret *passphrase = NULL;
    enum status status = joining_connect(joining, JOIN_VERIFIED);
    int code;

    if (status != STATUS_OK) {
        return fail_join(cli, joining, status);
    }
    if (!joining_right_server(joining)) {
        (void)fprintf(cli->err,
                      "alcove join: ALARM: another server answers at %s than the one in "
                      "the invitation.\nNothing was sent to it. Tell your practice.\n",
                      join_address(joining->join));
        return CLI_ALARM;
    }
    code = confirm(cli, join_info(joining->join), yes);
    if (code == CLI_OK) {
        code = take_passphrase(cli, &passphrase);
    }
    if (code == CLI_OK) {
        code = enrol(cli, joining, join_info(joining->join), params, passphrase, card_path);
    }
    secret_free(passphrase);
    return code;
}

static int fail_code(struct cli *cli, const char *path, bool read, enum status status)
{
    char what[128];

    if (read && (status == STATUS_MALFORMED || status == STATUS_UNSUPPORTED)) {
        (void)fprintf(cli->err,
                      "alcove join: this is no invitation's code, or a character is wrong or "
                      "missing; it\n  begins with ALCOVE1-JOIN: (%s)\n",
                      status_name(status));
        return CLI_FAILED;
    }
    (void)snprintf(what, sizeof(what), "the code was not read from %.64s", path);
    return cli_fail(cli, what, status);
}

int cmd_join(struct cli *cli, int argc, char **argv)
{
    bool yes = false;
    bool trial = false;
    const char *card = NULL;
    const struct args_option options[] = {
        {.name = "--yes", .flag = &yes},
        {.name = "--trial", .flag = &trial},
        {.name = "--card", .value = &card},
    };
    const char *words[1];
    const char *wrong = NULL;
    size_t count = 0;
    struct joining joining = {.status = STATUS_OK};
    uint8_t *text = NULL;
    size_t size = 0;
    enum status status;
    bool read;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), words, 1, &count, &wrong) ||
        count != 1) {
        return cli_usage(cli, "join", wrong);
    }
    if (cli->json && card == NULL) {
        (void)fprintf(cli->err,
                      "alcove join: with --json the recovery card needs a file of its own: "
                      "--card FILE\n");
        return CLI_USAGE;
    }
    if (host_probe(cli->profile) != STATUS_NOT_FOUND) {
        (void)fprintf(cli->err,
                      "alcove join: %s already holds a profile; nothing was changed. "
                      "Choose another with --profile DIR.\n",
                      cli->profile);
        return CLI_FAILED;
    }
    status = files_read(words[0], cli->in, INVITATION_TEXT_CHARS_MAX + 64, &text, &size);
    read = status == STATUS_OK;
    if (read) {
        status = join_new(span_of(text, size), &joining.join);
        wipe(text, size);
    }
    free(text);
    code = status == STATUS_OK ? join_with(cli, &joining, yes, trial, card)
                               : fail_code(cli, words[0], read, status);
    joining_deinit(&joining);
    join_free(joining.join);
    return code;
}
