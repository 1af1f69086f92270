/*
 * The one place that knows LMDB: one environment, its transactions, its errors.
 *
 * Guarantees: full durability (no NOSYNC, NOMETASYNC, WRITEMAP or NOMEMINIT, ever); an
 * environment whose file is shorter than it claims is refused before it is mapped, since
 * reading it would end the process; a damaged page that the check at opening found is not
 * touched, and its rows are STATUS_CORRUPT; one that is met later, or that the disk does not
 * give, ends the process with words and DB_EXIT_FAILED (db_guard); a transaction that failed once does nothing more and
 * cannot be committed. So writers write straight-line code and check once, at commit.
 *
 * Threads: one thread holds the write transaction (the committer); read transactions are
 * not tied to a thread, but one is used by one thread at a time. A process opens a given
 * folder once, and not across fork.
 *
 * Every span that comes out points into the map. It dies with its transaction, and in a
 * write transaction at the next put, append or delete: copy first.
 */
#pragma once

#include "server/store/db_damage.h"

/* Sparse: only what is written takes space on disk. */
#define DB_MAP_BYTES_DEFAULT ((uint64_t)64 << 30)
#define DB_MAP_BYTES_MIN     ((uint64_t)1 << 20)
/* Creating writes stop at this share of the map, so that erasing always has room. */
#define DB_HEADROOM_PERCENT  90u
#define DB_READING_PERCENT   98u
#define DB_READERS_MAX       256u
#define DB_FOLDER_BYTES_MAX  3072u

/* The exit code of a process whose database cannot be relied on. Whoever starts it anew has it
 * checked anew. */
#define DB_EXIT_FAILED 70

struct db;
struct txn;

/* Once, before the first db_open of a program: a page of the map that cannot be read (SIGBUS) ends
 * the process with a line on standard error and DB_EXIT_FAILED, instead of without a word. */
void db_guard(void);

struct db_options {
    uint64_t map_bytes; /* 0: DB_MAP_BYTES_DEFAULT */
    bool create;        /* make the folder and an empty database when there is none */
    /* The folder is a copy that nobody else has open and that is not written, not even a lock beside
     * it: a backup, perhaps on a medium that cannot be written. */
    bool image;
    bool count_pages; /* fill db_stats.pages_written: two reads of /proc a commit */
    /* Look at every page first (db_pages.h), so that none that is damaged is gone into; it takes the
     * time of reading the file but for long values. |out_damage|: what was found, even if nothing
     * may be opened; may be NULL. */
    bool check;
    struct db_damage *out_damage;
};

/*
 * Opens the database in |folder|; the caller frees it with db_close. Two processes may
 * have it open (a status command beside the server); writers exclude each other.
 *
 * STATUS_NOT_FOUND when there is none and |create| is off; STATUS_CORRUPT for a truncated
 * or foreign file; STATUS_UNSUPPORTED for another format version; STATUS_USAGE for a
 * folder name that is too long; STATUS_FULL, STATUS_IO, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status db_open(const char *folder, const struct db_options *options,
                               struct db **out_db);

/* All transactions must have ended. Accepts NULL. */
void db_close(struct db *db);

/* Frees slots of readers that died. At start and hourly: a dead reader pins old pages and
 * lets the file grow. Any thread. */
MUST_CHECK enum status db_check_readers(struct db *db, uint32_t *out_freed);

/* The practice whose database this is; its id is in every signed frame. STATUS_NOT_FOUND
 * before init. */
MUST_CHECK enum status db_practice(struct db *db, struct practice_id *out_practice);
/* Once, at init: STATUS_CONFLICT when another id is already there. */
MUST_CHECK enum status db_set_practice(struct db *db, const struct practice_id *practice);

/*
 * Begins the write transaction; waits for another writer. Ended by db_commit or db_abort.
 * STATUS_NO_MEMORY, STATUS_IO.
 */
MUST_CHECK enum status db_begin_write(struct db *db, struct txn **out_txn);

/*
 * A read transaction sees one committed state for as long as it lasts; a long one pins old
 * pages. End it with db_abort, or between uses db_reset it and db_renew it, which is
 * cheaper than a new one. STATUS_BUSY when all DB_READERS_MAX slots are taken even after
 * dead readers were cleared.
 */
MUST_CHECK enum status db_begin_read(struct db *db, struct txn **out_txn);
void db_reset(struct txn *txn);
MUST_CHECK enum status db_renew(struct txn *txn);

/*
 * Makes everything durable, or nothing; frees |txn| either way. Returns the first failure
 * of the transaction, if any. STATUS_IO is fatal: the environment may be unusable, so the
 * caller answers nothing and exits (decision 7).
 */
MUST_CHECK enum status db_commit(struct txn *txn);

/* Ends any transaction without effect; accepts NULL. */
void db_abort(struct txn *txn);

/* The sticky status: STATUS_OK until the first failure. */
MUST_CHECK enum status db_status(const struct txn *txn);

/* Makes |status| sticky, for a layer above that found the stored bytes wrong. The first
 * failure stays. */
void db_fail(struct txn *txn, enum status status);

/* The practice id of a transaction's environment. Zeros before db_set_practice. */
const struct practice_id *db_practice_of(const struct txn *txn);

/*
 * STATUS_FULL when less than the headroom is free, counting pages that were given back. Every
 * write that creates must ask this first; reads, their events and erasures go on. Erasing needs
 * pages too before it gives any back, so near the very end (DB_READING_PERCENT) reads, each
 * of which appends an event, stop as well: db_room_reading.
 */
