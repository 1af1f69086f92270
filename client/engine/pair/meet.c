#include "client/engine/pair/meet.h"

#include "client/engine/common/common.h"
#include "client/engine/common/decode.h"
#include "keys/public/bytes/wipe.h"
#include "proto/packing.h"

/* The first byte of each message. */
#define KIND_GOES_ON 1u
#define KIND_ENDS    2u

void meet_deinit(struct meet *meet)
{
    request_deinit(&meet->requests);
    free(meet->said);
    meet->said = NULL;
    meet->said_size = 0;
}

void meet_start(struct meet *meet)
{
    request_deinit(&meet->requests);
    meet->greeted = false;
}

enum status meet_poll(struct meet *meet)
{
    if (!meet->greeted || meet->number == 0 || meet->settled ||
        request_count(&meet->requests) > 0) {
        return STATUS_OK;
    }
    struct request *request = NULL;
    if (meet->opens != NULL) {
        return request_ask_bytes(&meet->requests, OP_MEET_OPEN, NULL,
                                 span_of(meet->opens, meet->opens_size), &request);
    }
    Alcove__MeetAsk ask;
    alcove__meet_ask__init(&ask);
    ask.place = field_of(meet->place.bytes, sizeof meet->place.bytes);
    ask.number = meet->number;
    ask.message = field_of(meet->said, meet->said_size);
    return request_ask(&meet->requests, OP_MEET, NULL, &ask.base, &request);
}

static enum status seal(struct meet *meet, uint32_t number, uint8_t kind, struct span text)
{
    size_t size = text.size + 1u;
    uint8_t *plain = malloc(size);
    uint8_t *sealed = malloc(size + PAIRING_OVERHEAD_BYTES);
    enum status status = plain == NULL || sealed == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    if (status == STATUS_OK) {
        plain[0] = kind;
        if (text.size > 0) {
            memcpy(plain + 1, text.data, text.size);
        }
        status = pairing_seal(meet->key, &meet->practice, meet->side, number, span_of(plain, size),
                              sealed);
        wipe(plain, size);
    }
    free(plain);
    if (status != STATUS_OK) {
        free(sealed);
        return status;
    }
    free(meet->said);
    meet->said = sealed;
    meet->said_size = size + PAIRING_OVERHEAD_BYTES;
    meet->number = number;
    meet->settled = false;
    return STATUS_OK;
}

enum status meet_say(struct meet *meet, uint32_t number, struct span text, bool hears)
{
    meet->hears = hears;
    return seal(meet, number, KIND_GOES_ON, text);
}

void meet_hear(struct meet *meet, uint32_t number)
{
    free(meet->said);
    meet->said = NULL;
    meet->said_size = 0;
    meet->number = number;
    meet->hears = true;
    meet->settled = false;
}

enum status meet_end(struct meet *meet, uint32_t number, enum pair_end reason)
{
    uint8_t byte = (uint8_t)reason;
    meet->hears = false;
    return seal(meet, number, KIND_ENDS, span_of(&byte, 1));
}

static enum status on_hello(struct meet *meet, struct span body)
{
    struct arena arena = {0};
    const Alcove__Hello *hello = NULL;
    enum status status = decode_hello(body, &arena, &hello);
    if (status == STATUS_OK &&
        (hello->version_min > WIRE_VERSION || hello->version_max < WIRE_VERSION)) {
        status = STATUS_VERSION;
    }
    arena_free(&arena);
    meet->greeted = status == STATUS_OK;
    return status == STATUS_OK ? meet_poll(meet) : status;
}

/* Opened by the other side's number: a message that was said before, by us, or in another meeting
 * does not open. */
static enum status hear(struct meet *meet, struct span sealed, enum meet_news *out_news,
                        uint8_t **out_text, size_t *out_size)
{
    enum pairing_side other = meet->side == PAIRING_NEW ? PAIRING_OLD : PAIRING_NEW;
    if (sealed.size <= PAIRING_OVERHEAD_BYTES || sealed.size > MEETING_MESSAGE_BYTES_MAX) {
        return STATUS_DAMAGED;
    }
    size_t size = sealed.size - PAIRING_OVERHEAD_BYTES;
    uint8_t *text = malloc(size);
    if (text == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status =
        pairing_open(meet->key, &meet->practice, other, meet->number, sealed, text);
    bool goes_on = status == STATUS_OK && text[0] == KIND_GOES_ON;
    bool ends = status == STATUS_OK && text[0] == KIND_ENDS && size == 2;
    if (!goes_on && !ends) {
        wipe(text, size);
        free(text);
        return status == STATUS_OK ? STATUS_DAMAGED : status;
    }
    memmove(text, text + 1, size - 1u);
    text[size - 1u] = 0;
    meet->settled = true;
    *out_news = goes_on ? MEET_HEARD : MEET_ENDED;
    *out_text = text;
    *out_size = size - 1u;
    return STATUS_OK;
}

static enum status on_answer(struct meet *meet, struct span body, enum meet_news *out_news,
                             uint8_t **out_text, size_t *out_size)
{
    struct arena arena = {0};
    const Alcove__MeetReply *reply = NULL;
    enum status status = decode_meet_reply(body, &arena, &reply);
    if (status == STATUS_OK && !meet->hears) {
        meet->settled = true;
        *out_news = MEET_SAID;
    } else if (status == STATUS_OK && reply->message.len > 0) {
        status = hear(meet, field_span(reply->message), out_news, out_text, out_size);
    }
    arena_free(&arena);
    return status;
}

enum status meet_receive(struct meet *meet, struct span bytes, enum meet_news *out_news,
                         uint8_t **out_text, size_t *out_size)
{
    *out_news = MEET_NOTHING;
    struct arena arena = {0};
    const Alcove__Frame *frame = NULL;
    enum status status = decode_frame(bytes, &arena, &frame);
    if (status == STATUS_OK && frame->kind == FRAME_HELLO) {
        status = on_hello(meet, field_span(frame->body));
    } else if (status == STATUS_OK && frame->kind == FRAME_REPLY) {
        struct request *request = request_find(&meet->requests, frame->request_id);
        status = request == NULL ? STATUS_MALFORMED : common_code(frame->code);
        bool opened = request != NULL && request->op == OP_MEET_OPEN;
        if (request != NULL) {
            request_release(request);
        }
        if (status == STATUS_OK && opened) {
            meet->opens = NULL;
            status = meet_poll(meet);
        } else if (status == STATUS_OK) {
            status = on_answer(meet, field_span(frame->body), out_news, out_text, out_size);
        }
    } else if (status == STATUS_OK) {
        status = STATUS_MALFORMED;
    }
    arena_free(&arena);
    return status;
}
