#include "client/engine/common/inside.h"

#include "client/engine/common/clock.h"
#include "client/engine/exchange/sync_reply.h"

/* What to ask for next. One thing after the other: each is checked against what came before,
 * and the first that fails stops everything. */

static enum status ask_checkpoint(struct engine *engine)
{
    Alcove__Seen seen;
    advance_seen(engine, &seen);
    Alcove__CheckpointAsk ask;
    alcove__checkpoint_ask__init(&ask);
    ask.seen = &seen;
    struct request *request = NULL;
    enum status status = request_ask(&engine->requests, OP_CHECKPOINT, NULL, &ask.base, &request);
    if (status == STATUS_OK) {
        request->statements = engine->statements;
        request->events = engine->events;
    }
    return status;
}

static enum status ask_leaves(struct engine *engine)
{
    uint64_t have = engine->leaves.count + engine->leaves.pending;
    if (engine->leaves.pending == 0) {
        engine->leaves_goal = engine->statements;
    }
    uint64_t left = engine->leaves_goal.size - have;
    Alcove__LeavesAsk ask;
    alcove__leaves_ask__init(&ask);
    ask.from = have;
    ask.to = have + (left < LEAVES_PER_PAGE_MAX ? left : LEAVES_PER_PAGE_MAX);
    struct request *request = NULL;
    enum status status = request_ask(&engine->requests, OP_LEAVES, NULL, &ask.base, &request);
    if (status == STATUS_OK) {
        request->from = ask.from;
        request->to = ask.to;
    }
    return status;
}

static enum status ask_state(struct engine *engine)
{
    Alcove__StateAsk ask;
    alcove__state_ask__init(&ask);
    struct request *request = NULL;
    return request_ask(&engine->requests, OP_STATE, NULL, &ask.base, &request);
}

static enum status ask_chain(struct engine *engine, size_t chain)
{
    Alcove__ChainAsk ask;
    alcove__chain_ask__init(&ask);
    ask.label = field_of(engine->chains[chain].label.bytes, HASH_BYTES);
    ask.from = engine->chains[chain].count;
    struct request *request = NULL;
    enum status status = request_ask(&engine->requests, OP_CHAIN, NULL, &ask.base, &request);
    if (status == STATUS_OK) {
        request->chain = chain;
    }
    return status;
}

static bool subscribes(const struct section *section)
{
    return section->listed && section->started && section->ended_at == 0;
}

static enum status ask_subscribe(struct engine *engine)
{
    Alcove__SubscribeAsk ask;
    alcove__subscribe_ask__init(&ask);
    ProtobufCBinaryData *ids = calloc(engine->section_count + 1, sizeof *ids);
    if (ids == NULL) {
        return STATUS_NO_MEMORY;
    }
    ask.section = ids;
    for (size_t i = 0; i < engine->section_count && ask.n_section < SUBSCRIBE_SECTIONS_MAX; i++) {
        if (subscribes(&engine->sections[i])) {
            ids[ask.n_section++] = field_of(engine->sections[i].id.bytes, ID_BYTES);
        }
    }
    struct request *request = NULL;
    enum status status = request_ask(&engine->requests, OP_SUBSCRIBE, NULL, &ask.base, &request);
    free(ids);
    engine->want_subscribe = status != STATUS_OK;
    return status;
}

/* New statements take effect: the authority, the keys they give, where sections begin. */
static enum status fold(struct engine *engine)
{
    enum status status = fold_run(engine);
    for (size_t i = 0; i < engine->section_count && status == STATUS_OK; i++) {
        struct section *section = &engine->sections[i];
        bool started = section->started;
        status = section_open_keys(engine, section);
        if (status == STATUS_OK) {
            status = section_begin(engine, section);
        }
        engine->want_subscribe |= started != section->started;
    }
    if (status != STATUS_OK) {
        return status;
    }
    const struct storage *storage = &engine->storage;
    status = storage->begin(storage->context);
    if (status != STATUS_OK) {
        return status;
    }
    status = fact_store(engine, engine->leaves.count);
    if (status != STATUS_OK) {
        storage->abort(storage->context);
        return status;
    }
    status = storage->commit(storage->context);
    engine->want_fold = status != STATUS_OK;
    return status;
}

static bool behind(const struct engine *engine, size_t *out_section)
{
    for (size_t i = 0; i < engine->section_count; i++) {
        if (section_behind(&engine->sections[i])) {
            *out_section = i;
            return true;
        }
    }
    return false;
}

static enum status idle(struct engine *engine)
{
    enum status status = clock_settle(engine);
    if (status != STATUS_OK) {
        return status;
    }
    engine->phase = ENGINE_IDLE;
    if (engine->round_open) {
        engine->round_open = false;
        engine->state.rounds++;
    }
    return STATUS_OK;
}

/* Everything verified is here: what people asked for, then silence. */
// NOLINTNEXTLINE(misc-no-recursion): once back into sync_next, which then asks and returns
static enum status after(struct engine *engine)
{
    bool asked = false;
    enum status status = section_store_synced(engine);
    if (status == STATUS_OK) {
        status = carried_next(engine, &asked);
    }
    if (status == STATUS_OK && !asked && engine->want_checkpoint) {
        return sync_next(engine);
    }
    if (status == STATUS_OK && !asked) {
        status = submit_ask(engine, &asked);
    }
    if (status != STATUS_OK || asked) {
        return status;
    }
    if (engine->want_checkpoint || engine->want_state || engine->want_fold) {
        return sync_next(engine);
    }
    status = queries_next(engine, &asked);
    if (status != STATUS_OK || asked) {
        return status;
    }
    if (engine->want_subscribe) {
        return ask_subscribe(engine);
    }
    return idle(engine);
}

// NOLINTNEXTLINE(misc-no-recursion): see after()
enum status sync_next(struct engine *engine)
{
    if (engine->phase != ENGINE_SYNCING && engine->phase != ENGINE_IDLE) {
        return STATUS_OK;
    }
    if (request_count(&engine->requests) > 0 || engine->now_ms < engine->retry_at_ms) {
        return STATUS_OK;
    }
    size_t index = 0;
    engine->phase = ENGINE_SYNCING;
    if (engine->want_checkpoint) {
        engine->round_open = true;
        return ask_checkpoint(engine);
    }
    if (engine->leaves.count < engine->statements.size) {
        return ask_leaves(engine);
    }
    if (engine->want_state) {
        engine->round_open = true;
        return ask_state(engine);
    }
    if (chain_missing(engine, &index)) {
        return ask_chain(engine, index);
    }
    if (engine->want_fold) {
        enum status status = fold(engine);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (behind(engine, &index)) {
        engine->round_open = true;
        return page_ask(engine, index);
    }
    return after(engine);
}
