#include "keys/private/recovery.h"

#include "keys/private/code_text.h"
#include "keys/private/committed.h"
#include "keys/private/invitation.h"
#include "keys/public/frame.h"

#include <sodium.h>

#define CARD_SECRET_BYTES 32u
#define HALF_BYTES        32u

static const char card_prefix[] = "ALCOVE1-RECOVERY:";

_Static_assert(RECOVERY_SEALED_BYTES == COMMITTED_OVERHEAD_BYTES + 2 * HALF_BYTES, "sealed size");
_Static_assert(RECOVERY_CARD_CHARS_MAX > sizeof card_prefix + 56 + 13, "card size");

static struct span prefix_span(void)
{
    return span_of(card_prefix, sizeof card_prefix - 1);
}

static enum status build_frame(const struct practice_id *practice,
                               const struct recovery_public *public_half, struct frame *out_frame)
{
    const struct span body[] = {
        ID_SPAN(&public_half->member),
        ID_SPAN(&public_half->sealing),
        ID_SPAN(&public_half->signing),
    };
    return frame_build(LABEL_RECOVERY, practice, body, ARRAY_LEN(body), out_frame);
}

void recovery_keys_deinit(struct recovery_keys *keys)
{
    identity_sealer_free(keys->sealing);
    identity_signer_free(keys->signing);
    keys->sealing = NULL;
    keys->signing = NULL;
}

/* Both private halves under |card_secret|, which is uniform and so is the key itself. */
static enum status seal_halves(const uint8_t card_secret[static CARD_SECRET_BYTES],
                               const struct practice_id *practice,
                               const struct recovery_public *public_half,
                               const struct recovery_keys *keys,
                               uint8_t out_sealed[static RECOVERY_SEALED_BYTES])
{
    struct frame frame = {0};
    enum status status = build_frame(practice, public_half, &frame);
    uint8_t halves_secret[2 * HALF_BYTES];
    uint8_t nonce[COMMITTED_NONCE_BYTES];
    if (status == STATUS_OK) {
        struct span bytes = span_of(frame.data, frame.size);
        const struct committed_scope scope = {card_secret, bytes, bytes};
        memcpy(halves_secret, secret_view(identity_sealer_secret(keys->sealing)).data, HALF_BYTES);
        memcpy(halves_secret + HALF_BYTES, identity_signer_seed(keys->signing).data, HALF_BYTES);
        randombytes_buf(nonce, sizeof nonce);
        committed_seal(&scope, nonce, span_of(halves_secret, sizeof halves_secret), out_sealed);
    }
    sodium_memzero(halves_secret, sizeof halves_secret);
    frame_free(&frame);
    return status;
}

enum status recovery_new(const struct practice_id *practice, const struct member_id *member,
                         struct recovery_public *out_public,
                         uint8_t out_sealed[static RECOVERY_SEALED_BYTES],
                         char out_card[static RECOVERY_CARD_CHARS_MAX])
{
    CHECK(sodium_init() >= 0);
    uint8_t card_secret[CARD_SECRET_BYTES];
    randombytes_buf(card_secret, sizeof card_secret);
    struct recovery_keys keys = {0};
    enum status status = identity_sealer_new(&keys.sealing);
    if (status == STATUS_OK) {
        status = identity_signer_new(IDENTITY_RECOVERY, &keys.signing);
    }
    if (status == STATUS_OK) {
        out_public->member = *member;
        out_public->sealing = *identity_sealer_public(keys.sealing);
        out_public->signing = *identity_signer_public(keys.signing);
        status = seal_halves(card_secret, practice, out_public, &keys, out_sealed);
    }
    if (status == STATUS_OK) {
        struct span prefix = prefix_span();
        memcpy(out_card, prefix.data, prefix.size);
        code_text_encode(prefix, span_of(card_secret, sizeof card_secret), out_card + prefix.size);
        out_card[prefix.size + code_text_size(sizeof card_secret)] = '\0';
    }
    sodium_memzero(card_secret, sizeof card_secret);
    recovery_keys_deinit(&keys);
    return status;
}

/* R from the card's text. */
static enum status read_card(struct span card, uint8_t out_secret[static CARD_SECRET_BYTES])
{
    enum invitation_kind kind = invitation_code_kind(card);
    if (kind == INVITATION_KIND_NONE) {
        return STATUS_MALFORMED;
    }
    if (kind != INVITATION_KIND_RECOVERY) {
        return STATUS_UNSUPPORTED;
    }
    while (card.data[0] != (uint8_t)card_prefix[0]) { /* white space in front */
        card = span_of(card.data + 1, card.size - 1);
    }
    struct span prefix = prefix_span();
    return code_text_decode(prefix, span_of(card.data + prefix.size, card.size - prefix.size),
                            out_secret, CARD_SECRET_BYTES);
}

static enum status open_halves(const uint8_t card_secret[static CARD_SECRET_BYTES],
                               const struct practice_id *practice,
                               const struct recovery_public *public_half, struct span sealed,
                               uint8_t out_halves[static 2 * HALF_BYTES])
{
    if (sealed.size != RECOVERY_SEALED_BYTES) {
        return STATUS_DAMAGED;
    }
    struct frame frame = {0};
    enum status status = build_frame(practice, public_half, &frame);
    if (status == STATUS_OK) {
        struct span bytes = span_of(frame.data, frame.size);
        const struct committed_scope scope = {card_secret, bytes, bytes};
        status = committed_open(&scope, sealed, out_halves);
    }
    frame_free(&frame);
    return status;
}

/* Keys that do not give the public halves in the member's chain are of no use. */
static bool keys_match(const struct recovery_keys *keys, const struct recovery_public *public_half)
{
    return ID_EQUAL(identity_sealer_public(keys->sealing), &public_half->sealing) &&
           ID_EQUAL(identity_signer_public(keys->signing), &public_half->signing);
}

enum status recovery_restore(const struct practice_id *practice,
                             const struct recovery_public *public_half, struct span sealed,
                             struct span card, struct recovery_keys *out_keys)
{
    uint8_t card_secret[CARD_SECRET_BYTES];
    enum status status = read_card(card, card_secret);
    uint8_t halves_secret[2 * HALF_BYTES];
    if (status == STATUS_OK) {
        status = open_halves(card_secret, practice, public_half, sealed, halves_secret);
    }
    struct recovery_keys keys = {0};
    if (status == STATUS_OK) {
        status = identity_sealer_from_secret(span_of(halves_secret, HALF_BYTES), &keys.sealing);
    }
    if (status == STATUS_OK) {
        status = identity_signer_from_seed(
            IDENTITY_RECOVERY, span_of(halves_secret + HALF_BYTES, HALF_BYTES), &keys.signing);
    }
    if (status == STATUS_OK && !keys_match(&keys, public_half)) {
        status = STATUS_DAMAGED;
    }
    if (status == STATUS_OK) {
        *out_keys = keys;
        keys.sealing = NULL;
        keys.signing = NULL;
    }
    sodium_memzero(card_secret, sizeof card_secret);
    sodium_memzero(halves_secret, sizeof halves_secret);
    recovery_keys_deinit(&keys);
    return status;
}
