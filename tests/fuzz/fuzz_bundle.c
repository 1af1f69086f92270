/* Entry bundles of an exported log, and frames packed into a websocket message. */
#include "tests/fuzz/fuzz.h"

#include "keys/public/log/tiles.h"
#include "proto/packing.h"

static void bundle_entries(struct span input)
{
    uint8_t *again = malloc(input.size > 0 ? input.size : 1u);
    CHECK(again != NULL);
    struct span rest = input;
    struct span entry;
    size_t used = 0;
    enum status status = tiles_entry_next(&rest, &entry);
    while (status == STATUS_OK) {
        CHECK(tiles_entry_append(entry, again, input.size, &used) == STATUS_OK);
        status = tiles_entry_next(&rest, &entry);
    }
    CHECK(status == STATUS_NOT_FOUND || status == STATUS_MALFORMED);
    CHECK(used + rest.size == input.size);
    CHECK(span_equal(span_of(again, used), span_of(input.data, used)));
    free(again);
}

static void bundle_frames(struct span input)
{
    struct span rest = input;
    struct span frame;
    size_t used = 0;
    while (packing_next(&rest, &frame) == STATUS_OK) {
        uint8_t prefix[PACKING_PREFIX_BYTES];
        CHECK(frame.size > 0);
        packing_put_size(prefix, (uint32_t)frame.size);
        CHECK(memcmp(prefix, input.data + used, sizeof(prefix)) == 0);
        used += sizeof(prefix) + frame.size;
        CHECK(frame.data + frame.size == input.data + used && used + rest.size == input.size);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    bundle_entries(span_of(data, size));
    bundle_frames(span_of(data, size));
    return 0;
}
