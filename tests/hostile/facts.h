/*
 * What an engine holds and would show, as sorted lines that can be compared with
 * another engine's. Failures that are nobody's behaviour fail the running cmocka
 * test. One thread.
 */
#pragma once

#include "client/engine/api/view.h"

enum {
    FACTS_MAX = 4096,
    FACT_CHARS_MAX = 320,
};

/* What an engine holds, one line each, sorted. */
struct facts {
    char (*line)[FACT_CHARS_MAX];
    size_t count;
    struct engine *engine;
    struct section_id section;
};

void facts_init(struct facts *facts);
/* People, sections and revisions always; rights and suspensions only of an engine that ended
 * without an alarm, and of sections that are as far as the server itself says. */
void facts_collect(struct engine *engine, struct facts *facts);
/* For qsort and bsearch. */
int facts_compare_lines(const void *a, const void *b);
