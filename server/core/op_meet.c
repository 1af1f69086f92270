#include "server/core/internal.h"

#include "keys/public/hash.h"
#include "keys/public/verify.h"
#include "proto/packing.h"

/* Meetings of a new device with one that is in, both before login (PROTOCOL.md 3.2). They leave no
 * event: they hand out nothing but what their two sides brought, and change no right. What comes of
 * them, the DEVICE statement, leaves its own. */

/* A device that is in opens it in its member's name, so that one member has one at most. */
static bool offer_signed(const struct core *core, const Alcove__MeetOpenAsk *message,
                         const struct public_key *key)
{
    struct hash bundle;
    hash_bytes(field_span(message->bundle), &bundle);
    struct span parts[] = {field_span(message->member), field_span(message->device),
                           field_span(message->place), field_span(message->host), ID_SPAN(&bundle)};
    struct signature signature;
    return field_signature(message->signature, &signature) &&
           verify_frame(LABEL_DEVICE_OFFER, &core->practice, parts, ARRAY_LEN(parts), key,
                        &signature) == STATUS_OK;
}

/* A wrong word of a stranger is counted like a refused login; a full house is told to come back. */
static enum status answer_meeting(struct core *core, const struct core_ask *ask, enum status status,
                                  struct core_answer *answer)
{
    if (status == STATUS_NOT_FOUND) {
        return refuse_before_login(core, ask, answer);
    }
    if (status == STATUS_NO_MEMORY) {
        return status;
    }
    answer->status = status;
    answer->event = UINT64_MAX;
    return STATUS_OK;
}

/* An unknown member, an unknown or revoked device and a bad signature are one answer after the same
 * work, as at a login (AT-50). */
enum status op_meet_open(struct core *core, struct txn *txn, const struct core_ask *ask,
                         struct event_draft *draft, struct core_answer *answer)
{
    const Alcove__MeetOpenAsk *message = (const Alcove__MeetOpenAsk *)(const void *)ask->message;
    (void)txn;
    (void)draft;
    struct member_id id;
    struct hash statement;
    struct meeting_key place;
    struct meeting_key host;
    if (!field_member(message->member, &id) || !field_hash(message->device, &statement) ||
        !field_required(message->place, place.bytes, sizeof place.bytes) ||
        !field_required(message->host, host.bytes, sizeof host.bytes)) {
        return refuse_before_login(core, ask, answer);
    }
    const struct authority_member *member = authority_member(core->authority, &id);
    const struct authority_device *device = authority_device(core->authority, &statement);
    struct authority_when when = authority_now(core->now_ms);
    bool known = member != NULL && authority_active(member, when) && device != NULL &&
                 ID_EQUAL(&device->member, &member->id) && authority_device_live(device, when);
    if (!offer_signed(core, message, known ? &device->keys.content : &core->login_key) || !known) {
        return refuse_before_login(core, ask, answer);
    }
    return answer_meeting(core, ask,
                          meetings_open(core->meetings, &id, &place, &host,
                                        field_span(message->bundle), core->clock_ms),
                          answer);
}

enum status op_meet(struct core *core, struct txn *txn, const struct core_ask *ask,
                    struct event_draft *draft, struct core_answer *answer)
{
    const Alcove__MeetAsk *message = (const Alcove__MeetAsk *)(const void *)ask->message;
    (void)txn;
    (void)draft;
    struct span other = span_of(NULL, 0);
    enum status status = STATUS_NOT_FOUND;
    struct meeting_key key;
    if (field_required(message->place, key.bytes, sizeof key.bytes)) {
        status = meetings_say(core->meetings, &key, message->number, field_span(message->message),
                              core->clock_ms, &other);
    }
    if (status != STATUS_OK) {
        return answer_meeting(core, ask, status, answer);
    }
    Alcove__MeetReply reply = ALCOVE__MEET_REPLY__INIT;
    reply.message = field_of(other.data, other.size);
    answer->event = UINT64_MAX;
    return message_pack(&reply.base, &answer->body, &answer->body_bytes);
}
