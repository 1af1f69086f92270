#include "client/cli/kept_record.h"

#include "client/cli/command.h"
#include "client/cli/option_pack.h"
#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/wipe.h"

#include <stdlib.h>

#define VERSION           1u
#define STEP_BYTES        4096u
#define OPTIONS_BYTES_MAX 65536u
#define FIXED_BYTES       (1u + 8u + ID_BYTES + 3u * 4u)
#define TITLE_BYTES_MAX   32u

const struct option_rule note_input_typed = {.most = UINT64_MAX};

static void put(struct cursor_writer *writer, struct span bytes)
{
    cursor_write_u32(writer, (uint32_t)bytes.size);
    cursor_write_span(writer, bytes);
}

static struct span take(struct cursor_reader *reader)
{
    return cursor_read_span(reader, cursor_read_u32(reader));
}

/* What belongs to the note; where its text came from does not. */
static enum status pack_input(const struct kept_words *words, uint8_t *out, size_t *out_size)
{
    struct note_input input = *words->input;
    input.file = NULL;
    input.kept = NULL;
    input.yes = false;
    input.again = false;
    input.copy = NULL;
    *out_size = 0;
    return words->command == NULL
               ? STATUS_OK
               : option_pack(words->command, &input, out, OPTIONS_BYTES_MAX, out_size);
}

static enum status write_all(const struct kept_words *words, struct span options, struct span text,
                             uint8_t *out, size_t capacity)
{
    const char *title = words->command == NULL ? "" : words->command->title;
    const char *digits = words->input->becomes;
    uint8_t becomes[ID_BYTES] = {0};
    if (digits != NULL &&
        hex_decode(span_of(digits, strlen(digits)), becomes, sizeof becomes) != STATUS_OK) {
        return STATUS_MALFORMED;
    }
    struct cursor_writer writer;
    cursor_write_init(&writer, out, capacity);
    cursor_write_u8(&writer, VERSION);
    cursor_write_u64(&writer, words->input->typed_ms);
    cursor_write_span(&writer, span_of(becomes, sizeof becomes));
    put(&writer, span_of(title, strlen(title)));
    put(&writer, options);
    put(&writer, text);
    size_t used = 0;
    return cursor_write_done(&writer, &used);
}

static size_t padded_size(size_t size, bool padded)
{
    return padded ? (size + STEP_BYTES - 1) / STEP_BYTES * STEP_BYTES : size;
}

enum status kept_record_new(const struct kept_words *words, struct span text, bool padded,
                            uint8_t **out_bytes, size_t *out_size)
{
    uint8_t *options = malloc(OPTIONS_BYTES_MAX);
    size_t options_size = 0;
    enum status status =
        options == NULL ? STATUS_NO_MEMORY : pack_input(words, options, &options_size);
    const struct kept_words text_alone = {NULL, words->input};
    if (status == STATUS_TOO_LARGE) {
        /* Options beyond all measure are given again; the text is what cannot be. */
        words = &text_alone;
        options_size = 0;
        status = STATUS_OK;
    }
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (status == STATUS_OK) {
        size_t title = words->command == NULL ? 0 : strlen(words->command->title);
        size = padded_size(FIXED_BYTES + title + options_size + text.size, padded);
        bytes = calloc(1, size);
        status = bytes == NULL
                     ? STATUS_NO_MEMORY
                     : write_all(words, span_of(options, options_size), text, bytes, size);
    }
    if (options != NULL) {
        wipe(options, OPTIONS_BYTES_MAX);
    }
    free(options);
    if (status != STATUS_OK) {
        free(bytes);
        bytes = NULL;
    }
    *out_bytes = bytes;
    *out_size = size;
    return status;
}

enum status kept_record_join(struct span head, struct span text, uint8_t **out_bytes,
                             size_t *out_size)
{
    if (head.size < FIXED_BYTES) {
        return STATUS_MALFORMED;
    }
    *out_size = padded_size(head.size + text.size, true);
    *out_bytes = calloc(1, *out_size);
    if (*out_bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct cursor_writer writer;
    cursor_write_init(&writer, *out_bytes, *out_size);
    cursor_write_span(&writer, span_of(head.data, head.size - 4));
    put(&writer, text);
    size_t used = 0;
    return cursor_write_done(&writer, &used);
}

static const struct command *command_of(const struct command_list *const *commands,
                                        struct span title)
{
    const struct command *command;
    size_t i = 0;
    while ((command = command_at(commands, i)) != NULL &&
           !((command->flags & COMMAND_TYPES) != 0 &&
             span_equal(title, span_of(command->title, strlen(command->title))))) {
        i++;
    }
    return command;
}

enum status kept_record_read(const struct command_list *const *commands, struct kept_text *text)
{
    static const uint8_t none[ID_BYTES];
    struct cursor_reader reader;
    cursor_read_init(&reader, span_of(text->bytes, text->size));
    bool known = cursor_read_u8(&reader) == VERSION;
    text->typed_ms = cursor_read_u64(&reader);
    uint8_t becomes[ID_BYTES];
    cursor_read_bytes(&reader, becomes, sizeof becomes);
    struct span title = take(&reader);
    struct span options = take(&reader);
    text->text = take(&reader);
    if (reader.failed || !known) {
        return STATUS_WRONG_KEY;
    }
    if (memcmp(becomes, none, sizeof none) != 0) {
        hex_encode(span_of(becomes, sizeof becomes), text->becomes);
    }
    text->command = command_of(commands, title);
    if (text->command != NULL && option_unpack(text->command, options, &text->input) != STATUS_OK) {
        text->command = NULL;
    }
    if (text->command == NULL) {
        memset(&text->input, 0, sizeof text->input);
    }
    return STATUS_OK;
}

enum status kept_record_about(const char *folder, const struct kept_words *words, struct span begin,
                              uint8_t **out_bytes, size_t *out_size)
{
    char *profile = realpath(folder, NULL);
    *out_bytes = NULL;
    uint8_t *head = NULL;
    size_t size = 0;
    enum status status = profile == NULL ? STATUS_NOT_FOUND
                                         : kept_record_new(words, span_of(NULL, 0),
                                                           !KEPT_RECORD_PADDED, &head, &size);
    struct hash hash;
    hash_bytes(begin, &hash);
    if (status == STATUS_OK) {
        *out_size = strlen(profile) + 1 + sizeof hash.bytes + size;
        *out_bytes = malloc(*out_size);
        status = *out_bytes == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    }
    if (status == STATUS_OK) {
        struct cursor_writer writer;
        cursor_write_init(&writer, *out_bytes, *out_size);
        cursor_write_span(&writer, span_of(profile, strlen(profile) + 1));
        cursor_write_span(&writer, ID_SPAN(&hash));
        cursor_write_span(&writer, span_of(head, size));
        size_t used = 0;
        status = cursor_write_done(&writer, &used);
    }
    free(profile);
    free(head);
    return status;
}

bool kept_record_is_of(struct span about, const char *profile, struct hash *out_begin,
                       struct span *out_head)
{
    char *path = realpath(profile, NULL);
    size_t size = path == NULL ? 0 : strlen(path) + 1;
    bool same =
        path != NULL && about.size > size + HASH_BYTES && memcmp(about.data, path, size) == 0;
    free(path);
    if (same && out_begin != NULL) {
        memcpy(out_begin->bytes, about.data + size, HASH_BYTES);
        *out_head = span_of(about.data + size + HASH_BYTES, about.size - size - HASH_BYTES);
    }
    return same;
}
