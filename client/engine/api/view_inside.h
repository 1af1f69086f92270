/* What view_notes.c does for view_search.c and view_newest.c. Internal to the engine. */
#pragma once

#include "client/engine/api/view.h"

struct section;
struct wish;

/* The heads of one section with their texts, and what waits for it in the outbox. Those of
 * view_revisions. */
MUST_CHECK enum status view_heads(struct engine *engine, struct section *section,
                                  view_visit_revision *visit, void *visitor);
/* Whether the wish begins a note in that section. */
bool view_is_new_note(const struct wish *wish, const struct section_id *section);
