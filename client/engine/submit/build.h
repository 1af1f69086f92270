/*
 * From a wish to the request that carries it out, against what is verified now. Internal to
 * the engine.
 */
#pragma once

#include "client/engine/submit/plan.h"

/*
 * Fills wish->built and what goes with it. *out_ready is false when it must wait (for a
 * section, a key, an entry that the server owes); wants then says for what, if
 * asking helps. Another status than STATUS_OK or our own troubles means that the wish has
 * failed for good.
 */
MUST_CHECK enum status build_wish(struct sources *from, struct wish *wish, bool *out_ready);

/* build_note.c */
MUST_CHECK enum status build_note(struct sources *from, struct wish *wish, bool *out_ready);
MUST_CHECK enum status build_opened(struct sources *from, struct wish *wish);
/* build_chain.c */
/* Into |plan|, which the caller ends; |root| NULL: our content key signs. */
MUST_CHECK enum status build_member_statement(struct sources *from, const struct wish *wish,
                                              const struct identity_signer *root,
                                              struct plan *plan);
MUST_CHECK enum status build_member(struct sources *from, struct wish *wish);
MUST_CHECK enum status build_device(struct sources *from, struct wish *wish);
MUST_CHECK enum status build_section(struct sources *from, struct wish *wish);
/* build_share.c: |plan| is the section's. */
MUST_CHECK enum status build_grant(struct plan *plan, const struct wish *wish);
MUST_CHECK enum status build_revoke(struct plan *plan, const struct wish *wish);
MUST_CHECK enum status build_reseal(struct plan *plan, const struct wish *wish);
