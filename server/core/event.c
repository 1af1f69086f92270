#include "server/core/internal.h"

#include "keys/public/bytes/array.h"
#include "keys/public/bytes/random.h"
#include "proto/message.h"
#include "proto/words.h"

/* Far above the size of the three parts: all their fields are of fixed or limited size. */
#define PART_BYTES_MAX 768u
#define SALT_BYTES     32u

/* On the wire an all-zero field is left out: it means absent. */
static ProtobufCBinaryData id_or_absent(const uint8_t *id, size_t size)
{
    uint8_t any = 0;
    for (size_t i = 0; i < size; i++) {
        any |= id[i];
    }
    return field_of(id, any == 0 ? 0 : size);
}

static size_t pack_open(const struct core_ask *ask, const struct event_draft *draft,
                        uint64_t time_ms, const uint8_t salt[SALT_BYTES],
                        uint8_t out[PART_BYTES_MAX])
{
    Alcove__EventOpen open = ALCOVE__EVENT_OPEN__INIT;
    open.version = 1;
    open.salt = field_of(salt, SALT_BYTES);
    open.time_ms = time_ms;
    if (ask != NULL && ask->peer != NULL) {
        open.actor = field_of(ask->peer->member.bytes, ID_BYTES);
        open.role = ask->peer->role;
    }
    open.action = draft->action;
    open.outcome = draft->outcome;
    open.reason = (uint32_t)draft->reason;
    open.purpose = draft->purpose;
    open.count = draft->count;
    CHECK(alcove__event_open__get_packed_size(&open) <= PART_BYTES_MAX);
    return alcove__event_open__pack(&open, out);
}

static size_t pack_target(const struct event_draft *draft, const struct event_numbers *numbers,
                          uint8_t out[PART_BYTES_MAX])
{
    Alcove__EventTarget target = ALCOVE__EVENT_TARGET__INIT;
    target.class_ = draft->class;
    target.chart = id_or_absent(draft->chart.bytes, ID_BYTES);
    target.section = id_or_absent(draft->section.bytes, ID_BYTES);
    target.note = id_or_absent(draft->note.bytes, ID_BYTES);
    target.object = id_or_absent(draft->object.bytes, HASH_BYTES);
    target.from = draft->from;
    target.to = draft->to;
    if (draft->change.kind != 0) {
        target.from = numbers->section_number;
        target.to = numbers->section_number;
    }
    target.basis_kind = draft->basis_kind;
    target.basis = id_or_absent(draft->basis.bytes, HASH_BYTES);
    if (draft->section_local != 0) {
        target.section_number = numbers->section_number;
        target.section_head = id_or_absent(numbers->section_head.bytes, HASH_BYTES);
        target.section_times = id_or_absent(numbers->section_times.bytes, HASH_BYTES);
    }
    if (draft->chart_local != 0) {
        target.chart_number = numbers->chart_number;
        target.chart_previous = id_or_absent(numbers->chart_previous.bytes, HASH_BYTES);
    }
    target.subject = id_or_absent(draft->subject.bytes, ID_BYTES);
    CHECK(alcove__event_target__get_packed_size(&target) <= PART_BYTES_MAX);
    return alcove__event_target__pack(&target, out);
}

static size_t pack_restricted(const struct core_ask *ask, uint8_t out[PART_BYTES_MAX])
{
    Alcove__EventRestricted restricted = ALCOVE__EVENT_RESTRICTED__INIT;
    if (ask != NULL) {
        restricted.source = field_of(ask->source, CORE_SOURCE_BYTES);
        if (ask->peer != NULL) {
            restricted.device = field_of(ask->peer->device.bytes, ID_BYTES);
        }
    }
    CHECK(alcove__event_restricted__get_packed_size(&restricted) <= PART_BYTES_MAX);
    return alcove__event_restricted__pack(&restricted, out);
}

