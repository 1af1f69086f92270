#include "client/engine/log/chain.h"

struct chain_known *chain_find(struct log *log, const struct chain_label *label)
{
    for (size_t i = 0; i < log->chain_count; i++) {
        if (ID_EQUAL(&log->chains[i].label, label)) {
            return &log->chains[i];
        }
    }
    return NULL;
}

enum status chain_list(struct log *log, const Alcove__ChainState *state)
{
    struct chain_known chain = {.subject = state->subject};
    if (!field_label(state->label, &chain.label) ||
        !field_optional(state->id, chain.id, sizeof chain.id)) {
        return STATUS_MALFORMED;
    }
    if (chain_find(log, &chain.label) != NULL) {
        return STATUS_OK;
    }
    if (log->chain_count == log->chain_capacity) {
        size_t capacity = log->chain_capacity == 0 ? 16 : log->chain_capacity * 2;
        struct chain_known *chains = realloc(log->chains, capacity * sizeof *chains);
        if (chains == NULL) {
            return STATUS_NO_MEMORY;
        }
        log->chains = chains;
        log->chain_capacity = capacity;
    }
    log->chains[log->chain_count++] = chain;
    return STATUS_OK;
}

bool chain_missing(const struct log *log, size_t *out_chain)
{
    for (size_t i = 0; i < log->chain_count; i++) {
        const struct chain_known *chain = &log->chains[i];
        if (chain->count < leaves_chain_count(&log->leaves, &chain->label)) {
            *out_chain = i;
            return true;
        }
    }
    return false;
}
