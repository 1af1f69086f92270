#include "client/engine/common/decode.h"

/* The descriptor and the type come from one name, so that the cast is right by construction. */
#define DECODER(name, type)                                                                        \
    enum status decode_##name(struct span bytes, struct arena *arena, const type **out)            \
    {                                                                                              \
        ProtobufCMessage *message = NULL;                                                          \
        enum status status =                                                                       \
            message_decode(&alcove__##name##__descriptor, bytes, arena, &message);                 \
        if (status == STATUS_OK) {                                                                 \
            *out = (const type *)(const void *)message;                                            \
        }                                                                                          \
        return status;                                                                             \
    }

DECODER(frame, Alcove__Frame)
DECODER(hello, Alcove__Hello)
DECODER(login_reply, Alcove__LoginReply)
DECODER(push, Alcove__Push)
DECODER(page_chunk, Alcove__PageChunk)
DECODER(submit_ask, Alcove__SubmitAsk)
DECODER(submit_reply, Alcove__SubmitReply)
DECODER(opened_reply, Alcove__OpenedReply)
DECODER(bundle, Alcove__Bundle)
DECODER(bundle_reply, Alcove__BundleReply)
DECODER(meet_reply, Alcove__MeetReply)
DECODER(device, Alcove__Device)
DECODER(event_open, Alcove__EventOpen)
DECODER(event_target, Alcove__EventTarget)
DECODER(event_restricted, Alcove__EventRestricted)
