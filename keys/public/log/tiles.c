#include "keys/public/log/tiles.h"

#define TILES_GROUPS_MAX 7u

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
    if (width == 0 || width > TILES_WIDTH) {
        return STATUS_USAGE;
    }
    char text[6u * TILES_GROUPS_MAX];
    tiles_index_text(index, text);
    int used = 0;
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
