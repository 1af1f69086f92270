#include "server/door/internal.h"

#include "keys/public/bytes/hex.h"
#include "server/log/log.h"
#include "server/store/names.h"

/* Apart from 0 and from each other, for the tables that a number may be of. */
static uint64_t key_of(uint32_t kind, uint64_t a, uint64_t b)
{
    uint64_t mixed = (a ^ (uint64_t)kind << 56) * UINT64_C(0x9E3779B97F4A7C15);
    mixed ^= mixed >> 29;
    mixed = (mixed ^ b) * UINT64_C(0xD6E8FEB86659FD93);
    return (mixed ^ mixed >> 32) | 1u;
}

static void member_text(const struct core_peer *peer, char out[HEX_CHARS(ID_BYTES) + 1])
{
    (void)snprintf(out, HEX_CHARS(ID_BYTES) + 1, "nobody");
    if (peer != NULL) {
        hex_encode(ID_SPAN(&peer->member), out);
    }
}

static void section_text(struct txn *txn, uint32_t section_local, char out[HEX_CHARS(ID_BYTES) + 1])
{
    (void)snprintf(out, HEX_CHARS(ID_BYTES) + 1, "unknown");
    struct section_id id;
    if (names_id(txn, SCHEMA_ID_SECTION, section_local, id.bytes) == STATUS_OK) {
        hex_encode(ID_SPAN(&id), out);
    }
}

void door_page_damaged(struct txn *txn, const struct core_peer *peer, uint32_t section_local,
                       const struct produce_damage *damage)
{
    if (!log_hourly(key_of(1, section_local, damage->number))) {
        return;
    }
    char member[HEX_CHARS(ID_BYTES) + 1];
    member_text(peer, member);
    char section[HEX_CHARS(ID_BYTES) + 1];
    section_text(txn, section_local, section);
    log_line(LOG_LEVEL_ERROR,
             "a revision is damaged and was left out of a page: section %s, entry %llu, record "
             "%llu, asked for by member %s; `alcoved fsck` tells more",
             section, (unsigned long long)damage->number, (unsigned long long)damage->record,
             member);
}

void door_page_failed(struct txn *txn, const struct core_peer *peer,
                      const struct section_walk *walk, enum status status)
{
    if (!log_hourly(key_of(1, walk->section_local, walk->next))) {
        return;
    }
    char member[HEX_CHARS(ID_BYTES) + 1];
    member_text(peer, member);
    char section[HEX_CHARS(ID_BYTES) + 1];
    section_text(txn, walk->section_local, section);
    struct section_change change = {.number = walk->next};
    bool known = section_log_get(txn, walk->section_local, walk->next, &change) == STATUS_OK;
    char record[32] = "unknown";
    if (known && change.change.kind == ENTRY_REVISION) {
        (void)snprintf(record, sizeof record, "%llu", (unsigned long long)change.change.object_seq);
    }
    log_line(LOG_LEVEL_ERROR,
             "a page could not be read (%s) and was stopped: section %s, entry %llu, record %s, "
             "asked for by member %s; `alcoved fsck` tells more",
             status_name(status), section, (unsigned long long)walk->next, record, member);
}

void door_answer_failed(const struct core_peer *peer, uint32_t op, const struct core_answer *answer,
                        enum status status)
{
    if (!log_hourly(key_of(2, op, answer->from))) {
        return;
    }
    char member[HEX_CHARS(ID_BYTES) + 1];
    member_text(peer, member);
    log_line(LOG_LEVEL_ERROR,
             "an answer could not be produced (%s): request of kind %u, from %llu to %llu, asked "
             "for by member %s; `alcoved fsck` tells more",
             status_name(status), op, (unsigned long long)answer->from,
             (unsigned long long)answer->to, member);
}
