/*
 * A small practice with somebody who may not, and every request that names a thing, asked
 * about a thing that is there and about one that is not. One thread.
 */
#pragma once

#include "tests/support/cast.h"
#include "tests/support/forge.h"

enum refusal_kind {
    REFUSAL_PAGE,
    REFUSAL_OPENED,
    REFUSAL_WRITE,
    REFUSAL_GRANT,
    REFUSAL_REVOKE,
    REFUSAL_ROTATE,
    REFUSAL_RESEAL,
    REFUSAL_CHAIN,        /* of a section */
    REFUSAL_MEMBER_CHAIN, /* of a client */
    REFUSAL_EVENTS,       /* of a chart */
    REFUSAL_SUBSCRIBE,
    REFUSAL_KINDS,
};

struct refusal {
    struct live live;
    struct live_person admin, owner, client, stranger, other;
    struct mirror mirror;
    struct chart_id chart;
    struct section_id section;
    struct note_id note;
    struct hash link;
};

void refusal_start(struct refusal *refusal);
void refusal_stop(struct refusal *refusal);

const char *refusal_name(enum refusal_kind kind);
/* |absent|: by an id that nothing has. The answer is |who|'s reply. */
struct live_reply *refusal_ask(struct refusal *refusal, struct live_person *who,
                               enum refusal_kind kind, bool absent);
