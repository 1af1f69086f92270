#include "tests/hostile/flips.h"

#include "keys/public/hash.h"
#include "keys/public/revision.h"
#include "proto/words.h"
#include "server/store/ledger.h"
#include "server/store/names.h"
#include "server/store/record.h"
#include "server/store/section_log.h"

#include <stdio.h>
#include <string.h>

/* Where statements lie, and which rights have ended, since rights follow from all of them; and the
 * counters. Nothing is served without one of them. */
static bool is_authority(enum schema_table table)
{
    return table == SCHEMA_STATEMENT || table == SCHEMA_STATEMENT_LEAF || table == SCHEMA_STATE ||
           table == SCHEMA_META;
}

static void add(struct hash *to, struct span key, struct span value)
{
    struct hash parts[3] = {*to};
    hash_bytes(key, &parts[1]);
    hash_bytes(value, &parts[2]);
    hash_bytes(span_of((const uint8_t *)parts, sizeof parts), to);
}

/* Everything that the tables hold. A sum that does not fit ends a walk, which has another digest. */
void flips_digest(struct db *db, struct hash *out, struct hash *out_authority)
{
    memset(out, 0, sizeof *out);
    memset(out_authority, 0, sizeof *out_authority);
    struct txn *txn = NULL;
    if (db_begin_read(db, &txn) != STATUS_OK) {
        return;
    }
    for (size_t table = 0; table < SCHEMA_TABLES; table++) {
        struct db_walk *walk = NULL;
        if (db_walk_open(txn, (enum schema_table)table, span_of(NULL, 0), span_of("", 1), false,
                         &walk) != STATUS_OK) {
            continue;
        }
        struct hash all = {{0}};
        struct span key;
        struct span value;
        while (db_walk_next(walk, &key, &value)) {
            add(&all, key, value);
        }
        all.bytes[0] ^= db_walk_close(walk) == STATUS_OK ? 0 : 0xff;
        add(out, ID_SPAN(&all), span_of(NULL, 0));
        if (is_authority((enum schema_table)table)) {
            add(out_authority, ID_SPAN(&all), span_of(NULL, 0));
        }
    }
    db_abort(txn);
}

enum status flips_header_hashes(void *context, struct span header, struct hash *out_context,
                                struct hash *out_envelope)
{
    (void)context;
    struct revision_header parsed;
    enum status status = revision_header_parse(header, &parsed);
    *out_context = parsed.context_hash;
    *out_envelope = parsed.envelope_hash;
    return status == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

bool flips_hit(struct db *db, const struct section_id *section)
{
    struct txn *txn = NULL;
    if (db_begin_read(db, &txn) != STATUS_OK) {
        return true;
    }
    uint32_t local = 0;
    uint64_t number = 0;
    struct hash head;
    bool hit = names_find(txn, SCHEMA_ID_SECTION, section->bytes, &local) != STATUS_OK ||
               section_log_head(txn, local, &number, &head) != STATUS_OK || number == 0;
    for (uint64_t n = 1; n <= number && !hit; n++) {
        size_t count = 0;
        struct section_change change;
        hit = section_log_page(txn, local, n - 1, &change, 1, &count) != STATUS_OK || count != 1;
        struct record record;
        struct record_hashes hashes;
        struct span wrap;
        if (!hit && change.change.kind == ENTRY_REVISION) {
            hit = record_get(txn, change.change.object_seq, &change.change.object, &record) !=
                      STATUS_OK ||
                  flips_header_hashes(NULL, record.header, &hashes.context, &hashes.envelope) !=
                      STATUS_OK ||
                  record_check(&record, &hashes) != STATUS_OK ||
                  record_wrap(txn, change.change.object_seq, &wrap) != STATUS_OK;
        }
        hit = hit || (n == number && !ID_EQUAL(&change.head, &head));
    }
    db_abort(txn);
    return hit;
}

bool flips_log_goes_on(struct db *db)
{
    struct txn *txn = NULL;
    if (db_begin_read(db, &txn) != STATUS_OK) {
        return false;
    }
    const uint64_t size = ledger_size(txn, LEDGER_EVENTS);
    const struct schema_key next = schema_key_seq(size);
    struct hash root;
    const bool goes_on = !db_is_lost(txn, SCHEMA_EVENT, schema_key_span(&next)) &&
                         ledger_root(txn, LEDGER_EVENTS, size, &root) == STATUS_OK;
    db_abort(txn);
    return goes_on;
}

uint64_t flips_used_bytes(const char *path)
{
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        return 0;
    }
    static uint8_t page[4096];
    uint64_t used = 0;
    uint64_t at = 0;
    for (size_t size; (size = fread(page, 1, sizeof page, file)) > 0; at += size) {
        for (size_t i = 0; i < size; i++) {
            used = page[i] != 0 ? at + i + 1 : used;
        }
    }
    (void)fclose(file);
    return used;
}
