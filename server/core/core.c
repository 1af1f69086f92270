#include "server/core/internal.h"

#include "server/core/position.h"
#include "server/log/log.h"
#include "server/store/ledger.h"
#include "server/store/state.h"

/* Reads the grants that the clock ended and whose end is in the log already. */
static enum status load_ended(struct core *core, struct txn *txn)
{
    struct db_walk *walk = NULL;
    enum status status = state_walk(txn, CORE_STATE_ENDED, 0, &walk);
    if (status != STATUS_OK) {
        return status;
    }
    struct span key;
    struct span value;
    while (status == STATUS_OK && db_walk_next(walk, &key, &value)) {
        uint8_t kind;
        uint32_t a;
        uint32_t b;
        state_key_of(key, &kind, &a, &b);
        if (value.size != HASH_BYTES) {
            status = STATUS_CORRUPT;
            break;
        }
        struct hash grant;
        memcpy(grant.bytes, value.data, HASH_BYTES);
        struct section_id section;
        status = names_id(txn, SCHEMA_ID_SECTION, a, section.bytes);
        if (status == STATUS_OK) {
            status = authority_mark_ended(core->authority, &section, &grant);
        }
    }
    enum status closed = db_walk_close(walk);
    return status == STATUS_OK ? closed : status;
}

/* Nothing is served without a line in the log and a signature of its root. */
static enum status goes_on(struct txn *txn)
{
    enum status status = ledger_goes_on(txn, LEDGER_EVENTS);
    if (status == STATUS_OK) {
        status = ledger_goes_on(txn, LEDGER_STATEMENTS);
    }
    if (status == STATUS_CORRUPT) {
        log_line(LOG_LEVEL_ERROR,
                 "the logs cannot be gone on with: what each later line rests on is damaged");
    }
    return status;
}

/* A statement's signature was verified before it was stored, and its leaf is checked when it is
 * read. Here the authority checks place and meaning again. */
static enum status load(struct core *core)
{
    enum status status = authority_new(&core->practice, 0, &core->authority);
    struct txn *txn = NULL;
    if (status == STATUS_OK) {
        status = db_begin_read(core->db, &txn);
    }
    if (status != STATUS_OK) {
        return status;
    }
    status = goes_on(txn);
    uint64_t size = ledger_size(txn, LEDGER_STATEMENTS);
    for (uint64_t seq = 0; seq < size && status == STATUS_OK; seq++) {
        struct chain_statement stored;
        status = chain_log_get(txn, seq, &stored);
        struct authority_result result;
        if (status == STATUS_OK) {
            status = authority_admit(core->authority, stored.bytes, seq, stored.time_ms,
                                     AUTHORITY_VERIFIED, &result);
            if (status != STATUS_OK) {
                log_line(LOG_LEVEL_ERROR, "statement %llu does not hold: %s",
                         (unsigned long long)seq, authority_reason_text(result.reason));
                status = STATUS_CORRUPT;
            }
        } else {
            log_line(LOG_LEVEL_ERROR,
                     "statement %llu is damaged, and all rights follow from statements",
                     (unsigned long long)seq);
        }
    }
    if (status == STATUS_OK) {
        status = load_ended(core, txn);
    }
    db_abort(txn);
    return status;
}

enum status core_open(struct db *db, const struct public_key *login_key, uint64_t now_ms,
                      struct core **out_core)
{
    struct core *core = calloc(1, sizeof *core);
    if (core == NULL) {
        return STATUS_NO_MEMORY;
    }
    core->db = db;
    core->login_key = *login_key;
    core->now_ms = now_ms;
    core->counts.refused.minute = now_ms / 60000u;
    core->settled = core->counts;
    enum status status = past_new(&core->past);
    if (status == STATUS_OK) {
        status = allowances_new(LINES_PER_HOUR, &core->allowances);
    }
    if (status == STATUS_OK) {
        status = meetings_new(&core->meetings);
    }
    if (status == STATUS_OK) {
        status = db_practice(db, &core->practice);
    }
    if (status == STATUS_OK) {
        status = load(core);
    }
    if (status == STATUS_OK) {
        status = replay_new(db, now_ms, &core->replay);
    }
    if (status != STATUS_OK) {
        core_close(core);
        return status;
    }
    *out_core = core;
    return STATUS_OK;
}

void core_allow(struct core *core, uint32_t lines_per_hour)
{
    allowances_change(core->allowances, lines_per_hour);
}

const struct statement_server_keys *core_server_keys(const struct core *core)
{
    return authority_server_keys(core->authority);
}

void core_close(struct core *core)
{
    if (core != NULL) {
        authority_free(core->authority);
        replay_free(core->replay);
        past_free(core->past);
        allowances_free(core->allowances);
        meetings_free(core->meetings);
        free(core->effects);
        free(core);
    }
}

void core_begin(struct core *core)
{
    if (!core->batch) {
        authority_try_begin(core->authority);
        core->batch = true;
    }
}

void core_take_back(struct core *core)
{
    if (core->batch) {
        authority_try_drop(core->authority);
        core->batch = false;
    }
    core->effect_count = 0;
    core->counts = core->settled;
    past_forget(core->past);
    memset(&core->looks, 0, sizeof core->looks);
}

const struct authority_section *draft_section(struct core *core, struct txn *txn,
                                              ProtobufCBinaryData id, struct event_draft *draft)
{
    if (!field_section(id, &draft->section)) {
        return NULL;
    }
    const struct authority_section *section = authority_section(core->authority, &draft->section);
    if (section == NULL) {
        return NULL;
    }
    draft->class = section->class;
    if (names_find(txn, SCHEMA_ID_SECTION, section->id.bytes, &draft->section_local) != STATUS_OK) {
        draft->section_local = 0;
    }
    if (section->has_chart) {
        draft->chart = section->chart;
        if (names_find(txn, SCHEMA_ID_CHART, section->chart.bytes, &draft->chart_local) !=
            STATUS_OK) {
            draft->chart_local = 0;
        }
    }
    return section;
}
