#include "server/core/internal.h"

#include "keys/public/bytes/cursor.h"
#include "keys/public/hash.h"
#include "proto/message.h"
#include "server/core/produce_internal.h"
#include "server/store/ledger.h"

static void local_of(struct txn *txn, enum schema_id_kind kind, ProtobufCBinaryData id,
                     uint32_t *out_local, bool *out_unknown)
{
    *out_local = 0;
    if (id.len == 0) {
        return;
    }
    uint8_t bytes[ID_BYTES];
    if (!field_required(id, bytes, ID_BYTES) ||
        names_find(txn, kind, bytes, out_local) != STATUS_OK) {
        *out_unknown = true;
    }
}

static bool sees_chart(const struct core *core, const struct authority_member *peer,
                       const struct authority_chart *chart)
{
    bool sees = ID_EQUAL(&chart->client, &peer->id);
    for (size_t i = 0; i < chart->section_count && !sees; i++) {
        sees = authority_sees_section(core->authority, peer, chart->sections[i]);
    }
    return sees;
}

/* A member's own log also holds refused attempts at things that the member may not know of. To
 * ask for them by section, chart or person must not tell whether that thing exists. */
static bool filters_by_known(const struct core *core, const struct core_ask *ask,
                             const Alcove__EventsAsk *message)
{
    const struct authority_member *peer = authority_member(core->authority, &ask->peer->member);
    const struct authority_section *section = NULL;
    struct section_id section_id;
    if (message->section.len > 0) {
        section = field_section(message->section, &section_id)
                      ? authority_section(core->authority, &section_id)
                      : NULL;
    }
    const struct authority_chart *chart = NULL;
    struct chart_id chart_id;
    if (message->chart.len > 0) {
        chart = field_chart(message->chart, &chart_id) ? authority_chart(core->authority, &chart_id)
                                                       : NULL;
    }
    struct member_id actor;
    return (message->section.len == 0 ||
            (section != NULL && authority_sees_section(core->authority, peer, section))) &&
           (message->chart.len == 0 || (chart != NULL && sees_chart(core, peer, chart))) &&
           (message->actor.len == 0 ||
            (field_member(message->actor, &actor) && ID_EQUAL(&actor, &peer->id)));
}

/* Newest first, through the store's trails. */
static enum status gather_filtered(struct core *core, struct txn *txn, const struct core_ask *ask,
                                   const Alcove__EventsAsk *message, struct core_answer *answer)
{
    struct event_filter filter = {.time_from_ms = message->time_from_ms,
                                  .time_to_ms = message->time_to_ms,
                                  .before_seq = message->after == 0 ? UINT64_MAX : message->after};
    bool unknown = false;
    local_of(txn, SCHEMA_ID_CHART, message->chart, &filter.fields.chart_local, &unknown);
    local_of(txn, SCHEMA_ID_SECTION, message->section, &filter.fields.section_local, &unknown);
    local_of(txn, SCHEMA_ID_MEMBER, message->actor, &filter.fields.actor_local, &unknown);
    if (message->scope == ACTION_LOG_OWN) {
        unknown = unknown || !filters_by_known(core, ask, message);
        filter.fields.actor_local = ask->peer->member_local;
    }
    filter.fields.action = (uint16_t)message->action;
    filter.fields.outcome = (uint16_t)message->outcome;
    if (unknown) {
        return STATUS_OK;
    }
    uint64_t before = 0;
    enum status status =
        events_query(txn, &filter, answer->seqs, message->limit, &answer->seq_count, &before);
    answer->scanned_to = before;
    answer->more = before != 0;
    return status;
}

/* One chart's whole history, oldest first, by its own running number, so that a gap shows. */
static enum status gather_chart(struct txn *txn, const Alcove__EventsAsk *message,
                                uint32_t chart_local, struct core_answer *answer)
{
    enum status status = trail_page(txn, TRAIL_CHART, chart_local, message->after + 1, answer->seqs,
                                    message->limit, &answer->seq_count);
    struct trail_head head;
    if (status == STATUS_OK) {
        status = trail_get(txn, TRAIL_CHART, chart_local, &head);
    }
    if (status == STATUS_OK) {
        answer->scanned_to = message->after + answer->seq_count;
        answer->more = answer->scanned_to < head.number;
    }
    return status;
}

static const struct authority_chart *chart_asked(struct core *core, struct txn *txn,
                                                 const Alcove__EventsAsk *message,
                                                 struct event_draft *draft)
{
    if (!field_chart(message->chart, &draft->chart)) {
        return NULL;
    }
    const struct authority_chart *chart = authority_chart(core->authority, &draft->chart);
    if (chart == NULL ||
        names_find(txn, SCHEMA_ID_CHART, chart->id.bytes, &draft->chart_local) != STATUS_OK) {
        return NULL;
    }
    return chart;
}

static bool may_ask(struct core *core, struct txn *txn, const struct core_ask *ask,
                    const Alcove__EventsAsk *message, struct event_draft *draft)
{
    const struct authority_member *peer = authority_member(core->authority, &ask->peer->member);
    const struct authority_member *client = NULL;
    if (message->scope == ACTION_LOG_CHART) {
        const struct authority_chart *chart = chart_asked(core, txn, message, draft);
        if (chart == NULL) {
            return false;
        }
        client = authority_member(core->authority, &chart->client);
    }
    return peer != NULL &&
           authority_may(core->authority, peer, message->scope, CLASS_NONE, NULL, client,
                         authority_now(core->now_ms), &draft->basis_kind, &draft->basis);
}

