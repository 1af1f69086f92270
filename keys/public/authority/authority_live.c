#include "keys/public/authority/authority_internal.h"
#include "keys/public/bytes/cursor.h"
#include "keys/public/frame.h"
#include "keys/public/hash.h"

#define MEMBERSHIP_LINE_BYTES      (ID_BYTES + HASH_BYTES + 4u + 8u)
/* Rights fall at most once per right. */
#define SCHEDULE_ENDS_MAX          4u
#define LIVE_DIGEST_LINE_BYTES_MAX (MEMBERSHIP_LINE_BYTES + 4u + SCHEDULE_ENDS_MAX * (8u + 4u))

/* ---------------------------------------------------------------- membership */

static void membership_line(struct cursor_writer *writer, const struct authority_live *live)
{
    cursor_write_span(writer, ID_SPAN(&live->member->id));
    cursor_write_span(writer, ID_SPAN(&live->member->identity));
    cursor_write_u32(writer, live->rights);
    cursor_write_u64(writer, live->grant->until_ms);
}

void authority_membership(const struct authority *authority,
                          const struct authority_section *section, struct authority_when when,
                          struct hash *out_membership)
{
    struct authority_live live[SECTION_MEMBERS_MAX];
    size_t count = authority_live(authority, section, when, live, ARRAY_LEN(live));
    uint8_t bytes[SECTION_MEMBERS_MAX * MEMBERSHIP_LINE_BYTES];
    struct cursor_writer writer;
    cursor_write_init(&writer, bytes, sizeof bytes);
    for (size_t i = 0; i < count; i++) {
        membership_line(&writer, &live[i]);
    }
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK);
    struct span part = span_of(bytes, size);
    frame_hash(LABEL_MEMBERSHIP, &authority->now.practice, &part, 1, out_membership);
}

/* The member's rights from now on, as far as the clock alone changes them. */
static void schedule_lines(const struct authority *authority,
                           const struct authority_section *section,
                           const struct authority_live *live, struct authority_when when,
                           struct cursor_writer *writer)
{
    for (size_t i = 0; i < SCHEDULE_ENDS_MAX; i++) {
        uint64_t end = authority_grant_end_after(authority, section, live->grant, when);
        when.time_ms = end;
        cursor_write_u64(writer, end);
        if (end == 0) {
            return;
        }
        cursor_write_u32(writer, authority_rights(authority, section, live->member, when, NULL));
    }
}

static uint32_t revoked_devices(const struct authority_member *member, struct authority_when when)
{
    uint32_t count = 0;
    for (const struct authority_device *d = member->devices; d != NULL; d = d->next) {
        count += d->revoked_seq < when.seq ? 1u : 0u;
    }
    return count;
}

void authority_live_digest(const struct authority *authority,
                           const struct authority_section *section, struct authority_when when,
                           struct hash *out_digest)
{
    struct authority_live live[SECTION_MEMBERS_MAX];
    size_t count = authority_live(authority, section, when, live, ARRAY_LEN(live));
    uint8_t bytes[SECTION_MEMBERS_MAX * LIVE_DIGEST_LINE_BYTES_MAX];
    struct cursor_writer writer;
    cursor_write_init(&writer, bytes, sizeof bytes);
    for (size_t i = 0; i < count; i++) {
        membership_line(&writer, &live[i]);
        cursor_write_u32(&writer, revoked_devices(live[i].member, when));
        schedule_lines(authority, section, &live[i], when, &writer);
    }
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK);
    hash_bytes(span_of(bytes, size), out_digest);
}

/* ---------------------------------------------------------------- recipients */

static bool recipient_before(const struct authority_recipient *a,
                             const struct authority_recipient *b)
{
    int order = memcmp(a->hash.bytes, b->hash.bytes, HASH_BYTES);
    return order != 0 ? order < 0 : a->kind < b->kind;
}

static bool recipient_insert(struct authority_recipient *out, size_t capacity, size_t *count,
                             const struct hash *hash, uint32_t kind)
{
    struct authority_recipient one = {*hash, kind};
    size_t at = *count;
    if (at == capacity) {
        return false;
    }
    while (at > 0 && recipient_before(&one, &out[at - 1u])) {
        out[at] = out[at - 1u];
        at--;
    }
    out[at] = one;
    *count += 1u;
    return true;
}

