/*
 * Whose each note is: the member who wrote its first revision that we were given. A note is its
 * author's alone, whatever device they use, so every later revision must be theirs. Internal to the
 * engine.
 */
#pragma once

#include "keys/public/bytes/map.h"
#include "proto/ids.h"

struct author;
struct authors {
    struct map notes; /* to struct author */
    struct author *first;
};

void authors_init(struct authors *authors);
void authors_deinit(struct authors *authors);
/* NULL: no revision of the note is known. */
const struct member_id *authors_of(const struct authors *authors, const struct note_id *note);
/* Does nothing for a note that is known. STATUS_NO_MEMORY. */
MUST_CHECK enum status authors_add(struct authors *authors, const struct note_id *note,
                                   const struct member_id *member);
