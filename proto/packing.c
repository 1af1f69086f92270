#include "proto/packing.h"

#include <string.h>

static size_t fill_fragment(struct packing_piece *piece, uint8_t *buffer, size_t fragment_bytes,
                            struct span frame, size_t sent)
{
    size_t prefix = sent == 0 ? PACKING_PREFIX_BYTES : 0;
    size_t took = frame.size - sent;
    if (took > fragment_bytes - prefix) {
        took = fragment_bytes - prefix;
    }
    if (prefix > 0) {
        packing_put_size(buffer, (uint32_t)frame.size);
    }
    memcpy(buffer + prefix, frame.data + sent, took);
    *piece = (struct packing_piece){.size = prefix + took,
                                    .first = sent == 0,
                                    .last = sent + took == frame.size,
                                    .alone = true};
    return took;
}

size_t packing_fill(struct packing_piece *piece, uint8_t *buffer, size_t fragment_bytes,
                    struct span frame, size_t sent)
{
    if (piece->alone) {
        return 0;
    }
    if (frame.size > PACKING_FRAME_BYTES) {
        return piece->size == 0 ? fill_fragment(piece, buffer, fragment_bytes, frame, sent) : 0;
    }
    if (PACKING_PREFIX_BYTES + frame.size > PACKING_MESSAGE_BYTES - piece->size) {
        return 0;
    }
    packing_put_size(buffer + piece->size, (uint32_t)frame.size);
    memcpy(buffer + piece->size + PACKING_PREFIX_BYTES, frame.data, frame.size);
    piece->size += PACKING_PREFIX_BYTES + frame.size;
    return frame.size;
}
