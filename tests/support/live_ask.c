/* Requests past the engine. */
#include "keys/public/bytes/random.h"
#include "proto/message.h"
#include "tests/support/live.h"
#include "tests/support/test.h"

void live_send(struct live_person *person, uint32_t kind, uint32_t code,
               const struct request_id *id, struct span body)
{
    Alcove__Frame frame = ALCOVE__FRAME__INIT;
    frame.kind = kind;
    frame.code = code;
    frame.body = field_of(body.data, body.size);
    if (id != NULL) {
        frame.request_id = field_of(id->bytes, ID_BYTES);
    }
    uint8_t *bytes = NULL;
    size_t size = 0;
    OK(message_pack(&frame.base, &bytes, &size));
    OK(wire_send(person->wire, span_of(bytes, size)));
    free(bytes);
}

static bool answered(void *state)
{
    const struct live_person *person = state;
    return person->reply.came || person->closed;
}

struct live_reply *live_ask_bytes(struct live_person *person, uint32_t op,
                                  const struct request_id *id, struct span body, bool wait)
{
    uint8_t *kept = malloc(body.size + 1u);
    assert_non_null(kept);
    if (body.size > 0) {
        memcpy(kept, body.data, body.size);
    }
    free(person->sent);
    person->sent = kept;
    person->sent_size = body.size;
    free(person->reply.body);
    person->reply = (struct live_reply){.came = false};
    person->asked = *id;
    live_send(person, FRAME_REQUEST, op, &person->asked, span_of(kept, body.size));
    if (wait) {
        assert_true(live_until(person->live, answered, person));
    }
    return &person->reply;
}

struct live_reply *live_ask(struct live_person *person, uint32_t op, const ProtobufCMessage *body)
{
    struct request_id id;
    random_bytes(id.bytes, sizeof id.bytes);
    uint8_t *bytes = NULL;
    size_t size = 0;
    OK(message_pack(body, &bytes, &size));
    struct live_reply *reply = live_ask_bytes(person, op, &id, span_of(bytes, size), true);
    free(bytes);
    return reply;
}
