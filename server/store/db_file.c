#include "server/store/db_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define META_MAGIC      0xBEEFC0DEu
#define META_VERSION    1u
#define NUMBER_KEYS     0x08u /* of the list of free pages */
#define PAGE_HEAD_BYTES 16u
#define PAGE_BYTES_MIN  512u
#define PAGE_BYTES_MAX  65536u
#define PAGE_BYTES      4096u
#define PAGE_FLAG_META  0x08u
#define PAGE_FLAGS_AT   10u

_Static_assert(sizeof(struct db_file_tree) == 48, "as in lmdb's MDB_db");
_Static_assert(sizeof(struct db_file_meta) == 136, "as in lmdb's MDB_meta");

/* One meta page at |offset|. STATUS_CORRUPT when what is there is not one. */
static enum status read_meta(int fd, uint64_t offset, struct db_file_meta *out_meta)
{
    uint8_t head[PAGE_HEAD_BYTES + sizeof(struct db_file_meta)];
    ssize_t got = pread(fd, head, sizeof head, (off_t)offset);
    if (got < 0) {
        return STATUS_IO;
    }
    if ((size_t)got != sizeof head) {
        return STATUS_CORRUPT;
    }
    uint16_t flags;
    memcpy(&flags, head + PAGE_FLAGS_AT, sizeof flags);
    memcpy(out_meta, head + PAGE_HEAD_BYTES, sizeof *out_meta);
    if ((flags & PAGE_FLAG_META) == 0 || out_meta->magic != META_MAGIC) {
        return STATUS_CORRUPT;
    }
    return out_meta->version == META_VERSION ? STATUS_OK : STATUS_UNSUPPORTED;
}

/* Both meta pages. A page has no sum, so that they are held to each other: each is written by every
 * second transaction, and both tell the page size and how the keys of LMDB's own trees compare. */
static enum status read_metas(int fd, struct db_file_meta out_metas[DB_FILE_META_PAGES])
{
    enum status status = read_meta(fd, 0, &out_metas[0]);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t page_bytes = out_metas[0].trees[0].pad;
    if (page_bytes < PAGE_BYTES_MIN || page_bytes > PAGE_BYTES_MAX ||
        (page_bytes & (page_bytes - 1)) != 0) {
        return STATUS_CORRUPT;
    }
    status = read_meta(fd, page_bytes, &out_metas[1]);
    if (status != STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < DB_FILE_META_PAGES; i++) {
        const struct db_file_meta *meta = &out_metas[i];
        if (meta->trees[0].pad != page_bytes || meta->trees[0].flags != NUMBER_KEYS ||
            meta->trees[1].flags != 0 || (meta->txn != 0 && meta->txn % DB_FILE_META_PAGES != i)) {
            return STATUS_CORRUPT;
        }
    }
    uint64_t apart = out_metas[0].txn > out_metas[1].txn ? out_metas[0].txn - out_metas[1].txn
                                                         : out_metas[1].txn - out_metas[0].txn;
    return apart <= 1 ? STATUS_OK : STATUS_CORRUPT;
}

static enum status check_open_file(int fd)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return STATUS_IO;
    }
    if (info.st_size == 0) {
        return STATUS_NOT_FOUND; /* a crash while it was made: LMDB starts it afresh */
    }
    struct db_file_meta metas[DB_FILE_META_PAGES];
    enum status status = read_metas(fd, metas);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t page_bytes = metas[0].trees[0].pad;
    uint64_t last_page = metas[metas[1].txn > metas[0].txn ? 1 : 0].last_page;
    if (last_page >= (uint64_t)INT64_MAX / page_bytes) {
        return STATUS_CORRUPT;
    }
    return (uint64_t)info.st_size >= (last_page + 1) * page_bytes ? STATUS_OK : STATUS_CORRUPT;
}

enum status db_file_meta_of(int fd, uint64_t txn, struct db_file_meta *out_meta)
{
    struct db_file_meta metas[DB_FILE_META_PAGES];
    enum status status = read_metas(fd, metas);
    for (size_t i = 0; i < DB_FILE_META_PAGES && status == STATUS_OK; i++) {
        if (metas[i].txn == txn) {
            *out_meta = metas[i];
            return STATUS_OK;
        }
    }
    return status == STATUS_OK ? STATUS_CORRUPT : status;
}

enum status db_file_check(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) {
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    }
    enum status status = check_open_file(fd);
    (void)close(fd);
    return status;
}

uint64_t db_file_thread_pages(void)
{
    static const char wanted[] = "wchar: ";
    int fd = open("/proc/thread-self/io", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    char text[256];
    ssize_t got = read(fd, text, sizeof text - 1);
    (void)close(fd);
    if (got <= 0) {
        return 0;
    }
    text[got] = '\0';
    const char *found = strstr(text, wanted);
    return found == NULL ? 0 : strtoull(found + sizeof wanted - 1, NULL, 10) / PAGE_BYTES;
}
