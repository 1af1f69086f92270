#include "client/cli/cli.h"

#include "client/agent/address.h"
#include "client/agent/clock.h"
#include "client/cli/args.h"
#include "client/cli/files.h"
#include "client/cli/print.h"
#include "client/cli/secrets.h"
#include "client/engine/join.h"
#include "client/engine/petname.h"
#include "client/store/store.h"
#include "keys/private/passphrase.h"
#include "keys/private/recovery.h"
#include "keys/public/wipe.h"
#include "proto/policy.h"

#include <unistd.h>

#define JOIN_TIMEOUT_MS 20000u
#define STEP_MS         100u

struct joining {
    struct join *join;
    struct wire *wire;
    enum status status;
    const char *why;
    bool closed;
};

static void pump(struct joining *joining)
{
    struct span frame;

    while (wire_is_open(joining->wire) && join_next_frame(joining->join, &frame)) {
        if (wire_send(joining->wire, frame) != STATUS_OK) {
            wire_close(joining->wire);
            return;
        }
    }
}

static void on_open(void *state, const uint8_t exporter[WIRE_EXPORTER_BYTES])
{
    struct joining *joining = state;

    (void)exporter;
    join_start(joining->join);
    pump(joining);
}

static void on_frame(void *state, struct span frame)
{
    struct joining *joining = state;
    enum status status = join_receive(joining->join, frame, clock_now_ms());

    if (status != STATUS_OK) {
        joining->status = status;
        wire_close(joining->wire);
        return;
    }
    pump(joining);
}

static void on_closed(void *state, const struct wire_closed *closed)
{
    struct joining *joining = state;

    joining->why = closed->text;
    joining->closed = true;
}

static enum status step_to(struct joining *joining, enum join_phase phase)
{
    uint64_t end_ms = clock_awake_ms() + JOIN_TIMEOUT_MS;

    while (joining->status == STATUS_OK && join_phase(joining->join) != phase) {
        enum status status;

        if (joining->closed) {
            return STATUS_OFFLINE;
        }
        if (clock_awake_ms() > end_ms) {
            return STATUS_BUSY;
        }
        pump(joining);
        status = wire_service(joining->wire, STEP_MS);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return joining->status;
}

static enum status connect_to(struct joining *joining)
{
    struct wire_options options;
    struct wire_handler handler = {joining, on_open, on_frame, on_closed};
    struct address address;
    enum status status = address_parse(join_address(joining->join), &address);

    wire_options_default(&options);
    if (status == STATUS_OK) {
        status = wire_new(&options, &handler, &joining->wire);
    }
    if (status == STATUS_OK) {
        status = wire_connect(joining->wire, address.host, address.port, NULL);
    }
    return status == STATUS_OK ? step_to(joining, JOIN_VERIFIED) : status;
}

/* The bundle is proved by the code; now the server must be the one that it names. */
static bool right_server(const struct joining *joining)
{
    static const struct hash none;
    struct hash now;
    struct hash next;
    struct hash found;

    join_tls_pin(joining->join, &now, &next);
    wire_server_key(joining->wire, &found);
    return ID_EQUAL(&found, &now) || (!ID_EQUAL(&next, &none) && ID_EQUAL(&found, &next));
}

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
                                         "New passphrase for this device's keys", out_passphrase);

    if (status != STATUS_OK) {
        return cli_fail(cli, "no passphrase was given", status);
    }
    verdict = passphrase_judge(secret_view(*out_passphrase));
    if (verdict != PASSPHRASE_GOOD) {
        (void)fprintf(cli->err, "alcove join: %s\nNothing was made; the invitation is unused.\n",
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
    (void)fprintf(cli->out, "Joined. Next: alcove sync\n");
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
        status =
            petname_keep(&storage, NULL, span_of(info->practice_name, strlen(info->practice_name)));
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

static int enrol(struct cli *cli, struct joining *joining, const struct join_info *info,
                 const struct pass_file_params *params, struct secret *passphrase,
                 const char *card_path)
{
    char card_secret[RECOVERY_CARD_CHARS_MAX + 1];
    struct keystore_content content;
    struct keystore *keystore = NULL;
    enum status status = make_place(cli->profile);
    int code = CLI_OK;

    memset(&content, 0, sizeof(content));
    if (status != STATUS_OK) {
        return cli_fail(cli, "the profile's folder cannot be written; the invitation is unused",
                        status);
    }
    status = join_enrol(joining->join, card_secret);
    if (status == STATUS_OK) {
        code = give_card(cli, card_path, card_secret);
        status = code == CLI_OK ? step_to(joining, JOIN_DONE) : STATUS_IO;
    }
    wipe(card_secret, sizeof(card_secret));
    if (status == STATUS_OK) {
        status = join_take_content(joining->join, &content);
    }
    if (status == STATUS_OK) {
        status =
            keystore_create(cli->profile, params, secret_view(passphrase), &content, &keystore);
    }
    if (status == STATUS_OK) {
        keep_names(cli, keystore_content(keystore), info);
    }
    keystore_close(keystore);
    keystore_content_deinit(&content);
    if (code != CLI_OK) {
        return code;
    }
    if (status != STATUS_OK) {
        return cli_fail(cli, "joining failed", status);
    }
    tell_joined(cli, info, card_path);
    return CLI_OK;
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
                                "already. Ask the one who gave it to you for a new one.\n");
        return CLI_REFUSED;
    }
    return cli_fail(cli, "the invitation does not hold", status);
}

static int join_with(struct cli *cli, struct joining *joining, bool yes, bool trial,
                     const char *card_path)
{
    const struct pass_file_params *params =
        trial ? &pass_file_params_floor : &pass_file_params_default;
    struct secret *passphrase = NULL;
    enum status status = connect_to(joining);
    int code;

    if (status != STATUS_OK) {
        return fail_join(cli, joining, status);
    }
    if (!right_server(joining)) {
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
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), words, 1, &count, &wrong) ||
        count != 1) {
        return cli_usage(cli, "join", wrong);
    }
    if (host_probe(cli->profile) != STATUS_NOT_FOUND) {
        (void)fprintf(cli->err,
                      "alcove join: %s already holds a profile; nothing was changed. "
                      "Choose another with --profile DIR.\n",
                      cli->profile);
        return CLI_FAILED;
    }
    status = files_read(words[0], cli->in, INVITATION_TEXT_CHARS_MAX + 64, &text, &size);
    if (status == STATUS_OK) {
        status = join_new(span_of(text, size), &joining.join);
        wipe(text, size);
    }
    free(text);
    code = status == STATUS_OK ? join_with(cli, &joining, yes, trial, card)
                               : cli_fail(cli, "this is no invitation's code", status);
    wire_free(joining.wire);
    join_free(joining.join);
    return code;
}
