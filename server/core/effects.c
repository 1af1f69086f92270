#include "server/core/internal.h"

#include "server/core/position.h"
#include "server/store/state.h"

/* Writes down whether the member was removed, and by which entry; |*out_changed| is true when
 * the member was in before and is not now. */
static enum status note_removed(struct txn *txn, uint32_t section_local,
                                const struct authority_member *member, bool in, uint64_t number,
                                bool *out_changed)
{
    uint32_t member_local = 0;
    enum status status = names_find(txn, SCHEMA_ID_MEMBER, member->id.bytes, &member_local);
    *out_changed = false;
    uint64_t since = 0;
    if (status == STATUS_OK) {
        status = removed_get(txn, section_local, member_local, &since);
    }
    if (status != STATUS_OK || in == (since == 0)) {
        return status == STATUS_NOT_FOUND ? STATUS_CORRUPT : status;
    }
    if (in) {
        state_delete(txn, CORE_STATE_REMOVED, section_local, member_local);
        return db_status(txn);
    }
    removed_put(txn, section_local, member_local, number);
    *out_changed = true;
    return db_status(txn);
}

enum status effects_of_section(struct core *core, struct txn *txn,
                               const struct authority_section *section, uint32_t section_local,
                               uint64_t number)
{
    struct core_effect effect = {.kind = CORE_EFFECT_MOVED,
                                 .section_local = section_local,
                                 .section = section->id,
                                 .number = number};
    struct authority_when when = authority_now(core->now_ms);
    enum status status = effect_add(core, &effect);
    effect.kind = CORE_EFFECT_LOST;
    for (size_t i = 0; i < section->grant_count && status == STATUS_OK; i++) {
        const struct authority_member *member =
            authority_member(core->authority, &section->grants[i].member);
        CHECK(member != NULL);
        bool lost = false;
        status = note_removed(
            txn, section_local, member,
            (authority_rights(core->authority, section, member, when, NULL) & RIGHT_READ) != 0,
            number, &lost);
        if (status == STATUS_OK && lost) {
            effect.member = member->id;
            status = effect_add(core, &effect);
        }
    }
    return status;
}

enum status echo_touched(struct core *core, struct txn *txn, const struct core_ask *ask,
                         const struct authority_result *result, uint64_t seq)
{
    for (size_t i = 0; i < result->touched_count; i++) {
        const struct authority_section *section = result->touched[i];
        struct event_draft draft = {
            .action = result->action,
            .outcome = OUTCOME_OK,
            .object = result->hash,
            .subject = result->subject,
            .basis_kind = result->basis_kind,
            .basis = result->basis,
            .change = {.kind = ENTRY_ECHO, .object = result->hash, .object_seq = seq}};
        (void)draft_section(core, txn, field_of(section->id.bytes, ID_BYTES), &draft);
        struct event_written written;
        enum status status = event_write(core, txn, ask, &draft, &written);
        if (status == STATUS_OK) {
            status = effects_of_section(core, txn, section, draft.section_local,
                                        written.numbers.section_number);
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}
