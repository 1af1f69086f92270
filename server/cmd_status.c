#include "server/cmd.h"

#include "keys/public/bytes/hex.h"
#include "server/backup_record.h"
#include "server/config.h"
#include "server/core/clock.h"
#include "server/signer_place.h"
#include "server/store/ledger.h"
#include "server/store/names.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TROUBLES_MAX 8u

struct report {
    bool running; /* another process has the lock of DATA */
    uint64_t heartbeat_ms;
    char practice[HEX_CHARS(HASH_BYTES) + 1];
    struct cmd_clock clock;
    bool clock_believed;
    struct db_space space;
    struct db_stats stats;
    char damage[CMD_LINE_CHARS_MAX];    /* empty: the server found none when it started */
    char read_only[CMD_LINE_CHARS_MAX]; /* empty: it may go on by itself */
    size_t trouble_count;
    char troubles[TROUBLES_MAX][PATHS_TROUBLE_BYTES];
};

/* The server holds this lock until its process ends, whatever ends it. */
static bool is_served(const struct paths *paths)
{
    int fd = open(paths->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool served = fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0) {
        (void)close(fd);
    }
    return served;
}

static void look_at_files(const struct paths *paths, struct report *report)
{
    struct config config;
    char error[PATHS_BYTES_MAX + 256];
    bool read = config_read(paths->config, &config, error, sizeof error) == STATUS_OK;
    bool apart = read && config.signer_socket[0] != '\0';
    const char *all[] = {paths->data,      paths->db,      paths->db_file,
                         paths->login_key, paths->tls_key, apart ? NULL : paths->signer};
    struct stat data;
    uint32_t owner = stat(paths->data, &data) == 0 ? data.st_uid : geteuid();
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (all[i] != NULL &&
            paths_trouble(all[i], owner, report->troubles[report->trouble_count])) {
            report->trouble_count++;
        }
    }
}

static enum status look(struct db *db, struct txn *txn, const struct paths *paths,
                        struct report *report)
{
    struct practice_id practice;
    if (db_practice(db, &practice) == STATUS_OK) {
        hex_encode(ID_SPAN(&practice), report->practice);
    }
    report->running = is_served(paths);
    report->clock_believed = cmd_clock_look(txn, paths, &report->clock);
    look_at_files(paths, report);
    (void)cmd_line_kept(paths->damage, report->damage);
    (void)cmd_line_kept(paths->read_only, report->read_only);
    enum status status = db_space(db, &report->space);
    return status == STATUS_OK ? db_stats(db, &report->stats) : status;
}

/* Whether requests that need |room| are done. */
static bool takes(const struct report *report, enum status room)
{
    return room == STATUS_OK && report->clock_believed && report->read_only[0] == '\0';
}

/* How long ago, for a moment that need not be before now. */
static uint64_t age_s(const struct report *report, uint64_t time_ms)
{
    uint64_t now_ms = report->clock.now.wall_ms;
    return now_ms > time_ms ? (now_ms - time_ms) / 1000u : 0;
}

static void print_counts(struct txn *txn, const struct report *report, bool json)
{
    (void)printf(
        json ? "\"members\":%" PRIu32 ",\"devices\":%" PRIu32 ",\"charts\":%" PRIu32
               ",\"sections\":%" PRIu32 ",\"statements\":%" PRIu64 ",\"events\":%" PRIu64
               ",\"revisions\":%" PRIu64 ",\"map_bytes\":%" PRIu64 ",\"used_bytes\":%" PRIu64
             : "members      %" PRIu32 "\ndevices      %" PRIu32 "\ncharts       %" PRIu32
               "\nsections     %" PRIu32 "\nstatements   %" PRIu64 "\nevents       %" PRIu64
               "\nrevisions    %" PRIu64 "\nmap          %" PRIu64 " bytes\nused         %" PRIu64
               " bytes\n",
        names_count(txn, SCHEMA_ID_MEMBER), names_count(txn, SCHEMA_ID_DEVICE),
        names_count(txn, SCHEMA_ID_CHART), names_count(txn, SCHEMA_ID_SECTION),
        ledger_size(txn, LEDGER_STATEMENTS), ledger_size(txn, LEDGER_EVENTS),
        db_counter(txn, SCHEMA_NEXT_RECORD), report->stats.map_bytes, report->stats.used_bytes);
}

