#include "client/cli/print.h"

#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/utf8.h"

#include <time.h>

#define LINE_COLUMNS 80u
#define SHORT_DIGITS 8u

/* C0 and C1 controls, bidirectional and other invisible formatting, private use, line and
 * paragraph separators: what could move the cursor, hide text or talk to the terminal. */
static bool is_plain(uint32_t code)
{
    return code >= 0x20 && !(code >= 0x7f && code < 0xa0) && code != 0xad &&
           !(code >= 0x200b && code <= 0x200f) && !(code >= 0x2028 && code <= 0x202e) &&
           !(code >= 0x2060 && code <= 0x206f) && !(code >= 0xe000 && code <= 0xf8ff) &&
           code != 0xfeff && !(code >= 0xfff0 && code <= 0xfffb) && code != 0x61c &&
           !(code >= 0x180b && code <= 0x180f) && code < 0xe0000;
}

/* One code point, or 0xfffd and one byte for what is no UTF-8. */
static uint32_t next_code(struct span *text)
{
    uint32_t code = 0;
    if (!utf8_next(text, &code)) {
        code = 0xfffd;
        *text = span_of(text->data + 1, text->size - 1);
    }
    return code;
}

static void put_code(FILE *out, uint32_t code, bool utf8)
{
    if (code < 0x80) {
        (void)fputc((int)code, out);
    } else if (!utf8) {
        (void)fputc('?', out);
    } else if (code < 0x800) {
        (void)fprintf(out, "%c%c", (int)(0xc0 | code >> 6), (int)(0x80 | (code & 0x3f)));
    } else if (code < 0x10000) {
        (void)fprintf(out, "%c%c%c", (int)(0xe0 | code >> 12), (int)(0x80 | (code >> 6 & 0x3f)),
                      (int)(0x80 | (code & 0x3f)));
    } else {
        (void)fprintf(out, "%c%c%c%c", (int)(0xf0 | code >> 18), (int)(0x80 | (code >> 12 & 0x3f)),
                      (int)(0x80 | (code >> 6 & 0x3f)), (int)(0x80 | (code & 0x3f)));
    }
}

size_t print_width(struct span text)
{
    size_t count = 0;
    while (text.size > 0) {
        count += is_plain(next_code(&text)) ? 1 : 0;
    }
    return count;
}

bool print_is_plain(struct span text)
{
    while (text.size > 0) {
        uint32_t code = 0;
        if (!utf8_next(&text, &code) || !(is_plain(code) || code == '\n' || code == '\t')) {
            return false;
        }
    }
    return true;
}

void print_text(struct cli *cli, struct span text, size_t columns)
{
    bool cut = columns > 3 && print_width(text) > columns;
    size_t left = cut ? columns - 3 : SIZE_MAX;
    while (text.size > 0 && left > 0) {
        uint32_t code = next_code(&text);
        if (code == '\n' || code == '\t') {
            code = ' ';
        }
        if (is_plain(code)) {
            put_code(cli->out, code, cli->utf8);
            left--;
        }
    }
    if (cut) {
        (void)fputs("...", cli->out);
    }
}

static void put_indent(FILE *out, size_t indent)
{
    for (size_t i = 0; i < indent; i++) {
        (void)fputc(' ', out);
    }
}

/* The bytes of the next word, and whether a line end comes after it. */
static struct span next_word(struct span *rest, bool *out_line_end)
{
    size_t start = 0;
    while (start < rest->size && (rest->data[start] == ' ' || rest->data[start] == '\t')) {
        start++;
    }
    size_t end = start;
    while (end < rest->size && rest->data[end] != ' ' && rest->data[end] != '\t' &&
           rest->data[end] != '\n') {
        end++;
    }
    struct span word = span_of(rest->data + start, end - start);
    *out_line_end = end < rest->size && rest->data[end] == '\n';
    end += *out_line_end ? 1 : 0;
    *rest = span_of(rest->data + end, rest->size - end);
    return word;
}

void print_block(struct cli *cli, struct span text, size_t indent)
{
    size_t column = 0;
    while (text.size > 0) {
        bool line_end = false;
        struct span word = next_word(&text, &line_end);
        size_t width = print_width(word);
        if (width > 0 && column > 0 && indent + column + 1 + width > LINE_COLUMNS) {
            (void)fputc('\n', cli->out);
            column = 0;
        }
        if (width > 0) {
            if (column == 0) {
                put_indent(cli->out, indent);
            } else {
                (void)fputc(' ', cli->out);
                column++;
            }
            print_text(cli, word, 0);
            column += width;
        }
        if (line_end) {
            (void)fputc('\n', cli->out);
            column = 0;
        }
    }
    if (column > 0) {
        (void)fputc('\n', cli->out);
    }
}

void print_short(struct cli *cli, struct span id)
{
    char text[2 * HASH_BYTES + 1];
    hex_encode(id, text);
    (void)fprintf(cli->out, "%.*s", (int)SHORT_DIGITS, text);
}

void print_time(struct cli *cli, uint64_t time_ms)
{
    time_t seconds = (time_t)(time_ms / 1000u);
    char text[32];
    struct tm local;
    if (time_ms == 0 || localtime_r(&seconds, &local) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%d %H:%M", &local) == 0) {
        (void)fprintf(cli->out, "-");
        return;
    }
    (void)fprintf(cli->out, "%s", text);
}

/* The encoder escapes C0 alone; what else could talk to a terminal is escaped here. Such
 * characters stand only inside strings, where the escape means the same. */
static void put_escaped(FILE *out, uint32_t code)
{
    if (code >= 0x10000) {
        (void)fprintf(out, "\\u%04x\\u%04x", 0xd800u + ((code - 0x10000) >> 10),
                      0xdc00u + ((code - 0x10000) & 0x3ffu));
    } else {
        (void)fprintf(out, "\\u%04x", code);
    }
}

void print_json(struct cli *cli, cJSON *value)
{
    char *text = cJSON_PrintUnformatted(value);
    CHECK(text != NULL);
    struct span rest = span_of(text, strlen(text));
    while (rest.size > 0) {
        uint32_t code = next_code(&rest);
        if (is_plain(code)) {
            put_code(cli->out, code, true);
        } else {
            put_escaped(cli->out, code);
        }
    }
    (void)fputc('\n', cli->out);
    cli->answered = true;
    cJSON_free(text);
    cJSON_Delete(value);
}

void print_add_id(cJSON *object, const char *key, struct span id)
{
    char text[2 * HASH_BYTES + 1];
    hex_encode(id, text);
    (void)cJSON_AddStringToObject(object, key, text);
}

void print_add_text(cJSON *object, const char *key, const char *text)
{
    print_add_span(object, key, span_of(text, strlen(text)));
}

void print_add_span(cJSON *object, const char *key, struct span text)
{
    char *copy = malloc(3 * text.size + 1);
    CHECK(copy != NULL);
    size_t size = 0;
    while (text.size > 0) {
        struct span before = text;
        uint32_t code = 0;
        if (!utf8_next(&text, &code)) {
            text = span_of(text.data + 1, text.size - 1);
            code = 0;
        }
        if (code == 0) {
            memcpy(copy + size, "\xef\xbf\xbd", 3);
            size += 3;
        } else {
            memcpy(copy + size, before.data, before.size - text.size);
            size += before.size - text.size;
        }
    }
    copy[size] = '\0';
    (void)cJSON_AddStringToObject(object, key, copy);
    free(copy);
}

void print_add_number(cJSON *object, const char *key, uint64_t number)
{
    (void)cJSON_AddNumberToObject(object, key, (double)number);
}
