/* A cached timeline: what is accepted is written again as it was read. */
#include "tests/fuzz/fuzz.h"

#include "keys/public/authority/timeline.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct timeline timeline = {.number = 0};
    uint8_t *again = NULL;
    size_t again_size = 0;
    if (timeline_decode(span_of(data, size), &timeline) == STATUS_OK) {
        CHECK(timeline_encode(&timeline, &again, &again_size) == STATUS_OK);
        CHECK(span_equal(span_of(again, again_size), span_of(data, size)));
        free(again);
    }
    timeline_free(&timeline);
    return 0;
}
