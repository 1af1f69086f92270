#include "tests/sim/world.h"

#include "proto/message.h"
#include "tests/support/test.h"

/* The words of a trace. */

const char *tell_who(const struct world *world, const struct world_device *device)
{
    static char texts[4][64];
    static unsigned next;
    char *text = texts[next++ % ARRAY_LEN(texts)];
    (void)snprintf(text, sizeof texts[0], "%s %u%s", policy_role_name(device->role), device->member,
                   device->first ? "" : " at another device");
    (void)world;
    return text;
}

static const char *op_word(uint32_t op)
{
    const ProtobufCEnumValue *value = NULL;
    for (unsigned i = 0; i < alcove__op__descriptor.n_values; i++) {
        if ((uint32_t)alcove__op__descriptor.values[i].value == op) {
            value = &alcove__op__descriptor.values[i];
        }
    }
    return value == NULL ? "something" : value->name + strlen("OP_");
}

static const Alcove__Frame *decode(struct span bytes, struct arena *arena)
{
    ProtobufCMessage *message = NULL;
    return message_decode(&alcove__frame__descriptor, bytes, arena, &message) == STATUS_OK
               ? (const Alcove__Frame *)(const void *)message
               : NULL;
}

void tell_asked(const struct world *world, const struct world_device *device, struct span bytes)
{
    struct arena arena = {0};
    const Alcove__Frame *frame = world->trace ? decode(bytes, &arena) : NULL;
    if (frame != NULL) {
        world_tell(world, "    %s asks: %s", tell_who(world, device),
                   frame->kind == FRAME_LOGIN ? "LOGIN" : op_word(frame->code));
    }
    arena_free(&arena);
}

void tell_answered(const struct world *world, const struct world_device *device, struct span bytes)
{
    struct arena arena = {0};
    const Alcove__Frame *frame = world->trace ? decode(bytes, &arena) : NULL;
    bool reply = frame != NULL && (frame->kind == FRAME_REPLY || frame->kind == FRAME_LOGIN_REPLY);
    if (reply && frame->code != STATUS_OK) {
        world_tell(world, "    %s is answered: %s", tell_who(world, device),
                   status_reason((enum status)frame->code));
    } else if (frame != NULL && frame->kind == FRAME_PUSH) {
        world_tell(world, "    %s hears of news", tell_who(world, device));
    }
    arena_free(&arena);
}
