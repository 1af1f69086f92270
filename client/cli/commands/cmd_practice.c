#include "client/agent/clock.h"
#include "client/cli/cli.h"
#include "client/cli/command.h"
#include "client/cli/files.h"
#include "client/cli/ids.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/cli/root_key.h"
#include "client/cli/secrets.h"
#include "client/engine/join/found.h"
#include "client/text/label.h"
#include "keys/public/bytes/wipe.h"
#include "keys/public/log/note_key.h"
#include "keys/public/log/origin.h"
#include "keys/public/statement.h"
#include "proto/message.h"
#include "proto/words.h"

#define ADMIN_INVITATION_MS  (14ull * 24 * 3600 * 1000)
#define SERVER_PUB_BYTES_MAX 4096u
#define POLICY_BYTES_MAX     512u

struct practice_values {
    const char *name;
    const char *server; /* NULL: not there yet */
    const char *out;
    bool trial;
};

struct founding {
    struct practice_values given;
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
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status =
        files_read(founding->given.server, -1, SERVER_PUB_BYTES_MAX, &bytes, &size);
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    if (status == STATUS_OK) {
        status = message_decode(&alcove__server_public__descriptor, span_of(bytes, size), &arena,
                                &message);
    }
    if (status == STATUS_OK) {
        const Alcove__ServerPublic *keys = (const Alcove__ServerPublic *)(const void *)message;
        memset(&founding->keys, 0, sizeof founding->keys);
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
    for (size_t i = 0; i < 2; i++) {
        char origin[ORIGIN_CHARS_MAX];
        origin_format(&founding->practice, logs[i], origin);
        struct note_key key;
        enum status status = note_key_init(span_of(origin, strlen(origin)), NOTE_KEY_ED25519,
                                           &founding->keys.log_key, &key);
        if (status != STATUS_OK) {
            return status;
        }
        note_key_format(&key, vkeys[i]);
    }
    int n = snprintf(out, POLICY_BYTES_MAX, "log %s\nlog %s\nquorum none\n", vkeys[0], vkeys[1]);
    return n > 0 && (size_t)n < POLICY_BYTES_MAX ? STATUS_OK : STATUS_TOO_LARGE;
}

static struct span bytes_of(const struct found_bytes *bytes)
{
    return span_of(bytes->data, bytes->size);
}

static enum status make_statements(struct founding *founding, char *out_code)
{
    struct span chain[3];
    struct found_invite invite = {
        .practice_chain = chain,
        .practice_count = 3,
        .role = ROLE_ADMIN,
        .address = span_of(founding->address, strlen(founding->address)),
        .practice_name = span_of(founding->given.name, strlen(founding->given.name)),
        .name = span_of("admin", 5),
        .expires_ms = clock_now_ms() + ADMIN_INVITATION_MS,
    };
    enum status status =
        found_server_keys(founding->root, &founding->practice, bytes_of(&founding->genesis),
                          &founding->keys, &founding->server_keys);
    char policy[POLICY_BYTES_MAX];
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
    int n = snprintf(line, sizeof line, "%s\n", code);
    message.n_statement = ARRAY_LEN(statements);
    message.statement = statements;
    message.n_bundle = ARRAY_LEN(bundles);
    message.bundle = bundles;
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = n > 0 ? message_pack(&message.base, &bytes, &size) : STATUS_IO;
    if (status == STATUS_OK) {
        status = write_in(founding->given.out, "admin-invitation.txt", span_of(line, (size_t)n));
    }
    if (status == STATUS_OK) {
        status = write_in(founding->given.out, "genesis", span_of(bytes, size));
    }
    wipe(line, sizeof line);
    free(bytes);
    return status;
}

/* With the server's keys at hand everything is made; else it waits for `practice sign`. */
static enum status finish(struct founding *founding)
{
    enum status status;
    if (founding->given.server == NULL) {
        status = write_in(founding->given.out, "genesis.unsigned", bytes_of(&founding->genesis));
        return status == STATUS_OK
                   ? write_in(founding->given.out, "name",
                              span_of(founding->given.name, strlen(founding->given.name)))
                   : status;
    }
    status = read_server(founding);
    char code_secret[INVITATION_TEXT_CHARS_MAX + 1];
    if (status == STATUS_OK) {
        status = make_statements(founding, code_secret);
    }
    if (status == STATUS_OK) {
        status = write_founding(founding, code_secret);
    }
    wipe(code_secret, sizeof code_secret);
    return status;
}

static void tell(struct cli *cli, const struct founding *founding)
{
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();
        print_add_id(object, "practice", ID_SPAN(&founding->practice));
        print_add_text(object, "out", founding->given.out);
        (void)cJSON_AddBoolToObject(object, "complete", founding->given.server != NULL);
        print_json(cli, object);
        return;
    }
    (void)fprintf(cli->out,
                  "The practice is founded. In %s:\n"
                  "  root.key              decides who is admin; keep it offline, with its\n"
                  "                        passphrase elsewhere\n",
                  founding->given.out);
    if (founding->given.server == NULL) {
        (void)fprintf(cli->out, "Next: alcove practice sign %s --server server.pub\n",
                      founding->given.out);
        return;
    }
    (void)fprintf(cli->out,
                  "  genesis               for the server: alcoved init DATA --genesis FILE\n"
                  "  admin-invitation.txt  for the first admin: alcove join FILE\n");
}

