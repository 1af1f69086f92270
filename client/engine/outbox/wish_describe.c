#include "client/engine/outbox/wish.h"

#include "proto/words.h"

/* The type of the statement that a wish becomes; STATEMENT_NONE: none, or several. */
static uint32_t statement_of(const struct wish *wish)
{
    switch (wish->kind) {
    case WISH_MEMBER:
        return wish->statement_type;
    case WISH_READY:
        return wish->extra.size > 0 ? (uint32_t)STATEMENT_INVITATION : wish->statement_type;
    case WISH_SECTION:
        return STATEMENT_SECTION;
    case WISH_GRANT:
        return STATEMENT_GRANT;
    case WISH_REVOKE:
        return STATEMENT_REVOCATION;
    case WISH_ROTATE:
        return STATEMENT_EPOCH;
    case WISH_RESEAL:
        return STATEMENT_RESEAL;
    case WISH_DEVICE:
        return STATEMENT_DEVICE;
    case WISH_NOTE:
    case WISH_OPENED:
        break;
    }
    return STATEMENT_NONE;
}

struct engine_ticket wish_describe(const struct wish *wish)
{
    return (struct engine_ticket){.wish = wish->state,
                                  .status = wish->status,
                                  .tries = wish->tries,
                                  .section = wish->section,
                                  .note = wish->note,
                                  .object = wish->built_object,
                                  .statement = statement_of(wish),
                                  .member = wish->member};
}
