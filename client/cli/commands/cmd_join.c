#include "client/cli/cli.h"
#include "client/cli/command.h"
#include "client/cli/device_join.h"
#include "client/cli/files.h"
#include "client/cli/ids.h"
#include "client/cli/joining.h"
#include "client/cli/kept_key.h"
#include "client/cli/new_profile.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/engine/section/petname.h"
#include "client/store/store.h"
#include "keys/private/recovery.h"
#include "keys/public/bytes/wipe.h"
#include "proto/policy.h"

struct join_values {
    const char *file;
    bool yes;
    bool trial;
    const char *card;
    const char *device; /* a file with the code of a device, instead of an invitation */
    const char *name;   /* what the device is called */
};

static int confirm(struct cli *cli, const struct join_info *info, bool yes)
{
    if (!cli->json) {
        (void)fprintf(cli->out, "The invitation is genuine.\n");
        const struct print_field fields[] = {
            {NULL, PRINT_TEXT, .span = print_span(info->practice_name), .before = "  practice  "},
            {NULL, PRINT_TEXT, .span = print_span(info->name), .before = "  name      "},
            {NULL, PRINT_TEXT, .span = print_span(policy_role_name(info->role)),
             .before = "  role      "},
        };
        for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
            print_row(cli, NULL, &fields[i], 1);
        }
    }
    return yes || cli->json || cli_confirm(cli, "Join?")
               ? CLI_OK
               : cli_error(cli, CLI_REFUSED,
                           "you have not joined; the invitation can still be used");
}

static int write_card(struct cli *cli, const char *path, const char *card)
{
    enum status status =
        path == NULL ? STATUS_OK : files_write_new(path, span_of(card, strlen(card)));
    return status == STATUS_OK ? CLI_OK : cli_fail_at(cli, SAY_CARD, path, status);
}

/* Only of a profile that stays: a card of keys that are gone is one to be mixed up. */
static void show_card(struct cli *cli, const char *path, const char *card)
{
    if (path == NULL && !cli->json) {
        (void)fprintf(
            cli->out,
            "\nYour recovery card. This version cannot recover from it; a later one will.\n"
            "Print or copy it now and keep it away from this machine; nobody else has\n"
            "it and it is not shown again:\n\n%s\n\n",
            card);
    }
}

static void tell_joined(struct cli *cli, const struct join_info *info, const char *card_path)
{
    (void)print_answer(
        cli,
        (const struct print_field[]){
            {"member", PRINT_ID, .span = ID_SPAN(&info->member)},
            {"role", PRINT_TEXT, .span = print_span(policy_role_name(info->role))},
            {"practice", PRINT_TEXT, .span = print_span(info->practice_name)},
            {"name", PRINT_TEXT, .span = print_span(info->name)},
            {"card_file", PRINT_TEXT, .span = print_span(card_path == NULL ? "" : card_path)},
        },
        card_path == NULL ? 4 : 5, "Joined. Next: alcove unlock");
}

/* What the invitation calls the newcomer and the practice. It is a convenience: without it both
 * are called by digits, so a failure is no reason to stop. */
