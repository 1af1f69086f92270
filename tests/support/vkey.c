#include "tests/support/vkey.h"

#include "keys/public/bytes/base64.h"
#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/hex.h"

#define VKEY_MATERIAL_BYTES (1u + PUBLIC_KEY_BYTES) /* type ‖ public key */
#define VKEY_ID_BYTES       4u

/* The bytes before the next |separator|, which is dropped; false when there is none. */
static bool vkey_cut(struct span *rest, uint8_t separator, struct span *out_part)
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
static bool vkey_id_parse(struct span digits, uint32_t *out_id)
{
    uint8_t bytes[VKEY_ID_BYTES];
    if (hex_decode(digits, bytes, sizeof bytes) != STATUS_OK) {
        return false;
    }
    char again[HEX_CHARS(VKEY_ID_BYTES) + 1u];
    hex_encode(span_of(bytes, sizeof bytes), again);
    struct cursor_reader reader;
    cursor_read_init(&reader, span_of(bytes, sizeof bytes));
    *out_id = cursor_read_u32(&reader);
    return span_equal(digits, span_of(again, sizeof again - 1u));
}

enum status vkey_parse(struct span vkey, struct note_key *out_key)
{
    struct span rest = vkey;
    struct span name;
    struct span digits;
    uint32_t id = 0;
    if (!vkey_cut(&rest, '+', &name) || !vkey_cut(&rest, '+', &digits) ||
        !vkey_id_parse(digits, &id)) {
        return STATUS_MALFORMED;
    }
    uint8_t material[VKEY_MATERIAL_BYTES];
    size_t size = 0;
    enum status status = base64_decode(rest, material, sizeof material, &size);
    if (status == STATUS_TOO_LARGE) {
        return STATUS_UNSUPPORTED; /* another, larger kind of key */
    }
    if (status != STATUS_OK || size == 0) {
        return STATUS_MALFORMED;
    }
    if (material[0] != NOTE_KEY_ED25519 && material[0] != NOTE_KEY_COSIGNATURE) {
        return STATUS_UNSUPPORTED;
    }
    if (size != VKEY_MATERIAL_BYTES) {
        return STATUS_MALFORMED;
    }
    struct public_key public_key;
    memcpy(public_key.bytes, material + 1, PUBLIC_KEY_BYTES);
    struct note_key key;
    status = note_key_init(name, (enum note_key_type)material[0], &public_key, &key);
    if (status != STATUS_OK || key.id != id) {
        return STATUS_MALFORMED;
    }
    *out_key = key;
    return STATUS_OK;
}
