#include "client/engine/exchange/sync.h"

#include "client/engine/common/alarm.h"
#include "client/engine/common/clock.h"
#include "client/engine/exchange/withheld.h"
#include "client/engine/log/advance.h"
#include "client/engine/log/carried.h"
#include "client/engine/log/chain.h"
#include "client/engine/log/fact.h"
#include "client/engine/log/fold.h"
#include "client/engine/section/own.h"
#include "client/engine/section/page.h"
#include "client/engine/submit/submit.h"

/* What to ask for next. One thing after the other: each is checked against what came before,
 * and the first that fails stops everything. */

static enum status ask_checkpoint(struct engine *engine)
{
    Alcove__Seen seen;
    advance_seen(&engine->log, &seen);
    Alcove__CheckpointAsk ask;
    alcove__checkpoint_ask__init(&ask);
    ask.seen = &seen;
    struct request *request = NULL;
    enum status status =
        request_ask(&engine->common.requests, OP_CHECKPOINT, NULL, &ask.base, &request);
    if (status == STATUS_OK) {
        request->statements = engine->log.statements;
        request->events = engine->log.events;
        request->newest_ms = engine->common.clock.newest_leaf_ms;
    }
    return status;
}

static enum status ask_leaves(struct engine *engine)
{
    uint64_t have = engine->log.leaves.count + engine->log.leaves.pending;
    if (engine->log.leaves.pending == 0) {
        engine->log.leaves_goal = engine->log.statements;
    }
    uint64_t left = engine->log.leaves_goal.size - have;
    Alcove__LeavesAsk ask;
    alcove__leaves_ask__init(&ask);
    ask.from = have;
    ask.to = have + (left < LEAVES_PER_PAGE_MAX ? left : LEAVES_PER_PAGE_MAX);
    struct request *request = NULL;
    enum status status =
        request_ask(&engine->common.requests, OP_LEAVES, NULL, &ask.base, &request);
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
    enum status status = request_ask(&engine->common.requests, OP_STATE, NULL, &ask.base, &request);
    if (status == STATUS_OK) {
        request->statements = engine->log.statements;
    }
    return status;
}

static enum status ask_chain(struct engine *engine, size_t chain)
{
    Alcove__ChainAsk ask;
    alcove__chain_ask__init(&ask);
    ask.label = field_of(engine->log.chains[chain].label.bytes, HASH_BYTES);
    ask.from = engine->log.chains[chain].count;
    struct request *request = NULL;
    enum status status = request_ask(&engine->common.requests, OP_CHAIN, NULL, &ask.base, &request);
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
    ProtobufCBinaryData *ids = calloc(engine->sections.count + 1, sizeof *ids);
    if (ids == NULL) {
        return STATUS_NO_MEMORY;
    }
    ask.section = ids;
    for (size_t i = 0; i < engine->sections.count && ask.n_section < SUBSCRIBE_SECTIONS_MAX; i++) {
        if (subscribes(&engine->sections.items[i])) {
            ids[ask.n_section++] = field_of(engine->sections.items[i].id.bytes, ID_BYTES);
        }
    }
    struct request *request = NULL;
    enum status status =
        request_ask(&engine->common.requests, OP_SUBSCRIBE, NULL, &ask.base, &request);
    free(ids);
    engine->common.wants.subscribe = status != STATUS_OK;
    return status;
}

/* Shown by name: it is that person whom somebody may be posing as (decision 2). */
static enum status refused(struct engine *engine, const struct fold_refusal *refusal)
{
    if (!refusal->posing) {
        return alarm_stop(&engine->common, refusal->status,
                          "A statement in the log does not hold: its signer may not say this, or "
                          "not at this place.",
                          refusal->evidence);
    }
    char name[NAME_BYTES_MAX];
    name_say(&engine->names, &refusal->subject, name);
    char reason[ENGINE_ALARM_CHARS_MAX];
    (void)snprintf(reason, sizeof reason,
                   "There are two identities for %s: somebody may be posing as this person. "
                   "Nothing is sealed to either.",
                   name);
    return alarm_stop(&engine->common, refusal->status, reason, refusal->evidence);
}

/* New statements take effect: the authority, the keys they give, where sections begin. */
static enum status fold(struct engine *engine)
{
    struct fold_refusal refusal;
    enum status status = fold_run(&engine->log, &refusal);
    if (refusal.status != STATUS_OK) {
        return refused(engine, &refusal);
    }
    for (size_t i = 0; i < engine->sections.count && status == STATUS_OK; i++) {
        struct section *section = &engine->sections.items[i];
        bool started = section->started;
        status = section_open_keys(&engine->sections, section);
        if (status == STATUS_OK) {
            status = section_begin(&engine->sections, section);
        }
        if (status == STATUS_OK && section->unseal) {
            status = page_again_unseal(&engine->sections, section);
        }
        engine->common.wants.subscribe |= started != section->started;
    }
    if (status == STATUS_OK) {
        status = fact_store(&engine->log);
    }
    engine->common.wants.fold = status != STATUS_OK;
    return status == STATUS_OK ? withheld_look(engine) : status;
}

