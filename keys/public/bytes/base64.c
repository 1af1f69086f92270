#include "keys/public/bytes/base64.h"

static const char base64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

enum status base64_encode(struct span bytes, char *out_text, size_t capacity, size_t *out_size)
{
    if (bytes.size > SIZE_MAX / 2u || BASE64_CHARS(bytes.size) > capacity) {
        return STATUS_TOO_LARGE;
    }
    size_t used = 0;
    for (size_t i = 0; i < bytes.size; i += 3u) {
        size_t left = bytes.size - i;
        uint32_t group = (uint32_t)bytes.data[i] << 16;
        group |= left > 1u ? (uint32_t)bytes.data[i + 1u] << 8 : 0u;
        group |= left > 2u ? (uint32_t)bytes.data[i + 2u] : 0u;
        out_text[used++] = base64_alphabet[group >> 18];
        out_text[used++] = base64_alphabet[(group >> 12) & 63u];
        out_text[used++] = '=';
        out_text[used++] = '=';
        if (left > 1u) {
            out_text[used - 2u] = base64_alphabet[(group >> 6) & 63u];
        }
        if (left > 2u) {
            out_text[used - 1u] = base64_alphabet[group & 63u];
        }
    }
    *out_size = used;
    return STATUS_OK;
}

/* 0..63, or 64 for a byte that is not of the alphabet. */
static uint32_t base64_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') {
        return (uint32_t)(c - 'A');
    }
    if (c >= 'a' && c <= 'z') {
        return (uint32_t)(c - 'a') + 26u;
    }
    if (c >= '0' && c <= '9') {
        return (uint32_t)(c - '0') + 52u;
    }
    if (c == '+') {
        return 62u;
    }
    return c == '/' ? 63u : 64u;
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
    size_t padding = base64_padding(text);
    size_t size = text.size / 4u * 3u - padding;
    if (size > capacity) {
        return STATUS_TOO_LARGE;
    }
    size_t used = 0;
    uint32_t bits = 0;
    size_t bit_count = 0;
    for (size_t i = 0; i < text.size - padding; i++) {
        uint32_t value = base64_value(text.data[i]);
        if (value > 63u) {
            return STATUS_MALFORMED;
        }
        bits = ((bits << 6) | value) & 0xffffffu;
        bit_count += 6u;
        if (bit_count >= 8u) {
            bit_count -= 8u;
            out_bytes[used++] = (uint8_t)(bits >> bit_count);
        }
    }
    if ((bits & ((1u << bit_count) - 1u)) != 0 || used != size) {
        return STATUS_MALFORMED;
    }
    *out_size = used;
    return STATUS_OK;
}
