#include "client/engine/bundle.h"

#include "keys/private/cache_key.h"
#include "keys/public/cursor.h"
#include "keys/public/wipe.h"

static const char purpose[] = "bundle-label";
#define BUNDLE_NAMES_BYTES_MAX (2u + 2u * BUNDLE_NAME_BYTES_MAX)

static enum status label_key(const struct practice_id *practice, const struct secret *psk,
                             struct secret **out_key)
{
    return cache_key_derive(psk, practice, span_of(purpose, sizeof purpose - 1), out_key);
}

static struct span cut(struct span name)
{
    return span_of(name.data,
                   name.size < BUNDLE_NAME_BYTES_MAX ? name.size : BUNDLE_NAME_BYTES_MAX - 1);
}

static enum status seal_names(const struct practice_id *practice, const struct secret *psk,
                              struct span practice_name, struct span invited_name,
                              uint8_t *out_sealed, size_t *out_size)
{
    uint8_t plain[BUNDLE_NAMES_BYTES_MAX];
    struct span names[] = {cut(practice_name), cut(invited_name)};
    struct cursor_writer writer;
    cursor_write_init(&writer, plain, sizeof plain);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        cursor_write_u8(&writer, (uint8_t)names[i].size);
        cursor_write_span(&writer, names[i]);
    }
    size_t size = 0;
    enum status status = cursor_write_done(&writer, &size);
    CHECK(status == STATUS_OK);
    struct secret *key = NULL;
    status = label_key(practice, psk, &key);
    if (status == STATUS_OK) {
        cache_key_seal(key, span_of(purpose, sizeof purpose - 1), span_of(plain, size), out_sealed);
        *out_size = size + CACHE_KEY_OVERHEAD_BYTES;
    }
    secret_free(key);
    wipe(plain, sizeof plain);
    return status;
}

enum status bundle_make(const struct practice_id *practice, const struct span *statements,
                        size_t count, const struct secret *psk, struct span practice_name,
                        struct span invited_name, uint8_t **out_bytes, size_t *out_size)
{
    uint8_t sealed[BUNDLE_NAMES_BYTES_MAX + CACHE_KEY_OVERHEAD_BYTES];
    size_t sealed_size = 0;
    if (count > BUNDLE_STATEMENTS_MAX) {
        return STATUS_TOO_LARGE;
    }
    enum status status =
        seal_names(practice, psk, practice_name, invited_name, sealed, &sealed_size);
    if (status != STATUS_OK) {
        return status;
    }
    ProtobufCBinaryData *fields = calloc(count + 1, sizeof *fields);
    if (fields == NULL) {
        return STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < count; i++) {
        fields[i] = field_of(statements[i].data, statements[i].size);
    }
    Alcove__Bundle bundle;
    alcove__bundle__init(&bundle);
    bundle.n_statement = count;
    bundle.statement = fields;
    bundle.sealed_label = field_of(sealed, sealed_size);
    status = message_pack(&bundle.base, out_bytes, out_size);
    if (status == STATUS_OK && *out_size > BUNDLE_BYTES_MAX) {
        free(*out_bytes);
        status = STATUS_TOO_LARGE;
    }
    free(fields);
    return status;
}

static void take_name(struct cursor_reader *reader, char out[BUNDLE_NAME_BYTES_MAX])
{
    struct span name = cursor_read_span(reader, cursor_read_u8(reader));
    if (name.size > 0 && name.size < BUNDLE_NAME_BYTES_MAX) {
        memcpy(out, name.data, name.size);
    }
}

enum status bundle_open_names(const struct practice_id *practice, struct span sealed,
                              const struct secret *psk, struct bundle_names *out_names)
{
    *out_names = (struct bundle_names){{0}, {0}};
    uint8_t plain[BUNDLE_NAMES_BYTES_MAX];
    if (sealed.size < CACHE_KEY_OVERHEAD_BYTES ||
        sealed.size > sizeof plain + CACHE_KEY_OVERHEAD_BYTES) {
        return STATUS_OK;
    }
    struct secret *key = NULL;
    enum status status = label_key(practice, psk, &key);
    if (status == STATUS_OK &&
        cache_key_open(key, span_of(purpose, sizeof purpose - 1), sealed, plain) == STATUS_OK) {
        struct cursor_reader reader;
        cursor_read_init(&reader, span_of(plain, sealed.size - CACHE_KEY_OVERHEAD_BYTES));
        take_name(&reader, out_names->practice);
        take_name(&reader, out_names->invited);
        if (cursor_read_done(&reader) != STATUS_OK) {
            *out_names = (struct bundle_names){{0}, {0}};
        }
    }
    secret_free(key);
    wipe(plain, sizeof plain);
    return status;
}