MUST_CHECK enum status db_room(struct txn *txn);
MUST_CHECK enum status db_room_reading(struct txn *txn);

/* STATUS_NOT_FOUND, and STATUS_CORRUPT for a row that is not as it was written, are ordinary answers
 * and not sticky; anything else is. One damaged row spoils no other's reading. */
MUST_CHECK enum status db_get(struct txn *txn, enum schema_table table, struct span key,
                              struct span *out_value);

/* Whether the place of |key| is below a page that is damaged: a put there fails. */
bool db_is_lost(const struct txn *txn, enum schema_table table, struct span key);

/* Sticky on failure: STATUS_FULL (map or disk), STATUS_IO, STATUS_NO_MEMORY. */
void db_put(struct txn *txn, enum schema_table table, struct span key, struct span value);

/* As db_put, for a key greater than any in its table: fills pages one after another. A key
 * that is not greater is our own fault: sticky STATUS_CORRUPT. */
void db_append(struct txn *txn, enum schema_table table, struct span key, struct span value);

/* Deleting an absent key is no failure. */
void db_delete(struct txn *txn, enum schema_table table, struct span key);

/* Counters (schema.h). In a write transaction a change is seen at once by the same
 * transaction and written at commit. */
uint64_t db_counter(const struct txn *txn, enum schema_counter counter);
void db_set_counter(struct txn *txn, enum schema_counter counter, uint64_t value);

/*
 * One key near |key|, which need not exist. STATUS_NOT_FOUND when there is none on that side.
 * An empty |key| is not allowed.
 */
enum db_seek {
    DB_SEEK_AT_OR_AFTER,
    DB_SEEK_AFTER,
    DB_SEEK_AT_OR_BEFORE,
    DB_SEEK_BEFORE,
};
MUST_CHECK enum status db_seek(struct txn *txn, enum schema_table table, struct span key,
                               enum db_seek seek, struct span *out_key, struct span *out_value);

/*
 * Walks the keys that start with |prefix| (at least one byte) in order, from |from| (which
 * counts itself, and need not exist) upwards, or downwards when |backward|; an empty |from|
 * is the prefix's first or last key. Each step is a seek of its own, so puts and deletes may
 * happen in between. Close it before its transaction. STATUS_NO_MEMORY or the sticky status.
 */
struct db_walk;
MUST_CHECK enum status db_walk_open(struct txn *txn, enum schema_table table, struct span prefix,
                                    struct span from, bool backward, struct db_walk **out_walk);
/* False at the end and on failure: db_walk_close tells which. */
bool db_walk_next(struct db_walk *walk, struct span *out_key, struct span *out_value);
/* Frees; STATUS_OK when the walk ended or was left early. Accepts NULL. */
enum status db_walk_close(struct db_walk *walk);

/* What the check at opening found; NULL: nothing, or there was none. Borrowed, until db_close. */
const struct db_damage *db_damage(const struct db *db);

/*
 * Writes to |fd|, which may be a pipe, what one moment's read transaction shows: only pages that are
 * in use, so that nothing that was erased goes along. Writers go on; pages that they free meanwhile
 * are not used again before this is over, so that the file may grow. Any thread; ends no
 * transaction. STATUS_FULL; STATUS_IO, also for a pipe that nobody reads any more; STATUS_CORRUPT.
 * A damaged page that LMDB meets may end the process, with words (db_guard).
 */
MUST_CHECK enum status db_copy(struct db *db, int fd);

/* How many keys a table has. */
MUST_CHECK enum status db_entries(struct txn *txn, enum schema_table table, uint64_t *out_count);

/*
 * Makes the map larger while others read: the committer, between its transactions. Waits a tenth of a
 * second for read transactions under way, and those that would begin wait until it is done. A size
 * that is no larger than the map changes nothing. STATUS_BUSY: somebody read for longer, try again;
 * STATUS_NO_MEMORY: no address space; STATUS_IO is fatal: there may be no map any more.
 */
MUST_CHECK enum status db_grow(struct db *db, uint64_t map_bytes);

/* Room on the disk that is kept for erasures and the events of reads, and for erasures alone. */
#define DB_DISK_WRITING_BYTES ((uint64_t)64 << 20)
#define DB_DISK_READING_BYTES ((uint64_t)16 << 20)

/* What db_room and db_room_reading would say now, and why. Outside of transactions too. */
struct db_space {
    uint64_t disk_free_bytes; /* UINT64_MAX: the system does not tell */
    uint64_t map_bytes;
    uint64_t used_bytes; /* of the map; pages given back count until the map is nearly full */
    enum status writes;  /* STATUS_OK or STATUS_FULL */
    enum status reads;
};
MUST_CHECK enum status db_space(struct db *db, struct db_space *out_space);
/* For people: what is refused and how much must be freed, or that there is room. */
#define DB_SPACE_TEXT_BYTES 320u
void db_space_text(const struct db_space *space, char out[static DB_SPACE_TEXT_BYTES]);

/* For `alcoved status` and the benchmarks. */
struct db_stats {
    uint64_t map_bytes;
    uint64_t used_bytes; /* pages in use, without those given back */
    uint64_t entries[SCHEMA_TABLES];
    uint64_t puts;      /* puts, appends and deletes since opening */
    uint64_t put_bytes; /* keys and values of them */
    uint64_t commits;
    uint64_t pages_written; /* of 4 KiB, since opening; 0 unless count_pages */
};
MUST_CHECK enum status db_stats(struct db *db, struct db_stats *out_stats);
