/* A descriptor for each message of the schema. */
#pragma once

#include "proto/words.h"

static const ProtobufCMessageDescriptor *const fuzz_messages[] = {
#define FUZZ_MESSAGE(name) &alcove__##name##__descriptor,
    MESSAGE_LIST(FUZZ_MESSAGE)
#undef FUZZ_MESSAGE
};
