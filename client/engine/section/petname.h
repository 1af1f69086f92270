/*
 * What we ourselves call people and the practice, from the moment of inviting or of joining.
 *
 * Kept on this device alone, sealed, with what is being typed, and never sent; a name that comes
 * to us in a NOTE_NAME note goes before it. Without it an inviter would know a newcomer by digits
 * until the two share a section.
 */
#pragma once

#include "client/engine/section/name.h"

/* Before there is an engine: into the storage it will be given. One that is not good: nothing
 * is kept. STATUS_IO, STATUS_FULL, STATUS_NO_MEMORY. */
MUST_CHECK enum status petname_keep(const struct storage *storage, const struct member_id *member,
                                    struct span name);
/* |member| NULL: the practice. */
MUST_CHECK enum status petname_set(struct names *names, const struct member_id *member,
                                   struct span name);
/* For engine_new. */
MUST_CHECK enum status petname_load(struct names *names);
