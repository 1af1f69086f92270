#include "tests/sim/truth.h"

#include "client/engine/exchange/inside.h"
#include "server/store/ledger.h"
#include "server/store/names.h"
#include "server/store/section_log.h"
#include "tests/sim/server.h"
#include "tests/support/test.h"

static bool is_past(struct txn *txn, enum ledger_log log, uint64_t size, const struct hash *root)
{
    if (size == 0) {
        return true;
    }
    if (size > ledger_size(txn, log)) {
        return false;
    }
    struct hash true_root;
    OK(ledger_root(txn, log, size, &true_root));
    return ID_EQUAL(&true_root, root);
}

static bool logs_are_past(struct txn *txn, const struct log *log)
{
    struct hash leaves;
    merkle_frontier_root(&log->leaves.accepted, &leaves);
    return is_past(txn, LEDGER_STATEMENTS, log->statements.size, &log->statements.root) &&
           is_past(txn, LEDGER_EVENTS, log->events.size, &log->events.root) &&
           is_past(txn, LEDGER_STATEMENTS, log->leaves.count, &leaves);
}

bool truth_parted(const struct inproc *server, const struct engine *engine)
{
    struct txn *txn = NULL;
    OK(db_begin_read(server->db, &txn));
    bool past = logs_are_past(txn, &engine->log);
    db_abort(txn);
    return !past;
}

static bool section_is_true(struct txn *txn, const struct section *section)
{
    uint32_t local = 0;
    struct section_change change;
    return section->timeline.number == 0 ||
           section->timeline.number == section->timeline.start_number ||
           (names_find(txn, SCHEMA_ID_SECTION, section->id.bytes, &local) == STATUS_OK &&
            section_log_get(txn, local, section->timeline.number, &change) == STATUS_OK &&
            ID_EQUAL(&change.head, &section->timeline.head));
}

static bool statement_is_believed(const struct engine *engine, const struct plant *plant)
{
    for (size_t i = 0; i < engine->log.fact_count; i++) {
        const struct fact *fact = &engine->log.facts[i];
        if (fact->seq == plant->place && fact->folded) {
            if (plant->later && engine->common.phase != ENGINE_IDLE) {
                return false;
            }
            return !plant->late || (i > 0 && fact->time_ms < engine->log.facts[i - 1].time_ms);
        }
    }
    return false;
}

/* Only of who follows the copy: the same place in the true log is another's. */
bool truth_believes(const struct liar_copy *copy, const struct engine *engine)
{
    const struct plant *plant = &copy->plant;
    if (plant->kind == PLANT_NONE || truth_parted(&copy->server, engine) ||
        ID_EQUAL(&plant->but, &engine->common.content->device_statement)) {
        return false;
    }
    if (plant->kind == PLANT_STATEMENT) {
        return statement_is_believed(engine, plant);
    }
    const struct section *section = section_find(&engine->sections, &plant->section);
    if (section == NULL || !section->started || section->timeline.start_number >= plant->place ||
        section->timeline.number < plant->place) {
        return false;
    }
    struct txn *txn = NULL;
    OK(db_begin_read(copy->server.db, &txn));
    bool same = section_is_true(txn, section);
    db_abort(txn);
    return same;
}

void check_true(struct world *world, const struct world_device *device)
{
    const struct engine *engine = device->person.engine;
    bool content = server_is_up() && device->person.connected &&
                   device->person.link.server == &world->server &&
                   (engine->common.phase == ENGINE_SYNCING || engine->common.phase == ENGINE_IDLE);
    if (!content) {
        return;
    }
    struct txn *txn = NULL;
    OK(db_begin_read(world->server.db, &txn));
    bool past = logs_are_past(txn, &engine->log);
    size_t bad = engine->sections.count;
    for (size_t i = 0; i < engine->sections.count; i++) {
        bad = section_is_true(txn, &engine->sections.items[i]) ? bad : i;
    }
    db_abort(txn);
    if (!past) {
        world_fail(world, "device %u goes on with a server whose logs are not those that it holds",
                   (unsigned)(device - world->devices));
    }
    if (bad < engine->sections.count) {
        world_fail(world, "device %u holds another history of a section than the server",
                   (unsigned)(device - world->devices));
    }
    world->checks++;
}
