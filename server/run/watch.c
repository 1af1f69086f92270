#include "server/run/watch.h"

#include "server/core/clock.h"
#include "server/log/log.h"
#include "server/store/events.h"

#define LOOK_EVERY_MS    1000u
#define READERS_CHECK_MS (3600u * 1000u)

void watch_init(struct watch *watch, struct clock_guard *clock, uint64_t steady_ms)
{
    memset(watch, 0, sizeof *watch);
    watch->clock = clock;
    watch->readers_ms = steady_ms;
}

enum status watch_clock(struct watch *watch, const struct txn *txn, uint64_t now_ms)
{
    if (watch->clock == NULL) {
        return STATUS_OK;
    }
    uint64_t newest_ms = events_time(txn, 0);
    bool ahead = !clock_guard_allows(watch->clock, now_ms, newest_ms);
    if (!log_changes(&watch->ahead, ahead)) {
        return ahead ? STATUS_CLOCK : STATUS_OK;
    }
    char now[CLOCK_TEXT_BYTES];
    char newest[CLOCK_TEXT_BYTES];
    if (ahead) {
        log_line(LOG_LEVEL_ERROR,
                 "the clock jumped ahead: it says %s, and the last event is of %s. Nothing was "
                 "written, and no request is taken until the clock is right again, or until "
                 "`alcoved clock DATA --accept` says that it is",
                 clock_text(now_ms, now), clock_text(newest_ms, newest));
        return STATUS_CLOCK;
    }
    log_line(LOG_LEVEL_NOTICE, "the clock is believed again, at %s: requests are taken",
             clock_text(now_ms, now));
    return STATUS_OK;
}

static void look_at_room(struct watch *watch, struct db *db)
{
    struct db_space space;
    if (db_space(db, &space) != STATUS_OK) {
        return;
    }
    bool full = space.writes != STATUS_OK;
    bool changed = log_changes(&watch->full, full);
    /* From "new notes" to "everything" is said, and the way back: other people are concerned. */
    changed = log_changes(&watch->full_for_reading, space.reads != STATUS_OK) || changed;
    char text[DB_SPACE_TEXT_BYTES];
    if (changed) {
        db_space_text(&space, text);
        log_line(full ? LOG_LEVEL_ERROR : LOG_LEVEL_NOTICE, "%s", text);
    }
}

static void look_at_readers(struct watch *watch, struct db *db, uint64_t steady_ms)
{
    uint32_t freed;
    if (steady_ms - watch->readers_ms > READERS_CHECK_MS) {
        watch->readers_ms = steady_ms;
        if (db_check_readers(db, &freed) != STATUS_OK) {
            log_line(LOG_LEVEL_WARNING, "the table of readers could not be checked");
        }
    }
}

void watch_look(struct watch *watch, struct db *db, uint64_t steady_ms, uint64_t now_ms)
{
    if (watch->looked_ms != 0 && steady_ms - watch->looked_ms < LOOK_EVERY_MS) {
        return;
    }
    watch->looked_ms = steady_ms;
    look_at_room(watch, db);
    look_at_readers(watch, db, steady_ms);
    struct txn *txn = NULL;
    if (watch->clock != NULL && db_begin_read(db, &txn) == STATUS_OK) {
        enum status status = watch_clock(watch, txn, now_ms);
        (void)status; /* said; who writes asks again */
        db_abort(txn);
    }
}
