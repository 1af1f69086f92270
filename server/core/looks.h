/*
 * One look at the access log leaves one line, however many pages it takes.
 *
 * The first page of a question leaves its event. A page that goes on exactly where the one before
 * ended, for the same question of the same device since its last login, is part of the same look
 * and leaves none: the line says who looked at which log, and when. Ten minutes after its first
 * page a look is over, and the next page begins another. Else whoever follows the log would add a
 * line for each page of lines. Committer's thread; forgotten after an abort, which costs a line.
 */
#pragma once

#include "proto/ids.h"

#define LOOKS_MAX 64u

/* What one device reads page by page. */
struct look {
    uint32_t device_local; /* 0: a free place */
    uint64_t began_ms;     /* of the server's clock */
    struct hash question;  /* everything that was asked, but for the place and the size */
    uint64_t next;         /* where the following page begins */
};

struct looks {
    struct look items[LOOKS_MAX];
    size_t oldest; /* the place that is taken next */
};

/* Whether this page goes on with a look. |question| is the ask without its place. */
bool looks_goes_on(struct looks *looks, uint32_t device_local, const struct hash *question,
                   uint64_t from, uint64_t now_ms);
/* After a page was answered: the next one begins at |next|. |goes_on| as looks_goes_on said. */
void looks_note(struct looks *looks, uint32_t device_local, const struct hash *question,
                uint64_t next, bool goes_on, uint64_t now_ms);
/* At a login: what was looked at before it is over. */
void looks_forget(struct looks *looks, uint32_t device_local);
