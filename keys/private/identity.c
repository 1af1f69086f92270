#include "keys/private/identity.h"

#include "keys/public/frame.h"

#include <sodium.h>

struct identity_signer {
    enum identity_role role;
    struct public_key public_key;
    struct secret *secret; /* seed ‖ public key, as libsodium wants it */
};

struct identity_sealer {
    struct public_key public_key;
    struct secret *secret;
};

_Static_assert(crypto_sign_SEEDBYTES == IDENTITY_SEED_BYTES, "seed size");
_Static_assert(crypto_sign_PUBLICKEYBYTES == PUBLIC_KEY_BYTES, "public key size");
_Static_assert(crypto_box_SECRETKEYBYTES == IDENTITY_SEED_BYTES, "X25519 secret size");

static bool role_known(enum identity_role role)
{
    return role >= IDENTITY_ROOT && role <= IDENTITY_WITNESS;
}

/* One key per role: the labels of a login or an invitation key are signed by no other role, and
 * those keys sign no other label. */
static bool role_may_sign(enum identity_role role, enum label label)
{
    bool login = label == LABEL_LOGIN_CLIENT;
    bool invitation = label == LABEL_ENROLMENT_INVITATION;
    if (role == IDENTITY_LOGIN) {
        return login;
    }
    if (role == IDENTITY_INVITATION) {
        return invitation || label == LABEL_ENROLMENT;
    }
    if (role == IDENTITY_WITNESS) {
        return false;
    }
    return !login && !invitation;
}

enum status identity_signer_from_seed(enum identity_role role, struct span seed,
                                      struct identity_signer **out_signer)
{
    CHECK(role_known(role) && seed.size == IDENTITY_SEED_BYTES);
    struct identity_signer *signer = calloc(1, sizeof *signer);
    if (signer == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = secret_new(crypto_sign_SECRETKEYBYTES, &signer->secret);
    if (status != STATUS_OK) {
        free(signer);
        return status;
    }
    signer->role = role;
    CHECK(crypto_sign_seed_keypair(signer->public_key.bytes, secret_fill(signer->secret),
                                   seed.data) == 0);
    *out_signer = signer;
    return STATUS_OK;
}

enum status identity_signer_new(enum identity_role role, struct identity_signer **out_signer)
{
    CHECK(sodium_init() >= 0);
    uint8_t seed_secret[IDENTITY_SEED_BYTES];
    randombytes_buf(seed_secret, sizeof seed_secret);
    enum status status =
        identity_signer_from_seed(role, span_of(seed_secret, sizeof seed_secret), out_signer);
    sodium_memzero(seed_secret, sizeof seed_secret);
    return status;
}

void identity_signer_free(struct identity_signer *signer)
{
    if (signer == NULL) {
        return;
    }
    secret_free(signer->secret);
    free(signer);
}

enum identity_role identity_signer_role(const struct identity_signer *signer)
{
    CHECK(signer != NULL);
    return signer->role;
}

const struct public_key *identity_signer_public(const struct identity_signer *signer)
{
    CHECK(signer != NULL);
    return &signer->public_key;
}

struct span identity_signer_seed(const struct identity_signer *signer)
{
    CHECK(signer != NULL);
    return span_of(secret_view(signer->secret).data, IDENTITY_SEED_BYTES);
}

enum status identity_sign(const struct identity_signer *signer, enum label label,
                          const struct practice_id *practice, const struct span *parts,
                          size_t count, struct signature *out_signature)
{
    CHECK(signer != NULL && role_may_sign(signer->role, label));
    CHECK(practice != NULL || label == LABEL_GENESIS);
    struct frame frame = {0};
    enum status status = frame_build(label, practice, parts, count, &frame);
    if (status == STATUS_OK) {
        (void)crypto_sign_detached(out_signature->bytes, NULL, frame.data, frame.size,
                                   secret_view(signer->secret).data);
    }
    frame_free(&frame);
    return status;
}

void identity_sign_note(const struct identity_signer *signer, struct span note,
                        struct signature *out_signature)
{
    CHECK(signer != NULL && signer->role == IDENTITY_WITNESS);
    (void)crypto_sign_detached(out_signature->bytes, NULL, note.data, note.size,
                               secret_view(signer->secret).data);
}

enum status identity_sealer_from_secret(struct span secret, struct identity_sealer **out_sealer)
{
    CHECK(secret.size == crypto_box_SECRETKEYBYTES);
    struct identity_sealer *sealer = calloc(1, sizeof *sealer);
    if (sealer == NULL) {
        return STATUS_NO_MEMORY;
    }
    enum status status = secret_from_bytes(secret, &sealer->secret);
    if (status != STATUS_OK) {
        free(sealer);
        return status;
    }
    CHECK(crypto_scalarmult_base(sealer->public_key.bytes, secret.data) == 0);
    *out_sealer = sealer;
    return STATUS_OK;
}

enum status identity_sealer_new(struct identity_sealer **out_sealer)
{
    CHECK(sodium_init() >= 0);
    uint8_t key_secret[crypto_box_SECRETKEYBYTES];
    randombytes_buf(key_secret, sizeof key_secret);
    enum status status =
        identity_sealer_from_secret(span_of(key_secret, sizeof key_secret), out_sealer);
    sodium_memzero(key_secret, sizeof key_secret);
    return status;
}

void identity_sealer_free(struct identity_sealer *sealer)
{
    if (sealer == NULL) {
        return;
    }
    secret_free(sealer->secret);
    free(sealer);
}

const struct public_key *identity_sealer_public(const struct identity_sealer *sealer)
{
    CHECK(sealer != NULL);
    return &sealer->public_key;
}

const struct secret *identity_sealer_secret(const struct identity_sealer *sealer)
{
    CHECK(sealer != NULL);
    return sealer->secret;
}
