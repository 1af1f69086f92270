#include "server/backup/manifest.h"

#include "keys/public/bytes/hex.h"
#include "proto/number.h"

#include <inttypes.h>

#define FIRST_WORD  "alcove-backup "
#define VERSION     "1"
#define WORDS_MAX   4u
#define HASH_DIGITS HEX_CHARS(HASH_BYTES)

_Static_assert(PUBLIC_KEY_BYTES == HASH_BYTES, "a key is spelt as a hash is");

static const char *const NAMES[BACKUP_FILES] = {
    [BACKUP_CONFIG] = "alcoved.conf",        [BACKUP_DATABASE] = "data.mdb",
    [BACKUP_EVENTS] = "events.note",         [BACKUP_PUBLIC] = "server.pub",
    [BACKUP_STATEMENTS] = "statements.note", [BACKUP_CERTIFICATE] = "tls.crt",
};

void manifest_file_name(enum backup_file file, bool sealed,
                        char out_name[static MANIFEST_NAME_CHARS_MAX])
{
    (void)snprintf(out_name, MANIFEST_NAME_CHARS_MAX, "%s%s", NAMES[file], sealed ? ".age" : "");
}

void manifest_encode(const struct manifest *manifest, char out_text[static MANIFEST_BYTES_MAX],
                     size_t *out_size)
{
    char practice[HASH_DIGITS + 1u];
    hex_encode(ID_SPAN(&manifest->practice), practice);
    char key[HASH_DIGITS + 1u];
    hex_encode(ID_SPAN(&manifest->log_key), key);
    char roots[MANIFEST_LOGS][HASH_DIGITS + 1u];
    for (size_t i = 0; i < MANIFEST_LOGS; i++) {
        hex_encode(ID_SPAN(&manifest->heads[i].root), roots[i]);
    }
    int used = snprintf(
        out_text, MANIFEST_BYTES_MAX,
        FIRST_WORD VERSION "\npractice %s\nlog-key %s\ntime %" PRIu64 "\nformat %" PRIu32
                           "\nstatements %" PRIu64 " %s\nevents %" PRIu64 " %s\nsealed %s\n",
        practice, key, manifest->time_ms, manifest->format, manifest->heads[0].size, roots[0],
        manifest->heads[1].size, roots[1], manifest->sealed ? "age" : "no");
    CHECK(used > 0 && (size_t)used < MANIFEST_BYTES_MAX);
    size_t size = (size_t)used;
    for (size_t i = 0; i < BACKUP_FILES; i++) {
        char name[MANIFEST_NAME_CHARS_MAX];
        manifest_file_name((enum backup_file)i, manifest->sealed, name);
        char hash[HASH_DIGITS + 1u];
        hex_encode(ID_SPAN(&manifest->files[i].hash), hash);
        used = snprintf(out_text + size, MANIFEST_BYTES_MAX - size, "file %s %" PRIu64 " %s\n",
                        name, manifest->files[i].size, hash);
        CHECK(used > 0 && (size_t)used < MANIFEST_BYTES_MAX - size);
        size += (size_t)used;
    }
    *out_size = size;
}

/* Reading ------------------------------------------------------------------------------- */

/* What is read leniently here is spelt again and compared, so that nothing is read in two ways. */
struct lines {
    const char *at;
    const char *end;
    bool failed;
};

/* The next line's words after |first|, separated by one space each; |out| are borrowed. */
static void line_words(struct lines *lines, const char *first, size_t count, struct span *out)
{
    size_t left = (size_t)(lines->end - lines->at);
    const char *stop = lines->failed ? NULL : memchr(lines->at, '\n', left);
    size_t first_size = strlen(first);
    if (stop == NULL || (size_t)(stop - lines->at) <= first_size ||
        memcmp(lines->at, first, first_size) != 0 || lines->at[first_size] != ' ') {
        lines->failed = true;
        return;
    }
    const char *word = lines->at + first_size + 1;
    for (size_t i = 0; i < count; i++) {
        const char *space = i + 1 == count ? stop : memchr(word, ' ', (size_t)(stop - word));
        if (space == NULL) {
            lines->failed = true;
            return;
        }
        out[i] = span_of(word, (size_t)(space - word));
        word = space + (i + 1 == count ? 0 : 1);
    }
    lines->at = stop + 1;
}

static uint64_t number_in(struct lines *lines, struct span word, uint64_t most)
{
    uint64_t number = 0;
    lines->failed = lines->failed || !number_parse(word, 0, most, &number);
    return number;
}

static void hash_in(struct lines *lines, struct span word, uint8_t out[static HASH_BYTES])
{
    if (lines->failed || hex_decode(word, out, HASH_BYTES) != STATUS_OK) {
        lines->failed = true;
    }
}

static void read_heads(struct lines *lines, struct manifest *out)
{
    static const char *const logs[MANIFEST_LOGS] = {"statements", "events"};
    struct span words[WORDS_MAX] = {{0}};
    for (size_t i = 0; i < MANIFEST_LOGS; i++) {
        line_words(lines, logs[i], 2, words);
        out->heads[i].size = number_in(lines, words[0], INT64_MAX);
        hash_in(lines, words[1], out->heads[i].root.bytes);
    }
}

static void read_all(struct lines *lines, struct manifest *out)
{
    struct span words[WORDS_MAX] = {{0}};
    line_words(lines, "alcove-backup", 1, words);
    line_words(lines, "practice", 1, words);
    hash_in(lines, words[0], out->practice.bytes);
    line_words(lines, "log-key", 1, words);
    hash_in(lines, words[0], out->log_key.bytes);
    line_words(lines, "time", 1, words);
    out->time_ms = number_in(lines, words[0], INT64_MAX);
    line_words(lines, "format", 1, words);
    out->format = (uint32_t)number_in(lines, words[0], UINT32_MAX);
    read_heads(lines, out);
    line_words(lines, "sealed", 1, words);
    out->sealed = !lines->failed && span_equal(words[0], span_of("age", 3));
    for (size_t i = 0; i < BACKUP_FILES; i++) {
        line_words(lines, "file", 3, words);
        out->files[i].size = number_in(lines, words[1], INT64_MAX);
        hash_in(lines, words[2], out->files[i].hash.bytes);
    }
}

enum status manifest_decode(struct span text, struct manifest *out_manifest)
{
    static const char first[] = FIRST_WORD VERSION "\n";
    const size_t word = sizeof FIRST_WORD - 1;
    if (text.size > sizeof first - 1 && memcmp(text.data, FIRST_WORD, word) == 0 &&
        memcmp(text.data, first, sizeof first - 1) != 0) {
        return STATUS_UNSUPPORTED;
    }
    struct lines lines = {.at = (const char *)text.data,
                          .end = (const char *)text.data + text.size};
    if (text.size == 0 || text.size >= MANIFEST_BYTES_MAX) {
        return STATUS_MALFORMED;
    }
    struct manifest manifest = {.sealed = false};
    read_all(&lines, &manifest);
    char again[MANIFEST_BYTES_MAX];
    size_t size = 0;
    manifest_encode(&manifest, again, &size);
    if (lines.failed || !span_equal(text, span_of(again, size))) {
        return STATUS_MALFORMED;
    }
    *out_manifest = manifest;
    return STATUS_OK;
}
