/*
 * The invitation's code, and the code for a further device of one's own, handed over in person or by a second channel (decision 9):
 *
 *   ALCOVE1-JOIN:HOST:PORT/XXXX-XXXX-…
 *   ALCOVE1-DEVICE:HOST:PORT/XXXX-XXXX-…
 *
 * The 20 groups are code_text of secret(32) ‖ first 16 bytes of the bundle's hash,
 * with the text before the groups as checksum prefix. Codes of another purpose have
 * another prefix and give a type error, so that a code for linking a device can never
 * be taken for an invitation (AT-15). Any thread.
 */
#pragma once

#include "keys/private/identity.h"
#include "keys/private/secret.h"
#include "proto/limits.h"

#define INVITATION_SECRET_BYTES         32u
#define INVITATION_BUNDLE_HASH_BYTES    16u
#define INVITATION_PSK_BYTES            32u
#define INVITATION_ADDRESS_CHARS_MAX    255u
#define INVITATION_TEXT_CHARS_MAX       400u
#define INVITATION_LABEL_TEXT_BYTES_MAX 255u
#define INVITATION_LABEL_BYTES          (24u + INVITATION_LABEL_TEXT_BYTES_MAX + 1u + 16u)

/* The purpose of a code, told from its prefix alone. */
enum invitation_kind {
    INVITATION_KIND_NONE = 0, /* no code of ours */
    INVITATION_KIND_JOIN = 1,
    INVITATION_KIND_DEVICE = 2,
    INVITATION_KIND_RECOVERY = 3,
    INVITATION_KIND_OTHER = 4, /* `ALCOVE…:` of a version that we do not know */
};

_Static_assert(INVITATION_LABEL_BYTES <= BUNDLE_SEALED_LABEL_BYTES_MAX, "fits the bundle");

/* Holds a secret: invitation_code_wipe() when done. */
struct invitation_code {
    enum invitation_kind kind;                      /* JOIN or DEVICE */
    char address[INVITATION_ADDRESS_CHARS_MAX + 1]; /* HOST:PORT, terminated */
    uint8_t secret[INVITATION_SECRET_BYTES];
    uint8_t bundle_hash[INVITATION_BUNDLE_HASH_BYTES];
};

/* Leading and trailing white space is ignored. */
enum invitation_kind invitation_code_kind(struct span text);

/* Whether |address| may stand in a code: lower-case host, name or literal ([::1]), and
 * a port 1..65535, at most INVITATION_ADDRESS_CHARS_MAX characters. */
bool invitation_address_valid(struct span address);

/* A fresh secret, of kind JOIN unless it is changed, for inviting through |address|. The bundle's hash is known only once
 * the invitation statement holds the derived public key, so it is set afterwards.
 * STATUS_OK, STATUS_USAGE (address). */
MUST_CHECK enum status invitation_code_new(struct span address, struct invitation_code *out_code);

/* Names the bundle by its SHA-256. */
void invitation_code_set_bundle(struct invitation_code *code, const struct hash *bundle_hash);

/* Whether the fetched bundle is the one that the inviter made the code for. */
bool invitation_code_matches(const struct invitation_code *code, const struct hash *bundle_hash);

void invitation_code_wipe(struct invitation_code *code);

/* |out_text| has room for INVITATION_TEXT_CHARS_MAX + 1 and is terminated; it is as
 * secret as the code. */
void invitation_code_encode(const struct invitation_code *code, char *out_text);

/* STATUS_OK; STATUS_UNSUPPORTED for a code of ours with another purpose than |kind| (JOIN or
 * DEVICE) or another version; STATUS_MALFORMED for anything else. |out_code| is wiped on failure. */
MUST_CHECK enum status invitation_code_parse(struct span text, enum invitation_kind kind,
                                             struct invitation_code *out_code);

/*
 * Derives seed and PSK from the secret: HKDF-SHA-256, no salt, info = frame("invitation-seed")
 * and frame("invitation-psk"), both with an empty body.
 *
 * out_signer  role IDENTITY_INVITATION; its public key stands in the invitation.
 * out_psk     INVITATION_PSK_BYTES for epoch_key_seal() within this pair.
 * Both are the caller's. STATUS_OK, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status invitation_derive(const struct invitation_code *code,
                                         const struct practice_id *practice,
                                         struct identity_signer **out_signer,
                                         struct secret **out_psk);

/*
 * A short text (who invites whom) inside the bundle, readable with the code alone: the
 * server never learns a name. Key by HKDF-SHA-256 with info = frame("invitation-bundle"),
 * then nonce(24) ‖ XChaCha20-Poly1305 of the text padded to
 * INVITATION_LABEL_TEXT_BYTES_MAX + 1 with 0x80 and zeros.
 * STATUS_OK, STATUS_TOO_LARGE, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status invitation_label_seal(const struct invitation_code *code,
                                             const struct practice_id *practice, struct span text,
                                             uint8_t out_sealed[static INVITATION_LABEL_BYTES]);

/* |out_text| has room for INVITATION_LABEL_TEXT_BYTES_MAX + 1 and is terminated.
 * STATUS_OK, STATUS_DAMAGED, STATUS_NO_MEMORY. */
MUST_CHECK enum status invitation_label_open(
    const struct invitation_code *code, const struct practice_id *practice, struct span sealed,
    char out_text[static INVITATION_LABEL_TEXT_BYTES_MAX + 1]);
