#include "keys/public/log/cosignature.h"

#include "keys/public/bytes/cursor.h"
#include "keys/public/verify.h"

#include <inttypes.h>

enum status cosignature_message(struct span text, uint64_t time_s,
                                uint8_t out_message[COSIGNATURE_MESSAGE_BYTES_MAX],
                                size_t *out_size)
{
    if (time_s > COSIGNATURE_TIME_S_MAX) {
        return STATUS_MALFORMED;
    }
    if (text.size > COSIGNATURE_TEXT_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    char head[64];
    int used = snprintf(head, sizeof head, "cosignature/v1\ntime %" PRIu64 "\n", time_s);
    CHECK(used > 0 && (size_t)used < sizeof head);
    struct cursor_writer writer;
    cursor_write_init(&writer, out_message, COSIGNATURE_MESSAGE_BYTES_MAX);
    cursor_write_span(&writer, span_of(head, (size_t)used));
    cursor_write_span(&writer, text);
    return cursor_write_done(&writer, out_size);
}

enum status cosignature_verify(struct span text, uint64_t time_s, const struct public_key *key,
                               const struct signature *signature)
{
    uint8_t message[COSIGNATURE_MESSAGE_BYTES_MAX];
    size_t size = 0;
    enum status status = cosignature_message(text, time_s, message, &size);
    if (status != STATUS_OK) {
        return status;
    }
    return verify_bytes(key, span_of(message, size), signature);
}
