#include "client/engine/join/bundle.h"

#include "keys/public/bytes/wipe.h"

_Static_assert(2u * (BUNDLE_NAME_BYTES_MAX - 1u) + 1u <= INVITATION_LABEL_TEXT_BYTES_MAX,
               "both names fit the sealed label");

/* A name has no zero byte: one stands between the two. */
static struct span cut(struct span name)
{
    const uint8_t *zero = name.size == 0 ? NULL : memchr(name.data, 0, name.size);
    size_t size = zero == NULL ? name.size : (size_t)(zero - name.data);
    return span_of(name.data, size < BUNDLE_NAME_BYTES_MAX ? size : BUNDLE_NAME_BYTES_MAX - 1u);
}

static enum status seal_names(const struct practice_id *practice,
                              const struct invitation_code *code, struct span practice_name,
                              struct span invited_name,
                              uint8_t out_sealed[static INVITATION_LABEL_BYTES])
{
    struct span first = cut(practice_name);
    struct span second = cut(invited_name);
    uint8_t text[INVITATION_LABEL_TEXT_BYTES_MAX] = {0};
    if (first.size > 0) {
        memcpy(text, first.data, first.size);
    }
    if (second.size > 0) {
        memcpy(text + first.size + 1u, second.data, second.size);
    }
    enum status status = invitation_label_seal(
        code, practice, span_of(text, first.size + 1u + second.size), out_sealed);
    wipe(text, sizeof text);
    return status;
}

enum status bundle_make(const struct practice_id *practice, const struct span *statements,
                        size_t count, const struct invitation_code *code, struct span practice_name,
                        struct span invited_name, uint8_t **out_bytes, size_t *out_size)
{
    if (count > BUNDLE_STATEMENTS_MAX) {
        return STATUS_TOO_LARGE;
    }
    uint8_t sealed[INVITATION_LABEL_BYTES];
    enum status status = seal_names(practice, code, practice_name, invited_name, sealed);
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
    bundle.sealed_label = field_of(sealed, sizeof sealed);
    status = message_pack(&bundle.base, out_bytes, out_size);
    if (status == STATUS_OK && *out_size > BUNDLE_BYTES_MAX) {
        free(*out_bytes);
        status = STATUS_TOO_LARGE;
    }
    free(fields);
    return status;
}

enum status bundle_open_names(const struct practice_id *practice, struct span sealed,
                              const struct invitation_code *code, struct bundle_names *out_names)
{
    *out_names = (struct bundle_names){{0}, {0}};
    char text[INVITATION_LABEL_TEXT_BYTES_MAX + 1u];
    enum status status = invitation_label_open(code, practice, sealed, text);
    if (status == STATUS_DAMAGED) {
        return STATUS_OK;
    }
    if (status == STATUS_OK) {
        size_t first = strlen(text);
        size_t second = first == sizeof text - 1u ? 0 : strlen(text + first + 1u);
        if (first < BUNDLE_NAME_BYTES_MAX && second < BUNDLE_NAME_BYTES_MAX) {
            memcpy(out_names->practice, text, first);
            memcpy(out_names->invited, text + first + 1u, second);
        }
    }
    wipe(text, sizeof text);
    return status;
}
