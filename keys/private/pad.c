#include "keys/private/pad.h"

#include "keys/public/bytes/wipe.h"

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

/* The last nonzero word of those given so far, walking backwards; |seen| is all ones once there
 * was one. Places are kept by masks, not by leaving a loop. */
struct last_word {
    uint64_t seen;
    uint64_t word;
    uint64_t at;
};

static void give_word(struct last_word *last, uint64_t word, size_t at)
{
    uint64_t nonzero = (uint64_t)0 - ((word | ((uint64_t)0 - word)) >> 63);
    uint64_t first = nonzero & ~last->seen;
    last->word |= first & word;
    last->at |= first & at;
    last->seen |= nonzero;
}

static void find_last_word(struct span padded, struct last_word *out_last)
{
    size_t odd = padded.size % sizeof(uint64_t);
    size_t end = padded.size - odd;
    *out_last = (struct last_word){0};
    uint64_t word = 0;
    memcpy(&word, padded.data + end, odd);
    give_word(out_last, word, end);
    while (end > 0) {
        end -= sizeof word;
        memcpy(&word, padded.data + end, sizeof word);
        give_word(out_last, word, end);
    }
}

enum status pad_remove(struct span padded, size_t *out_text_size)
{
    if (padded.size < PAD_FLOOR_BYTES || padded.size > PAD_OUTPUT_BYTES_MAX) {
        return STATUS_DAMAGED;
    }
    struct last_word last;
    find_last_word(padded, &last);
    uint8_t bytes[sizeof last.word];
    memcpy(bytes, &last.word, sizeof bytes);
    /* The same once more among the bytes of that word. */
    size_t seen = 0;
    size_t marker_at = 0;
    size_t bad = 0;
    for (size_t i = sizeof bytes; i-- > 0;) {
        size_t byte = bytes[i];
        size_t nonzero = (size_t)0 - ((byte + 0xff) >> 8); /* all ones if byte != 0 */
        size_t first = nonzero & ~seen;
        marker_at |= first & (last.at + i);
        bad |= first & (byte ^ 0x80);
        seen |= nonzero;
    }
    wipe(bytes, sizeof bytes);
    wipe(&last, sizeof last);
    if (seen == 0 || bad != 0 || marker_at > PAD_TEXT_BYTES_MAX ||
        pad_size(marker_at) != padded.size) {
        return STATUS_DAMAGED;
    }
    *out_text_size = marker_at;
    return STATUS_OK;
}
