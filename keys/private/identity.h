/*
 * Key pairs of people and devices: Ed25519 to sign, X25519 to seal to.
 *
 * A signer has one role for life and signs only the labels of that role: a login key
 * never signs content, an invitation key signs one enrolment. The secret half lives
 * in a struct secret and leaves only through identity_signer_seed() and
 * identity_sealer_secret(), for the keystore. Any thread; one object, one thread.
 */
#pragma once

#include "keys/private/secret.h"
#include "keys/public/label.h"
#include "proto/ids.h"

#define IDENTITY_SEED_BYTES 32u

enum identity_role {
    IDENTITY_ROOT = 1,       /* the practice's root, offline */
    IDENTITY_MEMBER = 2,     /* a member's identity key */
    IDENTITY_CONTENT = 3,    /* a device's signing key, an admin's device too */
    IDENTITY_LOGIN = 4,      /* a device's login key: LABEL_LOGIN_CLIENT only */
    IDENTITY_RECOVERY = 5,   /* a member's recovery key for recovery statements */
    IDENTITY_INVITATION = 6, /* from an invitation's secret: the enrolment's labels only */
    IDENTITY_WITNESS = 7,    /* an auditor's cosigning key: C2SP notes only, no frames */
};

struct identity_signer;
struct identity_sealer;

/* A fresh pair; the caller owns it. STATUS_OK, STATUS_NO_MEMORY. */
MUST_CHECK enum status identity_signer_new(enum identity_role role,
                                           struct identity_signer **out_signer);

/* From the 32-byte seed of RFC 8032. STATUS_OK, STATUS_NO_MEMORY. */
MUST_CHECK enum status identity_signer_from_seed(enum identity_role role, struct span seed,
                                                 struct identity_signer **out_signer);

/* Wipes and frees; NULL is allowed. */
void identity_signer_free(struct identity_signer *signer);

enum identity_role identity_signer_role(const struct identity_signer *signer);

/* Borrowed; lives as long as the signer. */
const struct public_key *identity_signer_public(const struct identity_signer *signer);

/* The 32-byte seed, borrowed: for the keystore alone. */
struct span identity_signer_seed(const struct identity_signer *signer);

/*
 * Signs frame(label, parts joined). A label outside the role is our own mistake and
 * aborts. |practice| NULL only for the genesis statement.
 * STATUS_OK, STATUS_TOO_LARGE, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status identity_sign(const struct identity_signer *signer, enum label label,
                                     const struct practice_id *practice, const struct span *parts,
                                     size_t count, struct signature *out_signature);

/* Signs |note| as it stands, for C2SP cosignatures; role IDENTITY_WITNESS only. */
void identity_sign_note(const struct identity_signer *signer, struct span note,
                        struct signature *out_signature);

MUST_CHECK enum status identity_sealer_new(struct identity_sealer **out_sealer);
/* From 32 bytes kept earlier. STATUS_OK, STATUS_NO_MEMORY. */
MUST_CHECK enum status identity_sealer_from_secret(struct span secret,
                                                   struct identity_sealer **out_sealer);
void identity_sealer_free(struct identity_sealer *sealer);
const struct public_key *identity_sealer_public(const struct identity_sealer *sealer);
/* Borrowed: for hpke_open(), epoch_key_open() and the keystore. */
const struct secret *identity_sealer_secret(const struct identity_sealer *sealer);
