#include "proto/status.h"

static const struct {
    enum status status;
    const char *name;
    const char *reason;
} STATUSES[] = {
    {STATUS_OK, "OK", "nothing is wrong"},
    {STATUS_REFUSED, "REFUSED", "it does not exist, or you may not do this"},
    {STATUS_MALFORMED, "MALFORMED", "the data are not in the form that is expected"},
    {STATUS_CONFLICT, "CONFLICT", "somebody else was faster"},
    {STATUS_NEEDS_EPOCH, "NEEDS_EPOCH", "the section waits for a new key"},
    {STATUS_LOCKED, "LOCKED", "a signed note is never changed"},
    {STATUS_ALREADY, "ALREADY", "it exists already"},
    {STATUS_BUSY, "BUSY", "it took too long, or another process has it open"},
    {STATUS_FULL, "FULL", "the server's disk, or this machine's, has no room left"},
    {STATUS_REWOUND, "REWOUND",
     "the server shows less than you have seen: it lost data or was set back"},
    {STATUS_TOO_LARGE, "TOO_LARGE", "it is too large"},
    {STATUS_SUSPENDED, "SUSPENDED", "your account is suspended"},
    {STATUS_UNAVAILABLE, "UNAVAILABLE", "it cannot be done now"},
    {STATUS_VERSION, "VERSION", "this program and the server speak no common version"},
    {STATUS_READ_ONLY, "READ_ONLY",
     "the server was set back to an earlier state, and takes and hands out nothing until that is "
     "put right"},
    {STATUS_BAD_SIGNATURE, "BAD_SIGNATURE", "a signature does not hold"},
    {STATUS_BAD_PROOF, "BAD_PROOF", "a proof does not hold"},
    {STATUS_BAD_CHAIN, "BAD_CHAIN", "a chain of statements does not hold"},
    {STATUS_EQUIVOCATION, "EQUIVOCATION", "two histories were shown that cannot both be true"},
    {STATUS_NOT_FOUND, "NOT_FOUND", "there is no such thing"},
    {STATUS_NO_MEMORY, "NO_MEMORY", "this machine has not enough memory"},
    {STATUS_IO, "IO", "a file could not be read or written"},
    {STATUS_CORRUPT, "CORRUPT", "stored data are damaged"},
    {STATUS_WRONG_KEY, "WRONG_KEY", "the key or the passphrase does not fit"},
    {STATUS_DAMAGED, "DAMAGED", "the passphrase is wrong, or the file is damaged"},
    {STATUS_UNSUPPORTED, "UNSUPPORTED", "this program does not accept such a version or value"},
    {STATUS_EXPIRED, "EXPIRED", "it has expired"},
    {STATUS_CLOCK, "CLOCK", "the server's clock is more than a day ahead of this machine's"},
    {STATUS_OFFLINE, "OFFLINE", "the server was not reached"},
    {STATUS_USAGE, "USAGE", "these options do not go together"},
};

const char *status_name(enum status status)
{
    for (size_t i = 0; i < ARRAY_LEN(STATUSES); i++) {
        if (STATUSES[i].status == status) {
            return STATUSES[i].name;
        }
    }
    return "UNKNOWN";
}

const char *status_reason(enum status status)
{
    for (size_t i = 0; i < ARRAY_LEN(STATUSES); i++) {
        if (STATUSES[i].status == status) {
            return STATUSES[i].reason;
        }
    }
    return "something unexpected happened";
}

enum status status_to_wire(enum status status)
{
    if ((unsigned int)status <= (unsigned int)STATUS_READ_ONLY) {
        return status;
    }
    return status == STATUS_NOT_FOUND ? STATUS_REFUSED : STATUS_UNAVAILABLE;
}
