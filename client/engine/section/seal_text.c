#include "client/engine/section/seal_text.h"

#include "keys/private/envelope.h"

_Static_assert(TEXT_WRAP_BYTES == ENVELOPE_WRAP_BYTES, "one size of wrap");

enum status text_open(const struct practice_id *practice, const struct secret *epoch_key,
                      struct span context, struct span wrap, struct span envelope, uint8_t *room,
                      struct span *out_text)
{
    struct envelope_scope scope = {practice, epoch_key, context};
    if (envelope.size < ENVELOPE_BYTES_MIN || wrap.size != ENVELOPE_WRAP_BYTES) {
        return STATUS_DAMAGED;
    }
    size_t size = 0;
    enum status status = envelope_open(&scope, wrap, envelope, room, &size);
    if (status == STATUS_OK) {
        *out_text = span_of(room, size);
    }
    return status;
}

size_t text_envelope_size(size_t text_size)
{
    return envelope_size(text_size);
}

enum status text_seal(const struct practice_id *practice, const struct secret *epoch_key,
                      struct span context, struct span text,
                      uint8_t out_wrap[static TEXT_WRAP_BYTES], uint8_t *out_envelope)
{
    struct envelope_scope scope = {practice, epoch_key, context};
    return envelope_seal(&scope, text, out_wrap, out_envelope);
}
