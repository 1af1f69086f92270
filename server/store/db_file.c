#include "server/store/db_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define META_MAGIC      0xBEEFC0DEu
#define META_VERSION    1u
#define PAGE_HEAD_BYTES 16u
#define PAGE_BYTES_MIN  512u
#define PAGE_BYTES_MAX  65536u
#define PAGE_BYTES      4096u
#define PAGE_FLAG_META  0x08u
#define PAGE_FLAGS_AT   10u

/* One tree's root, as LMDB 0.9 lays it out. */
struct meta_tree {
    uint32_t pad; /* in the first tree of a meta page: the page size */
    uint16_t flags;
    uint16_t depth;
    uint64_t branch_pages;
    uint64_t leaf_pages;
    uint64_t overflow_pages;
    uint64_t entries;
    uint64_t root;
};

struct meta {
    uint32_t magic;
    uint32_t version;
    uint64_t address;
    uint64_t map_bytes;
    struct meta_tree trees[2];
    uint64_t last_page;
    uint64_t txn;
};

_Static_assert(sizeof(struct meta_tree) == 48, "as in lmdb's MDB_db");
_Static_assert(sizeof(struct meta) == 136, "as in lmdb's MDB_meta");

/* One meta page at |offset|. STATUS_CORRUPT when what is there is not one. */
static enum status read_meta(int fd, uint64_t offset, struct meta *out_meta)
{
    uint8_t head[PAGE_HEAD_BYTES + sizeof(struct meta)];
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

static enum status check_open_file(int fd)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return STATUS_IO;
    }
    if (info.st_size == 0) {
        return STATUS_NOT_FOUND; /* a crash while it was made: LMDB starts it afresh */
    }
    struct meta first;
    enum status status = read_meta(fd, 0, &first);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t page_bytes = first.trees[0].pad;
    if (page_bytes < PAGE_BYTES_MIN || page_bytes > PAGE_BYTES_MAX ||
        (page_bytes & (page_bytes - 1)) != 0) {
        return STATUS_CORRUPT;
    }
    struct meta second;
    status = read_meta(fd, page_bytes, &second);
    if (status != STATUS_OK) {
        return status;
    }
    uint64_t last_page = second.txn > first.txn ? second.last_page : first.last_page;
    if (last_page >= (uint64_t)INT64_MAX / page_bytes) {
        return STATUS_CORRUPT;
    }
    return (uint64_t)info.st_size >= (last_page + 1) * page_bytes ? STATUS_OK : STATUS_CORRUPT;
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
