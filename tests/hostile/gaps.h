/*
 * What the tests of gaps share: revisions that cannot be read, by whoever they were spoiled.
 */
#pragma once

#include "tests/hostile/stage.h"

enum {
    SECOND_MS = 1000,
    MINUTE_MS = 60 * SECOND_MS,
    HOUR_MS = 60 * MINUTE_MS,
};

struct gaps {
    size_t count, news, stopped;
    struct view_gap last;
};

struct gaps gaps_of(struct inproc_person *person);
/* The same person at the same device, with nothing but the keys. */
void gaps_empty_cache(struct inproc_person *person);
/* |ms| of the server's time, one tick a second. The pages that were asked for. */
uint64_t gaps_pass(struct inproc_person *person, uint64_t ms);
/* The one revision of a new note that |by| would send; not sent. */
Alcove__Revision *gaps_capture(struct stage *stage, struct inproc_person *by,
                               const struct section_id *section, const char *text);
