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
