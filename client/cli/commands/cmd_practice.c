#include "client/cli/cli.h"

#include "client/agent/clock.h"
#include "client/cli/args.h"
#include "client/cli/files.h"
#include "client/cli/print.h"
#include "client/cli/root_key.h"
#include "client/cli/secrets.h"
#include "client/engine/join/found.h"
#include "keys/private/passphrase.h"
#include "keys/public/bytes/wipe.h"
#include "keys/public/log/note_key.h"
#include "keys/public/log/origin.h"
#include "keys/public/statement.h"
#include "proto/message.h"
#include "proto/words.h"

#define ADMIN_INVITATION_MS  (14ull * 24 * 3600 * 1000)
#define SERVER_PUB_BYTES_MAX 4096u
#define POLICY_BYTES_MAX     512u

struct founding {
    const char *name;
    const char *server;
    const char *out;
    bool trial;
    struct identity_signer *root;
    struct found_bytes genesis;
    struct found_bytes server_keys;
    struct found_bytes policy;
    struct found_bytes invitation;
    struct found_bytes bundle;
    struct practice_id practice;
    struct found_keys keys;
    char address[INVITATION_ADDRESS_CHARS_MAX + 1];
};

static void founding_free(struct founding *founding)
{
    identity_signer_free(founding->root);
    found_free(&founding->genesis);
    found_free(&founding->server_keys);
    found_free(&founding->policy);
    found_free(&founding->invitation);
    found_free(&founding->bundle);
}

static enum status read_server(struct founding *founding)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = files_read(founding->server, -1, SERVER_PUB_BYTES_MAX, &bytes, &size);

    if (status == STATUS_OK) {
        status = message_decode(&alcove__server_public__descriptor, span_of(bytes, size), &arena,
                                &message);
    }
    if (status == STATUS_OK) {
        const Alcove__ServerPublic *keys = (const Alcove__ServerPublic *)(const void *)message;

        memset(&founding->keys, 0, sizeof(founding->keys));
        if (!field_key(keys->login_key, &founding->keys.login_key) ||
            !field_key(keys->log_key, &founding->keys.log_key) ||
            !field_hash(keys->tls_pin, &founding->keys.tls_pin) ||
            !invitation_address_valid(field_span(keys->address))) {
            status = STATUS_MALFORMED;
        } else {
            memcpy(founding->address, keys->address.data, keys->address.len);
            founding->address[keys->address.len] = '\0';
        }
    }
    arena_free(&arena);
    free(bytes);
    return status;
}

/* The two logs by their keys, and no witness asked for yet. */
static enum status policy_text(const struct founding *founding, char out[POLICY_BYTES_MAX])
{
    char vkeys[2][NOTE_KEY_VKEY_BYTES_MAX + 1];
    enum origin_log logs[2] = {ORIGIN_STATEMENTS, ORIGIN_EVENTS};
    int n;

    for (size_t i = 0; i < 2; i++) {
        char origin[ORIGIN_CHARS_MAX];
        struct note_key key;
        enum status status;

        origin_format(&founding->practice, logs[i], origin);
        status = note_key_init(span_of(origin, strlen(origin)), NOTE_KEY_ED25519,
                               &founding->keys.log_key, &key);
        if (status != STATUS_OK) {
            return status;
        }
        note_key_format(&key, vkeys[i]);
    }
    n = snprintf(out, POLICY_BYTES_MAX, "log %s\nlog %s\nquorum none\n", vkeys[0], vkeys[1]);
    return n > 0 && (size_t)n < POLICY_BYTES_MAX ? STATUS_OK : STATUS_TOO_LARGE;
}

static struct span bytes_of(const struct found_bytes *bytes)
{
    return span_of(bytes->data, bytes->size);
}

static enum status make_statements(struct founding *founding, char *out_code)
{
    char policy[POLICY_BYTES_MAX];
    struct span chain[3];
    struct found_invite invite = {
        .practice_chain = chain,
        .practice_count = 3,
        .role = ROLE_ADMIN,
        .address = span_of(founding->address, strlen(founding->address)),
        .practice_name = span_of(founding->name, strlen(founding->name)),
        .name = span_of("admin", 5),
        .expires_ms = clock_now_ms() + ADMIN_INVITATION_MS,
    };
    enum status status =
        found_server_keys(founding->root, &founding->practice, bytes_of(&founding->genesis),
                          &founding->keys, &founding->server_keys);

