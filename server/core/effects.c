#include "server/core/submit.h"

#include "server/store/section_log.h"
#include "server/store/state.h"

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

    (void)txn;
    effect.kind = CORE_EFFECT_LOST;
    for (size_t i = 0; i < section->grant_count && status == STATUS_OK; i++) {
        const struct authority_member *member =
            authority_member(core->authority, &section->grants[i].member);

        if (member == NULL ||
            (authority_rights(core->authority, section, member, when, NULL) & RIGHT_READ) == 0) {
            effect.member = section->grants[i].member;
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
        struct event_draft draft = {.action = result->action,
                                    .outcome = OUTCOME_OK,
                                    .object = result->hash,
                                    .subject = result->subject,
                                    .basis_kind = result->basis_kind,
                                    .basis = result->basis,
                                    .change = {.kind = ENTRY_ECHO,
                                               .object = result->hash,
                                               .object_seq = seq}};
        struct event_written written;
        enum status status;

        (void)draft_section(core, txn, field_of(section->id.bytes, ID_BYTES), &draft);
        status = event_write(core, txn, ask, &draft, &written);
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
