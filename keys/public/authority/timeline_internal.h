/*
 * Between timeline.c and timeline_judge.c only.
 */
#pragma once

#include "keys/public/authority/authority_internal.h"
#include "keys/public/authority/timeline.h"

/* One entry that was judged, and the timeline's values after it if it is taken. */
struct timeline_plan {
    const struct timeline *timeline;
    const struct authority *authority;
    const struct timeline_entry *entry;
    const struct authority_section *section;
    struct authority_when when;
    uint64_t chain_next;
    enum timeline_reason reason;
};

MUST_CHECK enum status timeline_plan_entry(const struct timeline *timeline,
                                           const struct authority *authority,
                                           const struct timeline_entry *entry,
                                           struct timeline_plan *plan);
/* authority_closed at the timeline's moment, from memory where that is good. */
bool timeline_closed(const struct timeline *timeline, const struct authority *authority,
                     const struct authority_section *section);
