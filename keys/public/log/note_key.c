#include "keys/public/log/note_key.h"

#include "keys/public/bytes/base64.h"
#include "keys/public/bytes/cursor.h"
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
    struct span parts[] = {name, span_of(&line_feed, 1), span_of(&type_byte, 1),
                           ID_SPAN(public_key)};
    struct hash hash;
    hash_parts(parts, ARRAY_LEN(parts), &hash);
    struct cursor_reader reader;
    cursor_read_init(&reader, span_of(hash.bytes, NOTE_KEY_ID_BYTES));
    key.id = cursor_read_u32(&reader);
    *out_key = key;
    return STATUS_OK;
}

void note_key_format(const struct note_key *key, char out_vkey[NOTE_KEY_VKEY_BYTES_MAX + 1u])
{
    uint8_t material[NOTE_KEY_MATERIAL_BYTES];
    material[0] = (uint8_t)key->type;
    memcpy(material + 1, key->public_key.bytes, PUBLIC_KEY_BYTES);
    char text[BASE64_CHARS(NOTE_KEY_MATERIAL_BYTES) + 1u];
    size_t size = 0;
    CHECK(base64_encode(span_of(material, sizeof material), text, sizeof text, &size) == STATUS_OK);
    int used =
        snprintf(out_vkey, NOTE_KEY_VKEY_BYTES_MAX + 1u, "%s+%08x+%s", key->name, key->id, text);
    CHECK(used > 0 && (size_t)used <= NOTE_KEY_VKEY_BYTES_MAX);
}
