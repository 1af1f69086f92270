/*
 * What the files of act.h share. Internal to the engine.
 */
#pragma once

#include "client/engine/common/statement_make.h"
#include "client/engine/exchange/inside.h"

/* Takes the time. STATUS_OFFLINE before the first sync, STATUS_CLOCK, STATUS_REFUSED when we
 * ourselves are suspended. */
MUST_CHECK enum status act_begin(struct engine *engine, uint64_t now_ms);
/* Whether our own authority would take the statement now. */
MUST_CHECK enum status act_judge(struct engine *engine, const struct made *made);
/*
 * Queues a NOTE_NAME note in the first section of |class| (of |chart|, if given) that we may
 * write in or are about to make; STATUS_OK also when there is none.
 */
MUST_CHECK enum status act_name(struct engine *engine, uint32_t class,
                                const struct section_id *section, const struct member_id *member,
                                struct span name);
/* Tells |client| what a colleague of ours is called, whom they will meet in the log: a NOTE_NAME
 * note in the shared section of theirs that we own, once. STATUS_OK also when there is none, when
 * it is a client, or when we know no name. */
MUST_CHECK enum status act_name_colleague(struct engine *engine, const struct member_id *client,
                                          const struct member_id *staff);
/* Whether we may write in that section now. */
bool act_may_write(const struct engine *engine, const struct authority_section *facts);
