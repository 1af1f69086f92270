#include "keys/public/frame.h"

#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/wipe.h"
#include "keys/public/hash.h"

/* Prefix and a few body parts are hashed as one list; callers pass this many at most. */
#define FRAME_PARTS_MAX 31u

static const struct practice_id frame_no_practice;

size_t frame_prefix(enum label label, const struct practice_id *practice,
                    uint8_t out_prefix[FRAME_PREFIX_BYTES_MAX])
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out_prefix, FRAME_PREFIX_BYTES_MAX);
    cursor_write_u8(&writer, 0);
    cursor_write_span(&writer, label_text(label));
    cursor_write_u8(&writer, 0);
    cursor_write_u16(&writer, FRAME_SUITE_CLASSICAL);
    cursor_write_span(&writer, ID_SPAN(practice != NULL ? practice : &frame_no_practice));
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK);
    return size;
}

void frame_hash(enum label label, const struct practice_id *practice, const struct span *parts,
                size_t count, struct hash *out_hash)
{
    CHECK(count <= FRAME_PARTS_MAX);
    uint8_t prefix[FRAME_PREFIX_BYTES_MAX];
    struct span all[FRAME_PARTS_MAX + 1u];
    all[0] = span_of(prefix, frame_prefix(label, practice, prefix));
    for (size_t i = 0; i < count; i++) {
        all[i + 1u] = parts[i];
    }
    hash_parts(all, count + 1u, out_hash);
}

/* False when the body is longer than a frame may be. */
static bool frame_body_size(const struct span *parts, size_t count, size_t *out_size)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].size > FRAME_BODY_BYTES_MAX - size) {
            return false;
        }
        size += parts[i].size;
    }
    *out_size = size;
    return true;
}

size_t frame_size(enum label label, const struct span *parts, size_t count)
{
    size_t size = 1u + label_text(label).size + 1u + 2u + HASH_BYTES;
    for (size_t i = 0; i < count; i++) {
        size += parts[i].size;
    }
    return size;
}

enum status frame_write(enum label label, const struct practice_id *practice,
                        const struct span *parts, size_t count, uint8_t *out_frame, size_t capacity,
                        size_t *out_size)
{
    size_t body_size = 0;
    if (!frame_body_size(parts, count, &body_size)) {
        return STATUS_TOO_LARGE;
    }
    struct cursor_writer writer;
    cursor_write_init(&writer, out_frame, capacity);
    uint8_t prefix[FRAME_PREFIX_BYTES_MAX];
    cursor_write_span(&writer, span_of(prefix, frame_prefix(label, practice, prefix)));
    for (size_t i = 0; i < count; i++) {
        cursor_write_span(&writer, parts[i]);
    }
    return cursor_write_done(&writer, out_size);
}

enum status frame_build(enum label label, const struct practice_id *practice,
                        const struct span *parts, size_t count, struct frame *out_frame)
{
    *out_frame = (struct frame){NULL, 0};
    size_t body_size = 0;
    if (!frame_body_size(parts, count, &body_size)) {
        return STATUS_TOO_LARGE;
    }
    size_t size = frame_size(label, parts, count);
    uint8_t *data = malloc(size);
    if (data == NULL) {
        return STATUS_NO_MEMORY;
    }
    size_t written = 0;
    CHECK(frame_write(label, practice, parts, count, data, size, &written) == STATUS_OK);
    CHECK(written == size);
    *out_frame = (struct frame){data, size};
    return STATUS_OK;
}

void frame_free(struct frame *frame)
{
    wipe(frame->data, frame->size);
    free(frame->data);
    *frame = (struct frame){NULL, 0};
}
