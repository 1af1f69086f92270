#include "tests/support/mirror.h"

#include "proto/purpose.h"
#include "server/core/position.h"
#include "server/store/chain_log.h"
#include "server/store/ledger.h"
#include "server/store/names.h"
#include "server/store/section_log.h"
#include "tests/support/test.h"

void mirror_open(struct live *live, struct mirror *out_mirror)
{
    *out_mirror = (struct mirror){.live = live};
    char path[LIVE_FOLDER_CHARS_MAX + 16u];
    (void)snprintf(path, sizeof path, "%s/data/db", live->folder);
    struct db_options options = {.create = false};
    OK(db_open(path, &options, &out_mirror->db));
    OK(authority_new(&live->practice, AUTHORITY_KEEP_SEALS, &out_mirror->authority));
    mirror_update(out_mirror);
}

void mirror_close(struct mirror *mirror)
{
    authority_free(mirror->authority);
    db_close(mirror->db);
}

void mirror_update(struct mirror *mirror)
{
    mirror_restore(mirror);
    struct txn *txn = NULL;
    OK(db_begin_read(mirror->db, &txn));
    uint64_t size = ledger_size(txn, LEDGER_STATEMENTS);
    for (; mirror->seq < size; mirror->seq++) {
        struct chain_statement stored;
        OK(chain_log_get(txn, mirror->seq, &stored));
        struct authority_result result;
        OK(authority_admit(mirror->authority, stored.bytes, mirror->seq, stored.time_ms,
                           AUTHORITY_VERIFIED, &result));
    }
    db_abort(txn);
}

uint32_t mirror_purpose(const struct mirror *mirror, const struct member_id *member,
                        const struct section_id *section)
{
    const struct authority_member *who = authority_member(mirror->authority, member);
    const struct authority_section *facts = authority_section(mirror->authority, section);
    return who == NULL || facts == NULL
               ? 0
               : purpose_of(
                     who->role,
                     authority_section_relations(mirror->authority, facts, who, mirror_now(mirror)),
                     facts->class);
}

struct authority_when mirror_now(const struct mirror *mirror)
{
    return (struct authority_when){AUTHORITY_NEVER, live_now_ms(mirror->live)};
}

void mirror_head(const struct mirror *mirror, const struct section_id *section,
                 uint64_t *out_number, struct hash *out_head)
{
    *out_number = 0;
    memset(out_head, 0, sizeof *out_head);
    struct txn *txn = NULL;
    OK(db_begin_read(mirror->db, &txn));
    uint32_t local = 0;
    if (names_find(txn, SCHEMA_ID_SECTION, section->bytes, &local) == STATUS_OK) {
        OK(section_log_head(txn, local, out_number, out_head));
    }
    db_abort(txn);
}

void mirror_position(const struct mirror *mirror, const struct section_id *section,
                     const struct device_id *device, uint64_t *out_number, struct hash *out_link)
{
    *out_number = 0;
    memset(out_link, 0, sizeof *out_link);
    struct txn *txn = NULL;
    OK(db_begin_read(mirror->db, &txn));
    uint32_t section_local = 0;
    uint32_t device_local = 0;
    if (names_find(txn, SCHEMA_ID_SECTION, section->bytes, &section_local) == STATUS_OK &&
        names_find(txn, SCHEMA_ID_DEVICE, device->bytes, &device_local) == STATUS_OK) {
        OK(position_get(txn, section_local, device_local, out_number, out_link));
    }
    db_abort(txn);
}

static int by_device(const void *a, const void *b)
{
    const struct statement_start *left = a;
    const struct statement_start *right = b;
    return memcmp(left->device.bytes, right->device.bytes, HASH_BYTES);
}

size_t mirror_starts(const struct mirror *mirror, const struct section_id *section,
                     struct statement_start *out_starts, size_t capacity)
{
    size_t count = 0;
    for (size_t i = 0; i < authority_member_count(mirror->authority); i++) {
        const struct authority_device *d = authority_member_at(mirror->authority, i)->devices;
        for (; d != NULL; d = d->next) {
            struct statement_start start = {.device = d->statement};
            mirror_position(mirror, section, &d->keys.id, &start.number, &start.link);
            if (start.number > 0) {
                assert_true(count < capacity);
                out_starts[count++] = start;
            }
        }
    }
    qsort(out_starts, count, sizeof *out_starts, by_device);
    return count;
}

bool mirror_try(struct mirror *mirror, struct span statement, size_t ahead)
{
    if (!mirror->trying) {
        authority_try_begin(mirror->authority);
        mirror->trying = true;
    }
    struct authority_result result;
    return authority_admit(mirror->authority, statement, mirror->seq + ahead,
                           live_now_ms(mirror->live), AUTHORITY_VERIFIED, &result) == STATUS_OK;
}

void mirror_restore(struct mirror *mirror)
{
    if (mirror->trying) {
        authority_try_drop(mirror->authority);
        mirror->trying = false;
    }
}
