/*
 * Why something about a backup did not go on, for a person: the first trouble stays. One thread.
 */
#pragma once

#include "proto/status.h"

#define TROUBLE_CHARS_MAX 1024u

struct trouble {
    char text[TROUBLE_CHARS_MAX]; /* a sentence without its full stop; empty: there was none */
};

/* Gives |status| back, so that a caller can say and return at once. */
__attribute__((format(printf, 3, 4))) enum status trouble_say(struct trouble *trouble,
                                                              enum status status,
                                                              const char *format, ...);
