/*
 * What the server took of ours. Internal to the engine.
 *
 * It does not come back as a page: the reply to our SUBMIT brings the event of the last thing in it,
 * with its proof, and everything else is here already. The number and the head that the event names
 * must be those that follow from where we stand. Each entry is then taken like one of a page, so
 * that one path alone verifies. If entries of others lie between, or if we stand elsewhere, the page
 * is asked for as for anybody's.
 */
#pragma once

#include "client/engine/section/section.h"

/* A submit that was taken, as its event proves; held while its statements are not known here. */
struct own {
    struct section_id section;
    uint64_t first, last;    /* numbers in the section's log */
    struct hash head, times; /* after the last */
    struct chart_seen chart;
    uint64_t time_ms; /* when the server wrote all of them down */
    uint8_t *asked;   /* the SubmitAsk as sent */
    size_t size;
};

/*
 * Checks the event and holds what it proves, in place of what was held. |asked| is the SubmitAsk as it
 * was sent. Holds nothing, STATUS_OK, when there is no proof or it begins at a size that we no longer
 * have. A proof that does not hold is an alarm.
 */
MUST_CHECK enum status own_hold(struct sections *sections, const struct section_id *section,
                                const struct request *request, const Alcove__EventProof *proof,
                                struct span asked);
/* Takes what is held, if it follows where we stand and its statements are known; else a page will
 * bring it. Nothing is held afterwards. */
MUST_CHECK enum status own_take(struct sections *sections);
void own_drop(struct sections *sections);