/* Everything that was asked but the place: the same bytes are the same question. */
static enum status question_of(uint32_t op, const ProtobufCMessage *ask, struct hash *out)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = message_pack(ask, &bytes, &size);
    if (status == STATUS_OK) {
        uint8_t number[8];
        cursor_put_u64(number, op);
        struct span parts[] = {span_of(number, sizeof number), span_of(bytes, size)};
        hash_parts(parts, ARRAY_LEN(parts), out);
    }
    free(bytes);
    return status;
}

/* One line for a look (looks.h): a page that goes on with it leaves none. */
static enum status answer_look(struct core *core, struct txn *txn, const struct core_ask *ask,
                               struct event_draft *draft, const struct hash *question,
                               uint64_t from, uint64_t next, struct core_answer *answer)
{
    bool goes_on =
        looks_goes_on(&core->looks, ask->peer->device_local, question, from, core->clock_ms);
    enum status status = STATUS_OK;
    if (goes_on) {
        answer_unlogged(answer);
    } else {
        status = answer_with(core, txn, ask, draft, STATUS_OK, answer);
    }
    looks_note(&core->looks, ask->peer->device_local, question, next, goes_on, core->clock_ms);
    return status;
}

enum status op_events(struct core *core, struct txn *txn, const struct core_ask *ask,
                      struct event_draft *draft, struct core_answer *answer)
{
    const Alcove__EventsAsk *message = (const Alcove__EventsAsk *)(const void *)ask->message;
    if ((message->scope != ACTION_LOG_OWN && message->scope != ACTION_LOG_CHART &&
         message->scope != ACTION_LOG_ALL) ||
        message->limit == 0 || message->limit > EVENTS_PER_PAGE_MAX ||
        message->action > UINT16_MAX || message->outcome > UINT16_MAX ||
        message->after == UINT64_MAX) {
        return answer_with(core, txn, ask, draft, STATUS_MALFORMED, answer);
    }
    draft->action = message->scope;
    if (!may_ask(core, txn, ask, message, draft)) {
        return answer_with(core, txn, ask, draft, STATUS_REFUSED, answer);
    }
    answer->seqs = calloc(message->limit, sizeof *answer->seqs);
    if (answer->seqs == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status;
    if (message->scope == ACTION_LOG_CHART) {
        status = gather_chart(txn, message, draft->chart_local, answer);
        answer->view = CORE_VIEW_CLIENT;
    } else {
        status = gather_filtered(core, txn, ask, message, answer);
        answer->view = message->scope == ACTION_LOG_ALL ? CORE_VIEW_AUDITOR : CORE_VIEW_ACTOR;
    }
    if (status != STATUS_OK) {
        return status;
    }
    answer->produce = produce_events;
    answer->seen_events = message->events_size;
    Alcove__EventsAsk placeless = *message;
    placeless.after = 0;
    placeless.limit = 0;
    placeless.events_size = 0;
    struct hash question;
    status = question_of(OP_EVENTS, &placeless.base, &question);
    return status == STATUS_OK ? answer_look(core, txn, ask, draft, &question, message->after,
                                             answer->scanned_to, answer)
                               : status;
}

enum status op_event_leaves(struct core *core, struct txn *txn, const struct core_ask *ask,
                            struct event_draft *draft, struct core_answer *answer)
{
    const Alcove__EventLeavesAsk *message =
        (const Alcove__EventLeavesAsk *)(const void *)ask->message;
    const struct authority_member *peer = authority_member(core->authority, &ask->peer->member);
    uint64_t size = ledger_size(txn, LEDGER_EVENTS);
    uint64_t to = message->to < size ? message->to : size;
    if (peer == NULL ||
        !authority_may(core->authority, peer, ACTION_LOG_ALL, CLASS_NONE, NULL, NULL,
                       authority_now(core->now_ms), &draft->basis_kind, &draft->basis)) {
        return answer_with(core, txn, ask, draft, STATUS_REFUSED, answer);
    }
    if (message->from > to || to - message->from > EVENTS_PER_PAGE_MAX) {
        return answer_with(core, txn, ask, draft, STATUS_MALFORMED, answer);
    }
    draft->from = message->from;
    draft->to = to;
    answer->seqs = calloc((size_t)(to - message->from) + 1, sizeof *answer->seqs);
    if (answer->seqs == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (uint64_t seq = message->from; seq < to; seq++) {
        answer->seqs[answer->seq_count++] = seq;
    }
    answer->produce = produce_event_leaves;
    answer->view = CORE_VIEW_AUDITOR;
    answer->seen_events = message->events_size;
    const Alcove__EventLeavesAsk placeless = ALCOVE__EVENT_LEAVES_ASK__INIT;
    struct hash question;
    enum status status = question_of(OP_EVENT_LEAVES, &placeless.base, &question);
    return status == STATUS_OK
               ? answer_look(core, txn, ask, draft, &question, message->from, to, answer)
               : status;
}
