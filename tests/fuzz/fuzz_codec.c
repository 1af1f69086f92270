/* base64, hex, UTF-8 and vkeys: what is accepted is exactly what is written. */
#include "tests/fuzz/fuzz.h"

#include "keys/public/bytes/base64.h"
#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/utf8.h"
#include "keys/public/log/note_key.h"
#include "tests/support/vkey.h"

#define CODEC_BYTES_MAX 4096u

static void codec_base64(struct span text)
{
    uint8_t bytes[CODEC_BYTES_MAX];
    char again[BASE64_CHARS(CODEC_BYTES_MAX) + 1u];
    size_t size = 0;
    if (base64_decode(text, bytes, sizeof bytes, &size) == STATUS_OK) {
        CHECK(base64_encode(span_of(bytes, size), again, sizeof again, &size) == STATUS_OK);
        CHECK(span_equal(span_of(again, size), text));
    }
    CHECK(base64_encode(text, again, sizeof again, &size) == STATUS_OK);
    CHECK(base64_decode(span_of(again, size), bytes, sizeof bytes, &size) == STATUS_OK);
    CHECK(span_equal(span_of(bytes, size), text));
}

static void codec_hex(struct span text)
{
    char again[HEX_CHARS(CODEC_BYTES_MAX) + 1u];
    hex_encode(text, again);
    uint8_t bytes[CODEC_BYTES_MAX];
    CHECK(hex_decode(span_of(again, HEX_CHARS(text.size)), bytes, text.size) == STATUS_OK);
    CHECK(span_equal(span_of(bytes, text.size), text));
    struct hex_prefix prefix;
    if (hex_prefix_parse(text, &prefix) == STATUS_OK && text.size % 2u == 0) {
        CHECK(hex_decode(text, bytes, text.size / 2u) == STATUS_OK);
        CHECK(hex_prefix_matches(&prefix, span_of(bytes, text.size / 2u)));
    }
}

static void codec_vkey(struct span text)
{
    struct note_key key;
    char again[NOTE_KEY_VKEY_BYTES_MAX + 1u];
    if (vkey_parse(text, &key) == STATUS_OK) {
        note_key_format(&key, again);
        CHECK(span_equal(span_of(again, strlen(again)), text));
        CHECK(note_key_name_valid(span_of(key.name, strlen(key.name))));
        CHECK(utf8_valid(text));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct span text = span_of(data, size);
    if (size > CODEC_BYTES_MAX) {
        return 0;
    }
    codec_base64(text);
    codec_hex(text);
    codec_vkey(text);
    return 0;
}
