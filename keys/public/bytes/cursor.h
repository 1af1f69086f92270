/*
 * Fixed-width big-endian reading and writing with one check at the end.
 *
 * Sticky errors: after the first failure every read yields zeros and every write
 * does nothing, so callers write straight-line code and check once; that check
 * also demands that every byte was consumed. The only place for pointer
 * arithmetic over peer bytes. Caller-provided storage; nothing to free. A cursor
 * belongs to one thread.
 */
#pragma once

#include "proto/status.h"

struct cursor_reader {
    const uint8_t *next;
    size_t left;
    bool failed;
};

struct cursor_writer {
    uint8_t *start;
    size_t used;
    size_t capacity;
    bool failed;
};

/* |bytes| is borrowed and must outlive the reader and every span it gave. */
void cursor_read_init(struct cursor_reader *reader, struct span bytes);
uint8_t cursor_read_u8(struct cursor_reader *reader);
uint16_t cursor_read_u16(struct cursor_reader *reader);
uint32_t cursor_read_u32(struct cursor_reader *reader);
uint64_t cursor_read_u64(struct cursor_reader *reader);
/* The same for a width of 1 to 8 bytes that is not known beforehand. */
uint64_t cursor_read_number(struct cursor_reader *reader, size_t size);
/* Exactly |size| bytes into |out|; all zero when they are not there. */
void cursor_read_bytes(struct cursor_reader *reader, void *out, size_t size);
/* Borrows the next |size| bytes; an empty span when they are not there. */
struct span cursor_read_span(struct cursor_reader *reader, size_t size);
/* Borrows whatever is left, which may be nothing. */
struct span cursor_read_rest(struct cursor_reader *reader);
/* STATUS_MALFORMED after any failed read, or when bytes are left over. */
MUST_CHECK enum status cursor_read_done(const struct cursor_reader *reader);

/* One number alone. */
void cursor_put_u64(uint8_t out[static 8], uint64_t value);
uint64_t cursor_get_u64(const uint8_t bytes[static 8]);

void cursor_write_init(struct cursor_writer *writer, void *out, size_t capacity);
void cursor_write_u8(struct cursor_writer *writer, uint8_t value);
void cursor_write_u16(struct cursor_writer *writer, uint16_t value);
void cursor_write_u32(struct cursor_writer *writer, uint32_t value);
void cursor_write_u64(struct cursor_writer *writer, uint64_t value);
/* The same for any width; a value that does not fit it fails the writer. */
void cursor_write_number(struct cursor_writer *writer, uint64_t value, size_t size);
void cursor_write_span(struct cursor_writer *writer, struct span bytes);
/* STATUS_TOO_LARGE when anything did not fit; *out_size only on STATUS_OK. */
MUST_CHECK enum status cursor_write_done(const struct cursor_writer *writer, size_t *out_size);
