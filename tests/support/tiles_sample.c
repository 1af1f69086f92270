/*
 * Writes an exported log with made-up entries, for the independent verifier's test.
 *
 *   tiles_sample FOLDER SIZE     prints the log's vkey
 */
#include "keys/public/log/checkpoint.h"
#include "keys/public/log/merkle.h"
#include "keys/public/log/tiles.h"
#include "tests/support/signers.h"

#include <sys/stat.h>

#define SAMPLE_ROWS     3u /* tile levels: heights 0, 8 and 16 */
#define SAMPLE_SIZE_MAX 200000u

struct sample {
    const char *folder;
    struct hash *rows[SAMPLE_ROWS];
    size_t counts[SAMPLE_ROWS];
    uint8_t *entries;
    size_t *entry_ends;
};

static enum status sample_put(void *context, uint32_t level, uint64_t index,
                              const struct hash *hash)
{
    struct sample *sample = context;
    uint32_t row = level / 8u;
    if (level % 8u == 0 && row < SAMPLE_ROWS) {
        CHECK(sample->counts[row] == index);
        sample->rows[row][sample->counts[row]++] = *hash;
    }
    return STATUS_OK;
}

static void sample_write(const struct sample *sample, const char *path, const void *bytes,
                         size_t size)
{
    char full[1024];
    CHECK(snprintf(full, sizeof full, "%s/%s", sample->folder, path) < (int)sizeof full);
    for (char *p = full + strlen(sample->folder) + 1; *p != '\0'; p++) {
        if (*p == '/') {
            *p = '\0';
            (void)mkdir(full, 0755);
            *p = '/';
        }
    }
    FILE *file = fopen(full, "wb");
    CHECK(file != NULL);
    CHECK(fwrite(bytes, 1, size, file) == size);
    CHECK(fclose(file) == 0);
}

static uint32_t sample_width(uint64_t size, uint32_t level, uint64_t index)
{
    uint64_t hashes = size >> (8u * level);
    return index < hashes / TILES_WIDTH ? TILES_WIDTH : (uint32_t)(hashes % TILES_WIDTH);
}

static void sample_write_row(const struct sample *sample, uint64_t size, uint32_t level)
{
    char path[TILES_PATH_BYTES_MAX];
    for (uint64_t i = 0; i * TILES_WIDTH < sample->counts[level]; i++) {
        uint32_t width = sample_width(size, level, i);
        CHECK(tiles_hash_path(level, i, width, path) == STATUS_OK);
        sample_write(sample, path, &sample->rows[level][i * TILES_WIDTH], width * HASH_BYTES);
    }
}

static void sample_write_entries(const struct sample *sample, uint64_t size)
{
    char path[TILES_PATH_BYTES_MAX];
    for (uint64_t i = 0; i * TILES_WIDTH < size; i++) {
        uint32_t width = sample_width(size, 0, i);
        size_t start = i == 0 ? 0 : sample->entry_ends[i * TILES_WIDTH - 1u];
        size_t end = sample->entry_ends[i * TILES_WIDTH + width - 1u];
        CHECK(tiles_entries_path(i, width, path) == STATUS_OK);
        sample_write(sample, path, sample->entries + start, end - start);
    }
}

static void sample_write_checkpoint(const struct sample *sample, uint64_t size,
                                    const struct hash *root)
{
    struct signer log = signer_make("log.example/sample", NOTE_KEY_ED25519, 1);
    struct checkpoint checkpoint = {.origin = "log.example/sample", .size = size, .root = *root};
    char text[CHECKPOINT_TEXT_BYTES_MAX];
    size_t text_size = 0;
    CHECK(checkpoint_format(&checkpoint, text, &text_size) == STATUS_OK);
    struct signer_line line = signer_line(&log, span_of(text, text_size), 0);
    struct span lines = span_of(line.bytes, line.size);
    char note[CHECKPOINT_NOTE_BYTES_MAX];
    size_t note_size = 0;
    CHECK(signed_note_compose(span_of(text, text_size), &lines, 1, note, sizeof note, &note_size) ==
          STATUS_OK);
    sample_write(sample, TILES_CHECKPOINT_PATH, note, note_size);
    char vkey[NOTE_KEY_VKEY_BYTES_MAX + 1u];
    note_key_format(&log.key, vkey);
    (void)printf("%s\n", vkey);
}

static void sample_fill(struct sample *sample, uint64_t size, struct hash *out_root)
{
    const size_t capacity = (size_t)size * 16u + 16u;
    struct merkle_sink sink = {sample_put, sample};
    struct merkle_frontier frontier;
    merkle_frontier_init(&frontier);
    sample->entries = malloc(capacity);
    sample->entry_ends = calloc((size_t)size + 1u, sizeof(size_t));
    CHECK(sample->entries != NULL && sample->entry_ends != NULL);
    for (uint32_t row = 0; row < SAMPLE_ROWS; row++) {
        sample->rows[row] = calloc((size_t)size + 1u, sizeof(struct hash));
        CHECK(sample->rows[row] != NULL);
    }
    size_t used = 0;
    for (uint64_t i = 0; i < size; i++) {
        char entry[16];
        int length = snprintf(entry, sizeof entry, "%.*s%u", (int)(i % 4u), "abc", (uint32_t)i);
        struct span bytes = span_of(entry, (size_t)length);
        CHECK(capacity - used >= 2u + bytes.size);
        sample->entries[used++] = 0;
        sample->entries[used++] = (uint8_t)bytes.size;
        memcpy(sample->entries + used, bytes.data, bytes.size);
        used += bytes.size;
        sample->entry_ends[i] = used;
        struct hash leaf;
        merkle_leaf_hash(bytes, &leaf);
        CHECK(merkle_frontier_append(&frontier, &leaf, &sink) == STATUS_OK);
    }
    merkle_frontier_root(&frontier, out_root);
}

int main(int argc, char **argv)
{
    struct sample sample = {.folder = argc == 3 ? argv[1] : NULL};
    uint64_t size = argc == 3 ? strtoull(argv[2], NULL, 10) : SAMPLE_SIZE_MAX + 1u;
    if (size > SAMPLE_SIZE_MAX) {
        (void)fprintf(stderr, "usage: tiles_sample FOLDER SIZE\n");
        return 2;
    }
    struct hash root;
    sample_fill(&sample, size, &root);
    sample_write_entries(&sample, size);
    for (uint32_t row = 0; row < SAMPLE_ROWS; row++) {
        sample_write_row(&sample, size, row);
        free(sample.rows[row]);
    }
    sample_write_checkpoint(&sample, size, &root);
    free(sample.entries);
    free(sample.entry_ends);
    return 0;
}
