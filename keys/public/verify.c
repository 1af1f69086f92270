#include "keys/public/verify.h"

#include <sodium.h>

/* Most statements and headers fit; only larger frames are built on the heap. */
#define VERIFY_STACK_BYTES 4096u

_Static_assert(SIGNATURE_BYTES == crypto_sign_BYTES, "Ed25519 signature");
_Static_assert(PUBLIC_KEY_BYTES == crypto_sign_PUBLICKEYBYTES, "Ed25519 public key");

enum status verify_bytes(const struct public_key *key, struct span message,
                         const struct signature *signature)
{
    /* libsodium's declaration forbids NULL, also for no bytes. */
    static const uint8_t nothing;
    const uint8_t *data = message.size > 0 ? message.data : &nothing;
    if (crypto_sign_verify_detached(signature->bytes, data, message.size, key->bytes) != 0) {
        return STATUS_BAD_SIGNATURE;
    }
    return STATUS_OK;
}

enum status verify_frame(enum label label, const struct practice_id *practice,
                         const struct span *parts, size_t count, const struct public_key *key,
                         const struct signature *signature)
{
    uint8_t small[VERIFY_STACK_BYTES];
    size_t size = 0;
    if (frame_write(label, practice, parts, count, small, sizeof small, &size) == STATUS_OK) {
        return verify_bytes(key, span_of(small, size), signature);
    }
    struct frame frame;
    enum status status = frame_build(label, practice, parts, count, &frame);
    if (status != STATUS_OK) {
        return status;
    }
    status = verify_bytes(key, span_of(frame.data, frame.size), signature);
    frame_free(&frame);
    return status;
}
