#include "keys/public/bytes/hex.h"

#include <sodium.h>

void hex_encode(struct span bytes, char *out_text)
{
    (void)sodium_bin2hex(out_text, HEX_CHARS(bytes.size) + 1u, bytes.data, bytes.size);
}

enum status hex_decode(struct span text, uint8_t *out_bytes, size_t size)
{
    /* Without characters to ignore and a place for the end, libsodium takes all or nothing. */
    size_t used = 0;
    if (text.size % 2u != 0 || text.size / 2u != size ||
        sodium_hex2bin(out_bytes, size, (const char *)text.data, text.size, NULL, &used, NULL) !=
            0 ||
        used != size) {
        return STATUS_MALFORMED;
    }
    return STATUS_OK;
}

enum status hex_prefix_parse(struct span text, struct hex_prefix *out_prefix)
{
    if (text.size == 0 || text.size > HEX_PREFIX_DIGITS_MAX) {
        return STATUS_MALFORMED;
    }
    /* A zero makes an odd number of digits whole bytes; hex_prefix_matches leaves it out. */
    uint8_t even[HEX_PREFIX_DIGITS_MAX + 1u] = {0};
    memcpy(even, text.data, text.size);
    even[text.size] = '0';
    struct hex_prefix prefix = {.digits = text.size};
    size_t bytes = (text.size + 1u) / 2u;
    enum status status = hex_decode(span_of(even, 2u * bytes), prefix.bytes, bytes);
    if (status == STATUS_OK) {
        *out_prefix = prefix;
    }
    return status;
}

bool hex_prefix_matches(const struct hex_prefix *prefix, struct span id)
{
    size_t whole = prefix->digits / 2u;
    if (prefix->digits > 2u * id.size) {
        return false;
    }
    if (whole > 0 && memcmp(prefix->bytes, id.data, whole) != 0) {
        return false;
    }
    return prefix->digits % 2u == 0 || prefix->bytes[whole] == (id.data[whole] & 0xf0u);
}
