#include "server/cmd_backup_make.h"

#include "server/backup/make.h"
#include "server/backup_record.h"
#include "server/cmd_backup_say.h"
#include "server/config.h"
#include "server/core/clock.h"
#include "server/core/core.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a backup is made from, as it is opened. */
struct origin {
    struct paths paths;
    struct config config;
    struct signer_starter *starter; /* for a practice that is not served */
    int signer_folder;
    struct db *db;
    struct signer_link *signer;
    struct make_source source;
};

/* Files that another user made could not be read by the server afterwards. */
static enum status open_config(struct origin *origin, struct trouble *trouble)
{
    struct stat info;
    if (stat(origin->paths.data, &info) != 0) {
        return trouble_say(trouble, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, "%s: %s",
                           origin->paths.data, strerrordesc_np(errno));
    }
    if (info.st_uid != geteuid()) {
        return trouble_say(trouble, STATUS_UNAVAILABLE,
                           "%s belongs to user %u; run this as that user", origin->paths.data,
                           (unsigned)info.st_uid);
    }
    char error[PATHS_BYTES_MAX + 256];
    enum status status = config_read(origin->paths.config, &origin->config, error, sizeof error);
    return status == STATUS_OK ? status : trouble_say(trouble, STATUS_UNAVAILABLE, "%s", error);
}

/* Forks, so that it comes before the database; it starts nothing where a server runs. */
static enum status begin_starter(struct origin *origin, struct trouble *trouble)
{
    if (origin->config.signer_socket[0] != '\0') {
        return STATUS_OK;
    }
    char program[PATHS_BYTES_MAX];
    enum status status = paths_beside("alcove-signer", program, sizeof program);
    if (status == STATUS_OK) {
        status = signer_starter_new(origin->paths.signer, program, &origin->starter);
    }
    return status == STATUS_OK ? status
                               : trouble_say(trouble, status, "no log signer can be started");
}

static enum status open_database(struct origin *origin, struct trouble *trouble)
{
    char kept[CMD_LINE_CHARS_MAX];
    if (cmd_line_kept(origin->paths.damage, kept)) {
        return trouble_say(
            trouble, STATUS_CORRUPT,
            "the database is damaged (%s), and a copy of it would be no good backup; "
            "`alcoved fsck` says what to do",
            kept);
    }
    const struct db_options options = {.map_bytes = origin->config.map_mib << 20};
    enum status status = db_open(origin->paths.db, &options, &origin->db);
    if (status != STATUS_OK) {
        return trouble_say(trouble, status, "%s cannot be opened: %s", origin->paths.db,
                           status == STATUS_NOT_FOUND ? cmd_no_database(&origin->paths)
                                                      : status_reason(status));
    }
    return STATUS_OK;
}

static enum status read_keys(struct origin *origin, struct trouble *trouble)
{
    static const struct public_key no_key;
    enum status status = db_practice(origin->db, &origin->source.practice);
    struct core *core = NULL;
    if (status == STATUS_OK) {
        status = core_open(origin->db, &no_key, clock_now_ms(), &core);
    }
    const struct statement_server_keys *keys = status == STATUS_OK ? core_server_keys(core) : NULL;
    if (keys != NULL) {
        origin->source.log_key = keys->log_key;
    } else {
        status = trouble_say(trouble, status == STATUS_OK ? STATUS_CORRUPT : status,
                             "the practice's statements cannot be read");
    }
    core_close(core);
    return status;
}

/* The signer that serves now, or, where no server runs, one that is started for this. */
static enum status join_signer(struct origin *origin, struct trouble *trouble)
{
    const char *socket = origin->config.signer_socket;
    char path[64];
    if (origin->starter != NULL) {
        origin->signer_folder = open(origin->paths.signer, O_PATH | O_DIRECTORY | O_CLOEXEC);
        (void)snprintf(path, sizeof path, "/proc/self/fd/%d/socket", origin->signer_folder);
        socket = path;
    }
    const struct signer_link_options running = {.socket_path = socket};
    enum status status = signer_link_open(&running, &origin->source.practice, &origin->signer);
    if (status != STATUS_OK && origin->starter != NULL) {
        const struct signer_link_options own = {.starter = origin->starter};
        status = signer_link_open(&own, &origin->source.practice, &origin->signer);
    }
    return status == STATUS_OK
               ? status
               : trouble_say(
                     trouble, STATUS_UNAVAILABLE,
                     "no log signer answers at %s: without its heads and its signature there "
                     "is no backup",
                     origin->starter == NULL ? socket : origin->paths.signer);
}

static enum status open_origin(const char *data, struct origin *origin, struct trouble *trouble)
{
    origin->signer_folder = -1;
    if (paths_init(data, &origin->paths) != STATUS_OK) {
        return trouble_say(trouble, STATUS_USAGE, "the data directory's name is too long");
    }
    enum status status = open_config(origin, trouble);
    status = status == STATUS_OK ? begin_starter(origin, trouble) : status;
    status = status == STATUS_OK ? open_database(origin, trouble) : status;
    status = status == STATUS_OK ? read_keys(origin, trouble) : status;
    status = status == STATUS_OK ? join_signer(origin, trouble) : status;
    origin->source.db = origin->db;
    origin->source.signer = origin->signer;
    origin->source.paths[BACKUP_CONFIG] = origin->paths.config;
    origin->source.paths[BACKUP_PUBLIC] = origin->paths.server_pub;
    origin->source.paths[BACKUP_CERTIFICATE] = origin->paths.tls_certificate;
    return status;
}

static void close_origin(struct origin *origin)
{
    signer_link_close(origin->signer);
    db_close(origin->db);
    signer_starter_free(origin->starter);
    if (origin->signer_folder >= 0) {
        (void)close(origin->signer_folder);
    }
    free(origin);
}

int cmd_backup_make(const struct make_options *options, struct check_report *out_report)
{
    struct origin *origin = calloc(1, sizeof *origin);
    if (origin == NULL) {
        return CMD_FAILED;
    }
    (void)signal(SIGPIPE, SIG_IGN); /* age may end before it was told all */
    struct trouble trouble = {""};
    enum status status = open_origin(options->data, origin, &trouble);
    if (status == STATUS_OK) {
        status = make_backup(&origin->source, options->target, options->age, options->now_ms,
                             out_report, &trouble);
    }
    if (status == STATUS_OK) {
        status = backup_record_keep(&origin->paths, options->now_ms, options->target);
        if (status != STATUS_OK) {
            status = trouble_say(&trouble, status,
                                 "%s is a good backup, but %s cannot be written, so that `alcoved "
                                 "status` will not know of it",
                                 options->target, origin->paths.backup);
        }
    }
    close_origin(origin);
    if (status != STATUS_OK) {
        return cmd_backup_fail(options->json, "backup", status, &trouble);
    }
    cmd_backup_say(options->json, options->target, out_report, true);
    return CMD_OK;
}