    if (status == STATUS_OK) {
        status = policy_text(founding, policy);
    }
    if (status == STATUS_OK) {
        status = found_witness_policy(founding->root, &founding->practice,
                                      bytes_of(&founding->server_keys),
                                      span_of(policy, strlen(policy)), &founding->policy);
    }
    if (status == STATUS_OK) {
        chain[0] = bytes_of(&founding->genesis);
        chain[1] = bytes_of(&founding->server_keys);
        chain[2] = bytes_of(&founding->policy);
        status = found_invitation(founding->root, &founding->practice, &invite,
                                  &founding->invitation, &founding->bundle, out_code);
    }
    return status;
}

static ProtobufCBinaryData field_found(const struct found_bytes *bytes)
{
    return field_of(bytes->data, bytes->size);
}

static enum status write_in(const char *folder, const char *name, struct span bytes)
{
    char path[FILES_PATH_BYTES_MAX];
    enum status status = files_join(folder, name, path);

    return status == STATUS_OK ? files_write_new(path, bytes) : status;
}

static enum status write_founding(const struct founding *founding, const char *code)
{
    Alcove__Founding message = ALCOVE__FOUNDING__INIT;
    ProtobufCBinaryData statements[] = {
        field_found(&founding->genesis), field_found(&founding->server_keys),
        field_found(&founding->policy), field_found(&founding->invitation)};
    ProtobufCBinaryData bundles[] = {field_found(&founding->bundle)};
    char line[INVITATION_TEXT_CHARS_MAX + 2];
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status;
    int n = snprintf(line, sizeof(line), "%s\n", code);

    message.n_statement = ARRAY_LEN(statements);
    message.statement = statements;
    message.n_bundle = ARRAY_LEN(bundles);
    message.bundle = bundles;
    status = n > 0 ? message_pack(&message.base, &bytes, &size) : STATUS_IO;
    if (status == STATUS_OK) {
        status = write_in(founding->out, "admin-invitation.txt", span_of(line, (size_t)n));
    }
    if (status == STATUS_OK) {
        status = write_in(founding->out, "genesis", span_of(bytes, size));
    }
    wipe(line, sizeof(line));
    free(bytes);
    return status;
}

/* With the server's keys at hand everything is made; else it waits for `practice sign`. */
static enum status finish(struct founding *founding)
{
    char code_secret[INVITATION_TEXT_CHARS_MAX + 1];
    enum status status;

    if (founding->server == NULL) {
        status = write_in(founding->out, "genesis.unsigned", bytes_of(&founding->genesis));
        return status == STATUS_OK ? write_in(founding->out, "name",
                                              span_of(founding->name, strlen(founding->name)))
                                   : status;
    }
    status = read_server(founding);
    if (status == STATUS_OK) {
        status = make_statements(founding, code_secret);
    }
    if (status == STATUS_OK) {
        status = write_founding(founding, code_secret);
    }
    wipe(code_secret, sizeof(code_secret));
    return status;
}

static void tell(struct cli *cli, const struct founding *founding)
{
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_id(object, "practice", ID_SPAN(&founding->practice));
        print_add_text(object, "out", founding->out);
        (void)cJSON_AddBoolToObject(object, "complete", founding->server != NULL);
        print_json(cli, object);
        return;
    }
    (void)fprintf(cli->out,
                  "The practice is founded. In %s:\n"
                  "  root.key              decides who is admin; keep it offline, with its\n"
                  "                        passphrase elsewhere\n",
                  founding->out);
    if (founding->server == NULL) {
        (void)fprintf(cli->out, "Next: alcove practice sign %s --server server.pub\n",
                      founding->out);
        return;
    }
    (void)fprintf(cli->out,
                  "  genesis               for the server: alcoved init DATA --genesis FILE\n"
                  "  admin-invitation.txt  for the first admin: alcove join FILE\n");
}

static int take_new_passphrase(struct cli *cli, struct secret **out_passphrase)
{
    enum passphrase_verdict verdict;
    enum status status =
        secrets_get_new(cli->passphrase_fd, "New passphrase for the root key", out_passphrase);

    if (status != STATUS_OK) {
        return cli_no_passphrase(cli, "no passphrase was given", status);
    }
    verdict = passphrase_judge(secret_view(*out_passphrase));
    if (verdict != PASSPHRASE_GOOD) {
        (void)fprintf(cli->err,
                      "alcove practice: this passphrase will not do.\n  %s\nNothing was made.\n",
                      passphrase_advice(verdict));
        return CLI_LOCKED;
    }
    return CLI_OK;
}

