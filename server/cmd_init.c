#include "server/cmd.h"

#include "keys/public/bytes/disk.h"
#include "keys/server/login_key.h"
#include "proto/message.h"
#include "server/child.h"
#include "server/config.h"
#include "server/core/clock.h"
#include "server/core/core.h"

#include <getopt.h>
#include <sys/wait.h>
#include <unistd.h>

#define FOUNDING_BYTES_MAX (1024u * 1024u)
#define PUBLIC_BYTES_MAX   4096u

struct init_options {
    const char *data;
    const char *listen;
    const char *address;
    const char *genesis;
    const char *name;
    const char *out;
    const char *passphrase_fd;
    bool here;
    bool help;
};

static void help(FILE *out)
{
    (void)fprintf(
        out,
        "Usage: alcoved init DATA --listen HOST:PORT [--address HOST:PORT]\n"
        "       alcoved init DATA --genesis FILE\n"
        "       alcoved init DATA --listen HOST:PORT --on-this-machine --name NAME --out DIR\n\n"
        "First makes the server's keys and DATA/server.pub, which the practice's founder signs\n"
        "(alcove practice new --server DATA/server.pub), then takes in the signed genesis file.\n\n"
        "  --listen HOST:PORT     where to listen\n"
        "  --address HOST:PORT    what clients connect to, if that is another (default: --listen)\n"
        "  --genesis FILE         the founder's signed file: finishes the set-up\n"
        "  --on-this-machine      does all of it here, for a trial: the root key is then on the\n"
        "                         server, where it must not stay\n"
        "  --name NAME            the practice's name, with --on-this-machine\n"
        "  --out DIR              where root.key and the first invitation go, likewise\n"
        "  --passphrase-fd N      read the root key's passphrase from descriptor N, likewise\n");
}

/* Where the value of an option goes; NULL: it takes none, or is unknown. */
static const char **place_of(struct init_options *options, int option)
{
    switch (option) {
    case 'l':
        return &options->listen;
    case 'a':
        return &options->address;
    case 'g':
        return &options->genesis;
    case 'n':
        return &options->name;
    case 'o':
        return &options->out;
    case 'p':
        return &options->passphrase_fd;
    default:
        return NULL;
    }
}

/* Either the first call (--listen) or the finishing one (--genesis). A trial needs --name and
 * --out too, since it does all steps. */
static bool whole(const struct init_options *options)
{
    return (options->listen == NULL) != (options->genesis == NULL) &&
           options->here == (options->name != NULL) && options->here == (options->out != NULL);
}