static bool recipients_of(const struct authority_member *member, struct authority_when when,
                          struct authority_recipient *out, size_t capacity, size_t *count)
{
    for (const struct authority_device *d = member->devices; d != NULL; d = d->next) {
        if (authority_device_live(d, when) &&
            !recipient_insert(out, capacity, count, &d->statement, RECIPIENT_DEVICE)) {
            return false;
        }
    }
    return recipient_insert(out, capacity, count, &member->enrolment, RECIPIENT_RECOVERY);
}

enum status authority_recipients(const struct authority *authority,
                                 const struct authority_section *section,
                                 struct authority_when when, struct authority_recipient *out,
                                 size_t capacity, size_t *out_count)
{
    struct authority_live live[SECTION_MEMBERS_MAX];
    size_t members = authority_live(authority, section, when, live, ARRAY_LEN(live));
    size_t count = 0;
    for (size_t i = 0; i < members; i++) {
        if (!recipients_of(live[i].member, when, out, capacity, &count)) {
            return STATUS_TOO_LARGE;
        }
    }
    *out_count = count;
    return STATUS_OK;
}

bool authority_recipients_fit(const struct authority *authority,
                              const struct authority_section *section, struct authority_when when,
                              size_t extra)
{
    struct authority_recipient list[EPOCH_SEALS_MAX];
    size_t count = 0;
    return authority_recipients(authority, section, when, list, ARRAY_LEN(list), &count) ==
               STATUS_OK &&
           count + extra <= EPOCH_SEALS_MAX;
}

bool authority_recipient_key(const struct authority *authority,
                             const struct authority_recipient *recipient,
                             struct public_key *out_key, const struct authority_member **out_member)
{
    const struct authority_device *device = authority_device(authority, &recipient->hash);
    if (device == NULL) {
        return false;
    }
    const struct authority_member *member = authority_member(authority, &device->member);
    CHECK(member != NULL);
    bool recovery = recipient->kind == RECIPIENT_RECOVERY;
    if (recovery && !ID_EQUAL(&member->enrolment, &recipient->hash)) {
        return false;
    }
    if (out_key != NULL) {
        *out_key = recovery ? member->recovery_sealing_key : device->keys.sealing;
    }
    if (out_member != NULL) {
        *out_member = member;
    }
    return true;
}

/* ---------------------------------------------------------------- closed */

const struct authority_epoch *authority_epoch(const struct authority_section *section,
                                              struct authority_when when)
{
    for (size_t i = section->epoch_count; i > 0; i--) {
        if (section->epochs[i - 1u].seq < when.seq) {
            return &section->epochs[i - 1u];
        }
    }
    return NULL;
}

static bool recipient_is_out(const struct authority *authority,
                             const struct authority_section *section,
                             const struct authority_recipient *recipient,
                             struct authority_when when)
{
    const struct authority_member *member = NULL;
    if (!authority_recipient_key(authority, recipient, NULL, &member) ||
        authority_rights(authority, section, member, when, NULL) == RIGHT_NONE) {
        return true;
    }
    return recipient->kind == RECIPIENT_DEVICE &&
           !authority_device_live(authority_device(authority, &recipient->hash), when);
}

/* Whether somebody is out now who was given the epoch's key, by the epoch or by a reseal of it. */
static bool epoch_has_leaver(const struct authority *authority,
                             const struct authority_section *section,
                             const struct authority_epoch *epoch, struct authority_when when)
{
    for (size_t i = 0; i < epoch->recipient_count; i++) {
        if (recipient_is_out(authority, section, &epoch->recipients[i], when)) {
            return true;
        }
    }
    for (size_t i = 0; i < section->reseal_count; i++) {
        const struct authority_reseal *reseal = &section->reseals[i];
        for (size_t k = 0; k < reseal->count && reseal->seq < when.seq; k++) {
            if (reseal->epochs[k] == epoch->epoch &&
                recipient_is_out(authority, section, &reseal->recipients[k], when)) {
                return true;
            }
        }
    }
    return false;
}

bool authority_epoch_reaches(const struct authority *authority, const struct authority_epoch *epoch,
                             const struct authority_member *wanted)
{
    for (size_t i = 0; i < epoch->recipient_count; i++) {
        const struct authority_member *member = NULL;
        if (authority_recipient_key(authority, &epoch->recipients[i], NULL, &member) &&
            member == wanted) {
            return true;
        }
    }
    return false;
}