static enum status found_new(struct founding *founding, struct secret *passphrase)
{
    char path[FILES_PATH_BYTES_MAX];
    enum status status = files_folder(founding->out);

    if (status == STATUS_OK) {
        status = files_join(founding->out, "root.key", path);
    }
    if (status == STATUS_OK) {
        status = identity_signer_new(IDENTITY_ROOT, &founding->root);
    }
    if (status == STATUS_OK) {
        status =
            found_genesis(founding->root, clock_now_ms(), &founding->genesis, &founding->practice);
    }
    if (status == STATUS_OK) {
        status = root_key_write(
            path, founding->trial ? &pass_file_params_floor : &pass_file_params_default,
            secret_view(passphrase), founding->root);
    }
    return status == STATUS_OK ? finish(founding) : status;
}

static int practice_new(struct cli *cli, struct founding *founding)
{
    struct secret *passphrase = NULL;
    int code = take_new_passphrase(cli, &passphrase);
    enum status status;

    if (code == CLI_OK) {
        status = found_new(founding, passphrase);
        code = status == STATUS_OK
                   ? CLI_OK
                   : cli_fail(cli,
                              "the practice was not founded; files that were there before "
                              "are unchanged",
                              status);
    }
    secret_free(passphrase);
    if (code == CLI_OK) {
        tell(cli, founding);
    }
    return code;
}

static enum status read_unsigned(struct founding *founding, char *out_name, size_t name_bytes)
{
    char path[FILES_PATH_BYTES_MAX];
    uint8_t *name = NULL;
    size_t size = 0;
    enum status status = files_join(founding->out, "genesis.unsigned", path);

    if (status == STATUS_OK) {
        status = files_read(path, -1, SERVER_PUB_BYTES_MAX, &founding->genesis.data,
                            &founding->genesis.size);
    }
    if (status == STATUS_OK) {
        status = files_join(founding->out, "name", path);
    }
    if (status == STATUS_OK) {
        status = files_read(path, -1, name_bytes - 1, &name, &size);
    }
    if (status == STATUS_OK) {
        memcpy(out_name, name, size);
        out_name[size] = '\0';
        founding->name = out_name;
        statement_practice_id(bytes_of(&founding->genesis), &founding->practice);
    }
    free(name);
    return status;
}

static int practice_sign(struct cli *cli, struct founding *founding)
{
    char path[FILES_PATH_BYTES_MAX];
    char name[256];
    struct secret *passphrase = NULL;
    enum status status = read_unsigned(founding, name, sizeof(name));

    if (status == STATUS_OK) {
        status = files_join(founding->out, "root.key", path);
    }
    if (status == STATUS_OK) {
        status = secrets_get(cli->passphrase_fd, "Passphrase of the root key", &passphrase);
    }
    if (status == STATUS_OK) {
        status = root_key_read(path, secret_view(passphrase), &founding->root);
    }
    if (status == STATUS_OK) {
        status = finish(founding);
    }
    secret_free(passphrase);
    if (status != STATUS_OK) {
        return cli_fail(cli, "the server's keys were not signed", status);
    }
    tell(cli, founding);
    return CLI_OK;
}

int cmd_practice(struct cli *cli, int argc, char **argv)
{
    struct founding founding = {0};
    const struct args_option options[] = {
        {.name = "--name", .value = &founding.name},
        {.name = "--server", .value = &founding.server},
        {.name = "--out", .value = &founding.out},
        {.name = "--trial", .flag = &founding.trial},
    };
    const char *words[2];
    const char *wrong = NULL;
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), words, 2, &count, &wrong)) {
        return cli_usage(cli, "practice", wrong);
    }
    if (count == 1 && strcmp(words[0], "new") == 0 && founding.name != NULL &&
        founding.out != NULL) {
        code = practice_new(cli, &founding);
    } else if (count == 2 && strcmp(words[0], "sign") == 0 && founding.server != NULL) {
        founding.out = words[1];
        code = practice_sign(cli, &founding);
    } else {
        code = cli_usage(cli, "practice", NULL);
    }
    founding_free(&founding);
    return code;
}
