#include "keys/public/log/note_key.h"

#include "keys/public/bytes/base64.h"
#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/utf8.h"
#include "keys/public/hash.h"

#define NOTE_KEY_MATERIAL_BYTES (1u + PUBLIC_KEY_BYTES) /* type ‖ public key */
#define NOTE_KEY_ID_BYTES       4u

bool note_key_name_valid(struct span name)
{
    if (name.size == 0 || name.size > NOTE_KEY_NAME_BYTES_MAX) {
        return false;
    }
    uint32_t c = 0;
    while (utf8_next(&name, &c)) {
        if (c < 0x20 || c == '+' || utf8_is_space(c)) {
            return false;
        }
    }
    return name.size == 0;
}

enum status note_key_init(struct span name, enum note_key_type type,
                          const struct public_key *public_key, struct note_key *out_key)
{
    static const uint8_t line_feed = 0x0a;
    if (!note_key_name_valid(name)) {
        return STATUS_MALFORMED;
    }
    struct note_key key = {.type = type, .public_key = *public_key};
    memcpy(key.name, name.data, name.size);

    uint8_t type_byte = (uint8_t)type;
    struct hash hash;
    struct span parts[] = {name, span_of(&line_feed, 1), span_of(&type_byte, 1),
                           ID_SPAN(public_key)};
    hash_parts(parts, ARRAY_LEN(parts), &hash);
    struct cursor_reader reader;
    cursor_read_init(&reader, span_of(hash.bytes, NOTE_KEY_ID_BYTES));
    key.id = cursor_read_u32(&reader);
    *out_key = key;
    return STATUS_OK;
}

/* The bytes before the next |separator|, which is dropped; false when there is none. */
static bool note_key_cut(struct span *rest, uint8_t separator, struct span *out_part)
{
    const uint8_t *found = rest->size > 0 ? memchr(rest->data, separator, rest->size) : NULL;
    if (found == NULL) {
        return false;
    }
    size_t size = (size_t)(found - rest->data);
    *out_part = span_of(rest->data, size);
    *rest = span_of(found + 1, rest->size - size - 1u);
    return true;
}

/* Lower case only, as the one way to write a key. */
static bool note_key_id_parse(struct span digits, uint32_t *out_id)
{
    uint8_t bytes[NOTE_KEY_ID_BYTES];
    char again[HEX_CHARS(NOTE_KEY_ID_BYTES) + 1u];
    if (hex_decode(digits, bytes, sizeof(bytes)) != STATUS_OK) {
        return false;
    }
    hex_encode(span_of(bytes, sizeof(bytes)), again);
    struct cursor_reader reader;
    cursor_read_init(&reader, span_of(bytes, sizeof(bytes)));
    *out_id = cursor_read_u32(&reader);
    return span_equal(digits, span_of(again, sizeof(again) - 1u));
}

enum status note_key_parse(struct span vkey, struct note_key *out_key)
{
    struct span rest = vkey;
    struct span name;
    struct span digits;
    uint32_t id = 0;
    if (!note_key_cut(&rest, '+', &name) || !note_key_cut(&rest, '+', &digits) ||
        !note_key_id_parse(digits, &id)) {
        return STATUS_MALFORMED;
    }
    uint8_t material[NOTE_KEY_MATERIAL_BYTES];
    size_t size = 0;
    enum status status = base64_decode(rest, material, sizeof(material), &size);
    if (status == STATUS_TOO_LARGE) {
        return STATUS_UNSUPPORTED; /* another, larger kind of key */
    }
    if (status != STATUS_OK || size == 0) {
        return STATUS_MALFORMED;
    }
    if (material[0] != NOTE_KEY_ED25519 && material[0] != NOTE_KEY_COSIGNATURE) {
        return STATUS_UNSUPPORTED;
    }
    if (size != NOTE_KEY_MATERIAL_BYTES) {
        return STATUS_MALFORMED;
    }
    struct public_key public_key;
    struct note_key key;
    memcpy(public_key.bytes, material + 1, PUBLIC_KEY_BYTES);
    status = note_key_init(name, (enum note_key_type)material[0], &public_key, &key);
    if (status != STATUS_OK || key.id != id) {
        return STATUS_MALFORMED;
    }
    *out_key = key;
    return STATUS_OK;
}

void note_key_format(const struct note_key *key, char out_vkey[NOTE_KEY_VKEY_BYTES_MAX + 1u])
{
    uint8_t material[NOTE_KEY_MATERIAL_BYTES];
    char text[BASE64_CHARS(NOTE_KEY_MATERIAL_BYTES)];
    size_t size = 0;
    material[0] = (uint8_t)key->type;
    memcpy(material + 1, key->public_key.bytes, PUBLIC_KEY_BYTES);
    CHECK(base64_encode(span_of(material, sizeof(material)), text, sizeof(text), &size) ==
          STATUS_OK);
    int used = snprintf(out_vkey, NOTE_KEY_VKEY_BYTES_MAX + 1u, "%s+%08x+%.*s", key->name, key->id,
                        (int)size, text);
    CHECK(used > 0 && (size_t)used <= NOTE_KEY_VKEY_BYTES_MAX);
}
