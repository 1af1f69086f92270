/*
 * A member's recovery key (decision 10): an X25519 key that every epoch is sealed to and
 * an Ed25519 key for recovery statements, both encrypted under R, 32 random bytes that
 * exist only on the printed card.
 *
 *   sealed = commitment(32) ‖ nonce(24) ‖ XChaCha20-Poly1305(x25519 secret(32) ‖
 *            Ed25519 seed(32)), key R, over frame("recovery", member(16) ‖ x25519 public(32) ‖
 *            Ed25519 public(32))
 *
 * The card is `ALCOVE1-RECOVERY:` and 14 groups (code_text.h). A recovery key cannot log in.
 * Any thread.
 */
#pragma once

#include "keys/private/identity.h"
#include "keys/private/secret.h"

#define RECOVERY_SEALED_BYTES   (72u + 64u)
/* With the terminator. */
#define RECOVERY_CARD_CHARS_MAX 96u

/* Public half: stands in the member's chain. */
struct recovery_public {
    struct member_id member;
    struct public_key sealing;
    struct public_key signing;
};

struct recovery_keys {
    struct identity_sealer *sealing;
    struct identity_signer *signing; /* role IDENTITY_RECOVERY */
};

/* Frees both; a zeroed struct is allowed. */
void recovery_keys_deinit(struct recovery_keys *keys);

/*
 * New recovery keys for |member|, wrapped under a new R.
 *
 * out_sealed  may be kept anywhere, also by the server.
 * out_card    RECOVERY_CARD_CHARS_MAX bytes, terminated: to be printed, then wiped.
 * STATUS_OK, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status recovery_new(const struct practice_id *practice,
                                    const struct member_id *member,
                                    struct recovery_public *out_public,
                                    uint8_t out_sealed[static RECOVERY_SEALED_BYTES],
                                    char out_card[static RECOVERY_CARD_CHARS_MAX]);

/* STATUS_OK; STATUS_MALFORMED (mistyped card); STATUS_UNSUPPORTED (a code of another
 * kind); STATUS_DAMAGED (another card, other keys); STATUS_NO_MEMORY. */
MUST_CHECK enum status recovery_restore(const struct practice_id *practice,
                                        const struct recovery_public *public_half,
                                        struct span sealed, struct span card,
                                        struct recovery_keys *out_keys);
