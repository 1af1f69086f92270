#include "server/store/db_internal.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

/* The file is kept longer than its used part, by at least half of this. */
#define FILE_AHEAD_BYTES ((uint64_t)64 << 20)
/* How long the map waits for those who read: a read takes less. */
#define WAIT_STEP_NS     1000000
#define WAIT_STEPS       100u
/* If less than this is left, a failed write is taken to have failed for lack of room. */
#define DISK_FULL_BYTES  ((uint64_t)1 << 20)

enum status db_room_extend(struct db *db)
{
    struct db_usage usage;
    enum status status = db_usage(db, false, &usage);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t used = usage.pages * usage.page_bytes;
    if (db->file_bytes >= used + FILE_AHEAD_BYTES / 2 || db->file_bytes >= usage.map_bytes) {
        return STATUS_OK;
    }
    uint64_t wanted = used + FILE_AHEAD_BYTES;
    if (wanted > usage.map_bytes) {
        wanted = usage.map_bytes;
    }
    struct stat file;
    if (fstat(usage.fd, &file) != 0) {
        return STATUS_IO;
    }
    /* A sparse file takes no room by being longer. If it cannot be made longer that is no harm
     * either: the next commit says what is wrong. */
    if ((uint64_t)file.st_size < wanted && ftruncate(usage.fd, (off_t)wanted) != 0) {
        wanted = (uint64_t)file.st_size;
    }
    db->file_bytes = wanted;
    return STATUS_OK;
}

void db_room_enter(struct txn *txn)
{
    const struct timespec step = {.tv_nsec = WAIT_STEP_NS};
    for (;;) {
        (void)atomic_fetch_add(&txn->db->readers, 1);
        if (!atomic_load(&txn->db->growing)) {
            txn->reads = true;
            return;
        }
        (void)atomic_fetch_sub(&txn->db->readers, 1);
        (void)nanosleep(&step, NULL);
    }
}

void db_room_leave(struct txn *txn)
{
    if (txn->reads) {
        txn->reads = false;
        (void)atomic_fetch_sub(&txn->db->readers, 1);
    }
}

