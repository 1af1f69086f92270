#include "keys/public/bytes/base64.h"

#include <sodium.h>

#define VARIANT sodium_base64_VARIANT_ORIGINAL

enum status base64_encode(struct span bytes, char *out_text, size_t capacity, size_t *out_size)
{
    if (bytes.size > SIZE_MAX / 2u || BASE64_CHARS(bytes.size) >= capacity) {
        return STATUS_TOO_LARGE;
    }
    (void)sodium_bin2base64(out_text, capacity, bytes.data, bytes.size, VARIANT);
    *out_size = BASE64_CHARS(bytes.size);
    return STATUS_OK;
}

/* libsodium 1.0.18 sees some bytes above 127 as signs of the alphabet, since it compares a signed
 * character with them. */
static bool base64_is_ascii(struct span text)
{
    uint8_t seen = 0;
    for (size_t i = 0; i < text.size; i++) {
        seen |= text.data[i];
    }
    return seen < 0x80u;
}

/* How many '=' end the text: 0, 1 or 2. */
static size_t base64_padding(struct span text)
{
    if (text.size == 0 || text.data[text.size - 1u] != '=') {
        return 0;
    }
    return text.data[text.size - 2u] == '=' ? 2u : 1u;
}

enum status base64_decode(struct span text, uint8_t *out_bytes, size_t capacity, size_t *out_size)
{
    if (text.size % 4u != 0) {
        return STATUS_MALFORMED;
    }
    /* Counted here, since libsodium does not tell too little room from text that is none. */
    size_t size = text.size / 4u * 3u - base64_padding(text);
    if (size > capacity) {
        return STATUS_TOO_LARGE;
    }
    /* No characters to ignore and no place for the end: then libsodium takes the whole text or
     * nothing, and refuses white space, wrong padding and bits set under it. */
    size_t used = 0;
    if (!base64_is_ascii(text) ||
        sodium_base642bin(out_bytes, capacity, (const char *)text.data, text.size, NULL, &used,
                          NULL, VARIANT) != 0 ||
        used != size) {
        return STATUS_MALFORMED;
    }
    *out_size = used;
    return STATUS_OK;
}
