/*
 * The connection over which two devices of a member meet: made anew as often as the server ends it,
 * which it does after a few seconds with whoever has not logged in. One thread.
 */
#pragma once

#include "client/engine/pair/pair_new.h"
#include "client/engine/pair/pair_old.h"
#include "client/wire/wire.h"

/* One side or the other; exactly one is not NULL, and stays the caller's. */
struct pair_line {
    struct pair_old *old;
    struct pair_new *new_one;
    const char *address; /* HOST:PORT; borrowed */
    struct hash pins[2]; /* the server's TLS key, and its announced successor or zero */
    size_t pin;          /* which of them is tried */
    struct wire *wire;
    bool busy; /* connecting or connected */
    uint64_t again_ms, asked_ms;
    enum status status;
    const char *why; /* static; why there was no connection at the last try; NULL: there was one */
};

void pair_line_deinit(struct pair_line *line);
/*
 * Goes on until |done|. STATUS_OK; STATUS_BUSY: |timeout_ms| passed; STATUS_OFFLINE: the server was
 * not reached in that time; STATUS_WRONG_KEY: another server answers there; or what the pair said.
 */
MUST_CHECK enum status pair_line_until(struct pair_line *line, bool (*done)(struct pair_line *line),
                                       uint64_t timeout_ms);
/* What was said last is with the server. */
bool pair_line_settled(struct pair_line *line);
