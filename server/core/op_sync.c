#include "server/core/internal.h"

#include "server/core/position.h"
#include "server/core/produce_internal.h"
#include "server/store/ledger.h"
#include "server/store/section_log.h"

/* Whoever is logged in may read the statements that they may see, as often as they like: their
 * login's own line says so, and a line for each ask would be most of the log. What is refused
 * leaves its line. */
static enum status answer_sync(struct core *core, struct txn *txn, const struct core_ask *ask,
                               struct event_draft *draft, enum status told,
                               struct core_answer *answer)
{
    if (told != STATUS_OK) {
        return answer_with(core, txn, ask, draft, told, answer);
    }
    answer_unlogged(answer);
    return STATUS_OK;
}

/* The chains and sections that a member may see, taken from the authority; freed with
 * state_free. */
struct state_list {
    struct core *core;
    struct txn *txn;
    const struct authority_member *viewer;
    uint32_t viewer_local;
    Alcove__ChainState *chains;
    Alcove__ChainState **chain_list;
    size_t chain_count;
    Alcove__SectionState *sections;
    Alcove__SectionState **section_list;
    size_t section_count;
    enum status status;
};

static bool add_chain(void *context, const struct authority_chain *chain)
{
    struct state_list *list = context;
    if (list->chain_count == STATE_CHAINS_MAX) {
        list->status = STATUS_TOO_LARGE;
        return false;
    }
    Alcove__ChainState *out = &list->chains[list->chain_count];
    alcove__chain_state__init(out);
    out->label = field_of(chain->label.bytes, HASH_BYTES);
    out->subject =
        chain->subject == STATEMENT_OF_PRACTICE
            ? STATEMENT_GENESIS
            : (chain->subject == STATEMENT_OF_MEMBER ? STATEMENT_INVITATION : STATEMENT_SECTION);
    if (chain->subject != STATEMENT_OF_PRACTICE) {
        out->id = field_of(chain->id, ID_BYTES);
    }
    out->count = chain->count;
    list->chain_list[list->chain_count++] = out;
    return true;
}

static bool add_section(void *context, const struct authority_section *section)
{
    struct state_list *list = context;
    if (list->section_count == STATE_SECTIONS_MAX) {
        list->status = STATUS_TOO_LARGE;
        return false;
    }
    uint32_t local = 0;
    list->status = names_find(list->txn, SCHEMA_ID_SECTION, section->id.bytes, &local);
    uint64_t number = 0;
    struct hash head;
    if (list->status == STATUS_OK) {
        list->status = section_log_head(list->txn, local, &number, &head);
    }
    Alcove__SectionState *out = &list->sections[list->section_count];
    alcove__section_state__init(out);
    out->section = field_of(section->id.bytes, ID_BYTES);
    out->label = field_of(section->label.bytes, HASH_BYTES);
    if (section->has_chart) {
        out->chart = field_of(section->chart.bytes, ID_BYTES);
    }
    out->class_ = section->class;
    out->number = number;
    if (list->status == STATUS_OK && (authority_rights(list->core->authority, section, list->viewer,
                                                       authority_now(list->core->now_ms), NULL) &
                                      RIGHT_READ) == 0) {
        /* The member was removed: nothing that came later is told, not even how much came. */
        list->status = removed_get(list->txn, local, list->viewer_local, &out->ended_at);
        out->ended_at = out->ended_at == 0 ? 1 : out->ended_at;
        out->number = out->ended_at;
    }
    list->section_list[list->section_count++] = out;
    return list->status == STATUS_OK;
}

static void state_free(struct state_list *list)
{
    free(list->chains);
    free(list->chain_list);
    free(list->sections);
    free(list->section_list);
}

static enum status state_gather(struct state_list *list)
{
    size_t chains = authority_chain_count(list->core->authority) + 1;
    size_t sections = authority_section_count(list->core->authority) + 1;
    list->chains = calloc(chains, sizeof *list->chains);
    list->chain_list = calloc(chains, sizeof(Alcove__ChainState *));
    list->sections = calloc(sections, sizeof *list->sections);
    list->section_list = calloc(sections, sizeof(Alcove__SectionState *));
    if (list->chains == NULL || list->chain_list == NULL || list->sections == NULL ||
        list->section_list == NULL) {
        return STATUS_NO_MEMORY;
    }
    authority_visible_chains(list->core->authority, list->viewer, add_chain, list);
    if (list->status == STATUS_OK) {
        authority_visible_sections(list->core->authority, list->viewer, add_section, list);
    }
    return list->status;
}

enum status op_state(struct core *core, struct txn *txn, const struct core_ask *ask,
                     struct event_draft *draft, struct core_answer *answer)
{
    struct state_list list = {.core = core,
                              .txn = txn,
                              .viewer = authority_member(core->authority, &ask->peer->member),
                              .viewer_local = ask->peer->member_local};
    Alcove__StateReply reply = ALCOVE__STATE_REPLY__INIT;
    CHECK(list.viewer != NULL);
    enum status status = state_gather(&list);
    if (status == STATUS_OK || status == STATUS_TOO_LARGE) {
        enum status told = status;
        status = answer_sync(core, txn, ask, draft, told, answer);
        if (status == STATUS_OK && told == STATUS_OK) {
            reply.n_chain = list.chain_count;
            reply.chain = list.chain_list;
            reply.n_section = list.section_count;
            reply.section = list.section_list;
            reply.event = answer->event;
            status = message_pack(&reply.base, &answer->body, &answer->body_bytes);
        }
    }
    state_free(&list);
    return status;
}

