#include "proto/status.h"

const char *status_name(enum status status)
{
    switch (status) {
    case STATUS_OK:
        return "OK";
    case STATUS_REFUSED:
        return "REFUSED";
    case STATUS_MALFORMED:
        return "MALFORMED";
    case STATUS_CONFLICT:
        return "CONFLICT";
    case STATUS_NEEDS_EPOCH:
        return "NEEDS_EPOCH";
    case STATUS_LOCKED:
        return "LOCKED";
    case STATUS_ALREADY:
        return "ALREADY";
    case STATUS_BUSY:
        return "BUSY";
    case STATUS_FULL:
        return "FULL";
    case STATUS_REWOUND:
        return "REWOUND";
    case STATUS_TOO_LARGE:
        return "TOO_LARGE";
    case STATUS_SUSPENDED:
        return "SUSPENDED";
    case STATUS_UNAVAILABLE:
        return "UNAVAILABLE";
    case STATUS_VERSION:
        return "VERSION";
    case STATUS_BAD_SIGNATURE:
        return "BAD_SIGNATURE";
    case STATUS_BAD_PROOF:
        return "BAD_PROOF";
    case STATUS_BAD_CHAIN:
        return "BAD_CHAIN";
    case STATUS_EQUIVOCATION:
        return "EQUIVOCATION";
    case STATUS_NOT_FOUND:
        return "NOT_FOUND";
    case STATUS_NO_MEMORY:
        return "NO_MEMORY";
    case STATUS_IO:
        return "IO";
    case STATUS_CORRUPT:
        return "CORRUPT";
    case STATUS_WRONG_KEY:
        return "WRONG_KEY";
    case STATUS_DAMAGED:
        return "DAMAGED";
    case STATUS_UNSUPPORTED:
        return "UNSUPPORTED";
    case STATUS_EXPIRED:
        return "EXPIRED";
    case STATUS_CLOCK:
        return "CLOCK";
    case STATUS_OFFLINE:
        return "OFFLINE";
    case STATUS_USAGE:
        return "USAGE";
    }
    return "UNKNOWN";
}

enum status status_to_wire(enum status status)
{
    if ((unsigned int)status <= (unsigned int)STATUS_VERSION) {
        return status;
    }
    return status == STATUS_NOT_FOUND ? STATUS_REFUSED : STATUS_UNAVAILABLE;
}
