/*
 * stored FOLDER: what the server's database in FOLDER holds, read with the
 * server's own store: "events N", then "link HEX" for every revision that a
 * section's log names, its record checked to be there.
 */
#include "server/store/ledger.h"
#include "server/store/names.h"
#include "server/store/record.h"
#include "server/store/section_log.h"

#include "keys/public/bytes/random.h"
#include "proto/words.h"

#include <inttypes.h>

enum {
    PAGE_ENTRIES = 256,
};

static void must(enum status status, const char *what)
{
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "stored: %s: %s\n", what, status_name(status));
        exit(1);
    }
}

static void list_section(struct txn *txn, uint32_t local)
{
    static struct section_change changes[PAGE_ENTRIES];
    uint64_t after = 0;
    size_t count = 0;
    do {
        must(section_log_page(txn, local, after, changes, PAGE_ENTRIES, &count), "section");
        for (size_t i = 0; i < count; i++) {
            after = changes[i].number;
            if (changes[i].change.kind != ENTRY_REVISION) {
                continue;
            }
            struct record record;
            must(record_peek(txn, changes[i].change.object_seq, &record), "record");
            (void)printf("link ");
            for (size_t b = 0; b < HASH_BYTES; b++) {
                (void)printf("%02x", changes[i].change.object.bytes[b]);
            }
            (void)printf("\n");
        }
    } while (count > 0);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fputs("usage: stored FOLDER\n", stderr);
        return 2;
    }
    must(random_init(), "randomness");
    const struct db_options options = {0};
    struct db *db = NULL;
    must(db_open(argv[1], &options, &db), "open");
    struct txn *txn = NULL;
    must(db_begin_read(db, &txn), "read");
    (void)printf("events %" PRIu64 "\n", ledger_size(txn, LEDGER_EVENTS));
    for (uint32_t local = 1; local <= names_count(txn, SCHEMA_ID_SECTION); local++) {
        list_section(txn, local);
    }
    db_abort(txn);
    db_close(db);
    return 0;
}