/* Every member may read all leaves: only so can no statement be withheld (decision 3). */
enum status op_leaves(struct core *core, struct txn *txn, const struct core_ask *ask,
                      struct event_draft *draft, struct core_answer *answer)
{
    const Alcove__LeavesAsk *message = (const Alcove__LeavesAsk *)(const void *)ask->message;
    uint64_t size = ledger_size(txn, LEDGER_STATEMENTS);
    uint64_t to = message->to < size ? message->to : size;
    if (message->from > to || to - message->from > LEAVES_PER_PAGE_MAX) {
        return answer_with(core, txn, ask, draft, STATUS_MALFORMED, answer);
    }
    answer->produce = produce_leaves;
    answer->from = message->from;
    answer->to = to;
    return answer_sync(core, txn, ask, draft, STATUS_OK, answer);
}

enum status op_chain(struct core *core, struct txn *txn, const struct core_ask *ask,
                     struct event_draft *draft, struct core_answer *answer)
{
    const Alcove__ChainAsk *message = (const Alcove__ChainAsk *)(const void *)ask->message;
    const struct authority_member *viewer = authority_member(core->authority, &ask->peer->member);
    struct chain_label label;
    if (!field_label(message->label, &label)) {
        return answer_with(core, txn, ask, draft, STATUS_MALFORMED, answer);
    }
    const struct authority_chain *chain = authority_chain(core->authority, &label);
    if (chain == NULL || !authority_sees_chain(core->authority, viewer, chain)) {
        return answer_with(core, txn, ask, draft, STATUS_REFUSED, answer);
    }
    answer->produce = produce_chain;
    answer->label = label;
    answer->from = message->from;
    struct chain_head head;
    answer->to = chain_log_head(txn, &label, &head) == STATUS_OK ? head.count : chain->count;
    return answer_sync(core, txn, ask, draft, STATUS_OK, answer);
}

enum status op_checkpoint(struct core *core, struct txn *txn, const struct core_ask *ask,
                          struct event_draft *draft, struct core_answer *answer)
{
    const Alcove__CheckpointAsk *message =
        (const Alcove__CheckpointAsk *)(const void *)ask->message;
    struct seen seen;
    memset(&seen, 0, sizeof seen);
    bool has = false;
    if (message->seen != NULL && !statement_seen_parse(message->seen, &seen, &has)) {
        return answer_with(core, txn, ask, draft, STATUS_MALFORMED, answer);
    }
    answer->produce = produce_checkpoint;
    answer->seen_statements = seen.statements_size;
    answer->seen_events = seen.events_size;
    return answer_sync(core, txn, ask, draft, STATUS_OK, answer);
}

enum status op_proof(struct core *core, struct txn *txn, const struct core_ask *ask,
                     struct event_draft *draft, struct core_answer *answer)
{
    const Alcove__ProofAsk *message = (const Alcove__ProofAsk *)(const void *)ask->message;
    enum ledger_log log = message->log == 1 ? LEDGER_STATEMENTS : LEDGER_EVENTS;
    if (message->log < 1 || message->log > 2 || message->index >= message->size ||
        message->size > ledger_size(txn, log)) {
        return answer_with(core, txn, ask, draft, STATUS_MALFORMED, answer);
    }
    answer->produce = produce_proof;
    answer->log = message->log;
    answer->from = message->index;
    answer->to = message->size;
    return answer_sync(core, txn, ask, draft, STATUS_OK, answer);
}

/* A section named twice is one subscription. */
static size_t add_once(uint32_t *locals, size_t count, uint32_t local)
{
    for (size_t i = 0; i < count; i++) {
        if (locals[i] == local) {
            return count;
        }
    }
    locals[count] = local;
    return count + 1;
}

enum status op_subscribe(struct core *core, struct txn *txn, const struct core_ask *ask,
                         struct event_draft *draft, struct core_answer *answer)
{
    const Alcove__SubscribeAsk *message = (const Alcove__SubscribeAsk *)(const void *)ask->message;
    const struct authority_member *peer = authority_member(core->authority, &ask->peer->member);
    uint32_t *locals = calloc(SUBSCRIBE_SECTIONS_MAX, sizeof *locals);
    enum status told = message->n_section > SUBSCRIBE_SECTIONS_MAX ? STATUS_MALFORMED : STATUS_OK;
    if (locals == NULL) {
        return STATUS_NO_MEMORY;
    }
    size_t count = 0;
    for (size_t i = 0; i < message->n_section && told == STATUS_OK; i++) {
        struct event_draft one;
        memset(&one, 0, sizeof one);
        const struct authority_section *section =
            draft_section(core, txn, message->section[i], &one);
        count = add_once(locals, count, one.section_local);
        if (section == NULL || peer == NULL ||
            !authority_may(core->authority, peer, ACTION_READ, section->class, section, NULL,
                           authority_now(core->now_ms), NULL, NULL)) {
            one.action = draft->action;
            *draft = one;
            told = STATUS_REFUSED;
        }
    }
    enum status status = answer_sync(core, txn, ask, draft, told, answer);
    if (status == STATUS_OK && told == STATUS_OK) {
        Alcove__SubscribeReply reply = ALCOVE__SUBSCRIBE_REPLY__INIT;
        answer->subscribe = true;
        answer->sections = locals;
        answer->section_count = count;
        locals = NULL;
        reply.event = answer->event;
        status = message_pack(&reply.base, &answer->body, &answer->body_bytes);
    }
    free(locals);
    return status;
}