/* Of those that ask the one that was stopped least often, so that sections that the server cannot hand
 * out hold up no other. */
static bool behind(const struct engine *engine, size_t *out_section)
{
    const struct section *first = NULL;
    for (size_t i = 0; i < engine->sections.count; i++) {
        const struct section *section = &engine->sections.items[i];
        if (section_asks(section, engine->common.now_ms) &&
            (first == NULL || section->stopped.times < first->stopped.times)) {
            first = section;
            *out_section = i;
        }
    }
    return first != NULL;
}

static bool asks_again(const struct engine *engine, size_t *out_section)
{
    for (size_t i = 0; i < engine->sections.count; i++) {
        if (section_asks_again(&engine->sections.items[i], engine->common.now_ms)) {
            *out_section = i;
            return true;
        }
    }
    return false;
}

static enum status idle(struct engine *engine)
{
    enum status status = clock_settle(&engine->common);
    if (status != STATUS_OK) {
        return status;
    }
    engine->common.phase = ENGINE_IDLE;
    backoff_well(&engine->common.wants.later);
    engine->common.wants.put_off = false;
    if (engine->round.open) {
        engine->round.open = false;
        engine->round.finished++;
    }
    return STATUS_OK;
}

/*
 * Everything verified is here: what people asked for, then silence. The others' word on the logs
 * goes before our own, which signs them. A wish may find that it needs more (wants), and then the
 * round begins again. Queries come after wishes, so that they show what was just done, and the
 * subscription last: until then everything is fetched anyway. Then what could not be read is
 * asked for again, if it is time: nobody waits for it.
 */
// NOLINTNEXTLINE(misc-no-recursion): once back into sync_next, which then asks and returns
static enum status after(struct engine *engine)
{
    enum status status = section_store_synced(&engine->sections);
    bool asked = false;
    if (status == STATUS_OK) {
        status = carried_next(&engine->log, &asked);
    }
    if (status == STATUS_OK && !asked && engine->common.wants.checkpoint) {
        return sync_next(engine);
    }
    if (status == STATUS_OK && !asked) {
        status = submit_ask(&engine->sources, &asked);
    }
    if (status != STATUS_OK || asked) {
        return status;
    }
    if (engine->common.wants.checkpoint || engine->common.wants.state ||
        engine->common.wants.fold) {
        return sync_next(engine);
    }
    status = queries_next(&engine->queries, &asked);
    if (status != STATUS_OK || asked) {
        return status;
    }
    if (engine->common.wants.subscribe) {
        return ask_subscribe(engine);
    }
    size_t index = 0;
    if (asks_again(engine, &index)) {
        return page_again_ask(&engine->sections, index);
    }
    return idle(engine);
}

/* Nothing is missing but further pages: what was checked of other sections may wait. */
static bool only_pages(const struct engine *engine)
{
    const struct wants *wants = &engine->common.wants;
    size_t chain = 0;
    return !wants->checkpoint && !wants->state && !wants->fold && engine->sections.own == NULL &&
           engine->log.leaves.count == engine->log.statements.size &&
           !chain_missing(&engine->log, &chain);
}

// NOLINTNEXTLINE(misc-no-recursion): see after()
enum status sync_next(struct engine *engine)
{
    if (engine->common.phase != ENGINE_SYNCING && engine->common.phase != ENGINE_IDLE) {
        return STATUS_OK;
    }
    if (request_count(&engine->common.requests) > 0) {
        return STATUS_OK;
    }
    if (!backoff_over(&engine->common.wants.later, engine->common.now_ms)) {
        return page_keep_held(&engine->sections);
    }
    engine->common.phase = ENGINE_SYNCING;
    size_t index = 0;
    if (!only_pages(engine) || !behind(engine, &index)) {
        enum status kept = page_keep_held(&engine->sections);
        if (kept != STATUS_OK) {
            return kept;
        }
    }
    if (engine->common.wants.checkpoint) {
        engine->round.open = true;
        return ask_checkpoint(engine);
    }
    if (engine->log.leaves.count < engine->log.statements.size) {
        return ask_leaves(engine);
    }
    if (engine->common.wants.state) {
        engine->round.open = true;
        return ask_state(engine);
    }
    if (chain_missing(&engine->log, &index)) {
        return ask_chain(engine, index);
    }
    enum status status = engine->common.wants.fold ? fold(engine) : STATUS_OK;
    if (status == STATUS_OK && engine->common.wants.checkpoint) {
        return ask_checkpoint(engine); /* withheld.h: is there a newer head? */
    }
    if (status == STATUS_OK) {
        status = own_take(&engine->sections);
    }
    if (status != STATUS_OK) {
        return status;
    }
    if (behind(engine, &index)) {
        engine->round.open = true;
        return page_ask(&engine->sections, index);
    }
    return after(engine);
}