static void keep_names(struct cli *cli, const struct keystore_content *content,
                       const struct join_info *info)
{
    char path[FILES_PATH_BYTES_MAX];
    enum status status = files_join(cli->profile, "store", path);
    struct store *store = NULL;
    if (status == STATUS_OK) {
        status = store_open(path, content->cache_master, &content->practice, &store);
    }
    struct storage storage;
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

static int fail_join(struct cli *cli, const struct joining *joining, enum status status)
{
    return status == STATUS_OFFLINE || status == STATUS_BUSY
               ? cli_error(cli, CLI_UNREACHABLE,
                           "the server was not reached: %s The invitation is unused; try again.",
                           joining->why == NULL ? "no answer in time." : joining->why)
               : cli_fail(cli, SAY_JOIN, status);
}

static int tell_unsure(struct cli *cli)
{
    return cli_error(cli, CLI_UNREACHABLE,
                     "the server did not answer; it may have taken you in or not. Your keys are "
                     "kept in %s. Try `alcove sync`: if that is refused, remove this folder and "
                     "the card, and join again with the same invitation.",
                     cli->profile);
}

/* The keys are on the disk before the invitation is used up: whatever ends this program after
 * that leaves a profile that works. */
static int send_enrolment(struct cli *cli, struct joining *joining, const char *card_path,
                          const char *card)
{
    enum status status = joining_connect(joining, JOIN_DONE);
    bool unsure = status != STATUS_OK && joining->enrol_sent && status != STATUS_REFUSED;
    if (status == STATUS_OK || unsure) {
        show_card(cli, card_path, card);
        return unsure ? tell_unsure(cli) : CLI_OK;
    }
    new_profile_remove(cli->profile, card_path);
    return fail_join(cli, joining, status);
}

static int enrol(struct cli *cli, struct joining *joining, const struct join_info *info,
                 const struct pass_file_params *params, struct secret *passphrase,
                 const char *card_path)
{
    enum status status = new_profile_place(cli->profile);
    struct keystore_content content;
    memset(&content, 0, sizeof content);
    if (status != STATUS_OK) {
        return cli_fail_at(cli, SAY_JOIN_PLACE, cli->profile, status);
    }
    char card_secret[RECOVERY_CARD_CHARS_MAX + 1];
    status = join_enrol(joining->join, card_secret);
    if (status == STATUS_OK) {
        status = join_take_content(joining->join, &content);
    }
    struct keystore *keystore = NULL;
    if (status == STATUS_OK) {
        status =
            keystore_create(cli->profile, params, secret_view(passphrase), &content, &keystore);
    }
    keystore_content_deinit(&content);
    if (status != STATUS_OK) {
        wipe(card_secret, sizeof card_secret);
        if (status == STATUS_IO || status == STATUS_FULL) { /* else they are another process's */
            new_profile_remove(cli->profile, NULL);
        }
        return cli_fail(cli, SAY_JOIN_STORE, status);
    }
    int code = write_card(cli, card_path, card_secret);
    if (code == CLI_OK) {
        code = send_enrolment(cli, joining, card_path, card_secret);
    } else {
        new_profile_remove(cli->profile, NULL);
    }
    wipe(card_secret, sizeof card_secret);
    if (code == CLI_OK) {
        keep_names(cli, keystore_content(keystore), info);
        (void)kept_key_settle(cli->profile, keystore_content(keystore));
        tell_joined(cli, info, card_path);
    }
    keystore_close(keystore);
    return code;
}

static int join_with(struct cli *cli, struct joining *joining, const struct join_values *values)
{
    const struct pass_file_params *params =
        values->trial ? &pass_file_params_floor : &pass_file_params_default;
    enum status status = joining_connect(joining, JOIN_VERIFIED);
    if (status != STATUS_OK) {
        return fail_join(cli, joining, status);
    }
    if (!joining_right_server(joining)) {
        return cli_error(cli, CLI_ALARM,
                         "ALARM: another server answers at %s than the one in the invitation. "
                         "Nothing was sent to it. Tell your practice.",
                         join_address(joining->join));
    }
    int code = confirm(cli, join_info(joining->join), values->yes);
    struct secret *passphrase = NULL;
    if (code == CLI_OK) {
        code = cli_new_passphrase(cli, SAY_JOIN_PASSPHRASE, cli->passphrase_fd,
                                  "New passphrase, 15 characters or more", &passphrase);
    }
    if (code == CLI_OK) {
        code = enrol(cli, joining, join_info(joining->join), params, passphrase, values->card);
    }
    secret_free(passphrase);
    return code;
}

static int tell_taken(struct cli *cli)
{
    return cli_error(cli, CLI_FAILED,
                     "%s already holds a profile; nothing was changed. Choose another folder with "
                     "--profile DIR.",
                     cli->profile);
}

static int run_device(struct cli *cli, const struct join_values *values)
{
    struct device_join_values device = {values->device, values->name, values->trial};
    return host_probe(cli->profile) == STATUS_NOT_FOUND ? device_join(cli, &device)
                                                        : tell_taken(cli);
}

static const char *check_join(const void *given)
{
    const struct join_values *values = given;
    if ((values->file == NULL) == (values->device == NULL)) {
        return "give the file with an invitation's code, or --device with the code that `alcove "
               "device add` made";
    }
    if (values->device == NULL) {
        return values->name == NULL ? NULL : "--name goes with --device";
    }
    return values->card != NULL || values->yes
               ? "a further device makes no card, and is asked nothing that --yes answers"
           : values->name == NULL ? NULL
                                  : ids_name_flaw(values->name);
}

static int run_join(struct cli *cli, const void *given)
{
    const struct join_values *values = given;
    if (values->device != NULL) {
        return run_device(cli, values);
    }
    if (cli->json && values->card == NULL) {
        return cli_error(cli, CLI_USAGE,
                         "with --json the recovery card needs a file of its own: --card FILE");
    }
    if (host_probe(cli->profile) != STATUS_NOT_FOUND) {
        return tell_taken(cli);
    }
    uint8_t *text = NULL;
    size_t size = 0;
    enum status status =
        files_read(values->file, cli->in, INVITATION_TEXT_CHARS_MAX + 64, &text, &size);
    struct joining joining = {.status = STATUS_OK};
    if (status == STATUS_OK) {
        status = join_new(span_of(text, size), INVITATION_KIND_JOIN, &joining.join);
        wipe(text, size);
    }
    free(text);
    int code = status == STATUS_OK ? join_with(cli, &joining, values)
                                   : cli_fail_at(cli, SAY_CODE_READ, values->file, status);
    joining_deinit(&joining);
    join_free(joining.join);
    return code;
}

static const struct option OPTIONS[] = {
    {"FILE|-", OPTION_INPUT, offsetof(struct join_values, file), NULL,
     "the file with the code; - is standard input", NULL},
    {"--device", OPTION_INPUT, offsetof(struct join_values, device), "FILE|-",
     "be a further device, by the code of device add", NULL},
    {"--name", OPTION_TEXT, offsetof(struct join_values, name), "NAME",
     "with --device: what it is called, for you alone", NULL},
    {"--yes", OPTION_FLAG, offsetof(struct join_values, yes), NULL, "join without being asked",
     NULL},
    {"--trial", OPTION_FLAG, offsetof(struct join_values, trial), NULL,
     "faster to open, easier to guess; never for real notes", NULL},
    {"--card", OPTION_FILE, offsetof(struct join_values, card), "FILE",
     "write the recovery card into this new file", NULL},
};
static const struct option_table JOIN = {OPTIONS, ARRAY_LEN(OPTIONS), sizeof(struct join_values)};

static const struct command COMMANDS[] = {
    {"join", "become a member by an invitation's code, or a further device", COMMAND_NEEDS_NOTHING,
     COMMAND_HERE, &JOIN, check_join, NULL, NULL, run_join},
};
const struct command_list cmd_join = {COMMANDS, ARRAY_LEN(COMMANDS)};
