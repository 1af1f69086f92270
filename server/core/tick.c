#include "server/core/internal.h"

#include "server/core/position.h"
#include "server/core/sent_away.h"
#include "server/store/state.h"

#define ENDINGS_AT_ONCE      64u
#define REFUSED_ATTEMPTS_MAX UINT32_MAX

/* The n-th ended grant of a section; numbers only keep the keys apart. */
static enum status remember_ended(struct txn *txn, uint32_t section_local, const struct hash *grant)
{
    struct span found;
    uint32_t n = 0;
    enum status status = state_get(txn, CORE_STATE_ENDED, section_local, n, &found);
    while (status == STATUS_OK && n < UINT32_MAX) {
        n++;
        status = state_get(txn, CORE_STATE_ENDED, section_local, n, &found);
    }
    if (status != STATUS_NOT_FOUND) {
        return status;
    }
    state_put(txn, CORE_STATE_ENDED, section_local, n, ID_SPAN(grant));
    return db_status(txn);
}

static enum status end_one(struct core *core, struct txn *txn,
                           const struct authority_ending *ending)
{
    struct event_draft draft = {
        .action = ACTION_GRANT_ENDED,
        .outcome = OUTCOME_OK,
        .object = ending->grant->statement,
        .subject = ending->grant->member,
        .basis_kind = BASIS_GRANT,
        .basis = ending->grant->statement,
        .change = {.kind = ENTRY_ENDED, .object = ending->grant->statement}};
    struct section_id section = ending->section->id;
    (void)draft_section(core, txn, field_of(section.bytes, ID_BYTES), &draft);
    struct event_written written;
    enum status status = event_write(core, txn, NULL, &draft, &written);
    if (status == STATUS_OK) {
        status = remember_ended(txn, draft.section_local, &draft.object);
    }
    if (status == STATUS_OK) {
        status = authority_mark_ended(core->authority, &section, &draft.object);
    }
    if (status == STATUS_OK) {
        status = effects_of_section(core, txn, authority_section(core->authority, &section),
                                    draft.section_local, written.numbers.section_number);
    }
    return status;
}

static enum status write_refused(struct core *core, struct txn *txn, const uint8_t *source,
                                 uint64_t attempts)
{
    struct event_draft draft = {.action = ACTION_LOGIN_REFUSED,
                                .outcome = OUTCOME_REFUSED,
                                .reason = STATUS_REFUSED,
                                .count = attempts};
    struct core_ask ask = {.peer = NULL};
    memcpy(ask.source, source, CORE_SOURCE_BYTES);
    struct event_written written;
    return event_write(core, txn, &ask, &draft, &written);
}

bool core_flush_due(const struct core *core)
{
    return core->counts.refused.count > 0 || core->counts.refused.others > 0 || sent_away_any(core);
}

static bool refused_waiting(const struct core *core, uint64_t now_ms)
{
    const struct refused_logins *refused = &core->counts.refused;
    return now_ms / 60000u != refused->minute && (refused->count > 0 || refused->others > 0);
}

/* One line per address and minute, then one for all others: a stranger must not be able
 * to grow a log that is never deleted (decision 14). */
static enum status flush_refused(struct core *core, struct txn *txn, uint64_t now_ms)
{
    static const uint8_t nowhere[CORE_SOURCE_BYTES];
    struct refused_logins *refused = &core->counts.refused;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < refused->count && status == STATUS_OK; i++) {
        status = write_refused(core, txn, refused->sources[i].source, refused->sources[i].attempts);
    }
    if (status == STATUS_OK && refused->others > 0) {
        status = write_refused(core, txn, nowhere, refused->others);
    }
    if (status == STATUS_OK) {
        memset(refused, 0, sizeof *refused);
        refused->minute = now_ms / 60000u;
    }
    return status;
}

bool core_tick_due(const struct core *core, uint64_t now_ms)
{
    struct authority_ending ending;
    return refused_waiting(core, now_ms) || sent_away_due(core, now_ms) ||
           authority_endings(core->authority, now_ms, &ending, 1) > 0;
}

enum status core_tick(struct core *core, struct txn *txn, uint64_t now_ms)
{
    core->now_ms = events_time(txn, now_ms);
    core_begin(core);
    /* All that have ended: the next statement would pass over a grant that is left. */
    struct authority_ending endings[ENDINGS_AT_ONCE];
    size_t count = ENDINGS_AT_ONCE;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && count == ENDINGS_AT_ONCE) {
        count = authority_endings(core->authority, core->now_ms, endings, ENDINGS_AT_ONCE);
        for (size_t i = 0; i < count && status == STATUS_OK; i++) {
            status = end_one(core, txn, &endings[i]);
        }
    }
    if (status == STATUS_OK && refused_waiting(core, now_ms)) {
        status = flush_refused(core, txn, now_ms);
    }
    return status == STATUS_OK ? sent_away_flush(core, txn, now_ms, false) : status;
}

enum status core_flush(struct core *core, struct txn *txn, uint64_t now_ms)
{
    core->now_ms = events_time(txn, now_ms);
    enum status status = flush_refused(core, txn, now_ms);
    return status == STATUS_OK ? sent_away_flush(core, txn, now_ms, true) : status;
}
