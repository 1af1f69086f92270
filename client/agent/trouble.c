#include "client/agent/trouble.h"

/* Why the engine stopped. What is wrong on this machine passes, or a person sees it anyway. */
static enum backoff_trouble of_engine(enum status why)
{
    if (why == STATUS_REFUSED || why == STATUS_SUSPENDED || why == STATUS_VERSION) {
        return BACKOFF_REFUSED;
    }
    if (why == STATUS_BUSY || why == STATUS_FULL || why == STATUS_IO || why == STATUS_NO_MEMORY ||
        why == STATUS_READ_ONLY) {
        return BACKOFF_BUSY;
    }
    return why == STATUS_UNAVAILABLE ? BACKOFF_CORRUPT : BACKOFF_DAMAGED;
}

enum backoff_trouble trouble_of(bool was_open, enum engine_phase phase, enum status why,
                                enum wire_end end)
{
    if (was_open && phase == ENGINE_STOPPED) {
        return of_engine(why);
    }
    switch (end) {
    case WIRE_END_UNREACHABLE:
    case WIRE_END_TIMEOUT:
    case WIRE_END_LOST:
        return BACKOFF_UNREACHABLE;
    case WIRE_END_WRONG_KEY:
    case WIRE_END_TLS:
    case WIRE_END_VERSION:
        return BACKOFF_REFUSED;
    case WIRE_END_PROTOCOL:
        return BACKOFF_DAMAGED;
    case WIRE_END_ASKED:
    case WIRE_END_SERVER:
        break;
    }
    return BACKOFF_BUSY;
}
