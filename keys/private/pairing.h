/*
 * What two devices of one member compute when the second is added (PROTOCOL.md 3.2, KEYS.md):
 * keys from the code's secret, the sealed messages of their meeting, the commitment, the short code
 * that a person compares, and the seal of what is handed over.
 *
 * The new device commits to its keys and a nonce before it sees the old one's nonce. So nobody who
 * stands between, or who read the code, can choose keys for which both screens show the same
 * digits: they have one guess in a million on each screen (Vaudenay, CRYPTO 2005; ZRTP, RFC 6189
 * section 4.4.1.1; Bluetooth Core 5.4, volume 3, part H, 2.3.5.6.2, numeric comparison). Any thread.
 */
#pragma once

#include "keys/private/invitation.h"
#include "keys/private/secret.h"
#include "proto/ids.h"

#define PAIRING_NONCE_BYTES             32u
#define PAIRING_NAME_BYTES_MAX          127u
#define PAIRING_PLACE_BYTES             16u
#define PAIRING_DIGITS_CHARS            8u  /* "123 456" and the terminator */
#define PAIRING_OVERHEAD_BYTES          72u /* of a sealed message */
#define PAIRING_HANDOVER_OVERHEAD_BYTES 48u

/* From the code's secret, for one meeting. */
struct pairing_keys {
    uint8_t place[PAIRING_PLACE_BYTES]; /* the new device's way into the meeting */
    struct secret *message;             /* seals the messages */
    struct secret *psk;                 /* of the handover */
};
/* STATUS_NO_MEMORY. */
MUST_CHECK enum status pairing_keys_derive(const struct invitation_code *code,
                                           const struct practice_id *practice,
                                           struct pairing_keys *out_keys);
void pairing_keys_deinit(struct pairing_keys *keys);

enum pairing_side { PAIRING_NEW = 1, PAIRING_OLD = 2 };

/* One message of one side under the code's secret; |out_sealed| has room for
 * PAIRING_OVERHEAD_BYTES more than |text|. STATUS_NO_MEMORY. */
MUST_CHECK enum status pairing_seal(const struct secret *key, const struct practice_id *practice,
                                    enum pairing_side side, uint32_t number, struct span text,
                                    uint8_t *out_sealed);
/* STATUS_DAMAGED: not of this side, number or code. */
MUST_CHECK enum status pairing_open(const struct secret *key, const struct practice_id *practice,
                                    enum pairing_side side, uint32_t number, struct span sealed,
                                    uint8_t *out_text);

/* What the new device commits to, and shows later. */
struct pairing_reveal {
    struct device_id device;
    struct public_key content_key, login_key, sealing_key;
    uint8_t nonce[PAIRING_NONCE_BYTES];
    size_t name_size; /* what its owner calls it, UTF-8; may be 0 */
    uint8_t name[PAIRING_NAME_BYTES_MAX];
};
/* What the old device answers the commitment with. */
struct pairing_welcome {
    struct member_id member;
    struct public_key identity_key;
    uint8_t nonce[PAIRING_NONCE_BYTES];
};

void pairing_commitment(const struct practice_id *practice, const struct pairing_reveal *reveal,
                        struct hash *out_commitment);
/* Everything that was said before the digits, in one hash. */
void pairing_transcript(const struct practice_id *practice, const struct invitation_code *code,
                        const struct hash *commitment, const struct pairing_welcome *welcome,
                        const struct pairing_reveal *reveal, struct hash *out_transcript);
/* Six digits that the new device shows and the old one asks for, and six the other way round. */
void pairing_digits(const struct hash *transcript, char out_new[static PAIRING_DIGITS_CHARS],
                    char out_old[static PAIRING_DIGITS_CHARS]);
/* Whether a person typed these digits: six of them, whatever stands between. False with |*out_none|
 * when it is not six digits at all. */
bool pairing_digits_equal(const char *wanted, const char *typed, bool *out_none);

/* To the new device's sealing key, in HPKE's psk mode, bound to the transcript. |out_sealed| has
 * room for PAIRING_HANDOVER_OVERHEAD_BYTES more. STATUS_UNSUPPORTED: a key of small order;
 * STATUS_NO_MEMORY. */
MUST_CHECK enum status pairing_hand(const struct pairing_keys *keys,
                                    const struct practice_id *practice,
                                    const struct hash *transcript,
                                    const struct public_key *recipient, struct span text,
                                    uint8_t *out_sealed);
/* STATUS_WRONG_KEY for every fault. */
MUST_CHECK enum status pairing_take(const struct pairing_keys *keys,
                                    const struct practice_id *practice,
                                    const struct hash *transcript, const struct secret *recipient,
                                    struct span sealed, uint8_t *out_text);
