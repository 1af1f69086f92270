/*
 * The new device's side when a member adds a device (PROTOCOL.md 3.2), from a code that was verified
 * (join.h) to a keystore that is whole.
 *
 * Sans-I/O: frames and a person's answers come in, frames go out. Nothing of the server is believed:
 * all messages are sealed under the code's secret, and what a thief of the code could say is caught
 * by the digits that a person carries from screen to screen. One thread.
 *
 *   pair_new_begin -> COMMITTED -> SHOWING: show pair_new_digits() -> COMPARING: ask for the other
 *   device's, pair_new_compare() -> SIGNED -> STORING: keystore_create(pair_new_take_content()),
 *   pair_new_stored() -> STORED -> DONE
 */
#pragma once

#include "client/engine/join/join.h"
#include "client/engine/pair/pair_end.h"
#include "keys/private/pairing.h"

struct pair_new;

enum pair_new_phase {
    PAIR_NEW_COMMITTED = 1, /* waits for the old device's nonce */
    PAIR_NEW_SHOWING,       /* its digits are to be typed into the old device */
    PAIR_NEW_COMPARING,     /* the old device agreed: its digits are to be typed here */
    PAIR_NEW_SIGNED,        /* waits for what is handed over */
    PAIR_NEW_STORING,       /* the content is whole: it must be stored before anything else */
    PAIR_NEW_STORED,        /* waits for the word that the account has the device */
    PAIR_NEW_DONE,
    PAIR_NEW_ENDED, /* pair_new_end() says why */
};

/* |join| is at JOIN_VERIFIED with a device's code. |name|: what its owner calls this device, UTF-8,
 * at most PAIRING_NAME_BYTES_MAX. Makes the keys. STATUS_USAGE, STATUS_NO_MEMORY. */
MUST_CHECK enum status pair_new_begin(const struct join *join, struct span name,
                                      struct pair_new **out_pair);
/* Wipes; NULL is allowed. */
void pair_new_free(struct pair_new *pair);

/* A new connection. */
void pair_new_start(struct pair_new *pair);
/* To be called about twice a second: asks whether the other side has answered. */
MUST_CHECK enum status pair_new_poll(struct pair_new *pair);
/* STATUS_OK, also when it ended in order (PAIR_NEW_ENDED); else why it failed, as meet.h and
 * STATUS_BAD_SIGNATURE, STATUS_WRONG_KEY, STATUS_BAD_CHAIN (a statement for other keys or another
 * member), STATUS_MALFORMED. STATUS_BUSY and STATUS_UNAVAILABLE pass. */
MUST_CHECK enum status pair_new_receive(struct pair_new *pair, struct span frame);
bool pair_new_next_frame(struct pair_new *pair, struct span *out_frame);

enum pair_new_phase pair_new_phase(const struct pair_new *pair);
/* Why the other side ended it. */
enum pair_end pair_new_end(const struct pair_new *pair);
/* Whether all that was to be said has been taken by the server. */
bool pair_new_settled(const struct pair_new *pair);

/* From SHOWING on: the six digits that this screen shows. */
const char *pair_new_digits(const struct pair_new *pair);
/* COMPARING: what a person typed. STATUS_OK: they are the other device's, and the statement is
 * signed; STATUS_MALFORMED: no six digits, ask again; STATUS_BAD_PROOF: others, and this code is used
 * up. */
MUST_CHECK enum status pair_new_compare(struct pair_new *pair, const char *typed);
/* Ends it from this side. */
MUST_CHECK enum status pair_new_refuse(struct pair_new *pair, enum pair_end why);

/* STORING: everything for keystore_create(), moved out once. */
MUST_CHECK enum status pair_new_take_content(struct pair_new *pair,
                                             struct keystore_content *out_content);
/* From STORING on: names that were handed over, for act_pair_keep(). Borrowed. */
struct span pair_new_names(const struct pair_new *pair);
/* The content is stored. */
MUST_CHECK enum status pair_new_stored(struct pair_new *pair);
