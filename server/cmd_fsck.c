#include "server/cmd.h"

#include "server/core/clock.h"
#include "server/core/core.h"
#include "server/core/header.h"
#include "server/store/fsck.h"

#include <inttypes.h>

/* The authority must admit the statements too: the rights that follow are not stored. */
static enum status check_fold(struct db *db)
{
    static const struct public_key no_key;
    struct core *core = NULL;
    enum status status = core_open(db, &no_key, clock_now_ms(), &core);
    core_close(core);
    return status;
}

/* The parts that LMDB must not touch; the report's first fault is one of them, if there are any. */
#define HOLES_SHOWN_MAX 20u

static void print_holes(const struct db_damage *damage)
{
    char text[DB_DAMAGE_CHARS_MAX];
    for (size_t i = 1; i < damage->hole_count && i < HOLES_SHOWN_MAX; i++) {
        db_hole_text(&damage->holes[i], text);
        (void)fprintf(stderr, "alcoved fsck: %s\n", text);
    }
    if (damage->hole_count > HOLES_SHOWN_MAX) {
        (void)fprintf(stderr, "alcoved fsck: and %zu places more\n",
                      damage->hole_count - HOLES_SHOWN_MAX);
    }
}

static void print_advice(bool served)
{
    (void)fprintf(stderr, "%s",
                  served ? "The server serves everything else, and shows as damaged what it cannot "
                           "read. "
                         : "The server does not start with this. ");
    (void)fprintf(stderr, "%s",
                  "Nothing was changed. What to do: stop the server and keep a copy of DATA as it "
                  "is now; test the disk and the memory of this machine, and replace what fails, "
                  "before anything else is written. Notes that a person's device has fetched stay "
                  "readable there. Do not copy an older database back; `alcoved restore` puts a "
                  "backup in place\n");
}

static int end(enum status status, const char *first, const struct db_damage *damage, bool served)
{
    if (status == STATUS_OK) {
        return CMD_OK;
    }
    (void)fprintf(stderr, "alcoved fsck: %s\n", first);
    print_holes(damage);
    print_advice(served);
    return CMD_ALARM;
}

static int check(const struct paths *paths, bool json, struct db_damage *damage)
{
    struct fsck_header header = {header_hashes, NULL};
    struct db *db = NULL;
    int code = cmd_open_db("fsck", paths, damage, &db);
    if (code != CMD_OK) {
        return code == CMD_ALARM
                   ? end(STATUS_CORRUPT,
                         damage->faults > 0 ? damage->first
                                            : "the file's first pages, or its length, "
                                              "are not as they were written",
                         damage, false)
                   : code;
    }
    struct fsck_report report;
    memset(&report, 0, sizeof report);
    enum status status = fsck_run(db, &header, &report);
    enum status fold = check_fold(db);
    db_close(db);
    status = status == STATUS_OK ? fold : status;
    (void)printf(json ? "{\"status\":\"%s\",\"events\":%" PRIu64 ",\"statements\":%" PRIu64
                        ",\"revisions\":%" PRIu64 ",\"faults\":%" PRIu64 "}\n"
                      : "%s: %" PRIu64 " events, %" PRIu64 " statements, %" PRIu64
                        " revisions read back; %" PRIu64 " faults\n",
                 json ? status_name(status) : status_reason(status), report.events,
                 report.statements, report.records, report.faults);
    return end(status,
               report.first[0] == '\0' ? "the statements do not hold together" : report.first,
               damage, fold == STATUS_OK);
}

int cmd_fsck(int argc, char **argv)
{
    struct paths paths;
    bool json = false;
    int code = cmd_parse("fsck", argc, argv, "--json", &paths, &json);
    if (code != CMD_OK) {
        return code == CMD_HELPED ? CMD_OK : code;
    }
    struct db_damage *damage = calloc(1, sizeof *damage);
    code = damage == NULL ? CMD_FAILED : check(&paths, json, damage);
    free(damage);
    return code;
}
