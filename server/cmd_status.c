#include "server/cmd.h"

#include "server/core/clock.h"
#include "server/core/core.h"
#include "server/store/fsck.h"
#include "server/store/ledger.h"
#include "server/store/names.h"

#include "proto/message.h"

#include <inttypes.h>

/* CMD_OK without a database means that help was asked for. */
static int open_db(const char *command, int argc, char **argv, struct db **out_db, bool *out_json)
{
    *out_json = false;
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        (void)printf("Usage: alcoved %s DATA [--json]\n", command);
        return CMD_OK;
    }
    const char *data = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            *out_json = true;
        } else if (argv[i][0] == '-' || data != NULL) {
            data = NULL;
            break;
        } else {
            data = argv[i];
        }
    }
    struct paths paths;
    if (data == NULL || paths_init(data, &paths) != STATUS_OK) {
        (void)fprintf(stderr, "Usage: alcoved %s DATA [--json]\n", command);
        return CMD_USAGE;
    }
    struct db_options options = {.map_bytes = 0, .create = false};
    enum status status = db_open(paths.db, &options, out_db);
    if (status == STATUS_NOT_FOUND) {
        (void)fprintf(stderr,
                      "alcoved %s: there is no practice in %s; alcoved init makes one, in two "
                      "steps\n",
                      command, data);
    } else if (status != STATUS_OK) {
        (void)fprintf(stderr, "alcoved %s: %s cannot be opened: %s\n", command, paths.db,
                      status_reason(status));
    }
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? CMD_NOT_FOUND : CMD_FAILED;
    }
    return CMD_OK;
}

static int print_status(struct db *db, struct txn *txn, bool json)
{
    struct db_stats stats;
    if (db_stats(db, &stats) != STATUS_OK) {
        return CMD_FAILED;
    }
    (void)printf(json ? "{\"members\":%" PRIu32 ",\"devices\":%" PRIu32 ",\"charts\":%" PRIu32
                        ",\"sections\":%" PRIu32 ",\"statements\":%" PRIu64 ",\"events\":%" PRIu64
                        ",\"revisions\":%" PRIu64 ",\"map_bytes\":%" PRIu64
                        ",\"used_bytes\":%" PRIu64 "}\n"
                      : "members      %" PRIu32 "\ndevices      %" PRIu32 "\ncharts       %" PRIu32
                        "\nsections     %" PRIu32 "\nstatements   %" PRIu64
                        "\nevents       %" PRIu64 "\nrevisions    %" PRIu64
                        "\nmap          %" PRIu64 " bytes\nused         %" PRIu64 " bytes\n",
                 names_count(txn, SCHEMA_ID_MEMBER), names_count(txn, SCHEMA_ID_DEVICE),
                 names_count(txn, SCHEMA_ID_CHART), names_count(txn, SCHEMA_ID_SECTION),
                 ledger_size(txn, LEDGER_STATEMENTS), ledger_size(txn, LEDGER_EVENTS),
                 db_counter(txn, SCHEMA_NEXT_RECORD), stats.map_bytes, stats.used_bytes);
    return CMD_OK;
}

int cmd_status(int argc, char **argv)
{
    bool json = false;
    struct db *db = NULL;
    int code = open_db("status", argc, argv, &db, &json);
    struct txn *txn = NULL;
    if (code == CMD_OK && db != NULL) {
        code = db_begin_read(db, &txn) == STATUS_OK ? print_status(db, txn, json) : CMD_FAILED;
    }
    db_abort(txn);
    db_close(db);
    return code;
}

static enum status header_hashes(void *context, struct span header, struct hash *out_context_hash,
                                 struct hash *out_envelope_hash)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    enum status status = message_decode(&alcove__header__descriptor, header, &arena, &message);
    (void)context;
    if (status == STATUS_OK) {
        const Alcove__Header *parsed = (const Alcove__Header *)(const void *)message;
        if (!field_hash(parsed->context_hash, out_context_hash) ||
            !field_hash(parsed->envelope_hash, out_envelope_hash)) {
            status = STATUS_CORRUPT;
        }
    }
    arena_free(&arena);
    return status;
}

/* The authority must admit the statements too: the rights that follow are not stored. */
static enum status check_fold(struct db *db)
{
    static const struct public_key no_key;
    struct core *core = NULL;
    enum status status = core_open(db, &no_key, clock_now_ms(), &core);
    core_close(core);
    return status;
}

int cmd_fsck(int argc, char **argv)
{
    struct fsck_header header = {header_hashes, NULL};
    struct db *db = NULL;
    bool json = false;
    int code = open_db("fsck", argc, argv, &db, &json);
    if (code != CMD_OK || db == NULL) {
        return code;
    }
    struct fsck_report report;
    memset(&report, 0, sizeof report);
    enum status status = fsck_run(db, &header, &report);
    if (status == STATUS_OK) {
        status = check_fold(db);
    }
    db_close(db);
    (void)printf(json ? "{\"status\":\"%s\",\"events\":%" PRIu64 ",\"statements\":%" PRIu64
                        ",\"revisions\":%" PRIu64 ",\"faults\":%" PRIu64 "}\n"
                      : "%s: %" PRIu64 " events, %" PRIu64 " statements, %" PRIu64
                        " revisions read back; %" PRIu64 " faults\n",
                 json ? status_name(status) : status_reason(status), report.events,
                 report.statements, report.records, report.faults);
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "alcoved fsck: %s\n",
                      report.first[0] == '\0' ? "the statements do not hold together"
                                              : report.first);
        return CMD_ALARM;
    }
    return CMD_OK;
}
