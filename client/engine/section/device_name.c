#include "client/engine/section/device_name.h"

#include "client/engine/section/name.h"

/* Other records of this table have keys of other prefixes (petname.c, looked.c). */
#define PREFIX       "devn"
#define PREFIX_BYTES 4u
#define KEY_BYTES    (PREFIX_BYTES + HASH_BYTES)
#define TOLD         1u /* the value's first byte; the name follows */

static struct span key_of(const struct hash *statement, uint8_t key[static KEY_BYTES])
{
    // NOLINTNEXTLINE(bugprone-not-null-terminated-result): a key, not a string
    memcpy(key, PREFIX, PREFIX_BYTES);
    memcpy(key + PREFIX_BYTES, statement->bytes, HASH_BYTES);
    return span_of(key, KEY_BYTES);
}

bool device_name_get(const struct storage *storage, const struct hash *statement,
                     char out_name[static DEVICE_NAME_BYTES_MAX])
{
    out_name[0] = '\0';
    uint8_t key[KEY_BYTES];
    struct span value;
    if (storage_get(storage, STORAGE_TYPED, key_of(statement, key), &value) != STATUS_OK ||
        value.size == 0 || value.data[0] != TOLD) {
        return false;
    }
    struct span name = span_of(value.data + 1, value.size - 1u);
    if (name.size > 0 && name.size < DEVICE_NAME_BYTES_MAX && name_is_good(name)) {
        memcpy(out_name, name.data, name.size);
        out_name[name.size] = '\0';
    }
    return true;
}

enum status device_name_set(const struct storage *storage, const struct hash *statement,
                            struct span name)
{
    if (name.size > 0 && (name.size >= DEVICE_NAME_BYTES_MAX || !name_is_good(name))) {
        return STATUS_MALFORMED;
    }
    uint8_t value[DEVICE_NAME_BYTES_MAX];
    value[0] = TOLD;
    if (name.size > 0) {
        memcpy(value + 1, name.data, name.size);
    }
    uint8_t key[KEY_BYTES];
    return storage_put_now(storage, STORAGE_TYPED, key_of(statement, key),
                           span_of(value, name.size + 1u));
}
