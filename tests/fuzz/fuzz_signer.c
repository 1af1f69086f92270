/* What the server and alcove-signer tell each other, and the signer's state: one reading, one
 * writing. */
#include "tests/fuzz/fuzz.h"

#include "server/signer/signer_protocol.h"
#include "server/signer/signer_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct signer_request request;
    static struct signer_reply reply;
    static uint8_t again[SIGNER_REQUEST_BYTES_MAX + SIGNER_REPLY_BYTES_MAX];
    struct span bytes = span_of(data, size);
    size_t used = 0;
    if (signer_protocol_get_request(bytes, &request) == STATUS_OK) {
        CHECK(signer_protocol_put_request(&request, again, sizeof again, &used) == STATUS_OK);
        CHECK(span_equal(span_of(again, used), bytes));
    }
    if (signer_protocol_get_reply(bytes, &reply) == STATUS_OK) {
        CHECK(signer_protocol_put_reply(&reply, again, sizeof again, &used) == STATUS_OK);
        CHECK(span_equal(span_of(again, used), bytes));
    }
    struct signer_state state;
    if (signer_state_decode(bytes, &state) == STATUS_OK) {
        signer_state_encode(&state, again);
        CHECK(span_equal(span_of(again, SIGNER_STATE_BYTES), bytes));
    }
    return 0;
}
