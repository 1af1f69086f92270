#include "server/cmd.h"

#include "keys/server/login_key.h"
#include "server/config.h"
#include "server/core/clock.h"
#include "server/door/door.h"
#include "server/net/net.h"
#include "server/run/run.h"
#include "server/run/signer_link.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#define DRAIN_MS                 5000u
#define FILES_BESIDE_CONNECTIONS 256u

/* Everything a running server holds, in the order in which it was made. */
struct service {
    struct paths paths;
    struct config config;
    struct db *db;
    struct login_key *login_key;
    struct core *core;
    struct signer_link *signer;
    struct door *door;
    struct run *run;
    struct net *net;
};

static int fail(const char *what, enum status status)
{
    (void)fprintf(stderr, "alcoved serve: %s: %s\n", what, status_reason(status));
    return CMD_FAILED;
}

static int read_config(struct service *service)
{
    char error[PATHS_BYTES_MAX + 256];
    if (config_read(service->paths.config, &service->config, error, sizeof error) != STATUS_OK) {
        (void)fprintf(stderr, "alcoved serve: %s\nNothing was started.\n", error);
        return CMD_USAGE;
    }
    return CMD_OK;
}

static int open_store(struct service *service)
{
    struct db_options options = {.map_bytes = service->config.map_mib << 20, .create = false};
    enum status status = db_open(service->paths.db, &options, &service->db);
    if (status == STATUS_NOT_FOUND) {
        (void)fprintf(stderr, "alcoved serve: the set-up is not finished: "
                              "alcoved init DATA --genesis FILE comes first\n");
        return CMD_NOT_FOUND;
    }
    if (status != STATUS_OK) {
        return fail("the database cannot be opened; `alcoved fsck` tells more", status);
    }
    uint32_t freed = 0;
    status = db_check_readers(service->db, &freed);
    if (status == STATUS_OK) {
        status = login_key_open(service->paths.login_key, &service->login_key);
    }
    if (status != STATUS_OK) {
        return fail(service->paths.login_key, status);
    }
    struct public_key login;
    login_key_public(service->login_key, &login);
    status = core_open(service->db, &login, clock_now_ms(), &service->core);
    struct practice_id practice;
    if (status == STATUS_OK) {
        status = db_practice(service->db, &practice);
    }
    if (status == STATUS_OK) {
        status = door_new(service->db, &practice, service->login_key, &service->door);
    }
    return status == STATUS_OK ? CMD_OK : fail("the statements cannot be folded", status);
}

static int start_committer(struct service *service)
{
    bool apart = service->config.signer_socket[0] != '\0';
    struct signer_link_options options = {
        .socket_path = apart ? service->config.signer_socket : NULL,
        .folder = service->paths.signer,
    };
    struct run_output output = door_output(service->door);
    struct practice_id practice;
    enum status status = db_practice(service->db, &practice);
    if (status == STATUS_OK) {
        status = signer_link_open(&options, &practice, &service->signer);
    }
    if (status == STATUS_OK) {
        status = run_start(service->db, service->core, service->signer, &output, &service->run);
    }
    if (status == STATUS_REWOUND) {
        (void)fprintf(
            stderr, "alcoved serve: the database is shorter than what the log signer has signed:\n"
                    "it is an old copy. Nothing is served, so that no history is forked. Put the\n"
                    "newer database back.\n");
        return CMD_ALARM;
    }
    if (status != STATUS_OK) {
        return fail("the log signer cannot be used, or serves this folder already", status);
    }
    door_attach_run(service->door, service->run);
    return CMD_OK;
}

/* Each connection is a descriptor; the default limit would be a hidden second limit. */
static void raise_files(uint32_t connections)
{
    rlim_t wanted = (rlim_t)connections + FILES_BESIDE_CONNECTIONS;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < wanted) {
        files.rlim_cur = wanted < files.rlim_max ? wanted : files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
        if (files.rlim_cur < wanted) {
            (void)fprintf(stderr,
                          "alcoved: only %llu descriptors are allowed; fewer than "
                          "connections-max can be served\n",
                          (unsigned long long)files.rlim_cur);
        }
    }
}

static int start_net(struct service *service)
{
    struct net_handler handler = door_handler(service->door);
    const char *origins[CONFIG_ORIGINS_MAX];
    for (size_t i = 0; i < service->config.origin_count; i++) {
        origins[i] = service->config.origins[i];
    }
    struct net_options options;
    net_options_default(&options);
    options.host = service->config.host;
    options.port = service->config.port;
    options.certificate_path = service->paths.tls_certificate;
    options.key_path = service->paths.tls_key;
    options.origins = origins;
    options.origin_count = service->config.origin_count;
    options.threads = service->config.threads;
    options.connections_max = service->config.connections_max;
    options.connections_per_address_max = service->config.connections_per_address_max;
    options.owed_max = service->config.requests_owed_max;
    options.login_timeout_ms = service->config.login_timeout_ms;
    options.message_timeout_ms = service->config.message_timeout_ms;
    options.ping_after_ms = service->config.ping_after_ms;
    raise_files(service->config.connections_max);
    enum status status = net_new(&options, &handler, &service->net);
    if (status == STATUS_OK) {
        door_attach_net(service->door, service->net);
        status = net_start(service->net);
    }
    return status == STATUS_OK ? CMD_OK : fail("the port cannot be served", status);
}

/* First nothing more is read, then the queue is worked off: each request taken is answered. */
static void stop(struct service *service)
{
    if (service->net != NULL) {
        net_quiesce(service->net);
    }
    run_finish(service->run);
    net_stop(service->net, DRAIN_MS);
    run_free(service->run);
    door_free(service->door);
    signer_link_close(service->signer);
    core_close(service->core);
    login_key_close(service->login_key);
    db_close(service->db);
}

static int serve(struct service *service)
{
    sigset_t ends;
    int code = read_config(service);
    int got = 0;

    /* Blocked before any thread starts, so that only this one is told to stop. */
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &ends, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    code = code == CMD_OK ? open_store(service) : code;
    code = code == CMD_OK ? start_committer(service) : code;
    code = code == CMD_OK ? start_net(service) : code;
    if (code == CMD_OK) {
#ifdef ALCOVE_TEST_HOOKS
        (void)printf("alcoved: built with test hooks; not for real notes\n");
#endif
        (void)printf("alcoved: serving on %s port %u\n", service->config.host,
                     (unsigned)net_port(service->net));
        (void)fflush(stdout);
        (void)sigwait(&ends, &got);
        (void)printf("alcoved: stopping; answers under way are sent first\n");
        (void)fflush(stdout);
    }
    stop(service);
    return code;
}

int cmd_serve(int argc, char **argv)
{
    if (argc != 2 || argv[1][0] == '-') {
        bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
        (void)fprintf(asked ? stdout : stderr,
                      "Usage: alcoved serve DATA\n\nServes until SIGTERM or SIGINT. "
                      "Configuration: DATA/alcoved.conf, see alcoved.conf(5).\n");
        return asked ? CMD_OK : CMD_USAGE;
    }
    struct service *service;
    service = calloc(1, sizeof *service);
    if (service == NULL || paths_init(argv[1], &service->paths) != STATUS_OK) {
        free(service);
        return CMD_FAILED;
    }
    int code = serve(service);
    free(service);
    return code;
}
