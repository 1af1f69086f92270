/*
 * What the server says of our sections, held against what the statements say. Internal to the
 * exchange.
 *
 * That a section is not in its list, that we are out of one, that a page is refused: nobody signs
 * that. Statements are signed, all of them are here up to a signed head, and they may say that we
 * are in. Then it is an alarm, but only if both speak of one head: of a removal that the server
 * knows and we do not yet, the statement comes with the next round. So the statements log is asked
 * for once more, and counts as the same if it is no longer after the server's answer than before
 * the question. Rights that end by a clock are no promise here, since the server's clock is not
 * ours.
 */
#pragma once

#include "client/engine/exchange/inside.h"

/* After every fold. STATUS_OK, also while it asks for the head again; STATUS_BAD_PROOF: told, and
 * the engine stopped. */
MUST_CHECK enum status withheld_look(struct engine *engine);
/* The server answered anew: what was asked for before proves nothing about this answer. */
void withheld_anew(struct engine *engine);
/* A checkpoint came, and the log is as long as it is. */
void withheld_head(struct engine *engine);
