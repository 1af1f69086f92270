#include "client/engine/common/request.h"

#include "keys/public/bytes/random.h"

static void frame_drop(struct request_frame *frame)
{
    if (frame != NULL) {
        free(frame->data);
        free(frame);
    }
}

void request_deinit(struct requests *requests)
{
    while (requests->first != NULL) {
        struct request_frame *frame = requests->first;
        requests->first = frame->next;
        frame_drop(frame);
    }
    frame_drop(requests->given);
    *requests = (struct requests){0};
}

static enum status queue(struct requests *requests, enum frame_kind kind,
                         const struct request_id *id, uint32_t code, struct span body)
{
    Alcove__Frame frame;
    alcove__frame__init(&frame);
    frame.kind = kind;
    frame.code = code;
    frame.body = field_of(body.data, body.size);
    if (id != NULL) {
        frame.request_id = field_of(id->bytes, sizeof id->bytes);
    }
    struct request_frame *queued = calloc(1, sizeof *queued);
    if (queued == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = message_pack(&frame.base, &queued->data, &queued->size);
    if (status != STATUS_OK) {
        frame_drop(queued);
        return status;
    }
    if (requests->last != NULL) {
        requests->last->next = queued;
    } else {
        requests->first = queued;
    }
    requests->last = queued;
    return STATUS_OK;
}

enum status request_frame(struct requests *requests, enum frame_kind kind,
                          const struct request_id *id, uint32_t code, const ProtobufCMessage *body)
{
    uint8_t *packed = NULL;
    size_t size = 0;
    enum status status = message_pack(body, &packed, &size);
    if (status == STATUS_OK) {
        status = queue(requests, kind, id, code, span_of(packed, size));
    }
    free(packed);
    return status;
}

enum status request_ask_bytes(struct requests *requests, enum op op, const struct request_id *id,
                              struct span body, struct request **out_request)
{
    struct request *slot = NULL;
    for (size_t i = 0; i < REQUEST_SLOTS && slot == NULL; i++) {
        slot = requests->slots[i].used ? NULL : &requests->slots[i];
    }
    if (slot == NULL) {
        return STATUS_BUSY;
    }
    *slot = (struct request){.op = op};
    if (id != NULL) {
        slot->id = *id;
    } else {
        random_bytes(slot->id.bytes, sizeof slot->id.bytes);
    }
    enum status status = queue(requests, FRAME_REQUEST, &slot->id, op, body);
    if (status == STATUS_OK) {
        slot->used = true;
        *out_request = slot;
    }
    return status;
}

enum status request_ask(struct requests *requests, enum op op, const struct request_id *id,
                        const ProtobufCMessage *body, struct request **out_request)
{
    uint8_t *packed = NULL;
    size_t size = 0;
    enum status status = message_pack(body, &packed, &size);
    if (status == STATUS_OK) {
        status = request_ask_bytes(requests, op, id, span_of(packed, size), out_request);
    }
    free(packed);
    return status;
}

struct request *request_find(struct requests *requests, ProtobufCBinaryData id)
{
    struct request_id wanted;
    if (!field_required(id, wanted.bytes, sizeof wanted.bytes)) {
        return NULL;
    }
    for (size_t i = 0; i < REQUEST_SLOTS; i++) {
        if (requests->slots[i].used && ID_EQUAL(&requests->slots[i].id, &wanted)) {
            return &requests->slots[i];
        }
    }
    return NULL;
}

void request_release(struct request *request)
{
    *request = (struct request){0};
}

size_t request_count(const struct requests *requests)
{
    size_t count = 0;
    for (size_t i = 0; i < REQUEST_SLOTS; i++) {
        count += requests->slots[i].used ? 1 : 0;
    }
    return count;
}

bool request_next_frame(struct requests *requests, struct span *out_frame)
{
    frame_drop(requests->given);
    requests->given = requests->first;
    if (requests->given == NULL) {
        return false;
    }
    requests->first = requests->given->next;
    if (requests->first == NULL) {
        requests->last = NULL;
    }
    *out_frame = span_of(requests->given->data, requests->given->size);
    return true;
}