static bool closed_at(const struct authority *authority, const struct authority_section *section,
                      struct authority_when when)
{
    const struct authority_epoch *epoch = authority_epoch(section, when);
    if (epoch == NULL || epoch_has_leaver(authority, section, epoch, when)) {
        return true;
    }
    struct authority_live live[SECTION_MEMBERS_MAX];
    size_t count = authority_live(authority, section, when, live, ARRAY_LEN(live));
    for (size_t i = 0; i < count; i++) {
        if (!authority_epoch_reaches(authority, epoch, live[i].member)) {
            return true;
        }
    }
    return false;
}

/* The next moment at which the clock may change the answer. */
static uint64_t closed_until(const struct authority *authority,
                             const struct authority_section *section, struct authority_when when)
{
    uint64_t until = UINT64_MAX;
    for (size_t i = 0; i < section->grant_count; i++) {
        uint64_t end = authority_grant_end_after(authority, section, &section->grants[i], when);
        until = end != 0 && end < until ? end : until;
    }
    return until;
}

bool authority_closed(const struct authority *authority, const struct authority_section *section,
                      struct authority_when when)
{
    if (when.seq != AUTHORITY_NEVER) {
        return closed_at(authority, section, when);
    }
    /* The node is our own, and the fields changed here only remember a result that could be
     * computed again. */
    struct section_node *node = map_get(&authority->sections, section->id.bytes);
    CHECK(node != NULL && &node->pub == section);
    if (node->closed_generation == section->generation && when.time_ms >= node->closed_from_ms &&
        when.time_ms < node->closed_to_ms) {
        return node->closed;
    }
    node->closed = closed_at(authority, section, when);
    node->closed_generation = section->generation;
    node->closed_from_ms = when.time_ms;
    node->closed_to_ms = closed_until(authority, section, when);
    return node->closed;
}

/* ---------------------------------------------------------------- ends by the clock */

/* Whether the clock alone takes rights at |at_ms|, compared with just before. */
static bool rights_fall(const struct authority *authority, const struct authority_section *section,
                        const struct authority_member *member, uint64_t seq, uint64_t at_ms)
{
    struct authority_when before = {seq, at_ms - 1u};
    struct authority_when after = {seq, at_ms};
    uint32_t had = authority_rights(authority, section, member, before, NULL);
    uint32_t has = authority_rights(authority, section, member, after, NULL);
    return (had & ~has) != 0;
}

static uint64_t end_candidate(const struct authority *authority,
                              const struct authority_section *section,
                              const struct authority_member *member, struct authority_when after,
                              uint64_t until_ms, uint64_t best)
{
    if (until_ms <= after.time_ms || (best != 0 && until_ms >= best) ||
        !rights_fall(authority, section, member, after.seq, until_ms)) {
        return best;
    }
    return until_ms;
}

uint64_t authority_grant_end_after(const struct authority *authority,
                                   const struct authority_section *section,
                                   const struct authority_grant *grant, struct authority_when after)
{
    const struct authority_member *member = authority_member(authority, &grant->member);
    if (member == NULL || authority_grant_at(section, &grant->member, after) != grant) {
        return 0;
    }
    /* Rights rest on the own grant and its relation, and for who supervises on an owner's too. */
    uint64_t best = 0;
    for (size_t i = 0; i < section->grant_count; i++) {
        const struct authority_grant *other = &section->grants[i];
        const struct authority_relation *relation =
            other->basis_kind == BASIS_RELATION ? authority_relation(authority, &other->basis)
                                                : NULL;
        best = end_candidate(authority, section, member, after, other->until_ms, best);
        best = end_candidate(authority, section, member, after,
                             relation != NULL ? relation->until_ms : 0, best);
    }
    return best;
}

uint64_t authority_grant_end_ms(const struct authority *authority,
                                const struct authority_section *section,
                                const struct authority_grant *grant)
{
    uint64_t done_ms = authority->now.clock_ms > grant->clock_ended_ms ? authority->now.clock_ms
                                                                       : grant->clock_ended_ms;
    struct authority_when after = {AUTHORITY_NEVER, done_ms};
    return authority_grant_end_after(authority, section, grant, after);
}