/* LMDB gives the old place up first, so what could not be had must not be asked for. */
static bool fits_in_memory(uint64_t map_bytes)
{
    void *place =
        mmap(NULL, map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return place != MAP_FAILED && munmap(place, map_bytes) == 0;
}

enum status db_grow(struct db *db, uint64_t map_bytes)
{
    struct db_usage usage;
    enum status status = db_usage(db, false, &usage);
    if (status != STATUS_OK || map_bytes <= usage.map_bytes) {
        return status;
    }
    if (!fits_in_memory(map_bytes)) {
        return STATUS_NO_MEMORY;
    }
    atomic_store(&db->growing, true);
    const struct timespec step = {.tv_nsec = WAIT_STEP_NS};
    for (unsigned i = 0; i < WAIT_STEPS && atomic_load(&db->readers) != 0; i++) {
        (void)nanosleep(&step, NULL);
    }
    status = STATUS_BUSY;
    if (atomic_load(&db->readers) == 0) {
        status = db_resize(db, map_bytes);
    }
    atomic_store(&db->growing, false);
    return status;
}

/* STATUS_OK while at most |percent| of the map is in use. */
static enum status below(const struct db_usage *usage, unsigned percent)
{
    uint64_t limit = usage->map_bytes / usage->page_bytes / 100u * percent;
    return usage->pages - usage->pages_free <= limit ? STATUS_OK : STATUS_FULL;
}

/* UINT64_MAX where the system does not tell. */
static uint64_t disk_bytes_left(int fd)
{
    struct statvfs disk;
    return fstatvfs(fd, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : UINT64_MAX;
}

bool db_room_disk_is_full(struct db *db)
{
    struct db_usage usage;
    return db_usage(db, false, &usage) == STATUS_OK && disk_bytes_left(usage.fd) < DISK_FULL_BYTES;
}

/* The free list is read only when it can matter. */
enum status db_space(struct db *db, struct db_space *out_space)
{
    struct db_usage usage;
    enum status status = db_usage(db, false, &usage);
    if (status == STATUS_OK && below(&usage, DB_HEADROOM_PERCENT) != STATUS_OK) {
        status = db_usage(db, true, &usage);
    }
    memset(out_space, 0, sizeof *out_space);
    if (status != STATUS_OK) {
        return status;
    }
    out_space->disk_free_bytes = disk_bytes_left(usage.fd);
    out_space->map_bytes = usage.map_bytes;
    out_space->used_bytes = (usage.pages - usage.pages_free) * usage.page_bytes;
    out_space->writes = below(&usage, DB_HEADROOM_PERCENT);
    out_space->reads = below(&usage, DB_READING_PERCENT);
    if (out_space->disk_free_bytes < DB_DISK_WRITING_BYTES) {
        out_space->writes = STATUS_FULL;
    }
    if (out_space->disk_free_bytes < DB_DISK_READING_BYTES) {
        out_space->reads = STATUS_FULL;
    }
    return STATUS_OK;
}

/* What is missing for |wanted|, in MiB, one at least. */
static unsigned long long missing_mib(uint64_t wanted, uint64_t have)
{
    return ((wanted - have) >> 20) + 1;
}

void db_space_text(const struct db_space *space, char out[static DB_SPACE_TEXT_BYTES])
{
    bool reads = space->reads != STATUS_OK;
    const char *refused = reads ? "everything is refused, reading too" : "new notes are refused";
    uint64_t disk = space->disk_free_bytes;
    if (space->writes == STATUS_OK) {
        (void)snprintf(out, DB_SPACE_TEXT_BYTES, "there is room: notes are taken");
    } else if (disk < DB_DISK_READING_BYTES) {
        (void)snprintf(out, DB_SPACE_TEXT_BYTES,
                       "the disk has %llu bytes free: %s; free %llu MiB for reading, %llu MiB for "
                       "all",
                       (unsigned long long)disk, refused, missing_mib(DB_DISK_READING_BYTES, disk),
                       missing_mib(DB_DISK_WRITING_BYTES, disk));
    } else if (disk < DB_DISK_WRITING_BYTES) {
        (void)snprintf(out, DB_SPACE_TEXT_BYTES, "the disk has %llu bytes free: %s; free %llu MiB",
                       (unsigned long long)disk, refused, missing_mib(DB_DISK_WRITING_BYTES, disk));
    } else {
        (void)snprintf(
            out, DB_SPACE_TEXT_BYTES,
            "the database uses %llu of the %llu bytes of map-mib: %s; make map-mib "
            "larger than %llu in alcoved.conf; a server that runs takes it on SIGHUP",
            (unsigned long long)space->used_bytes, (unsigned long long)space->map_bytes, refused,
            (unsigned long long)(space->used_bytes / DB_HEADROOM_PERCENT * 100u >> 20) + 1);
    }
}

/* Once per transaction. */
static void look(struct txn *txn)
{
    struct db_space space;
    enum status status = db_space(txn->db, &space);
    txn->room_known = true;
    txn->room = status == STATUS_OK ? space.writes : status;
    txn->room_reading = status == STATUS_OK ? space.reads : status;
}

enum status db_room(struct txn *txn)
{
    if (txn->status == STATUS_OK && !txn->room_known) {
        look(txn);
    }
    return txn->status != STATUS_OK ? txn->status : txn->room;
}

enum status db_room_reading(struct txn *txn)
{
    if (txn->status == STATUS_OK && !txn->room_known) {
        look(txn);
    }
    return txn->status != STATUS_OK ? txn->status : txn->room_reading;
}

enum status db_stats(struct db *db, struct db_stats *out_stats)
{
    struct db_usage usage;
    enum status status = db_usage(db, true, &usage);
    memset(out_stats, 0, sizeof *out_stats);
    struct txn *txn = NULL;
    if (status == STATUS_OK) {
        status = db_begin_read(db, &txn);
    }
    for (size_t i = 0; status == STATUS_OK && i < SCHEMA_TABLES; i++) {
        status = db_entries(txn, (enum schema_table)i, &out_stats->entries[i]);
    }
    db_abort(txn);
    if (status != STATUS_OK) {
        return status;
    }
    out_stats->map_bytes = usage.map_bytes;
    out_stats->used_bytes = (usage.pages - usage.pages_free) * usage.page_bytes;
    out_stats->puts = db->puts;
    out_stats->put_bytes = db->put_bytes;
    out_stats->commits = db->commits;
    out_stats->pages_written = db->pages_written;
    return STATUS_OK;
}