static void fill_fields(const struct core_ask *ask, const struct event_draft *draft,
                        uint64_t time_ms, struct event_fields *out)
{
    memset(out, 0, sizeof *out);
    out->time_ms = time_ms;
    if (ask != NULL && ask->peer != NULL) {
        out->actor_local = ask->peer->member_local;
        out->device_local = ask->peer->device_local;
    }
    out->chart_local = draft->chart_local;
    out->section_local = draft->section_local;
    out->action = (uint16_t)draft->action;
    out->outcome = (uint16_t)draft->outcome;
}

enum status event_write(struct core *core, struct txn *txn, const struct core_ask *ask,
                        const struct event_draft *draft, struct event_written *out_written)
{
    struct { /* asked of the kernel at once */
        uint8_t salt[SALT_BYTES];
        uint8_t target_opening[EVENTS_OPENING_BYTES];
        uint8_t restricted_opening[EVENTS_OPENING_BYTES];
    } random;
    struct event_new event = {.change = draft->change, .reply = draft->reply};
    uint64_t time_ms = events_time(txn, core->now_ms);
    fill_fields(ask, draft, time_ms, &event.fields);
    struct event_next next;
    enum status status = events_next(txn, &event.fields, &event.change, &next);
    if (status != STATUS_OK) {
        return status;
    }
    out_written->numbers = next.numbers;
    random_bytes(&random, sizeof random);
    memcpy(event.target_opening, random.target_opening, sizeof event.target_opening);
    memcpy(event.restricted_opening, random.restricted_opening, sizeof event.restricted_opening);
    uint8_t open[PART_BYTES_MAX];
    event.open = span_of(open, pack_open(ask, draft, time_ms, random.salt, open));
    uint8_t target[PART_BYTES_MAX];
    event.target = span_of(target, pack_target(draft, &out_written->numbers, target));
    uint8_t restricted[PART_BYTES_MAX];
    event.restricted = span_of(restricted, pack_restricted(ask, restricted));
    status = events_append_next(txn, &event, &next, &out_written->seq, &out_written->leaf);
    if (status == STATUS_OK && draft->chart_local != 0 && core->past != NULL) {
        past_note_chart(core->past, draft->chart_local, out_written->numbers.chart_number,
                        &out_written->leaf);
    }
    return status;
}

static uint32_t outcome_of(enum status status)
{
    enum status sent = status_to_wire(status);
    if (sent == STATUS_OK || sent == STATUS_ALREADY) {
        return OUTCOME_OK;
    }
    if (sent == STATUS_REFUSED || sent == STATUS_MALFORMED || sent == STATUS_SUSPENDED) {
        return OUTCOME_REFUSED;
    }
    return OUTCOME_FAILED;
}

enum status answer_with(struct core *core, struct txn *txn, const struct core_ask *ask,
                        struct event_draft *draft, enum status status, struct core_answer *answer)
{
    draft->reason = status_to_wire(status);
    draft->outcome = outcome_of(status);
    struct event_written written;
    enum status failed = event_write(core, txn, ask, draft, &written);
    if (failed != STATUS_OK) {
        return failed;
    }
    answer->status = draft->reason;
    answer->event = written.seq;
    return STATUS_OK;
}

void answer_unlogged(struct core_answer *answer)
{
    answer->status = STATUS_OK;
    answer->event = UINT64_MAX;
}

enum status effect_add(struct core *core, const struct core_effect *effect)
{
    if (array_grow(&core->effects, &core->effect_room, core->effect_count + 1, sizeof *effect) !=
        STATUS_OK) {
        return STATUS_NO_MEMORY;
    }
    core->effects[core->effect_count++] = *effect;
    return STATUS_OK;
}

size_t core_effects(struct core *core, const struct core_effect **out_effects)
{
    *out_effects = core->effects;
    return core->effect_count;
}

void core_effects_clear(struct core *core)
{
    if (core->batch) {
        authority_try_keep(core->authority);
        core->batch = false;
    }
    core->effect_count = 0;
    core->settled = core->counts;
}

void core_answer_clear(struct core_answer *answer)
{
    free(answer->body);
    free(answer->seqs);
    free(answer->sections);
    free(answer->section_ids);
    memset(answer, 0, sizeof *answer);
    answer->event = UINT64_MAX;
}
