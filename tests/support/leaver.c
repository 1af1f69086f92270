#include "tests/support/leaver.h"

#include "client/engine/section/seal_text.h"
#include "server/store/names.h"
#include "server/store/record.h"
#include "server/store/section_log.h"
#include "tests/support/leaver_ring.h"
#include "tests/support/test.h"

static bool opens(const struct mirror *mirror, const struct leaver_ring *ring,
                  const struct record *record, struct span wrap)
{
    uint8_t *room = malloc(record->envelope.size + 1u);
    assert_non_null(room);
    bool opened = false;
    for (size_t i = 0; i < ring->count && !opened; i++) {
        struct span text;
        opened = text_open(&mirror->live->practice, ring->keys[i], record->context, wrap,
                           record->envelope, room, &text) == STATUS_OK;
    }
    free(room);
    return opened;
}

static void try_revisions(const struct mirror *mirror, const struct leaver_ring *ring,
                          const struct section_id *section, uint64_t from,
                          struct leaver_count *out_count)
{
    struct txn *txn = NULL;
    OK(db_begin_read(mirror->db, &txn));
    uint32_t local = 0;
    OK(names_find(txn, SCHEMA_ID_SECTION, section->bytes, &local));
    uint64_t last = 0;
    struct hash head;
    OK(section_log_head(txn, local, &last, &head));
    for (uint64_t number = from; number <= last; number++) {
        struct section_change change;
        OK(section_log_get(txn, local, number, &change));
        if (change.change.kind != ENTRY_REVISION) {
            continue;
        }
        struct record record;
        OK(record_peek(txn, change.change.object_seq, &record));
        struct span wrap;
        OK(record_wrap(txn, change.change.object_seq, &wrap));
        out_count->revisions++;
        out_count->opened += opens(mirror, ring, &record, wrap) ? 1u : 0u;
    }
    db_abort(txn);
}

void leaver_try(struct mirror *mirror, struct live_person *person, const struct section_id *section,
                uint64_t from, struct leaver_count *out_count)
{
    static struct leaver_ring ring;
    memset(out_count, 0, sizeof *out_count);
    mirror_update(mirror);
    leaver_ring_fill(mirror, person, section, &ring);
    try_revisions(mirror, &ring, section, from, out_count);
    leaver_ring_free(&ring);
}
