#include "keys/private/envelope.h"

#include "keys/private/committed.h"
#include "keys/private/envelope_internal.h"
#include "keys/public/frame.h"
#include "keys/public/hash.h"

#include <sodium.h>

#define REVISION_KEY_BYTES 32u

_Static_assert(ENVELOPE_OVERHEAD_BYTES == COMMITTED_OVERHEAD_BYTES, "envelope overhead");
_Static_assert(ENVELOPE_WRAP_BYTES == COMMITTED_OVERHEAD_BYTES + REVISION_KEY_BYTES, "wrap size");

size_t envelope_size(size_t text_size)
{
    return ENVELOPE_OVERHEAD_BYTES + pad_size(text_size);
}

/* The wrap's frame is over the context's hash, so that its size is fixed. It has no
 * associated data: the frame is in the key (decision 1). */
static enum status wrap_scope(const struct envelope_scope *scope, const struct secret *epoch_key,
                              struct frame *out_frame, struct committed_scope *out_wrap)
{
    CHECK(secret_view(epoch_key).size == COMMITTED_KEY_BYTES);
    struct hash context_hash;
    hash_bytes(scope->context, &context_hash);
    struct span body = ID_SPAN(&context_hash);
    enum status status = frame_build(LABEL_WRAP, scope->practice, &body, 1, out_frame);
    if (status == STATUS_OK) {
        out_wrap->key = secret_view(epoch_key).data;
        out_wrap->frame = span_of(out_frame->data, out_frame->size);
        out_wrap->associated = span_of(NULL, 0);
    }
    return status;
}

static enum status wrap_seal(const struct envelope_scope *scope, const struct secret *epoch_key,
                             const uint8_t nonce[static 24],
                             const uint8_t revision_secret[static REVISION_KEY_BYTES],
                             uint8_t out_wrap[static ENVELOPE_WRAP_BYTES])
{
    struct frame frame = {0};
    struct committed_scope under;
    enum status status = wrap_scope(scope, epoch_key, &frame, &under);
    if (status == STATUS_OK) {
        committed_seal(&under, nonce, span_of(revision_secret, REVISION_KEY_BYTES), out_wrap);
    }
    frame_free(&frame);
    return status;
}

static enum status wrap_open(const struct envelope_scope *scope, struct span wrap,
                             uint8_t out_revision_secret[static REVISION_KEY_BYTES])
{
    if (wrap.size != ENVELOPE_WRAP_BYTES) {
        return STATUS_DAMAGED;
    }
    struct frame frame = {0};
    struct committed_scope under;
    enum status status = wrap_scope(scope, scope->epoch_key, &frame, &under);
    if (status == STATUS_OK) {
        status = committed_open(&under, wrap, out_revision_secret);
    }
    frame_free(&frame);
    return status;
}

static struct committed_scope text_scope(const uint8_t *revision_secret, const struct frame *frame)
{
    struct span bytes = span_of(frame->data, frame->size);
    struct committed_scope scope = {revision_secret, bytes, bytes};
    return scope;
}

enum status envelope_seal_fixed(const struct envelope_scope *scope,
                                const struct envelope_fixed *fixed, struct span text,
                                uint8_t out_wrap[static ENVELOPE_WRAP_BYTES], uint8_t *out_envelope)
{
    if (text.size > PAD_TEXT_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    struct frame frame = {0};
    enum status status = frame_build(LABEL_ENVELOPE, scope->practice, &scope->context, 1, &frame);
    if (status == STATUS_OK) {
        status =
            wrap_seal(scope, scope->epoch_key, fixed->wrap_nonce, fixed->revision_secret, out_wrap);
    }
    if (status == STATUS_OK) {
        struct committed_scope under = text_scope(fixed->revision_secret, &frame);
        struct span padded = span_of(out_envelope + COMMITTED_TEXT_AT, pad_size(text.size));
        /* Padded where the ciphertext will stand, and sealed in place: the text needs no second
         * buffer that would have to be wiped. */
        pad_apply(text, out_envelope + COMMITTED_TEXT_AT, padded.size);
        committed_seal(&under, fixed->envelope_nonce, padded, out_envelope);
    }
    frame_free(&frame);
    return status;
}

enum status envelope_seal(const struct envelope_scope *scope, struct span text,
                          uint8_t out_wrap[static ENVELOPE_WRAP_BYTES], uint8_t *out_envelope)
{
    CHECK(sodium_init() >= 0);
    struct envelope_fixed fresh_secret;
    randombytes_buf(&fresh_secret, sizeof fresh_secret);
    enum status status = envelope_seal_fixed(scope, &fresh_secret, text, out_wrap, out_envelope);
    sodium_memzero(&fresh_secret, sizeof fresh_secret);
    return status;
}

enum status envelope_open(const struct envelope_scope *scope, struct span wrap,
                          struct span envelope, uint8_t *out_padded, size_t *out_text_size)
{
    if (envelope.size < ENVELOPE_OVERHEAD_BYTES) {
        return STATUS_DAMAGED;
    }
    size_t padded_size = envelope.size - ENVELOPE_OVERHEAD_BYTES;
    memset(out_padded, 0, padded_size);
    uint8_t revision_secret[REVISION_KEY_BYTES];
    enum status status = wrap_open(scope, wrap, revision_secret);
    struct frame frame = {0};
    if (status == STATUS_OK) {
        status = frame_build(LABEL_ENVELOPE, scope->practice, &scope->context, 1, &frame);
    }
    if (status == STATUS_OK) {
        struct committed_scope under = text_scope(revision_secret, &frame);
        status = committed_open(&under, envelope, out_padded);
    }
    if (status == STATUS_OK) {
        status = pad_remove(span_of(out_padded, padded_size), out_text_size);
    }
    if (status != STATUS_OK) {
        sodium_memzero(out_padded, padded_size);
    }
    sodium_memzero(revision_secret, sizeof revision_secret);
    frame_free(&frame);
    return status;
}

enum status envelope_rewrap(const struct envelope_scope *scope, struct span wrap,
                            const struct secret *new_epoch_key,
                            uint8_t out_wrap[static ENVELOPE_WRAP_BYTES])
{
    CHECK(sodium_init() >= 0);
    /* Only the wrap changes. The envelope and its signed hash stay as they are, so that an erasure
     * touches nothing that anybody signed. */
    uint8_t revision_secret[REVISION_KEY_BYTES];
    enum status status = wrap_open(scope, wrap, revision_secret);
    uint8_t nonce[COMMITTED_NONCE_BYTES];
    if (status == STATUS_OK) {
        randombytes_buf(nonce, sizeof nonce);
        status = wrap_seal(scope, new_epoch_key, nonce, revision_secret, out_wrap);
    }
    sodium_memzero(revision_secret, sizeof revision_secret);
    return status;
}
