#include "keys/public/log/tiles.h"

#include "keys/public/bytes/cursor.h"

#define TILES_GROUPS_MAX 7u

uint64_t tiles_full_count(uint64_t size, uint32_t level)
{
    CHECK(level <= TILES_LEVEL_MAX);
    uint64_t hashes = size >> (TILES_HEIGHT * level);
    return hashes / TILES_WIDTH;
}

uint32_t tiles_partial_width(uint64_t size, uint32_t level)
{
    CHECK(level <= TILES_LEVEL_MAX);
    uint64_t hashes = size >> (TILES_HEIGHT * level);
    return (uint32_t)(hashes % TILES_WIDTH);
}

/* "x001/x234/067": three digits a group, all but the last with an x. */
static void tiles_index_text(uint64_t index, char out_text[6u * TILES_GROUPS_MAX])
{
    uint32_t groups[TILES_GROUPS_MAX];
    size_t count = 0;
    do {
        groups[count++] = (uint32_t)(index % 1000u);
        index /= 1000u;
    } while (index > 0);
    size_t used = 0;
    for (size_t i = count; i > 0; i--) {
        bool last = i == 1u;
        used += (size_t)snprintf(out_text + used, 6u * TILES_GROUPS_MAX - used, "%s%03u%s",
                                 last ? "" : "x", groups[i - 1u], last ? "" : "/");
    }
}

static enum status tiles_path(const char *folder, uint64_t index, uint32_t width,
                              char out_path[TILES_PATH_BYTES_MAX])
{
    char text[6u * TILES_GROUPS_MAX];
    int used = 0;
    if (width == 0 || width > TILES_WIDTH) {
        return STATUS_USAGE;
    }
    tiles_index_text(index, text);
    if (width == TILES_WIDTH) {
        used = snprintf(out_path, TILES_PATH_BYTES_MAX, "tile/%s/%s", folder, text);
    } else {
        used = snprintf(out_path, TILES_PATH_BYTES_MAX, "tile/%s/%s.p/%u", folder, text, width);
    }
    CHECK(used > 0 && (size_t)used < TILES_PATH_BYTES_MAX);
    return STATUS_OK;
}

enum status tiles_hash_path(uint32_t level, uint64_t index, uint32_t width,
                            char out_path[TILES_PATH_BYTES_MAX])
{
    char folder[4] = {(char)('0' + level % 10u), '\0'};
    if (level > TILES_LEVEL_MAX) {
        return STATUS_USAGE;
    }
    return tiles_path(folder, index, width, out_path);
}

enum status tiles_entries_path(uint64_t index, uint32_t width, char out_path[TILES_PATH_BYTES_MAX])
{
    return tiles_path("entries", index, width, out_path);
}

size_t tiles_entry_size(struct span entry)
{
    return 2u + entry.size;
}

enum status tiles_entry_append(struct span entry, uint8_t *bundle, size_t capacity, size_t *used)
{
    struct cursor_writer writer;
    size_t size = 0;
    if (entry.size > TILES_ENTRY_BYTES_MAX || *used > capacity) {
        return STATUS_TOO_LARGE;
    }
    cursor_write_init(&writer, bundle + *used, capacity - *used);
    cursor_write_u16(&writer, (uint16_t)entry.size);
    cursor_write_span(&writer, entry);
    enum status status = cursor_write_done(&writer, &size);
    if (status == STATUS_OK) {
        *used += size;
    }
    return status;
}

enum status tiles_entry_next(struct span *rest, struct span *out_entry)
{
    struct cursor_reader reader;
    if (rest->size == 0) {
        return STATUS_NOT_FOUND;
    }
    cursor_read_init(&reader, *rest);
    struct span entry = cursor_read_span(&reader, cursor_read_u16(&reader));
    struct span after = cursor_read_rest(&reader);
    enum status status = cursor_read_done(&reader);
    if (status == STATUS_OK) {
        *out_entry = entry;
        *rest = after;
    }
    return status;
}
