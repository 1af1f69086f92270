/*
 * Records of fixed fields as tables: one table a record, which is read and written by the same
 * rows, so that the two directions cannot part.
 *
 *   static const struct field ROWS[] = {
 *       FIELD(struct thing, id, FIELD_BYTES),
 *       FIELD(struct thing, number, FIELD_U64),
 *   };
 *   fields_write(&writer, ROWS, ARRAY_LEN(ROWS), &thing);
 *
 * Numbers are big-endian and have the width of their row whatever the member's is. Errors are
 * the cursor's: sticky, for the caller to ask for at the end. Pure; any thread.
 */
#pragma once

#include "keys/public/bytes/cursor.h"

/* How a member stands in the bytes. */
enum field_form {
    FIELD_U8,
    FIELD_U16,
    FIELD_U32,
    FIELD_U64,
    FIELD_BOOL,   /* one byte, 0 or 1; the last of the numbers */
    FIELD_PART16, /* a struct span after its size; read, it borrows */
    FIELD_PART32,
    FIELD_BYTES, /* the member as it lies: ids, hashes and arrays of them */
};

struct field {
    size_t offset;
    size_t size;
    enum field_form form;
};

/* A number or a size that the row's width does not hold fails the writer, one that the member does
 * not hold fails the reader. */
#define FIELD(type, member, form)                                                                  \
    {                                                                                              \
        offsetof(type, member), sizeof(((type *)0)->member), form                                  \
    }

void fields_write(struct cursor_writer *writer, const struct field *rows, size_t count,
                  const void *record);
void fields_read(struct cursor_reader *reader, const struct field *rows, size_t count,
                 void *out_record);
/* How many bytes fields_write takes for |record|. */
size_t fields_size(const struct field *rows, size_t count, const void *record);