static enum status found_new(struct founding *founding, struct secret *passphrase)
{
    enum status status = files_folder(founding->given.out);
    char path[FILES_PATH_BYTES_MAX];
    if (status == STATUS_OK) {
        status = files_join(founding->given.out, "root.key", path);
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
            path, founding->given.trial ? &pass_file_params_floor : &pass_file_params_default,
            secret_view(passphrase), founding->root);
    }
    return status == STATUS_OK ? finish(founding) : status;
}

static const char *check_new(const void *given)
{
    return ids_name_flaw(((const struct practice_values *)given)->name);
}

static int run_new(struct cli *cli, const void *given)
{
    struct founding founding = {.given = *(const struct practice_values *)given};
    char name[TEXT_LABEL_BYTES_MAX];
    CHECK(text_label_take(print_span(founding.given.name), name) == NULL); /* check_new */
    founding.given.name = name;
    struct secret *passphrase = NULL;
    int code = cli_new_passphrase(cli, SAY_FOUND, cli->passphrase_fd,
                                  "New passphrase for the root key", &passphrase);
    if (code == CLI_OK) {
        enum status status = found_new(&founding, passphrase);
        code = status == STATUS_OK ? CLI_OK : cli_fail(cli, SAY_FOUND, status);
    }
    secret_free(passphrase);
    if (code == CLI_OK) {
        tell(cli, &founding);
    }
    founding_free(&founding);
    return code;
}

static enum status read_unsigned(struct founding *founding, char *out_name, size_t name_bytes)
{
    char path[FILES_PATH_BYTES_MAX];
    enum status status = files_join(founding->given.out, "genesis.unsigned", path);
    if (status == STATUS_OK) {
        status = files_read(path, -1, SERVER_PUB_BYTES_MAX, &founding->genesis.data,
                            &founding->genesis.size);
    }
    if (status == STATUS_OK) {
        status = files_join(founding->given.out, "name", path);
    }
    uint8_t *name = NULL;
    size_t size = 0;
    if (status == STATUS_OK) {
        status = files_read(path, -1, name_bytes - 1, &name, &size);
    }
    if (status == STATUS_OK) {
        memcpy(out_name, name, size);
        out_name[size] = '\0';
        founding->given.name = out_name;
        statement_practice_id(bytes_of(&founding->genesis), &founding->practice);
    }
    free(name);
    return status;
}

static int run_sign(struct cli *cli, const void *given)
{
    struct founding founding = {.given = *(const struct practice_values *)given};
    char name[256];
    enum status status = read_unsigned(&founding, name, sizeof name);
    char path[FILES_PATH_BYTES_MAX];
    if (status == STATUS_OK) {
        status = files_join(founding.given.out, "root.key", path);
    }
    struct secret *passphrase = NULL;
    if (status == STATUS_OK) {
        status = secrets_get(cli->passphrase_fd, "Passphrase of the root key", &passphrase);
    }
    if (status == STATUS_OK) {
        status = root_key_read(path, passphrase, &founding.root);
    }
    if (status == STATUS_OK) {
        status = finish(&founding);
    }
    secret_free(passphrase);
    int code = CLI_OK;
    if (status == STATUS_OK) {
        tell(cli, &founding);
    } else {
        code = cli_fail(cli, SAY_SERVER_SIGN, status);
    }
    founding_free(&founding);
    return code;
}

static const struct option NEW_OPTIONS[] = {
    {"--name", OPTION_TEXT, offsetof(struct practice_values, name), "NAME",
     "what the practice is called", &option_required},
    {"--server", OPTION_FILE, offsetof(struct practice_values, server), "FILE",
     "the server's public keys, server.pub", NULL},
    {"--out", OPTION_FILE, offsetof(struct practice_values, out), "DIR", "the folder to write into",
     &option_required},
    {"--trial", OPTION_FLAG, offsetof(struct practice_values, trial), NULL,
     "faster to open, easier to guess; never for real use", NULL},
};
static const struct option_table PRACTICE_NEW = {NEW_OPTIONS, ARRAY_LEN(NEW_OPTIONS),
                                                 sizeof(struct practice_values)};

static const struct option SIGN_OPTIONS[] = {
    {"DIR", OPTION_FILE, offsetof(struct practice_values, out), NULL,
     "the folder that `practice new` wrote", &option_required},
    {"--server", OPTION_FILE, offsetof(struct practice_values, server), "FILE",
     "the server's public keys, server.pub", &option_required},
};
static const struct option_table PRACTICE_SIGN = {SIGN_OPTIONS, ARRAY_LEN(SIGN_OPTIONS),
                                                  sizeof(struct practice_values)};

static const struct command COMMANDS[] = {
    {"practice new", "found a practice: genesis, root key, first invitation", COMMAND_NEEDS_NOTHING,
     COMMAND_HERE, &PRACTICE_NEW, check_new, NULL, NULL, run_new},
    {"practice sign", "finish a practice that was founded without a server", COMMAND_NEEDS_NOTHING,
     COMMAND_HERE, &PRACTICE_SIGN, NULL, NULL, NULL, run_sign},
};
const struct command_list cmd_practice = {COMMANDS, ARRAY_LEN(COMMANDS)};
