#include "keys/private/invitation_own.h"

#include "keys/private/hpke_internal.h"
#include "keys/public/frame.h"

#include <sodium.h>

#define INFO_BYTES_MAX (FRAME_PREFIX_BYTES_MAX + ID_BYTES + 2u * HASH_BYTES)

static struct span info_of(const struct invitation_own_place *place,
                           uint8_t out[static INFO_BYTES_MAX])
{
    const struct span body[] = {ID_SPAN(&place->invited), ID_SPAN(&place->recipient),
                                ID_SPAN(&place->sender)};
    size_t size = 0;
    CHECK(frame_write(LABEL_INVITATION_OWN, &place->practice, body, ARRAY_LEN(body), out,
                      INFO_BYTES_MAX, &size) == STATUS_OK);
    return span_of(out, size);
}

enum status invitation_own_seal(const struct invitation_code *code,
                                const struct invitation_own_place *place,
                                const struct public_key *recipient,
                                uint8_t out_sealed[static INVITATION_OWN_SEALED_BYTES])
{
    CHECK(sodium_init() >= 0);
    uint8_t ephemeral_secret[HPKE_KEY_BYTES];
    randombytes_buf(ephemeral_secret, sizeof ephemeral_secret);
    uint8_t info[INFO_BYTES_MAX];
    enum status status = hpke_seal_with_ephemeral(
        ephemeral_secret, recipient, info_of(place, info), NULL, span_of(NULL, 0),
        span_of(code->secret, sizeof code->secret), out_sealed);
    sodium_memzero(ephemeral_secret, sizeof ephemeral_secret);
    return status;
}

enum status invitation_own_open(const uint8_t sealed[static INVITATION_OWN_SEALED_BYTES],
                                const struct invitation_own_place *place,
                                const struct secret *recipient, const struct public_key *key,
                                struct secret **out_psk)
{
    uint8_t info[INFO_BYTES_MAX];
    struct invitation_code code = {.kind = INVITATION_KIND_JOIN};
    enum status status = hpke_open(recipient, info_of(place, info), NULL, span_of(NULL, 0),
                                   span_of(sealed, INVITATION_OWN_SEALED_BYTES), code.secret);
    struct identity_signer *signer = NULL;
    struct secret *psk = NULL;
    if (status == STATUS_OK) {
        status = invitation_derive(&code, &place->practice, &signer, &psk);
    }
    if (status == STATUS_OK && !ID_EQUAL(identity_signer_public(signer), key)) {
        status = STATUS_WRONG_KEY;
    }
    if (status == STATUS_OK) {
        *out_psk = psk;
        psk = NULL;
    }
    invitation_code_wipe(&code);
    identity_signer_free(signer);
    secret_free(psk);
    return status;
}
