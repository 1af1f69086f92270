/*
 * The old device's side when a member adds a device (PROTOCOL.md 3.2): the one that holds the
 * identity key, or rather the command that asks it.
 *
 * Sans-I/O, and without the identity key: the statement's body, the hand-over and the adding itself
 * are made by act_pair.h where that key is. One thread.
 *
 *   pair_old_begin -> WAITING -> WELCOMING -> COMPARING: ask for the new device's digits,
 *   pair_old_compare(); tell what it will read; pair_old_agree(body), show pair_old_digits()
 *   -> AGREED -> SIGNED: pair_old_hand(sealed) -> HANDED -> STORED: act_device(), pair_old_added()
 *   -> ADDED
 */
#pragma once

#include "client/engine/pair/pair_end.h"
#include "keys/private/pairing.h"
#include "proto/limits.h"

struct pair_old;

enum pair_old_phase {
    PAIR_OLD_WAITING = 1, /* for a new device's commitment */
    PAIR_OLD_WELCOMING,   /* its own nonce is told, and the new device shows its keys */
    PAIR_OLD_COMPARING,   /* the new device's digits are to be typed here */
    PAIR_OLD_AGREED,      /* its own digits are to be typed there; waits for the signature */
    PAIR_OLD_SIGNED,      /* the statement is whole: hand over */
    PAIR_OLD_HANDED,      /* waits for the word that the keys are stored */
    PAIR_OLD_STORED,      /* now the statement may go to the log */
    PAIR_OLD_ADDED,
    PAIR_OLD_ENDED, /* pair_old_end() says why */
};

/* What act_pair_offer() made. */
struct pair_offer {
    struct invitation_code code;
    struct practice_id practice;
    struct member_id member;
    struct public_key identity_key;
    uint8_t host[PAIRING_PLACE_BYTES]; /* this side's way into the meeting */
    uint32_t ask_size;
    uint8_t ask[MEETING_BUNDLE_BYTES_MAX + 512u]; /* the packed MeetOpenAsk */
};
/* |offer| is borrowed until pair_old_free(). STATUS_NO_MEMORY. */
MUST_CHECK enum status pair_old_begin(const struct pair_offer *offer, struct pair_old **out_pair);
void pair_old_free(struct pair_old *pair);

/* As pair_new.h's. STATUS_BAD_PROOF: the keys are not those that were committed to;
 * STATUS_BAD_SIGNATURE. */
void pair_old_start(struct pair_old *pair);
MUST_CHECK enum status pair_old_poll(struct pair_old *pair);
MUST_CHECK enum status pair_old_receive(struct pair_old *pair, struct span frame);
bool pair_old_next_frame(struct pair_old *pair, struct span *out_frame);
enum pair_old_phase pair_old_phase(const struct pair_old *pair);
enum pair_end pair_old_end(const struct pair_old *pair);
bool pair_old_settled(const struct pair_old *pair);
/* Whether the server has the meeting: before that the code is of no use to anybody. */
bool pair_old_open(const struct pair_old *pair);

/* From COMPARING on; borrowed. */
const struct pairing_reveal *pair_old_revealed(const struct pair_old *pair);
const struct hash *pair_old_transcript(const struct pair_old *pair);
/* COMPARING: what a person typed, who reads it from the new device. As pair_new_compare(). */
MUST_CHECK enum status pair_old_compare(struct pair_old *pair, const char *typed);
/* COMPARING, after the digits were the same: |body| is the DEVICE statement's, copied. STATUS_USAGE:
 * they were not compared. */
MUST_CHECK enum status pair_old_agree(struct pair_old *pair, struct span body);
/* After that: the six digits that this screen shows. */
const char *pair_old_digits(const struct pair_old *pair);
/* From SIGNED on. */
struct span pair_old_body(const struct pair_old *pair);
const struct signature *pair_old_signature(const struct pair_old *pair);
/* SIGNED: what act_pair_hand() sealed. STATUS_TOO_LARGE. */
MUST_CHECK enum status pair_old_hand(struct pair_old *pair, struct span sealed);
/* STORED: the account has the device. */
MUST_CHECK enum status pair_old_added(struct pair_old *pair);
MUST_CHECK enum status pair_old_refuse(struct pair_old *pair, enum pair_end why);
