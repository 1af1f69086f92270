#include "keys/private/pad.h"

static unsigned log2_floor(size_t value)
{
    unsigned result = 0;
    while (value > 1) {
        value >>= 1;
        result++;
    }
    return result;
}

size_t pad_padme(size_t size)
{
    if (size < 2) {
        return size;
    }
    unsigned exponent = log2_floor(size);
    unsigned kept_bits = exponent == 0 ? 1 : log2_floor(exponent) + 1;
    unsigned dropped_bits = exponent > kept_bits ? exponent - kept_bits : 0;
    size_t mask = ((size_t)1 << dropped_bits) - 1;
    return (size + mask) & ~mask;
}

size_t pad_size(size_t text_size)
{
    CHECK(text_size <= PAD_TEXT_BYTES_MAX);
    size_t padme = pad_padme(text_size + 1);
    CHECK(padme <= PAD_OUTPUT_BYTES_MAX);
    return padme > PAD_FLOOR_BYTES ? padme : PAD_FLOOR_BYTES;
}

void pad_apply(struct span text, uint8_t *out_padded, size_t out_size)
{
    CHECK(out_size == pad_size(text.size));
    if (text.size > 0) {
        memmove(out_padded, text.data, text.size);
    }
    out_padded[text.size] = 0x80;
    memset(out_padded + text.size + 1, 0, out_size - text.size - 1);
}

enum status pad_remove(struct span padded, size_t *out_text_size)
{
    if (padded.size < PAD_FLOOR_BYTES || padded.size > PAD_OUTPUT_BYTES_MAX) {
        return STATUS_DAMAGED;
    }
    /* |seen| turns to all ones at the last nonzero byte, walking backwards; that
     * byte's place is kept by masks, not by leaving the loop. */
    size_t seen = 0;
    size_t marker_at = 0;
    size_t bad = 0;
    for (size_t i = padded.size; i-- > 0;) {
        size_t byte = padded.data[i];
        size_t nonzero = (size_t)0 - ((byte + 0xff) >> 8); /* all ones if byte != 0 */
        size_t first = nonzero & ~seen;
        marker_at |= first & i;
        bad |= first & (byte ^ 0x80);
        seen |= nonzero;
    }
    if (seen == 0 || bad != 0 || marker_at > PAD_TEXT_BYTES_MAX ||
        pad_size(marker_at) != padded.size) {
        return STATUS_DAMAGED;
    }
    *out_text_size = marker_at;
    return STATUS_OK;
}
