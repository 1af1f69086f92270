#include "tests/support/canary.h"

#include <string.h>

static const char *const encoding_names[CANARY_ENCODINGS_END] = {
    [CANARY_UTF8] = "utf-8",
    [CANARY_UTF16LE] = "utf-16le",
    [CANARY_BASE64_0] = "base64+0",
    [CANARY_BASE64_1] = "base64+1",
    [CANARY_BASE64_2] = "base64+2",
    [CANARY_BASE64URL_0] = "base64url+0",
    [CANARY_BASE64URL_1] = "base64url+1",
    [CANARY_BASE64URL_2] = "base64url+2",
    [CANARY_HEX_LOWER] = "hex",
    [CANARY_HEX_UPPER] = "HEX",
};

const char *canary_encoding_name(enum canary_encoding encoding)
{
    return encoding > 0 && encoding < CANARY_ENCODINGS_END ? encoding_names[encoding] : "?";
}

/* Bytes of the UTF-8 sequence that starts with |lead|; 0 when none does. */
static size_t sequence_size(uint8_t lead)
{
    if (lead < 0x80) {
        return 1;
    }
    if (lead < 0xc2 || lead > 0xf4) {
        return 0;
    }
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static size_t encode_utf16le(const uint8_t *text, size_t size, uint8_t *out)
{
    size_t used = 0;
    for (size_t at = 0; at < size;) {
        const size_t count = sequence_size(text[at]);
        if (count == 0 || count > size - at) {
            return 0;
        }
        uint32_t point = count == 1 ? text[at] : text[at] & (0xffU >> (count + 1));
        for (size_t i = 1; i < count; i++) {
            if ((text[at + i] & 0xc0) != 0x80) {
                return 0;
            }
            point = point << 6 | (text[at + i] & 0x3fU);
        }
        at += count;
        uint32_t units[2] = {point, 0};
        size_t unit_count = 1;
        if (point >= 0x10000) {
            units[0] = 0xd800 + ((point - 0x10000) >> 10);
            units[1] = 0xdc00 + ((point - 0x10000) & 0x3ff);
            unit_count = 2;
        }
        for (size_t i = 0; i < unit_count; i++) {
            out[used++] = (uint8_t)units[i];
            out[used++] = (uint8_t)(units[i] >> 8);
        }
    }
    return used;
}

static size_t encode_base64(const uint8_t *text, size_t size, size_t before, int url, uint8_t *out)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const char safe[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const size_t first = (before * 8 + 5) / 6;
    const size_t end = (before + size) * 8 / 6;
    size_t used = 0;
    for (size_t i = first; i < end; i++) {
        const size_t bit = i * 6 - before * 8; /* of the phrase */
        const size_t byte = bit / 8;
        const unsigned next = byte + 1 < size ? text[byte + 1] : 0U;
        const unsigned pair = (unsigned)text[byte] << 8 | next;
        out[used++] = (uint8_t)(url ? safe : plain)[(pair >> (10 - bit % 8)) & 63];
    }
    return used;
}

static size_t encode_hex(const uint8_t *text, size_t size, const char *digits, uint8_t *out)
{
    for (size_t i = 0; i < size; i++) {
        out[2 * i] = (uint8_t)digits[text[i] >> 4];
        out[2 * i + 1] = (uint8_t)digits[text[i] & 15];
    }
    return 2 * size;
}

size_t canary_encode(enum canary_encoding encoding, const char *phrase, uint8_t *out, size_t room)
{
    const uint8_t *text = (const uint8_t *)phrase;
    const size_t size = strlen(phrase);
    if (room < 2 * size) {
        return 0;
    }
    switch (encoding) {
    case CANARY_UTF8:
        memcpy(out, text, size);
        return size;
    case CANARY_UTF16LE:
        return encode_utf16le(text, size, out);
    case CANARY_BASE64_0:
    case CANARY_BASE64_1:
    case CANARY_BASE64_2:
        return encode_base64(text, size, (size_t)(encoding - CANARY_BASE64_0), 0, out);
    case CANARY_BASE64URL_0:
    case CANARY_BASE64URL_1:
    case CANARY_BASE64URL_2:
        return encode_base64(text, size, (size_t)(encoding - CANARY_BASE64URL_0), 1, out);
    case CANARY_HEX_LOWER:
        return encode_hex(text, size, "0123456789abcdef", out);
    case CANARY_HEX_UPPER:
        return encode_hex(text, size, "0123456789ABCDEF", out);
    case CANARY_ENCODINGS_END:
        break;
    }
    return 0;
}
