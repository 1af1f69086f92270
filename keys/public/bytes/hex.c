#include "keys/public/bytes/hex.h"

void hex_encode(struct span bytes, char *out_text)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < bytes.size; i++) {
        out_text[2u * i] = digits[bytes.data[i] >> 4];
        out_text[2u * i + 1u] = digits[bytes.data[i] & 15u];
    }
    out_text[2u * bytes.size] = '\0';
}

/* 0..15, or 16 for what is no digit. */
static uint8_t hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9') {
        return (uint8_t)(c - '0');
    }
    if (c >= 'a' && c <= 'f') {
        return (uint8_t)(c - 'a' + 10);
    }
    return c >= 'A' && c <= 'F' ? (uint8_t)(c - 'A' + 10) : 16u;
}

enum status hex_decode(struct span text, uint8_t *out_bytes, size_t size)
{
    if (text.size % 2u != 0 || text.size / 2u != size) {
        return STATUS_MALFORMED;
    }
    for (size_t i = 0; i < size; i++) {
        uint8_t high = hex_value(text.data[2u * i]);
        uint8_t low = hex_value(text.data[2u * i + 1u]);
        if (high > 15u || low > 15u) {
            return STATUS_MALFORMED;
        }
        out_bytes[i] = (uint8_t)(high << 4 | low);
    }
    return STATUS_OK;
}

enum status hex_prefix_parse(struct span text, struct hex_prefix *out_prefix)
{
    if (text.size == 0 || text.size > HEX_PREFIX_DIGITS_MAX) {
        return STATUS_MALFORMED;
    }
    struct hex_prefix prefix = {.digits = text.size};
    for (size_t i = 0; i < text.size; i++) {
        uint8_t value = hex_value(text.data[i]);
        if (value > 15u) {
            return STATUS_MALFORMED;
        }
        prefix.bytes[i / 2u] |= (uint8_t)(i % 2u == 0 ? value << 4 : value);
    }
    *out_prefix = prefix;
    return STATUS_OK;
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
