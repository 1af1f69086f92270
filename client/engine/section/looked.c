#include "client/engine/section/looked.h"

#include "keys/public/bytes/cursor.h"

#define PREFIX       "look"
#define PREFIX_BYTES 4u
#define KEY_BYTES    (PREFIX_BYTES + ID_BYTES + 4u)
#define VALUE_BYTES  (LOOKED_BITS / 8u)

static struct span key_of(const struct section_id *section, uint64_t number,
                          uint8_t key[static KEY_BYTES])
{
    struct cursor_writer writer;
    cursor_write_init(&writer, key, KEY_BYTES);
    cursor_write_span(&writer, span_of((const uint8_t *)PREFIX, PREFIX_BYTES));
    cursor_write_span(&writer, ID_SPAN(section));
    cursor_write_u32(&writer, (uint32_t)(number / LOOKED_BITS));
    return span_of(key, KEY_BYTES);
}

/* All zero where nothing is kept. */
static void read_bits(const struct storage *storage, struct span key,
                      uint8_t bits[static VALUE_BYTES])
{
    memset(bits, 0, VALUE_BYTES);
    struct span value;
    if (storage_get(storage, STORAGE_TYPED, key, &value) == STATUS_OK &&
        value.size == VALUE_BYTES) {
        memcpy(bits, value.data, VALUE_BYTES);
    }
}

static bool is_set(const uint8_t bits[static VALUE_BYTES], uint64_t number)
{
    uint32_t bit = (uint32_t)(number % LOOKED_BITS);
    return (bits[bit / 8u] & (1u << (bit % 8u))) != 0;
}

bool looked_is(const struct storage *storage, const struct section_id *section, uint64_t number)
{
    uint8_t key[KEY_BYTES];
    uint8_t bits[VALUE_BYTES];
    read_bits(storage, key_of(section, number, key), bits);
    return is_set(bits, number);
}

enum status looked_set(const struct storage *storage, const struct section_id *section,
                       uint64_t number)
{
    uint8_t key[KEY_BYTES];
    struct span name = key_of(section, number, key);
    uint8_t bits[VALUE_BYTES];
    read_bits(storage, name, bits);
    if (is_set(bits, number)) {
        return STATUS_OK;
    }
    uint32_t bit = (uint32_t)(number % LOOKED_BITS);
    bits[bit / 8u] = (uint8_t)(bits[bit / 8u] | (1u << (bit % 8u)));
    return storage_put_now(storage, STORAGE_TYPED, name, span_of(bits, sizeof bits));
}
