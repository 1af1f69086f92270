/*
 * The one list of outcomes. Every function that can fail returns it.
 *
 * The peer's fault gives a status; our environment's fault gives a status that
 * is logged once where it was seen; our own fault is CHECK (span.h). Numbers go
 * over the wire (status_to_wire) and into `--json`: never reuse one.
 */
#pragma once

#include "proto/span.h"

enum status {
    STATUS_OK = 0,
    /* What a peer may be told. */
    STATUS_REFUSED = 1,     /* absent or not permitted: deliberately the same answer */
    STATUS_MALFORMED = 2,   /* not a well-formed message of this protocol */
    STATUS_CONFLICT = 3,    /* compare-and-set lost: the head moved on */
    STATUS_NEEDS_EPOCH = 4, /* the section is closed to writes until a new epoch */
    STATUS_LOCKED = 5,      /* a signed note is never changed; append instead */
    STATUS_ALREADY = 6,     /* already stored; the answer says where */
    STATUS_BUSY = 7,        /* over a limit now; the same request may work later */
    STATUS_FULL = 8,        /* the server's store is full: reads and erasures still work */
    STATUS_REWOUND = 9,     /* the server's logs are shorter than what this client has seen */
    STATUS_TOO_LARGE = 10,
    STATUS_SUSPENDED = 11,   /* told only after a valid login */
    STATUS_UNAVAILABLE = 12, /* signer or store down: nothing was done */
    STATUS_VERSION = 13,     /* the peer speaks no version that we speak */
    STATUS_READ_ONLY = 14,   /* the server was set back or put back, and may not go on by itself */
    /* Local only: never sent. */
    STATUS_BAD_SIGNATURE = 32,
    STATUS_BAD_PROOF = 33,
    STATUS_BAD_CHAIN = 34,    /* a gap, a wrong link or a wrong issuer in a chain */
    STATUS_EQUIVOCATION = 35, /* two signed histories that cannot both be true */
    STATUS_NOT_FOUND = 36,
    STATUS_NO_MEMORY = 37,
    STATUS_IO = 38,
    STATUS_CORRUPT = 39,   /* stored bytes do not match their hash or schema */
    STATUS_WRONG_KEY = 40, /* wrong passphrase, or not sealed to us */
    STATUS_DAMAGED = 41,   /* keystore or sealed bytes cannot be used: one answer for all causes */
    STATUS_UNSUPPORTED = 42, /* unknown suite, version or parameter, refused before use */
    STATUS_EXPIRED = 43,
    STATUS_CLOCK = 44, /* server time and ours differ too much to write */
    STATUS_OFFLINE = 45,
    STATUS_USAGE = 46,
};

/* A short stable name ("REFUSED"), for logs and `--json`. Never NULL. */
const char *status_name(enum status status);
/* The same for people: why something did not happen, as the end of a sentence. Never NULL. */
const char *status_reason(enum status status);

/* What a peer is told: local statuses become STATUS_UNAVAILABLE, NOT_FOUND
 * becomes REFUSED, so that nothing about what exists leaks through an error. */
enum status status_to_wire(enum status status);
