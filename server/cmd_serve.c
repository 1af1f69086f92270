#include "server/cmd.h"
#include "server/service.h"

#include "keys/public/bytes/hex.h"
#include "keys/server/login_key.h"
#include "server/core/clock.h"
#include "server/log/log.h"
#include "server/store/events.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <unistd.h>

#define DRAIN_MS 5000u

static int fail(const char *what, enum status status)
{
    log_line(LOG_LEVEL_ERROR, "%s: %s", what, status_reason(status));
    return CMD_FAILED;
}

/* A file that was not made so, or is another's, is the usual cause, and says how to be mended. */
static int fail_file(const char *path, enum status status)
{
    char trouble[PATHS_TROUBLE_BYTES];
    if (paths_trouble(path, geteuid(), trouble)) {
        log_line(LOG_LEVEL_ERROR, "%s", trouble);
        return CMD_FAILED;
    }
    return fail(path, status);
}

static int read_config(struct service *service)
{
    char error[PATHS_BYTES_MAX + 256];
    if (config_read(service->paths.config, &service->config, error, sizeof error) != STATUS_OK) {
        log_line(LOG_LEVEL_ERROR, "%s; nothing was started", error);
        return CMD_USAGE;
    }
    return CMD_OK;
}

/* Held until the process ends, whatever ends it; `alcoved status` asks for it too. */
static int lock_data(struct service *service, const char *data)
{
    service->data_fd = open(data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (service->data_fd < 0) {
        log_line(LOG_LEVEL_ERROR, "%s cannot be opened: %s", data, strerrordesc_np(errno));
        return errno == ENOENT ? CMD_NOT_FOUND : CMD_FAILED;
    }
    if (flock(service->data_fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        log_line(LOG_LEVEL_ERROR, "%s is served already by another process; nothing was started",
                 data);
        return CMD_FAILED;
    }
    return clock_guard_open(service->data_fd, &service->clock) == STATUS_OK ? CMD_OK : CMD_FAILED;
}

/* Both processes beside this one begin before anything is open that they should not have. */
static int begin_reader(struct service *service)
{
    const char *const paths[] = {service->paths.config, service->paths.tls_certificate,
                                 service->paths.tls_key};
    const enum status status =
        reader_new(service->paths.data, paths, ARRAY_LEN(paths), &service->reader);
    return status == STATUS_OK ? CMD_OK : fail("no process can be made", status);
}

static int begin_starter(struct service *service)
{
    if (service->config.signer_socket[0] != '\0') {
        return CMD_OK;
    }
    char program[PATHS_BYTES_MAX];
    enum status status = paths_beside("alcove-signer", program, sizeof program);
    if (status == STATUS_OK) {
        status = signer_starter_new(service->paths.signer, program, &service->starter);
    }
    return status == STATUS_OK ? CMD_OK : fail("no log signer can be started", status);
}

/* What the indexes of the last day are made for: not for a day that is not believed. */
static uint64_t trusted_now_ms(const struct service *service)
{
    uint64_t now_ms = clock_now_ms();
    struct txn *txn = NULL;
    if (db_begin_read(service->db, &txn) == STATUS_OK) {
        uint64_t newest_ms = events_time(txn, 0);
        now_ms = clock_guard_allows(service->clock, now_ms, newest_ms) ? now_ms : newest_ms;
        db_abort(txn);
    }
    return now_ms;
}

/* What is damaged is said, kept for `alcoved status`, and not touched. If nothing can be told apart
 * from it nothing is served, and whoever starts servers must not try again: somebody must look. */
static int open_db(struct service *service)
{
    struct db_damage *damage = calloc(1, sizeof *damage);
    struct db_options options = {.map_bytes = service->config.map_mib << 20,
                                 .create = false,
                                 .check = true,
                                 .out_damage = damage};
    enum status status =
        damage == NULL ? STATUS_NO_MEMORY : db_open(service->paths.db, &options, &service->db);
    bool damaged = damage != NULL && damage->faults > 0;
    char text[CMD_LINE_CHARS_MAX];
    if (damaged) {
        cmd_damage_text(damage, text);
    } else if (status == STATUS_CORRUPT) {
        (void)snprintf(text, sizeof text,
                       "its first two pages, or its length; nothing can be served");
    }
    free(damage);
    if (damaged || status == STATUS_CORRUPT) {
        log_line(LOG_LEVEL_ERROR, "the database is damaged in %s; `alcoved fsck` says what to do",
                 text);
        cmd_line_keep(service->paths.damage, text);
    } else if (status == STATUS_OK) {
        cmd_line_keep(service->paths.damage, NULL);
    }
    if (status == STATUS_NOT_FOUND) {
        log_line(LOG_LEVEL_ERROR, "%s", cmd_no_database(&service->paths));
        return CMD_NOT_FOUND;
    }
    if (status == STATUS_UNSUPPORTED) {
        return CMD_FAILED; /* the store has said which format it met, and what to do */
    }
    if (status == STATUS_CORRUPT) {
        return CMD_ALARM;
    }
    return status == STATUS_OK ? CMD_OK : fail("the database cannot be opened", status);
}

static int open_store(struct service *service)
{
    int code = open_db(service);
    if (code != CMD_OK) {
        return code;
    }
    uint32_t freed = 0;
    enum status status = db_check_readers(service->db, &freed);
    if (status == STATUS_OK) {
        status = login_key_open(service->paths.login_key, &service->login_key);
    }
    if (status != STATUS_OK) {
        return fail_file(service->paths.login_key, status);
    }
    struct public_key login;
    login_key_public(service->login_key, &login);
    status = core_open(service->db, &login, trusted_now_ms(service), &service->core);
    if (status == STATUS_OK) {
        core_allow(service->core, service->config.lines_per_hour);
    }
    struct practice_id practice;
    if (status == STATUS_OK) {
        status = db_practice(service->db, &practice);
    }
    if (status == STATUS_OK) {
        status = door_new(service->db, &practice, service->login_key, &service->door);
    }
    if (status == STATUS_CORRUPT) {
        log_line(LOG_LEVEL_ERROR, "nothing is served; `alcoved fsck` says what to do");
        return CMD_ALARM;
    }
    return status == STATUS_OK ? CMD_OK : fail("the server cannot begin", status);
}

static int fail_signer(const struct service *service, enum status status)
{
    char trouble[PATHS_TROUBLE_BYTES];
    if (service->starter != NULL && paths_trouble(service->paths.signer, geteuid(), trouble)) {
        log_line(LOG_LEVEL_ERROR, "%s", trouble);
    }
    return fail("the log signer cannot be used, or serves this folder already", status);
}

/* Whether it may go on by itself is decided while files can be opened still. */
static int open_signer(struct service *service)
{
    struct signer_link_options options = {.starter = service->starter,
                                          .socket_path = service->config.signer_socket};
    struct practice_id practice;
    enum status status = db_practice(service->db, &practice);
    if (status == STATUS_OK) {
        status = signer_link_open(&options, &practice, &service->signer);
    }
    if (status == STATUS_OK || status == STATUS_UNAVAILABLE) {
        status = read_only_decide(&service->paths, service->db, service->core, service->signer,
                                  &service->read_only);
    }
    if (status != STATUS_OK) {
        return fail_signer(service, status);
    }
    bool on = service->read_only.on;
    cmd_line_keep(service->paths.read_only, on ? service->read_only.reason : NULL);
    if (on) {
        log_line(LOG_LEVEL_ERROR,
                 "read-only: %s. Nothing is written and nothing is handed out, so that no second "
                 "history begins; everybody is told so. alcoved(8), RESTORE, says what to do",
                 service->read_only.reason);
    }
    return CMD_OK;
}

static int start_committer(struct service *service)
{
    struct run_output output = door_output(service->door);
    enum status status =
        service->read_only.on
            ? run_start_read_only(service->db, service->core, &service->read_only.greeting, &output,
                                  &service->run)
            : run_start(service->db, service->core, service->signer, service->clock, &output,
                        &service->run);
    if (status != STATUS_OK) {
        return fail_signer(service, status);
    }
    door_attach_run(service->door, service->run);
    return CMD_OK;
}

static int open_net(struct service *service)
{
    if (!net_lock_keys()) {
        log_line(LOG_LEVEL_WARNING, "the TLS key cannot be locked in memory (ulimit -l, "
                                    "LimitMEMLOCK=), and may reach a swap");
    }
    int code = service_check_identity(service);
    if (code != CMD_OK) {
        return code;
    }
    struct net_handler handler = door_handler(service->door);
    const char *origins[CONFIG_ORIGINS_MAX];
    struct net_options options;
    service_net_options(&service->config, origins, &options);
    options.certificate_path = service->paths.tls_certificate;
    options.key_path = service->paths.tls_key;
    enum status status = net_new(&options, &handler, &service->net);
    if (status != STATUS_OK) {
        return fail("the port cannot be served", status);
    }
    door_attach_net(service->door, service->net);
    return CMD_OK;
}

static int start_net(struct service *service)
{
    enum status status = net_start(service->net);
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
    net_identity_free(service->identity);
    run_free(service->run);
    door_free(service->door);
    signer_link_close(service->signer);
    signer_starter_free(service->starter);
    reader_free(service->reader);
    core_close(service->core);
    login_key_close(service->login_key);
    db_close(service->db);
    clock_guard_close(service->clock);
    if (service->data_fd >= 0) {
        (void)close(service->data_fd);
    }
}

/* Blocked before any thread starts, so that only the main thread is told. */
static void block_signals(sigset_t *out_told)
{
    static const int told[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2};
    (void)sigemptyset(out_told);
    for (size_t i = 0; i < ARRAY_LEN(told); i++) {
        (void)sigaddset(out_told, told[i]);
    }
    (void)pthread_sigmask(SIG_BLOCK, out_told, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

static void wait_for_end(struct service *service, const sigset_t *told)
{
    int got = 0;
    while (sigwait(told, &got) != 0 || got == SIGHUP || got == SIGUSR1 || got == SIGUSR2) {
        if (got == SIGHUP) {
            service_reload(service);
        } else {
            log_line(LOG_LEVEL_NOTICE, "SIG%s means nothing here and was ignored",
                     sigabbrev_np(got));
        }
    }
    log_line(LOG_LEVEL_NOTICE, "stopping on SIG%s: answers under way are sent first",
             sigabbrev_np(got));
}

static void say_started(struct service *service)
{
    struct practice_id practice;
    char text[HEX_CHARS(HASH_BYTES) + 1] = "";
    if (db_practice(service->db, &practice) == STATUS_OK) {
        hex_encode(ID_SPAN(&practice), text);
    }
    log_line(LOG_LEVEL_NOTICE, "alcoved " ALCOVE_VERSION " has started; practice %s", text);
#ifdef ALCOVE_TEST_HOOKS
    (void)printf("alcoved: built with test hooks; not for real notes\n");
#endif
    (void)printf("alcoved: serving on %s port %u\n", service->config.host,
                 (unsigned)net_port(service->net));
    (void)fflush(stdout);
}

static int serve(struct service *service, const char *data)
{
    log_stamp();
    sigset_t told;
    block_signals(&told);
    int code = lock_data(service, data);
    code = code == CMD_OK ? read_config(service) : code;
    code = code == CMD_OK ? begin_reader(service) : code;
    code = code == CMD_OK ? begin_starter(service) : code;
    code = code == CMD_OK ? open_store(service) : code;
    code = code == CMD_OK ? open_signer(service) : code;
    code = code == CMD_OK ? open_net(service) : code;
    code = code == CMD_OK ? cmd_enter_sandbox(&service->config) : code;
    code = code == CMD_OK ? start_committer(service) : code;
    code = code == CMD_OK ? start_net(service) : code;
    if (code == CMD_OK) {
        say_started(service);
        wait_for_end(service, &told);
    }
    stop(service);
    if (code == CMD_OK) {
        log_line(LOG_LEVEL_NOTICE, "stopped; everything that was acknowledged is on the disk");
    }
    return code;
}

int cmd_serve(int argc, char **argv)
{
    if (argc != 2 || argv[1][0] == '-') {
        bool asked = argc == 2 && strcmp(argv[1], "--help") == 0;
        (void)fprintf(
            asked ? stdout : stderr,
            "Usage: alcoved serve DATA\n\nServes until SIGTERM, SIGINT or SIGQUIT; SIGHUP reads "
            "configuration and certificate again. Configuration: DATA/alcoved.conf, see "
            "alcoved.conf(5).\n");
        return asked ? CMD_OK : CMD_USAGE;
    }
    struct service *service;
    service = calloc(1, sizeof *service);
    if (service == NULL || paths_init(argv[1], &service->paths) != STATUS_OK) {
        free(service);
        return CMD_FAILED;
    }
    service->data_fd = -1;
    int code = serve(service, argv[1]);
    free(service);
    return code;
}
