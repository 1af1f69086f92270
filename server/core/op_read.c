#include "server/core/internal.h"

#include "proto/purpose.h"
#include "server/core/produce_internal.h"
#include "server/store/section_log.h"

/* The most entries of one page. A longer section takes several pages, so that revocations and
 * other readers never wait for one page. */
#define PAGE_ENTRIES_MAX 4096u

/* Nothing is handed out, so that nothing is to be written down: a line here would show the chart's
 * client an access that was none. */
static enum status nothing_new(uint64_t from, struct core_answer *answer)
{
    Alcove__PageReply reply = ALCOVE__PAGE_REPLY__INIT;
    reply.from = from;
    reply.to = from - 1;
    answer_unlogged(answer);
    return message_pack(&reply.base, &answer->body, &answer->body_bytes);
}

enum status op_page(struct core *core, struct txn *txn, const struct core_ask *ask,
                    struct event_draft *draft, struct core_answer *answer)
{
    const Alcove__PageAsk *message = (const Alcove__PageAsk *)(const void *)ask->message;
    const struct authority_member *peer = authority_member(core->authority, &ask->peer->member);
    const struct authority_section *section = draft_section(core, txn, message->section, draft);
    if (message->purpose > PURPOSE_HCOMPL) {
        return answer_with(core, txn, ask, draft, STATUS_MALFORMED, answer);
    }
    draft->purpose = message->purpose;
    if (section == NULL || peer == NULL ||
        !authority_may(core->authority, peer, ACTION_READ, section->class, section, NULL,
                       authority_now(core->now_ms), &draft->basis_kind, &draft->basis) ||
        !purpose_fits(peer->role,
                      authority_section_relations(core->authority, section, peer,
                                                  authority_now(core->now_ms)),
                      section->class, message->purpose)) {
        return answer_with(core, txn, ask, draft, STATUS_REFUSED, answer);
    }
    uint64_t last = 0;
    struct hash head;
    enum status status = section_log_head(txn, draft->section_local, &last, &head);
    if (status != STATUS_OK) {
        return status;
    }
    /* A newcomer without history is handed nothing of what was before them, sealed or not. */
    uint64_t first = authority_first_number(core->authority, section, peer);
    if (first == 0 || (message->from != 0 && message->from < first)) {
        return answer_with(core, txn, ask, draft, STATUS_REFUSED, answer);
    }
    if (message->from == 0 || message->from > last + 1) {
        return answer_with(core, txn, ask, draft, STATUS_MALFORMED, answer);
    }
    answer->from = message->from;
    answer->to = message->to != 0 && message->to < last ? message->to : last;
    if (answer->to > answer->from + PAGE_ENTRIES_MAX - 1) {
        answer->to = answer->from + PAGE_ENTRIES_MAX - 1;
    }
    if (answer->to < answer->from) {
        return nothing_new(message->from, answer);
    }
    draft->from = answer->from;
    draft->to = answer->to;
    answer->produce = produce_page_head;
    answer->chunks = true;
    answer->local = draft->section_local;
    answer->section = section->id;
    answer->seen_events = message->events_size;
    return answer_with(core, txn, ask, draft, STATUS_OK, answer);
}

/* What was opened: one revision of a note; or what was exported: the section up to a number. */
static bool opened_whole(const Alcove__Opened *opened, struct event_draft *draft)
{
    if (opened->exported_to > 0) {
        draft->action = ACTION_EXPORTED;
        draft->from = 1;
        draft->to = opened->exported_to;
        return opened->note.len == 0 && opened->link.len == 0;
    }
    return field_note(opened->note, &draft->note) && field_hash(opened->link, &draft->object);
}

/* OPENED: the reader's own word, of a note or of an export. The door has checked that this device
 * signed it. */
enum status op_opened(struct core *core, struct txn *txn, const struct core_ask *ask,
                      struct event_draft *draft, struct core_answer *answer)
{
    const Alcove__OpenedAsk *message = (const Alcove__OpenedAsk *)(const void *)ask->message;
    const struct authority_member *peer = authority_member(core->authority, &ask->peer->member);
    ProtobufCMessage *decoded = NULL;
    struct arena arena = {0};
    enum status told =
        message_decode(&alcove__opened__descriptor, field_span(message->opened), &arena, &decoded);
    const Alcove__Opened *opened = (const Alcove__Opened *)(const void *)decoded;
    struct member_id member;
    struct hash device;
    if (told != STATUS_OK || !opened_whole(opened, draft) ||
        !field_member(opened->member, &member) || !field_hash(opened->device, &device) ||
        !ID_EQUAL(&member, &ask->peer->member) ||
        !ID_EQUAL(&device, &ask->peer->device_statement)) {
        told = STATUS_MALFORMED;
    } else {
        const struct authority_section *section = draft_section(core, txn, opened->section, draft);
        if (section == NULL || peer == NULL ||
            !authority_may(core->authority, peer, ACTION_OPENED, section->class, section, NULL,
                           authority_now(core->now_ms), &draft->basis_kind, &draft->basis)) {
            told = STATUS_REFUSED;
        } else if (opened->exported_to > 0) {
            uint64_t last = 0;
            struct hash head;
            told = section_log_head(txn, draft->section_local, &last, &head);
            told = told == STATUS_OK && opened->exported_to > last ? STATUS_MALFORMED : told;
        }
    }
    arena_free(&arena);
    enum status status = answer_with(core, txn, ask, draft, told, answer);
    if (status == STATUS_OK && told == STATUS_OK) {
        Alcove__OpenedReply reply = ALCOVE__OPENED_REPLY__INIT;
        reply.event = answer->event;
        status = message_pack(&reply.base, &answer->body, &answer->body_bytes);
    }
    return status;
}