static bool parse(int argc, char **argv, struct init_options *out)
{
    static const struct option known[] = {
        {"listen", required_argument, NULL, 'l'},
        {"address", required_argument, NULL, 'a'},
        {"genesis", required_argument, NULL, 'g'},
        {"on-this-machine", no_argument, NULL, 'm'},
        {"name", required_argument, NULL, 'n'},
        {"out", required_argument, NULL, 'o'},
        {"passphrase-fd", required_argument, NULL, 'p'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    memset(out, 0, sizeof *out);
    int c;
    while ((c = getopt_long(argc, argv, "h", known, NULL)) != -1) {
        const char **into = place_of(out, c);
        if (into != NULL) {
            *into = optarg;
        } else if (c == 'm') {
            out->here = true;
        } else if (c == 'h') {
            out->help = true;
        } else {
            return false;
        }
    }
    out->data = optind < argc ? argv[optind] : NULL;
    return out->help || (out->data != NULL && optind + 1 == argc && whole(out));
}

static int fail(const char *what, enum status status)
{
    (void)fprintf(stderr, "alcoved init: %s: %s\n", what, status_reason(status));
    return CMD_FAILED;
}

/* Checked before any key is made: clients are told this address, and every invitation holds
 * it. */
static bool check_addresses(const struct init_options *options)
{
    if (options->listen == NULL) {
        return true;
    }
    const char *clients = options->address == NULL ? options->listen : options->address;
    const char *fault = cmd_address_fault(clients);
    if (fault != NULL) {
        (void)fprintf(stderr,
                      "alcoved init: clients cannot connect to %s: %s.\nNothing was made.\n",
                      clients, fault);
        return false;
    }
    char host[CONFIG_HOST_CHARS_MAX + 1];
    uint16_t port = 0;
    if (config_listen(options->listen, host, sizeof host, &port) != STATUS_OK) {
        (void)fprintf(stderr,
                      "alcoved init: %s is no address to listen on; it must be HOST:PORT or "
                      "[HOST]:PORT.\nNothing was made.\n",
                      options->listen);
        return false;
    }
    return true;
}

static enum status write_config(const struct paths *paths, const char *listen)
{
    char text[1024];
    int n = snprintf(text, sizeof text,
                     "# alcoved's configuration; alcoved.conf(5) explains every key.\n"
                     "listen = %s\n",
                     listen);
    if (n < 0 || (size_t)n >= sizeof text) {
        return STATUS_USAGE;
    }
    return disk_create(paths->config, span_of(text, (size_t)n));
}

static enum status write_public(const struct paths *paths, const char *address,
                                const struct public_key *login, const struct public_key *log,
                                const struct hash *pin)
{
    Alcove__ServerPublic keys = ALCOVE__SERVER_PUBLIC__INIT;
    keys.login_key = field_of(login->bytes, PUBLIC_KEY_BYTES);
    keys.log_key = field_of(log->bytes, PUBLIC_KEY_BYTES);
    keys.tls_pin = field_of(pin->bytes, HASH_BYTES);
    keys.address = field_of(address, strlen(address));
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = message_pack(&keys.base, &bytes, &size);
    if (status == STATUS_OK) {
        status = disk_create(paths->server_pub, span_of(bytes, size));
    }
    free(bytes);
    return status;
}

static int make_keys(const struct init_options *options, const struct paths *paths)
{
    const char *address = options->address == NULL ? options->listen : options->address;
    enum status status = paths_folder(options->data);
    if (status != STATUS_OK) {
        return fail("the data directory cannot be made, or is not yours", status);
    }
    struct hash pin;
    status = child_tls_make(paths->tls_key, paths->tls_certificate, &pin);
    if (status == STATUS_ALREADY) {
        (void)fprintf(
            stderr,
            "alcoved init: %s already holds a server's keys. Nothing was changed.\n"
            "To finish a set-up give --genesis FILE; to start anew choose another folder.\n",
            options->data);
        return CMD_FAILED;
    }
    struct public_key login;
    if (status == STATUS_OK) {
        status = login_key_generate(paths->login_key, &login);
    }
    struct public_key log;
    if (status == STATUS_OK) {
        status = child_signer_init(paths->signer, &log);
    }
    if (status == STATUS_OK) {
        status = write_config(paths, options->listen);
    }
    if (status == STATUS_OK) {
        status = write_public(paths, address, &login, &log, &pin);
    }
    if (status != STATUS_OK) {
        return fail("the server's keys could not be made", status);
    }
    if (!options->here) {
        (void)printf("The server's keys are in %s.\n"
                     "Next, on the founder's machine:\n"
                     "  alcove practice new --name NAME --server server.pub --out DIR\n"
                     "with a copy of %s, and then here:\n"
                     "  alcoved init %s --genesis DIR/genesis\n",
                     options->data, paths->server_pub, options->data);
    }
    return CMD_OK;
}

/* The genesis must name this very server, or its clients would talk to another. */
static enum status check_server_keys(const struct paths *paths, const Alcove__Founding *founding)
{
    struct statement statement;
    memset(&statement, 0, sizeof statement);
    struct practice_id practice;
    enum status status = STATUS_MALFORMED;
    if (founding->n_statement >= 2) {
        statement_practice_id(field_span(founding->statement[0]), &practice);
        status = statement_parse(field_span(founding->statement[1]), &practice, &statement);
    }
    if (status == STATUS_OK) {
        status = statement.rule->type == STATEMENT_SERVER_KEYS ? STATUS_OK : STATUS_MALFORMED;
    }
    struct login_key *key = NULL;
    if (status == STATUS_OK) {
        status = login_key_open(paths->login_key, &key);
    }
    struct public_key login;
    struct hash pin;
    if (status == STATUS_OK) {
        login_key_public(key, &login);
        status = child_tls_pin(paths->tls_certificate, &pin);
    }
    if (status == STATUS_OK && (!ID_EQUAL(&login, &statement.u.server_keys.login_key) ||
                                !ID_EQUAL(&pin, &statement.u.server_keys.tls_pin))) {
        status = STATUS_WRONG_KEY;
    }
    login_key_close(key);
    statement_free(&statement);
    return status;
}

static enum status install(const struct paths *paths, const Alcove__Founding *founding)
{
    struct span statements[8];
    struct span bundles[8];
    if (founding->n_statement > ARRAY_LEN(statements) || founding->n_bundle > ARRAY_LEN(bundles)) {
        return STATUS_MALFORMED;
    }
    for (size_t i = 0; i < founding->n_statement; i++) {
        statements[i] = field_span(founding->statement[i]);
    }
    for (size_t i = 0; i < founding->n_bundle; i++) {
        bundles[i] = field_span(founding->bundle[i]);
    }
    struct db_options options = {.map_bytes = 0, .create = true};
    struct db *db = NULL;
    enum status status = db_open(paths->db, &options, &db);
    if (status == STATUS_OK) {
        status = core_install(db, statements, founding->n_statement, bundles, founding->n_bundle,
                              clock_now_ms());
    }
    db_close(db);
    return status;
}

static int take_genesis(const char *data, const struct paths *paths, const char *path)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = disk_read_path(path, FOUNDING_BYTES_MAX, &bytes, &size);
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    if (status == STATUS_OK) {
        status =
            message_decode(&alcove__founding__descriptor, span_of(bytes, size), &arena, &message);
    }
    if (status == STATUS_OK) {
        status = check_server_keys(paths, (const Alcove__Founding *)(const void *)message);
    }
    if (status == STATUS_WRONG_KEY) {
        (void)fprintf(stderr,
                      "alcoved init: %s was signed for another server. Nothing was changed.\n"
                      "Have the founder sign this one's server.pub.\n",
                      path);
        arena_free(&arena);
        free(bytes);
        return CMD_FAILED;
    }
    if (status == STATUS_OK) {
        status = install(paths, (const Alcove__Founding *)(const void *)message);
        if (status == STATUS_ALREADY) {
            (void)fprintf(stderr,
                          "alcoved init: %s already has its practice; nothing was changed\n", data);
            arena_free(&arena);
            free(bytes);
            return CMD_FAILED;
        }
    }
    arena_free(&arena);
    free(bytes);
    if (status != STATUS_OK) {
        return fail(path, status);
    }
    (void)printf("The practice is set up. Start it with: alcoved serve %s\n", data);
    return CMD_OK;
}

/* The founder's part is done by the client's program: this one has no code for it. */
static int run_founder(const struct init_options *options, const struct paths *paths)
{
    char program[PATHS_BYTES_MAX];
    const char *arguments[] = {program,
                               "practice",
                               "new",
                               "--name",
                               options->name,
                               "--server",
                               paths->server_pub,
                               "--out",
                               options->out,
                               options->passphrase_fd == NULL ? NULL : "--passphrase-fd",
                               options->passphrase_fd,
                               NULL};
    if (paths_beside("alcove", program, sizeof program) != STATUS_OK) {
        return CMD_FAILED;
    }
    pid_t child = fork();
    if (child == 0) {
        (void)execv(program, (char **)(uintptr_t)arguments);
        (void)fprintf(stderr, "alcoved init: %s is missing\n", program);
        _exit(127);
    }
    int code = 0;
    if (child < 0 || waitpid(child, &code, 0) != child || !WIFEXITED(code) ||
        WEXITSTATUS(code) != 0) {
        (void)fprintf(stderr,
                      "alcoved init: the practice was not made. The server's keys are, so that "
                      "only this is\nleft: alcove practice new --server DATA/server.pub, then "
                      "alcoved init DATA --genesis FILE\n");
        return CMD_FAILED;
    }
    return CMD_OK;
}

static int all_here(const struct init_options *options, const struct paths *paths)
{
    char genesis[PATHS_BYTES_MAX];
    if (snprintf(genesis, sizeof genesis, "%s/genesis", options->out) >= (int)sizeof genesis) {
        return CMD_USAGE;
    }
    int code = run_founder(options, paths);
    if (code == CMD_OK) {
        code = take_genesis(options->data, paths, genesis);
    }
    if (code == CMD_OK) {
        (void)printf("For a trial only: %s/root.key is on this machine. Whoever has it and its\n"
                     "passphrase decides who is admin. Move it to a medium that stays offline.\n",
                     options->out);
    }
    return code;
}

int cmd_init(int argc, char **argv)
{
    struct init_options options;
    if (!parse(argc, argv, &options)) {
        help(stderr);
        return CMD_USAGE;
    }
    if (options.help) {
        help(stdout);
        return CMD_OK;
    }
    if (!check_addresses(&options)) {
        return CMD_USAGE;
    }
    struct paths paths;
    if (paths_init(options.data, &paths) != STATUS_OK) {
        return fail("the data directory's name is too long", STATUS_USAGE);
    }
    if (options.genesis != NULL) {
        return take_genesis(options.data, &paths, options.genesis);
    }
    int code = make_keys(&options, &paths);
    return code == CMD_OK && options.here ? all_here(&options, &paths) : code;
}
