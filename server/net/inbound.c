#include "server/net/inbound.h"

/* Grows by what has come, never by what a header claims: a stranger who only
 * announces 64 KiB costs nothing. */
static enum status reserve(struct inbound *in, size_t more, size_t most)
{
    size_t capacity = in->capacity == 0 ? 512 : in->capacity;
    if (more <= in->capacity - in->size) {
        return STATUS_OK;
    }
    while (capacity - in->size < more) {
        capacity *= 2;
    }
    if (capacity > most) {
        capacity = most;
    }
    uint8_t *bytes = realloc(in->bytes, capacity);
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    in->bytes = bytes;
    in->capacity = capacity;
    return STATUS_OK;
}

enum status inbound_add(struct inbound *in, const struct inbound_limits *limits,
                        const struct inbound_part *part, bool *out_whole)
{
    CHECK(in->taken == 0);
    *out_whole = false;
    if (part->bytes.size > limits->message_bytes_max - in->size ||
        part->remaining > limits->message_bytes_max - in->size - part->bytes.size) {
        return STATUS_TOO_LARGE;
    }
    if (in->fragments >= limits->fragments_max) {
        return STATUS_BUSY;
    }
    in->in_message = true;
    enum status status = reserve(in, part->bytes.size, limits->message_bytes_max);
    if (status != STATUS_OK) {
        return status;
    }
    if (part->bytes.size > 0) {
        memcpy(in->bytes + in->size, part->bytes.data, part->bytes.size);
        in->size += part->bytes.size;
    }
    if (part->remaining == 0) {
        in->fragments++;
        if (part->final) {
            in->in_message = false;
            in->fragments = 0;
            *out_whole = true;
        }
    }
    return STATUS_OK;
}

struct span inbound_rest(const struct inbound *in)
{
    if (in->in_message || in->bytes == NULL) {
        return span_of(NULL, 0);
    }
    return span_of(in->bytes + in->taken, in->size - in->taken);
}

void inbound_took(struct inbound *in, size_t size)
{
    CHECK(!in->in_message && size <= in->size - in->taken);
    in->taken += size;
    if (in->taken == in->size) {
        inbound_clear(in);
    }
}

void inbound_clear(struct inbound *in)
{
    free(in->bytes);
    *in = (struct inbound){0};
}
