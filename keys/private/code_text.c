#include "keys/private/code_text.h"

#include "keys/public/hash.h"

#include <sodium.h>

#define GROUP_CHARS        4u
#define BLOCK_BYTES        5u /* 40 bits: eight characters, two groups */
#define BLOCK_CHARS        8u
#define CHECKSUM_BYTES_MIN 2u
#define RAW_BYTES_MAX      (CODE_TEXT_PAYLOAD_BYTES_MAX + CHECKSUM_BYTES_MIN + BLOCK_BYTES)

static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static size_t raw_size(size_t payload_size)
{
    CHECK(payload_size > 0 && payload_size <= CODE_TEXT_PAYLOAD_BYTES_MAX);
    size_t least = payload_size + CHECKSUM_BYTES_MIN;
    return (least + BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
}

size_t code_text_size(size_t payload_size)
{
    size_t chars = raw_size(payload_size) / BLOCK_BYTES * BLOCK_CHARS;
    return chars + chars / GROUP_CHARS - 1;
}

/* |raw| starts with the payload; the checksum goes behind it. */
static void checksum(struct span prefix, struct span payload, uint8_t *out, size_t size)
{
    const struct span parts[] = {prefix, payload};
    struct hash hash;
    hash_parts(parts, ARRAY_LEN(parts), &hash);
    memcpy(out, hash.bytes, size);
}

/* The five bits that start at bit 5 × |index|. */
static unsigned five_bits(const uint8_t *raw, size_t index)
{
    size_t bit = index * 5;
    unsigned pair = (unsigned)raw[bit / 8] << 8;
    if (bit % 8 > 3) {
        pair |= raw[bit / 8 + 1];
    }
    return (pair >> (11 - bit % 8)) & 31u;
}

void code_text_encode(struct span prefix, struct span payload, char *out_text)
{
    size_t size = raw_size(payload.size);
    uint8_t raw_secret[RAW_BYTES_MAX];
    memcpy(raw_secret, payload.data, payload.size);
    checksum(prefix, payload, raw_secret + payload.size, size - payload.size);
    size_t at = 0;
    for (size_t i = 0; i < size * 8 / 5; i++) {
        if (i > 0 && i % GROUP_CHARS == 0) {
            out_text[at++] = '-';
        }
        out_text[at++] = alphabet[five_bits(raw_secret, i)];
    }
    CHECK(at == code_text_size(payload.size));
    sodium_memzero(raw_secret, sizeof raw_secret);
}

static int value_of(uint8_t character)
{
    if (character >= 'a' && character <= 'z') {
        character = (uint8_t)(character - 'a' + 'A');
    }
    if (character == 'O') {
        character = '0';
    }
    if (character == 'I' || character == 'L') {
        character = '1';
    }
    for (int i = 0; i < 32; i++) {
        if ((uint8_t)alphabet[i] == character) {
            return i;
        }
    }
    return -1;
}

static bool is_separator(uint8_t character)
{
    return character == '-' || character == ' ' || character == '\n' || character == '\r' ||
           character == '\t';
}

/* Exactly |size| bytes out of |text|; false for a foreign character or another length. */
static bool read_raw(struct span text, uint8_t *out_raw, size_t size)
{
    size_t chars = 0;
    uint32_t pending_secret = 0;
    unsigned pending_bits = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (is_separator(text.data[i])) {
            continue;
        }
        int value = value_of(text.data[i]);
        if (value < 0 || chars == size * 8 / 5) {
            return false;
        }
        pending_secret = ((pending_secret << 5) | (uint32_t)value) & 0xfffu;
        pending_bits += 5;
        if (pending_bits >= 8) {
            pending_bits -= 8;
            out_raw[chars * 5 / 8] = (uint8_t)(pending_secret >> pending_bits);
        }
        chars++;
    }
    return chars == size * 8 / 5;
}

enum status code_text_decode(struct span prefix, struct span text, uint8_t *out_payload,
                             size_t size)
{
    size_t whole = raw_size(size);
    enum status status = STATUS_MALFORMED;
    uint8_t raw_secret[RAW_BYTES_MAX];
    uint8_t expected[BLOCK_BYTES + CHECKSUM_BYTES_MIN];
    if (read_raw(text, raw_secret, whole)) {
        checksum(prefix, span_of(raw_secret, size), expected, whole - size);
        if (sodium_memcmp(expected, raw_secret + size, whole - size) == 0) {
            memcpy(out_payload, raw_secret, size);
            status = STATUS_OK;
        }
    }
    sodium_memzero(raw_secret, sizeof raw_secret);
    return status;
}
