/*
 * A process that is killed, for typed_kills_test.c: the host that commands find, over an engine in
 * this process, and everything by which a command changes the world outside of its own memory,
 * wrapped. After its end nothing of that has an effect any more. One thread.
 */
#pragma once

#include "tests/unit/engine/inproc.h"

/* What a command calls its host, in this test alone. */
struct host {
    struct inproc_person *person;
};

/* The process ends at the |points|th point from now. */
void typed_kills_begin(uint64_t points);
/* Nobody is killed any more. */
void typed_kills_end(void);
/* Between two effects. True: it is dead. */
bool typed_kills_point(void);
bool typed_kills_dead(void);
/* Points since typed_kills_begin, and the point at which a sealed text was on the disk first; a
 * large number: at none. */
uint64_t typed_kills_passed(void);
uint64_t typed_kills_sealed(void);
/* Messages of this server end with the process too. */
void typed_kills_server(struct inproc *server);
/* Kills so far. */
uint64_t typed_kills_count(void);
/* Prints how many were killed, and where. */
void typed_kills_tell(void);