static void print_json(struct txn *txn, const struct paths *paths, const struct report *report)
{
    (void)printf("{\"running\":%s,\"version\":\"" ALCOVE_VERSION "\",\"format\":%u,"
                 "\"practice\":\"%s\",\"writes\":%s,\"reads\":%s,\"clock_believed\":%s,"
                 "\"clock_ms\":%" PRIu64 ",\"last_event_ms\":%" PRIu64
                 ",\"last_event_age_s\":%" PRIu64 ",\"heartbeat_age_s\":%" PRIu64
                 ",\"disk_free_bytes\":%" PRIu64 ",\"disk_writing_bytes\":%" PRIu64
                 ",\"disk_reading_bytes\":%" PRIu64 ",\"files_wrong\":%zu,\"damage\":\"%s\","
                 "\"read_only\":\"%s\",",
                 report->running ? "true" : "false", SCHEMA_FORMAT_VERSION, report->practice,
                 takes(report, report->space.writes) ? "true" : "false",
                 takes(report, report->space.reads) ? "true" : "false",
                 report->clock_believed ? "true" : "false", report->clock.now.wall_ms,
                 report->clock.newest_ms, age_s(report, report->clock.newest_ms),
                 age_s(report, report->clock.memory.wall_ms), report->space.disk_free_bytes,
                 DB_DISK_WRITING_BYTES, DB_DISK_READING_BYTES, report->trouble_count,
                 report->damage, report->read_only);
    print_counts(txn, report, true);
    (void)printf(",");
    signer_place_print(paths, true);
    (void)printf(",");
    backup_record_print(paths, report->clock.now.wall_ms, true);
    (void)printf("}\n");
}

static void print_text(struct txn *txn, const struct paths *paths, const struct report *report)
{
    if (report->running) {
        (void)printf("server       running; it last wrote down the time %" PRIu64 " s ago\n",
                     age_s(report, report->clock.memory.wall_ms));
    } else {
        (void)printf("server       not running\n");
    }
    (void)printf("version      " ALCOVE_VERSION "\nformat       %u\npractice     %s\n",
                 SCHEMA_FORMAT_VERSION, report->practice);
    print_counts(txn, report, false);
    signer_place_print(paths, false);
    backup_record_print(paths, report->clock.now.wall_ms, false);
    (void)printf("disk         %" PRIu64 " bytes free; notes need %" PRIu64 ", reading %" PRIu64
                 "\n",
                 report->space.disk_free_bytes, DB_DISK_WRITING_BYTES, DB_DISK_READING_BYTES);
    char text[CLOCK_TEXT_BYTES];
    (void)printf("last event   %s, %" PRIu64 " s ago\n", clock_text(report->clock.newest_ms, text),
                 age_s(report, report->clock.newest_ms));
    (void)printf("clock        %s, %s\n", clock_text(report->clock.now.wall_ms, text),
                 report->clock_believed
                     ? "believed"
                     : "which jumped ahead: no request is taken; see alcoved clock DATA");
    char room[DB_SPACE_TEXT_BYTES];
    db_space_text(&report->space, room);
    (void)printf("room         %s\n", room);
    if (report->read_only[0] != '\0') {
        (void)printf("read-only    %s; see alcoved(8), RESTORE\n", report->read_only);
    }
    if (report->damage[0] != '\0') {
        (void)printf("damage       %s; `alcoved fsck` says what to do\n", report->damage);
    }
    for (size_t i = 0; i < report->trouble_count; i++) {
        (void)printf("file         %s\n", report->troubles[i]);
    }
}

static int print_status(struct db *db, struct txn *txn, const struct paths *paths, bool json)
{
    struct report *report = calloc(1, sizeof *report);
    if (report == NULL || look(db, txn, paths, report) != STATUS_OK) {
        free(report);
        return CMD_FAILED;
    }
    (json ? print_json : print_text)(txn, paths, report);
    int code = report->damage[0] != '\0' || report->read_only[0] != '\0' ? CMD_ALARM : CMD_OK;
    code = report->running ? code : CMD_UNREACHABLE;
    if (report->space.writes != STATUS_OK || !report->clock_believed) {
        code = CMD_REFUSED;
    }
    free(report);
    return code;
}

int cmd_status(int argc, char **argv)
{
    struct paths paths;
    bool json = false;
    int code = cmd_parse("status", argc, argv, "--json", &paths, &json);
    if (code != CMD_OK) {
        return code == CMD_HELPED ? CMD_OK : code;
    }
    struct db *db = NULL;
    code = cmd_open_db("status", &paths, NULL, &db);
    struct txn *txn = NULL;
    if (code == CMD_OK) {
        code =
            db_begin_read(db, &txn) == STATUS_OK ? print_status(db, txn, &paths, json) : CMD_FAILED;
    }
    db_abort(txn);
    db_close(db);
    return code;
}
