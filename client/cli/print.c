#include "client/cli/print.h"

#include "client/text/step.h"
#include "client/text/wrap.h"
#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/wipe.h"

#include <stdlib.h>
#include <time.h>

#define LINE_COLUMNS 80u
#define SHORT_DIGITS 8u
#define ROW_INDENT   4u

static size_t less(size_t columns, size_t indent)
{
    return columns > indent ? columns - indent : 0;
}

static size_t columns_beside(const struct cli *cli, size_t indent)
{
    return less(cli->columns == 0 ? LINE_COLUMNS : cli->columns, indent);
}

size_t print_text(struct cli *cli, struct span text, size_t columns)
{
    char *line = NULL;
    size_t size = 0;
    CHECK(text_cell(text, columns, cli->utf8, &line, &size) == STATUS_OK);
    (void)fwrite(line, 1, size, cli->out);
    columns = text_columns(span_of(line, size));
    wipe(line, size);
    free(line);
    return columns;
}

struct block {
    FILE *out;
    size_t indent;
    bool hanging; /* the first line stands without its indent */
};

static bool put_line(void *visitor, struct span line)
{
    struct block *block = visitor;
    for (size_t i = 0; line.size > 0 && !block->hanging && i < block->indent; i++) {
        (void)fputc(' ', block->out);
    }
    block->hanging = false;
    if (line.size > 0) {
        (void)fwrite(line.data, 1, line.size, block->out);
    }
    (void)fputc('\n', block->out);
    return true;
}

void print_block(struct cli *cli, struct span text, size_t indent)
{
    struct block block = {cli->out, indent, false};
    CHECK(text_wrap(text, columns_beside(cli, indent), cli->utf8, put_line, &block) == STATUS_OK);
}

void print_sentence(struct cli *cli, struct span text, size_t indent)
{
    struct block block = {cli->out, indent, false};
    CHECK(text_wrap_words(text, columns_beside(cli, indent), cli->utf8, put_line, &block) ==
          STATUS_OK);
}

void print_row_begin(struct cli *cli, struct print_row *row)
{
    *row = (struct print_row){.out = cli->out};
    cli->out = open_memstream(&row->text, &row->size);
    CHECK(cli->out != NULL);
}

void print_row_end(struct cli *cli, struct print_row *row)
{
    CHECK(fclose(cli->out) == 0);
    cli->out = row->out;
    struct span line = span_of(row->text, row->size);
    struct block block = {cli->out, ROW_INDENT, true};
    if (cli->columns == 0 || text_columns(line) <= cli->columns) {
        (void)put_line(&block, line);
    } else {
        CHECK(text_wrap(line, less(cli->columns, ROW_INDENT), cli->utf8, put_line, &block) ==
              STATUS_OK);
    }
    wipe(row->text, row->size);
    free(row->text);
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

void print_json_line(FILE *out, const cJSON *value)
{
    char *text = cJSON_PrintUnformatted(value);
    CHECK(text != NULL);
    struct span rest = span_of(text, strlen(text));
    struct text_step step;
    while (text_next(&rest, &step)) {
        if (step.kind == TEXT_SHOWN) {
            (void)fwrite(step.bytes.data, 1, step.bytes.size, out);
        } else {
            put_escaped(out, step.code);
        }
    }
    (void)fputc('\n', out);
    cJSON_free(text);
}

void print_json(struct cli *cli, cJSON *value)
{
    print_json_line(cli->out, value);
    cli->answered = true;
    cJSON_Delete(value);
}

void print_csv_cell(FILE *out, const char *text, bool last)
{
    char *line = NULL;
    size_t size = 0;
    CHECK(text_cell(span_of(text, strlen(text)), 0, true, &line, &size) == STATUS_OK);
    (void)fputc('"', out);
    /* A cell that begins with one of these would be run as a formula by a spreadsheet. */
    if (size > 0 && strchr("=+-@", line[0]) != NULL) {
        (void)fputc('\'', out);
    }
    for (size_t i = 0; i < size; i++) {
        if (line[i] == '"') {
            (void)fputc('"', out);
        }
        (void)fputc(line[i], out);
    }
    (void)fputs(last ? "\"\r\n" : "\",", out);
    free(line);
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
    struct text_step step;
    while (text_next(&text, &step)) {
        bool bad = step.kind == TEXT_BAD || step.bytes.data[0] == 0;
        struct span part = bad ? span_of("\xef\xbf\xbd", 3) : step.bytes;
        memcpy(copy + size, part.data, part.size);
        size += part.size;
    }
    copy[size] = '\0';
    (void)cJSON_AddStringToObject(object, key, copy);
    free(copy);
}

void print_add_number(cJSON *object, const char *key, uint64_t number)
{
    (void)cJSON_AddNumberToObject(object, key, (double)number);
}
