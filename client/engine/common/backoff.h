/*
 * When a server that did not serve us may be asked again. Pure: the time and a random byte come
 * with each call.
 *
 * Each trouble has a first wait that is doubled with every time that it goes on, up to a ceiling,
 * plus up to a quarter of it by chance, so that many clients do not come back at once. So a server
 * that answers "no" hears from nobody by itself more than four times in the first minute, and less
 * often after that. A person may always ask once, at once: only what nobody asked for waits.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum backoff_trouble {
    BACKOFF_NONE,
    BACKOFF_UNREACHABLE, /* nobody there who could be bothered: from a second on */
    BACKOFF_BUSY,        /* or full: passes by itself */
    BACKOFF_CORRUPT,     /* the server cannot read what was asked for */
    BACKOFF_DAMAGED,     /* an answer failed a check */
    BACKOFF_UNOPENED, /* a text that does not open is asked for again: seldom, it may never heal */
    BACKOFF_REFUSED,  /* suspended, revoked, another key or version: until somebody acts */
};

/* All zero: nothing is wrong. */
struct backoff {
    enum backoff_trouble trouble;
    uint32_t times;     /* in a row */
    uint64_t failed_ms; /* the last time */
    uint64_t until_ms;  /* nothing is asked before */
};

/* It went wrong at |now_ms|. What was only unreachable before begins anew with another trouble. */
void backoff_failed(struct backoff *backoff, enum backoff_trouble trouble, uint64_t now_ms,
                    uint8_t chance);
/* The server serves us again. */
void backoff_well(struct backoff *backoff);
/* Whether it may be asked without a person's word. A clock that was set back waits for nothing. */
bool backoff_over(const struct backoff *backoff, uint64_t now_ms);
