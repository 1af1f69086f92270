#include "client/cli/print_field.h"

#include "client/cli/messages.h"
#include "client/cli/print.h"
#include "keys/public/bytes/hex.h"

#include <stdarg.h>
#include <stdlib.h>

struct span print_span(const char *text)
{
    return span_of(text, strlen(text));
}

void print_digits(struct span id, char out[static PRINT_DIGITS_BYTES])
{
    char text[2 * HASH_BYTES + 1];
    hex_encode(id, text);
    memcpy(out, text, PRINT_DIGITS_BYTES - 1);
    out[PRINT_DIGITS_BYTES - 1] = '\0';
}

cJSON *print_object(const struct print_field *fields, size_t count)
{
    cJSON *object = cJSON_CreateObject();
    for (size_t i = 0; i < count; i++) {
        const struct print_field *field = &fields[i];
        if (field->key == NULL) {
            continue;
        }
        if (field->kind == PRINT_TEXT) {
            print_add_span(object, field->key, field->span);
        } else if (field->kind == PRINT_ID) {
            print_add_id(object, field->key, field->span);
        } else if (field->kind == PRINT_BOOL) {
            (void)cJSON_AddBoolToObject(object, field->key, field->number != 0);
        } else {
            print_add_number(object, field->key, field->number);
        }
    }
    return object;
}

static void put_text(struct cli *cli, const struct print_field *field)
{
    size_t columns = (size_t)(field->columns < 0 ? -field->columns : field->columns);
    size_t used = print_text(cli, field->span, columns);
    for (; field->columns < 0 && used < columns; used++) {
        (void)fputc(' ', cli->out);
    }
}

void print_line(struct cli *cli, const struct print_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct print_field *field = &fields[i];
        bool is_false = field->kind == PRINT_BOOL && field->number == 0;
        const char *before = is_false ? field->otherwise : field->before;
        if (before == NULL || (field->kind == PRINT_TIME && field->number == 0)) {
            continue;
        }
        (void)fputs(before, cli->out);
        if (field->kind == PRINT_TEXT) {
            put_text(cli, field);
        } else if (field->kind == PRINT_ID) {
            print_short(cli, field->span);
        } else if (field->kind == PRINT_TIME) {
            print_time(cli, field->number);
        } else if (field->kind == PRINT_NUMBER) {
            (void)fprintf(cli->out, "%*llu", field->columns, (unsigned long long)field->number);
        }
    }
}

void print_row(struct cli *cli, cJSON *array, const struct print_field *fields, size_t count)
{
    if (array != NULL) {
        (void)cJSON_AddItemToArray(array, print_object(fields, count));
    } else {
        struct print_row row;
        print_row_begin(cli, &row);
        print_line(cli, fields, count);
        print_row_end(cli, &row);
    }
}

int print_answer(struct cli *cli, const struct print_field *fields, size_t count,
                 const char *format, ...)
{
    if (cli->json) {
        print_json(cli, print_object(fields, count));
        return CLI_OK;
    }
    va_list values;
    va_start(values, format);
    char *text = NULL;
    CHECK(vasprintf(&text, format, values) >= 0); /* NOLINT(clang-analyzer-valist.*) */
    va_end(values);
    print_sentence(cli, print_span(text), 0);
    free(text);
    return CLI_OK;
}
