#include "server/cmd.h"

#include "server/core/clock.h"
#include "server/core/core.h"
#include "server/store/fsck.h"

#include "proto/message.h"

#include <inttypes.h>

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
    struct paths paths;
    bool json = false;
    int code = cmd_parse("fsck", argc, argv, "--json", &paths, &json);
    if (code != CMD_OK) {
        return code == CMD_HELPED ? CMD_OK : code;
    }
    struct db *db = NULL;
    code = cmd_open_db("fsck", &paths, &db);
    if (code != CMD_OK) {
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
