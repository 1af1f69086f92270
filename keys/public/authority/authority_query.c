#include "keys/public/authority/authority_internal.h"

#include "keys/public/hash.h"

/* ---------------------------------------------------------------- finding */

struct member_node *authority_member_node(const struct authority *authority,
                                          const struct member_id *id)
{
    return map_get(&authority->members_by_id, id->bytes);
}

struct section_node *authority_section_node(const struct authority *authority,
                                            const struct section_id *id)
{
    return map_get(&authority->sections, id->bytes);
}

const struct authority_member *authority_member(const struct authority *authority,
                                                const struct member_id *id)
{
    const struct member_node *node = authority_member_node(authority, id);
    return node != NULL ? &node->pub : NULL;
}

size_t authority_member_count(const struct authority *authority)
{
    return authority->members.count;
}

const struct authority_member *authority_member_at(const struct authority *authority, size_t i)
{
    CHECK(i < authority->members.count);
    const struct member_node *node = authority->members.items[i];
    return &node->pub;
}

const struct authority_device *authority_device(const struct authority *authority,
                                                const struct hash *statement)
{
    return map_get(&authority->devices, statement->bytes);
}

const struct authority_chain *authority_chain(const struct authority *authority,
                                              const struct chain_label *label)
{
    const struct chain_node *node = map_get(&authority->chains, label->bytes);
    return node != NULL ? &node->pub : NULL;
}

size_t authority_chain_count(const struct authority *authority)
{
    return authority->chain_list.count;
}

const struct authority_chain *authority_chain_at(const struct authority *authority, size_t i)
{
    CHECK(i < authority->chain_list.count);
    const struct chain_node *node = authority->chain_list.items[i];
    return &node->pub;
}

const struct authority_section *authority_section(const struct authority *authority,
                                                  const struct section_id *id)
{
    const struct section_node *node = authority_section_node(authority, id);
    return node != NULL ? &node->pub : NULL;
}

const struct authority_section *authority_section_of(const struct authority *authority,
                                                     const struct chain_label *label)
{
    const struct chain_node *node = map_get(&authority->chains, label->bytes);
    return node != NULL && node->section != NULL ? &node->section->pub : NULL;
}

size_t authority_section_count(const struct authority *authority)
{
    return authority->section_list.count;
}

const struct authority_section *authority_section_at(const struct authority *authority, size_t i)
{
    CHECK(i < authority->section_list.count);
    const struct section_node *node = authority->section_list.items[i];
    return &node->pub;
}

const struct authority_chart *authority_chart(const struct authority *authority,
                                              const struct chart_id *id)
{
    const struct chart_node *node = map_get(&authority->charts, id->bytes);
    return node != NULL ? &node->pub : NULL;
}

const struct authority_relation *authority_relation(const struct authority *authority,
                                                    const struct hash *statement)
{
    return map_get(&authority->relations, statement->bytes);
}

const struct authority_grant *authority_grant(const struct authority_section *section,
                                              const struct hash *statement)
{
    for (size_t i = 0; i < section->grant_count; i++) {
        if (ID_EQUAL(&section->grants[i].statement, statement)) {
            return &section->grants[i];
        }
    }
    return NULL;
}

const struct member_fact *authority_member_fact(const struct authority *authority,
                                                const struct hash *statement)
{
    return map_get(&authority->facts, statement->bytes);
}

/* ---------------------------------------------------------------- ends by the clock */

/* Adds the grants of one section whose time is over; the earliest end to come goes to |next|. */
static size_t endings_in(const struct authority *authority, const struct authority_section *section,
                         uint64_t now_ms, struct authority_ending *out, size_t capacity,
                         uint64_t *next)
{
    size_t count = 0;
    for (size_t i = 0; i < section->grant_count; i++) {
        uint64_t end = authority_grant_end_ms(authority, section, &section->grants[i]);
        if (end == 0) {
            continue;
        }
        *next = end < *next ? end : *next;
        if (end <= now_ms && count < capacity) {
            out[count++] = (struct authority_ending){section, &section->grants[i]};
        }
    }
    return count;
}

void authority_clock_passed(struct authority *authority, uint64_t time_ms)
{
    if (time_ms > authority->now.clock_ms) {
        authority->now.clock_ms = time_ms;
    }
}

