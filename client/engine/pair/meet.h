/*
 * One side of a meeting: says its sealed messages one after the other and takes the other side's,
 * over connections that may end and be made anew at any time. Internal to pair.
 *
 * Both go in step: number n of the old device answers number n of the new one. What was said stays
 * as it was, so that asking again does no harm.
 */
#pragma once

#include "client/engine/common/request.h"
#include "client/engine/pair/pair_end.h"
#include "keys/private/pairing.h"
#include "proto/limits.h"
#include "proto/status.h"

struct meet {
    struct requests requests;
    struct practice_id practice;
    struct meeting_place {
        uint8_t bytes[PAIRING_PLACE_BYTES];
    } place;
    struct secret *key; /* borrowed */
    enum pairing_side side;
    bool greeted;
    const uint8_t *opens; /* a packed MeetOpenAsk that goes first, borrowed; NULL: it is open */
    size_t opens_size;
    uint32_t number; /* what is being said or heard; 0: nothing yet */
    bool hears;      /* the other side's message of that number is wanted */
    bool settled;    /* it is done: the caller moves on */
    uint8_t *said;   /* sealed; NULL: nothing is said, only heard */
    size_t said_size;
};

enum meet_news {
    MEET_NOTHING = 0,
    MEET_SAID,  /* what was to be said is there */
    MEET_HEARD, /* the other side's message came */
    MEET_ENDED, /* the other side ended it, with a reason */
};

void meet_deinit(struct meet *meet);
/* A new connection: what was asked is asked again. */
void meet_start(struct meet *meet);
/* Queues an ask, if the server has greeted and none is under way. */
MUST_CHECK enum status meet_poll(struct meet *meet);
/* Seals |text| as |number| of this side; |hears|: the other's of that number is the answer. */
MUST_CHECK enum status meet_say(struct meet *meet, uint32_t number, struct span text, bool hears);
/* Only hears. */
void meet_hear(struct meet *meet, uint32_t number);
/* Says that this side ends it, and why. */
MUST_CHECK enum status meet_end(struct meet *meet, uint32_t number, enum pair_end reason);
/*
 * One frame. Of MEET_HEARD |*out_text| is what was said, of MEET_ENDED one byte, the reason; from
 * malloc, the caller wipes and frees. STATUS_REFUSED: no such meeting (any more); STATUS_CONFLICT:
 * somebody else said something under this code; STATUS_DAMAGED: what came is not the other side's;
 * STATUS_BUSY, STATUS_UNAVAILABLE: later; STATUS_MALFORMED, STATUS_VERSION, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status meet_receive(struct meet *meet, struct span frame, enum meet_news *out_news,
                                    uint8_t **out_text, size_t *out_size);
