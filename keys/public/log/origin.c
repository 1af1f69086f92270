#include "keys/public/log/origin.h"

#include "keys/public/bytes/hex.h"

#define ORIGIN_ID_BYTES 16u

void origin_format(const struct practice_id *practice, enum origin_log log,
                   char out_origin[static ORIGIN_CHARS_MAX])
{
    char name[HEX_CHARS(ORIGIN_ID_BYTES) + 1u];
    hex_encode(span_of(practice->bytes, ORIGIN_ID_BYTES), name);
    int written = snprintf(out_origin, ORIGIN_CHARS_MAX, "alcove.invalid/%s/%s", name,
                           log == ORIGIN_EVENTS ? "events" : "statements");
    CHECK(written > 0 && (size_t)written < ORIGIN_CHARS_MAX);
}
