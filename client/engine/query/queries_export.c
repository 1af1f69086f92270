#include "client/engine/query/queries.h"

#include "keys/public/log/tiles.h"

/* C2SP tlog-tiles from a log that was verified whole. */

struct exporting {
    const struct query *query;
    query_write_file *write;
    void *writer;
};

static enum status write(const struct exporting *exporting, const char *path, struct span bytes)
{
    return exporting->write(exporting->writer, path, bytes) ? STATUS_OK : STATUS_IO;
}

static enum status write_entries(const struct exporting *exporting)
{
    const struct query *query = exporting->query;
    size_t at = 0;
    for (size_t first = 0; first < query->leaf_count; first += TILES_WIDTH) {
        size_t left = query->leaf_count - first;
        uint32_t width = left < TILES_WIDTH ? (uint32_t)left : TILES_WIDTH;
        size_t start = at;
        for (uint32_t i = 0; i < width; i++) {
            at += 2u + ((size_t)query->leaves[at] << 8 | query->leaves[at + 1]);
        }
        char path[TILES_PATH_BYTES_MAX];
        enum status status = tiles_entries_path(first / TILES_WIDTH, width, path);
        if (status == STATUS_OK) {
            /* Kept in the very form of a bundle: u16 size, bytes. */
            status = write(exporting, path, span_of(query->leaves + start, at - start));
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static void root_of(const struct hash *hashes, size_t count, struct hash *out_root)
{
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    for (size_t i = 0; i < count; i++) {
        enum status status = merkle_frontier_append(&frontier, &hashes[i], NULL);
        CHECK(status == STATUS_OK);
    }
    merkle_frontier_root(&frontier, out_root);
}

static enum status write_level(const struct exporting *exporting, uint32_t level,
                               const struct hash *hashes, size_t count)
{
    for (size_t first = 0; first < count; first += TILES_WIDTH) {
        size_t left = count - first;
        uint32_t width = left < TILES_WIDTH ? (uint32_t)left : TILES_WIDTH;
        char path[TILES_PATH_BYTES_MAX];
        enum status status = tiles_hash_path(level, first / TILES_WIDTH, width, path);
        if (status == STATUS_OK) {
            status =
                write(exporting, path, span_of(hashes[first].bytes, width * sizeof(struct hash)));
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status write_tiles(const struct exporting *exporting)
{
    size_t count = exporting->query->leaf_count;
    struct hash *hashes = malloc((count + 1) * sizeof *hashes);
    if (hashes == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (count > 0) {
        memcpy(hashes, exporting->query->hashes, count * sizeof *hashes);
    }
    enum status status = STATUS_OK;
    for (uint32_t level = 0; count > 0 && status == STATUS_OK; level++) {
        status = write_level(exporting, level, hashes, count);
        size_t above = count / TILES_WIDTH;
        for (size_t i = 0; i < above; i++) {
            root_of(&hashes[i * TILES_WIDTH], TILES_WIDTH, &hashes[i]);
        }
        count = above;
    }
    free(hashes);
    return status;
}

enum status queries_export(const struct query *query, query_write_file *write_file, void *writer)
{
    struct exporting exporting = {query, write_file, writer};
    enum status status =
        write(&exporting, TILES_CHECKPOINT_PATH, span_of(query->note, query->note_size));
    if (status == STATUS_OK) {
        status = write_entries(&exporting);
    }
    return status == STATUS_OK ? write_tiles(&exporting) : status;
}
