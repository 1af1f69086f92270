#include "client/engine/log/chain.h"

#include "keys/public/bytes/array.h"

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
    if (array_grow(&log->chains, &log->chain_capacity, log->chain_count + 1, sizeof *log->chains) !=
        STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    log->chains[log->chain_count++] = chain;
    return STATUS_OK;
}

bool chain_forget(struct log *log, size_t chain)
{
    struct chain_known *at = &log->chains[chain];
    if (at->count > 0) {
        return false;
    }
    log->chain_count--;
    memmove(at, at + 1, (log->chain_count - chain) * sizeof *at);
    return true;
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
