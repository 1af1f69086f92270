#include "tests/bench/framing.h"

#include <string.h>

size_t framing_head(uint8_t opcode, size_t size, uint8_t out[FRAMING_HEAD_BYTES_MAX])
{
    memset(out, 0, FRAMING_HEAD_BYTES_MAX);
    out[0] = (uint8_t)(0x80U | opcode);
    if (size < 126) {
        out[1] = (uint8_t)(0x80U | size);
        return 6;
    }
    if (size < 65536) {
        out[1] = 0x80 | 126;
        out[2] = (uint8_t)(size >> 8);
        out[3] = (uint8_t)size;
        return 8;
    }
    out[1] = 0x80 | 127;
    for (size_t i = 0; i < 8; i++) {
        out[2 + i] = (uint8_t)((uint64_t)size >> (56 - 8 * i));
    }
    return 14;
}

int framing_parse(const uint8_t *bytes, size_t size, struct framing *out)
{
    if (size < 2) {
        return 0;
    }
    uint64_t length = bytes[1] & 127U;
    size_t head = 2;
    if (length >= 126) {
        const size_t more = length == 126 ? 2 : 8;
        if (size < 2 + more) {
            return 0;
        }
        length = 0;
        for (size_t i = 0; i < more; i++) {
            length = length << 8 | bytes[2 + i];
        }
        head += more;
    }
    *out = (struct framing){.opcode = bytes[0] & 15U,
                            .final = (bytes[0] & 0x80U) != 0,
                            .bytes = bytes + head,
                            .size = (size_t)length,
                            .whole = head + (size_t)length};
    return size - head >= length;
}
