#include "client/engine/common/inside.h"

struct chain_known *chain_find(struct engine *engine, const struct chain_label *label)
{
    for (size_t i = 0; i < engine->chain_count; i++) {
        if (ID_EQUAL(&engine->chains[i].label, label)) {
            return &engine->chains[i];
        }
    }
    return NULL;
}

enum status chain_list(struct engine *engine, const Alcove__ChainState *state)
{
    struct chain_known chain = {.subject = state->subject};
    if (!field_label(state->label, &chain.label) ||
        !field_optional(state->id, chain.id, sizeof chain.id)) {
        return STATUS_MALFORMED;
    }
    if (chain_find(engine, &chain.label) != NULL) {
        return STATUS_OK;
    }
    if (engine->chain_count == engine->chain_capacity) {
        size_t capacity = engine->chain_capacity == 0 ? 16 : engine->chain_capacity * 2;
        struct chain_known *chains = realloc(engine->chains, capacity * sizeof *chains);
        if (chains == NULL) {
            return STATUS_NO_MEMORY;
        }
        engine->chains = chains;
        engine->chain_capacity = capacity;
    }
    engine->chains[engine->chain_count++] = chain;
    return STATUS_OK;
}

bool chain_missing(const struct engine *engine, size_t *out_chain)
{
    for (size_t i = 0; i < engine->chain_count; i++) {
        const struct chain_known *chain = &engine->chains[i];
        if (chain->count < leaves_chain_count(&engine->leaves, &chain->label)) {
            *out_chain = i;
            return true;
        }
    }
    return false;
}

static enum status withheld(struct engine *engine, const struct chain_known *chain)
{
    return alarm_stop_at(engine, STATUS_BAD_CHAIN,
                         "The server withholds a statement that its own log holds: a removal or "
                         "a key could be missing.",
                         "statements shown of the chain:", chain->count);
}

enum status chain_reply(struct engine *engine, const struct request *request,
                        const Alcove__ChainReply *reply)
{
    CHECK(request->chain < engine->chain_count);
    struct chain_known *chain = &engine->chains[request->chain];
    uint64_t before = chain->count;
    for (size_t i = 0; i < reply->n_entry; i++) {
        if (reply->entry[i]->seq >= engine->leaves.count) {
            break; /* newer than the leaves that we have: the next round takes it */
        }
        enum status status = record_add(engine, &chain->label, chain->count, reply->entry[i]);
        if (alarm_is_ours(status)) {
            return status;
        }
        if (status != STATUS_OK) {
            return alarm_stop_at(engine, status,
                                 "The server gave a statement that is not the one in its log.",
                                 "statement at log index", reply->entry[i]->seq);
        }
        chain->count++;
        engine->want_fold = true;
    }
    return chain->count > before ? STATUS_OK : withheld(engine, chain);
}
