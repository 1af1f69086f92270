/* Frames packed into a websocket message. */
#include "tests/fuzz/fuzz.h"

#include "proto/packing.h"

static void bundle_frames(struct span input)
{
    struct span rest = input;
    struct span frame;
    size_t used = 0;
    while (packing_next(&rest, &frame) == STATUS_OK) {
        CHECK(frame.size > 0);
        uint8_t prefix[PACKING_PREFIX_BYTES];
        packing_put_size(prefix, (uint32_t)frame.size);
        CHECK(memcmp(prefix, input.data + used, sizeof prefix) == 0);
        used += sizeof prefix + frame.size;
        CHECK(frame.data + frame.size == input.data + used && used + rest.size == input.size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bundle_frames(span_of(data, size));
    return 0;
}
