#include "server/store/db_page.h"

#define ROW_HEAD_BYTES  8u
#define FLAGS_AT        10u
#define LOWER_AT        12u
#define UPPER_AT        14u
#define VALUE_APART     0x01u /* its value stands in pages of its own */
#define VALUE_IS_A_TREE 0x02u
/* More pages than any value of ours has: a value that was replaced by a shorter one keeps its own. */
#define VALUE_PAGES_MAX 1024u

static uint16_t u16_at(struct span page, size_t at)
{
    uint16_t value;
    memcpy(&value, page.data + at, sizeof value);
    return value;
}

static uint32_t u32_at(struct span page, size_t at)
{
    uint32_t value;
    memcpy(&value, page.data + at, sizeof value);
    return value;
}

static uint64_t u64_at(struct span page, size_t at)
{
    uint64_t value;
    memcpy(&value, page.data + at, sizeof value);
    return value;
}

int db_page_compare(enum db_page_order order, struct span a, struct span b)
{
    if (order == DB_PAGE_NUMBERS && a.size == sizeof(uint64_t) && b.size == sizeof(uint64_t)) {
        uint64_t left = u64_at(a, 0);
        uint64_t right = u64_at(b, 0);
        return left < right ? -1 : left > right;
    }
    size_t both = a.size < b.size ? a.size : b.size;
    int differs = both == 0 ? 0 : memcmp(a.data, b.data, both);
    if (differs != 0) {
        return differs;
    }
    return a.size < b.size ? -1 : a.size > b.size;
}

size_t db_page_rows(struct span page)
{
    return (u16_at(page, LOWER_AT) - DB_PAGE_HEAD_BYTES) / 2u;
}

static size_t row_offset(struct span page, size_t index)
{
    return u16_at(page, DB_PAGE_HEAD_BYTES + 2u * index);
}

struct db_page_row db_page_row_at(struct span page, enum db_page_kind kind, size_t index)
{
    size_t at = row_offset(page, index);
    uint32_t low = u32_at(page, at);
    uint16_t flags = u16_at(page, at + 4);
    struct db_page_row row = {.overflow = DB_PAGE_NONE};
    row.key = span_of(page.data + at + ROW_HEAD_BYTES, u16_at(page, at + 6));
    if (kind == DB_PAGE_BRANCH) {
        row.child = (uint64_t)flags << 32 | low;
        return row;
    }
    size_t value_at = at + ROW_HEAD_BYTES + row.key.size;
    row.size = low;
    row.tree = (flags & VALUE_IS_A_TREE) != 0;
    if ((flags & VALUE_APART) != 0) {
        row.overflow = u64_at(page, value_at);
    } else {
        row.value = span_of(page.data + value_at, low);
    }
    return row;
}

/* How many bytes the row at |at| takes; 0 if that is more than there are, or it is no row. */
static size_t row_bytes(struct span page, enum db_page_kind kind, size_t at)
{
    if (at % 2 != 0 || at + ROW_HEAD_BYTES > page.size) {
        return 0;
    }
    uint64_t bytes = ROW_HEAD_BYTES + (uint64_t)u16_at(page, at + 6);
    uint16_t flags = u16_at(page, at + 4);
    if (kind == DB_PAGE_LEAF) {
        if (flags != 0 && flags != VALUE_APART && flags != VALUE_IS_A_TREE) {
            return 0;
        }
        bytes += flags == VALUE_APART ? sizeof(uint64_t) : u32_at(page, at);
    }
    bytes += bytes % 2;
    return at + bytes <= page.size ? (size_t)bytes : 0;
}

static bool key_holds(struct span key, enum db_page_order order, struct span before,
                      const struct db_page_range *range)
{
    if (key.size == 0 || key.size > SCHEMA_KEY_BYTES_MAX ||
        (order == DB_PAGE_NUMBERS && key.size != sizeof(uint64_t))) {
        return false;
    }
    return (before.size == 0 || db_page_compare(order, before, key) < 0) &&
           (range->low.size == 0 ||
            db_page_compare(order, schema_key_span(&range->low), key) <= 0) &&
           (range->endless || db_page_compare(order, key, schema_key_span(&range->high)) < 0);
}

static bool head_holds(struct span page, uint64_t number, enum db_page_kind kind)
{
    size_t lower = u16_at(page, LOWER_AT);
    size_t upper = u16_at(page, UPPER_AT);
    if (u64_at(page, 0) != number || (kind != DB_PAGE_BRANCH && kind != DB_PAGE_LEAF) ||
        lower % 2 != 0 || lower <= DB_PAGE_HEAD_BYTES || lower > upper || upper > page.size) {
        return false;
    }
    return kind == DB_PAGE_LEAF || db_page_rows(page) > 1;
}

enum db_page_kind db_page_judge(struct span page, uint64_t number, enum db_page_order order,
                                const struct db_page_range *range)
{
    const enum db_page_kind kind = (enum db_page_kind)u16_at(page, FLAGS_AT);
    if (!head_holds(page, number, kind)) {
        return DB_PAGE_BROKEN;
    }
    size_t upper = u16_at(page, UPPER_AT);
    size_t rows = 0; /* bytes of all rows, which lie close together */
    struct span before = {NULL, 0};
    for (size_t i = 0; i < db_page_rows(page); i++) {
        size_t at = row_offset(page, i);
        size_t bytes = at < upper ? 0 : row_bytes(page, kind, at);
        if (bytes == 0) {
            return DB_PAGE_BROKEN;
        }
        rows += bytes;
        struct span key = db_page_row_at(page, kind, i).key;
        /* The first key of a branch stands for whatever is below the second. */
        if (kind == DB_PAGE_BRANCH && i == 0) {
            continue;
        }
        if (!key_holds(key, order, before, range)) {
            return DB_PAGE_BROKEN;
        }
        before = key;
    }
    return rows == page.size - upper ? kind : DB_PAGE_BROKEN;
}

bool db_page_begins_value(struct span head, uint64_t number, uint64_t size, size_t page_bytes,
                          uint64_t *out_pages)
{
    uint64_t needed = (DB_PAGE_HEAD_BYTES + size + page_bytes - 1) / page_bytes;
    *out_pages = u32_at(head, LOWER_AT); /* LMDB puts their number in the place of both offsets */
    return u64_at(head, 0) == number && u16_at(head, FLAGS_AT) == DB_PAGE_OVERFLOW &&
           *out_pages >= needed && *out_pages <= VALUE_PAGES_MAX;
}
