#include "keys/public/bytes/fields.h"

/* Bytes of a number, or of the size before a part. */
static const uint8_t widths[] = {
    [FIELD_U8] = 1,   [FIELD_U16] = 2,    [FIELD_U32] = 4,    [FIELD_U64] = 8,
    [FIELD_BOOL] = 1, [FIELD_PART16] = 2, [FIELD_PART32] = 4, [FIELD_BYTES] = 0,
};

/* A member that is a number, whatever its type: enums and sizes are among them. */
union field_number {
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;
};

static uint64_t field_number(const struct field *row, const uint8_t *member)
{
    union field_number number = {.u64 = 0};
    CHECK(row->size <= sizeof number);
    memcpy(&number, member, row->size);
    return row->size == 1   ? number.u8
           : row->size == 2 ? number.u16
           : row->size == 4 ? number.u32
                            : number.u64;
}

/* False when the member is too small for it. */
static bool field_set_number(const struct field *row, uint64_t value, uint8_t *out_member)
{
    union field_number number = {.u64 = 0};
    switch (row->size) {
    case 1:
        number.u8 = (uint8_t)value;
        break;
    case 2:
        number.u16 = (uint16_t)value;
        break;
    case 4:
        number.u32 = (uint32_t)value;
        break;
    default:
        CHECK(row->size == 8);
        number.u64 = value;
    }
    memcpy(out_member, &number, row->size);
    return field_number(row, out_member) == value;
}

/* What of a record stands in the bytes as it lies: a member, or what a part points at. */
static struct span field_bytes(const struct field *row, const uint8_t *member)
{
    struct span part = span_of(member, row->size);
    if (row->form == FIELD_PART16 || row->form == FIELD_PART32) {
        CHECK(row->size == sizeof part);
        memcpy(&part, member, sizeof part);
    }
    return part;
}

void fields_write(struct cursor_writer *writer, const struct field *rows, size_t count,
                  const void *record)
{
    for (size_t i = 0; i < count; i++) {
        const uint8_t *member = (const uint8_t *)record + rows[i].offset;
        bool is_number = rows[i].form <= FIELD_BOOL;
        struct span bytes = is_number ? span_of(NULL, 0) : field_bytes(&rows[i], member);
        size_t width = widths[rows[i].form];
        if (width > 0) {
            cursor_write_number(writer, is_number ? field_number(&rows[i], member) : bytes.size,
                                width);
        }
        cursor_write_span(writer, bytes);
    }
}

void fields_read(struct cursor_reader *reader, const struct field *rows, size_t count,
                 void *out_record)
{
    for (size_t i = 0; i < count; i++) {
        const struct field *row = &rows[i];
        uint8_t *member = (uint8_t *)out_record + row->offset;
        if (row->form == FIELD_BYTES) {
            cursor_read_bytes(reader, member, row->size);
            continue;
        }
        uint64_t value = cursor_read_number(reader, widths[row->form]);
        if (row->form == FIELD_PART16 || row->form == FIELD_PART32) {
            struct span part = cursor_read_span(reader, (size_t)value);
            memcpy(member, &part, sizeof part);
        } else if (!field_set_number(row, value, member) ||
                   (row->form == FIELD_BOOL && value > 1)) {
            memset(member, 0, row->size);
            reader->failed = true;
        }
    }
}

size_t fields_size(const struct field *rows, size_t count, const void *record)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *member = (const uint8_t *)record + rows[i].offset;
        size += widths[rows[i].form];
        size += rows[i].form <= FIELD_BOOL ? 0 : field_bytes(&rows[i], member).size;
    }
    return size;
}
