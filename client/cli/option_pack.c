#include "client/cli/option_pack.h"

#include "keys/public/bytes/cursor.h"

static void put_text(struct cursor_writer *writer, const char *text)
{
    size_t size = strlen(text) + 1;
    cursor_write_u32(writer, (uint32_t)size);
    cursor_write_span(writer, span_of(text, size));
}

static void put_head(struct cursor_writer *writer, const struct option *option)
{
    put_text(writer, option->name);
    cursor_write_u8(writer, (uint8_t)option->kind);
}

static void put_option(struct cursor_writer *writer, const struct option *option,
                       const void *values, const void *nothing)
{
    const void *at = (const uint8_t *)values + option->offset;
    const struct option_texts *texts = at;
    const struct option_links *links = at;
    const char *text = NULL;
    if (option_holds_number(option->kind)) {
        if (option_get_number(option, values) != option_get_number(option, nothing)) {
            put_head(writer, option);
            cursor_write_u64(writer, option_get_number(option, values));
        }
    } else if (option->kind == OPTION_MANY) {
        for (size_t i = 0; i < texts->count; i++) {
            put_head(writer, option);
            put_text(writer, texts->items[i]);
        }
    } else if (option->kind == OPTION_LINKS) {
        for (size_t i = 0; i < links->count; i++) {
            put_head(writer, option);
            cursor_write_span(writer, ID_SPAN(&links->items[i]));
        }
    } else {
        memcpy(&text, at, sizeof text);
        if (text != NULL) {
            put_head(writer, option);
            put_text(writer, text);
        }
    }
}

enum status option_pack(const struct command *command, const void *values, uint8_t *out,
                        size_t capacity, size_t *out_size)
{
    void *nothing = option_values_new(command->options);
    struct cursor_writer writer;
    cursor_write_init(&writer, out, capacity);
    for (size_t i = 0; i < command->options->count; i++) {
        put_option(&writer, &command->options->rows[i], values, nothing);
    }
    free(nothing);
    return cursor_write_done(&writer, out_size);
}

/* A terminated string inside the message, or NULL. */
static const char *take_text(struct cursor_reader *reader)
{
    size_t size = cursor_read_u32(reader);
    struct span text = cursor_read_span(reader, size);
    return text.size == 0 || memchr(text.data, '\0', text.size) != text.data + text.size - 1
               ? NULL
               : (const char *)text.data;
}

static const struct option *take_head(struct cursor_reader *reader, const struct command *command)
{
    const char *name = take_text(reader);
    uint8_t kind = cursor_read_u8(reader);
    const struct option *option =
        name == NULL ? NULL : option_find(command->options, name, strlen(name));
    return option != NULL && (uint8_t)option->kind == kind ? option : NULL;
}

static bool take_value(struct cursor_reader *reader, const struct option *option, void *values)
{
    struct option_links *links = (void *)((uint8_t *)values + option->offset);
    if (option_holds_number(option->kind)) {
        uint64_t number = cursor_read_u64(reader);
        option_set_number(option, values, number);
        return option_number_valid(option, number);
    }
    if (option->kind == OPTION_LINKS) {
        if (links->count == ARRAY_LEN(links->items)) {
            return false;
        }
        cursor_read_bytes(reader, links->items[links->count++].bytes, HASH_BYTES);
        return true;
    }
    const char *text = take_text(reader);
    char wrong[OPTION_WRONG_BYTES];
    return text != NULL && option_take(option, values, text, wrong);
}

enum status option_unpack(const struct command *command, struct span bytes, void *out_values)
{
    option_clear(command->options, out_values);
    struct cursor_reader reader;
    cursor_read_init(&reader, bytes);
    uint64_t given = 0;
    while (reader.left > 0 && !reader.failed) {
        const struct option *option = take_head(&reader, command);
        uint64_t bit = option == NULL ? 0 : 1ull << (option - command->options->rows);
        bool often =
            option != NULL && (option->kind == OPTION_MANY || option->kind == OPTION_LINKS);
        if (option == NULL || ((given & bit) != 0 && !often) ||
            !take_value(&reader, option, out_values)) {
            return STATUS_MALFORMED;
        }
        given |= bit;
    }
    if (command_lacks(command, given) != NULL ||
        (command->check != NULL && command->check(out_values) != NULL)) {
        return STATUS_MALFORMED;
    }
    return cursor_read_done(&reader);
}
