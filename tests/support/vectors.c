#include "tests/support/vectors.h"
#include "tests/support/test.h"

#define VECTORS_KEYS_MAX       64u
#define VECTORS_LINE_BYTES_MAX 65536u

struct vectors_pair {
    char *key;
    char *value;
    uint8_t *decoded;
};

struct vectors {
    FILE *file;
    char *line;
    char *name;      /* of the present record */
    char *next_name; /* already read: it ended the present record */
    size_t count;
    struct vectors_pair pairs[VECTORS_KEYS_MAX];
};

static void vectors_clear(struct vectors *vectors)
{
    for (size_t i = 0; i < vectors->count; i++) {
        free(vectors->pairs[i].key);
        free(vectors->pairs[i].value);
        free(vectors->pairs[i].decoded);
    }
    memset(vectors->pairs, 0, sizeof vectors->pairs);
    vectors->count = 0;
    free(vectors->name);
    vectors->name = NULL;
}

/* The next line that is not empty and no comment, without its LF; NULL at the end. */
static char *vectors_line(struct vectors *vectors)
{
    while (fgets(vectors->line, VECTORS_LINE_BYTES_MAX, vectors->file) != NULL) {
        vectors->line[strcspn(vectors->line, "\n")] = '\0';
        if (vectors->line[0] != '\0' && vectors->line[0] != '#') {
            return vectors->line;
        }
    }
    return NULL;
}

/* "[name]" → a copy of the name, otherwise NULL. */
static char *vectors_header(const char *line)
{
    size_t size = strlen(line);
    if (size < 3u || line[0] != '[' || line[size - 1u] != ']') {
        return NULL;
    }
    return strndup(line + 1, size - 2u);
}

struct vectors *vectors_open(const char *name)
{
    struct vectors *vectors = calloc(1, sizeof *vectors);
    assert_non_null(vectors);
    vectors->line = malloc(VECTORS_LINE_BYTES_MAX);
    assert_non_null(vectors->line);
    char path[512];
    (void)snprintf(path, sizeof path, "%s/tests/vectors/%s", ALCOVE_SOURCE_DIR, name);
    vectors->file = fopen(path, "r");
    if (vectors->file == NULL) {
        fail_msg("%s: cannot be read", path);
    }
    char *line = vectors_line(vectors);
    vectors->next_name = line != NULL ? vectors_header(line) : NULL;
    assert_non_null(vectors->next_name);
    return vectors;
}

void vectors_close(struct vectors *vectors)
{
    vectors_clear(vectors);
    (void)fclose(vectors->file);
    free(vectors->next_name);
    free(vectors->line);
    free(vectors);
}

static void vectors_add(struct vectors *vectors, char *line)
{
    char *equals = strstr(line, " =");
    if (equals == NULL || vectors->count == VECTORS_KEYS_MAX) {
        fail_msg("vectors: not a \"key = value\" line: %s", line);
        return;
    }
    struct vectors_pair *pair = &vectors->pairs[vectors->count++];
    const char *value = equals + 2;
    pair->key = strndup(line, (size_t)(equals - line));
    pair->value = strdup(*value == ' ' ? value + 1 : value);
    assert_non_null(pair->key);
    assert_non_null(pair->value);
}

bool vectors_next(struct vectors *vectors)
{
    vectors_clear(vectors);
    if (vectors->next_name == NULL) {
        return false;
    }
    vectors->name = vectors->next_name;
    vectors->next_name = NULL;
    char *line = vectors_line(vectors);
    while (line != NULL) {
        vectors->next_name = vectors_header(line);
        if (vectors->next_name != NULL) {
            break;
        }
        vectors_add(vectors, line);
        line = vectors_line(vectors);
    }
    return true;
}

void vectors_find(struct vectors *vectors, const char *name)
{
    const int at_start = fseek(vectors->file, 0, SEEK_SET);
    assert_int_equal(at_start, 0);
    free(vectors->next_name);
    char *line = vectors_line(vectors);
    vectors->next_name = line != NULL ? vectors_header(line) : NULL;
    while (vectors_next(vectors)) {
        if (strcmp(vectors->name, name) == 0) {
            return;
        }
    }
    fail_msg("vectors: no record [%s]", name);
}

const char *vectors_name(const struct vectors *vectors)
{
    return vectors->name;
}

static struct vectors_pair *vectors_pair_of(struct vectors *vectors, const char *key)
{
    for (size_t i = 0; i < vectors->count; i++) {
        if (strcmp(vectors->pairs[i].key, key) == 0) {
            return &vectors->pairs[i];
        }
    }
    fail_msg("vectors: [%s] has no \"%s\"", vectors->name, key);
    abort();
}

bool vectors_has(const struct vectors *vectors, const char *key)
{
    for (size_t i = 0; i < vectors->count; i++) {
        if (strcmp(vectors->pairs[i].key, key) == 0) {
            return true;
        }
    }
    return false;
}

/* An exact allocation of its own, so that reading past the value is seen. */
static uint8_t *vectors_room(struct vectors_pair *pair, size_t size)
{
    free(pair->decoded);
    pair->decoded = malloc(size > 0 ? size : 1u);
    assert_non_null(pair->decoded);
    return pair->decoded;
}

struct span vectors_text(struct vectors *vectors, const char *key)
{
    struct vectors_pair *pair = vectors_pair_of(vectors, key);
    size_t escapes = 0;
    for (const char *p = strstr(pair->value, "\\n"); p != NULL; p = strstr(p + 2, "\\n")) {
        escapes++;
    }
    size_t size = strlen(pair->value) - escapes;
    uint8_t *out = vectors_room(pair, size);
    const char *from = pair->value;
    for (size_t i = 0; i < size; i++) {
        bool escape = from[0] == '\\' && from[1] == 'n';
        out[i] = escape ? (uint8_t)'\n' : (uint8_t)*from;
        from += escape ? 2 : 1;
    }
    return span_of(out, size);
}

struct span vectors_hex(struct vectors *vectors, const char *key)
{
    struct vectors_pair *pair = vectors_pair_of(vectors, key);
    size_t size = strlen(pair->value) / 2u;
    uint8_t *out = vectors_room(pair, size);
    for (size_t i = 0; i < size; i++) {
        unsigned int byte = 0;
        if (sscanf(pair->value + 2u * i, "%2x", &byte) != 1) {
            fail_msg("vectors: [%s] %s is not hexadecimal", vectors->name, key);
        }
        out[i] = (uint8_t)byte;
    }
    assert_true(strlen(pair->value) % 2u == 0);
    return span_of(out, size);
}

uint64_t vectors_number(struct vectors *vectors, const char *key)
{
    struct vectors_pair *pair = vectors_pair_of(vectors, key);
    char *end = NULL;
    unsigned long long value = strtoull(pair->value, &end, 10);
    if (end == pair->value || *end != '\0') {
        fail_msg("vectors: [%s] %s is not a number", vectors->name, key);
    }
    return (uint64_t)value;
}