size_t authority_endings(struct authority *authority, uint64_t now_ms, struct authority_ending *out,
                         size_t capacity)
{
    size_t count = 0;
    uint64_t next = UINT64_MAX;
    if (now_ms >= authority->now.next_end_ms) {
        for (size_t i = 0; i < authority->section_list.count; i++) {
            const struct section_node *node = authority->section_list.items[i];
            count +=
                endings_in(authority, &node->pub, now_ms, out + count, capacity - count, &next);
        }
        /* An end that is due but not yet marked keeps |next| in the past, so that it is found
         * again. */
        authority->now.next_end_ms = next;
    }
    return count;
}

static enum status mark(struct authority *authority, struct section_node *node, size_t i,
                        uint64_t end_ms)
{
    struct authority_section *section = &node->pub;
    authority_try_begin(authority);
    enum status status = authority_undo_reserve(authority, AUTHORITY_UNDOS_MIN);
    if (status == STATUS_OK) {
        AUTHORITY_UNDO_ELEMENT(authority, section->grants, i, clock_ended_ms);
        AUTHORITY_UNDO(authority, section->generation);
        section->grants[i].clock_ended_ms = end_ms;
        section->generation = ++authority->ticks;
    }
    authority_try_keep(authority);
    return status;
}

enum status authority_mark_ended(struct authority *authority, const struct section_id *section,
                                 const struct hash *grant)
{
    struct section_node *node = authority_section_node(authority, section);
    for (size_t i = 0; node != NULL && i < node->pub.grant_count; i++) {
        const struct authority_grant *candidate = &node->pub.grants[i];
        if (!ID_EQUAL(&candidate->statement, grant)) {
            continue;
        }
        uint64_t end = authority_grant_end_ms(authority, &node->pub, candidate);
        return end == 0 ? STATUS_OK : mark(authority, node, i, end);
    }
    return STATUS_NOT_FOUND;
}

/* ---------------------------------------------------------------- words */

const char *authority_reason_text(enum authority_reason reason)
{
    static const char *const texts[] = {
        [AUTHORITY_FINE] = "fine",
        [AUTHORITY_BAD_PLACE] = "not the next statement of its chain",
        [AUTHORITY_BAD_START] = "cannot stand at this place of a chain",
        [AUTHORITY_UNKNOWN_SIGNER] = "signer not known",
        [AUTHORITY_WRONG_SIGNER] = "this signer may not say this",
        [AUTHORITY_SIGNER_REVOKED] = "the signing device was revoked",
        [AUTHORITY_SIGNER_SUSPENDED] = "the signer is suspended",
        [AUTHORITY_IDENTITY_FROZEN] = "the device that held the identity key was revoked",
        [AUTHORITY_BAD_SIGNATURE] = "signature does not verify",
        [AUTHORITY_NOT_PERMITTED] = "not permitted",
        [AUTHORITY_SECOND_IDENTITY] = "a second identity for a member who exists",
        [AUTHORITY_EXPIRED] = "expired",
        [AUTHORITY_BAD_ROLE] = "role does not allow it",
        [AUTHORITY_UNKNOWN_SUBJECT] = "what it names is not known",
        [AUTHORITY_BAD_IDENTITY] = "names another identity",
        [AUTHORITY_BAD_CHART] = "chart, client and class do not fit together",
        [AUTHORITY_EXISTS] = "exists already",
        [AUTHORITY_BAD_RIGHTS] = "rights that this member may not hold",
        [AUTHORITY_BAD_BASIS] = "rests on something that does not hold",
        [AUTHORITY_LAST_OWNER] = "the last owner cannot be removed",
        [AUTHORITY_ALREADY_ENDED] = "has ended already",
        [AUTHORITY_BAD_EPOCH] = "not the next epoch",
        [AUTHORITY_BAD_RECIPIENTS] = "not sealed to exactly those who may have it",
        [AUTHORITY_BAD_MEMBERSHIP] = "states another membership",
        [AUTHORITY_LIMIT] = "over a limit",
        [AUTHORITY_BAD_KEYS] = "keys that were not announced, or one key for two uses",
        [AUTHORITY_CIRCLE] = "would make somebody their own supervisor",
    };
    return (size_t)reason < ARRAY_LEN(texts) && texts[reason] != NULL ? texts[reason] : "unknown";
}
