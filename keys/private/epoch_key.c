#include "keys/private/epoch_key.h"

#include "keys/private/epoch_key_internal.h"
#include "keys/private/hpke_internal.h"
#include "keys/private/mac.h"
#include "keys/public/bytes/cursor.h"
#include "keys/public/frame.h"

#include <sodium.h>

#define PLACE_BYTES    (ID_BYTES + 8u + HASH_BYTES)
#define INFO_BYTES_MAX (FRAME_PREFIX_BYTES_MAX + PLACE_BYTES + 2u * HASH_BYTES)

/* Public: tells the mode's purpose, while the info names pair, section and epoch. */
static const uint8_t psk_id[] = "alcove invitation psk";

_Static_assert(INFO_BYTES_MAX <= HPKE_INFO_BYTES_MAX, "info fits");
_Static_assert(sizeof psk_id - 1 <= HPKE_PSK_ID_BYTES_MAX, "psk id fits");

static void place_encode(const struct epoch_key_place *place, uint8_t out[static PLACE_BYTES])
{
    struct cursor_writer writer;
    cursor_write_init(&writer, out, PLACE_BYTES);
    cursor_write_span(&writer, ID_SPAN(&place->section));
    cursor_write_u64(&writer, place->epoch);
    cursor_write_span(&writer, ID_SPAN(&place->membership));
    size_t size = 0;
    CHECK(cursor_write_done(&writer, &size) == STATUS_OK && size == PLACE_BYTES);
}

enum status epoch_key_new(struct secret **out_key)
{
    return secret_random(EPOCH_KEY_BYTES, out_key);
}

void epoch_key_commitment(const struct secret *key, const struct epoch_key_place *place,
                          struct hash *out_commitment)
{
    CHECK(secret_view(key).size == EPOCH_KEY_BYTES);
    uint8_t bytes[PLACE_BYTES];
    place_encode(place, bytes);
    struct span body = span_of(bytes, sizeof bytes);
    uint8_t mac_secret[MAC_BYTES];
    mac_frame(secret_view(key), LABEL_EPOCH_COMMITMENT, &place->practice, &body, 1, mac_secret);
    memcpy(out_commitment->bytes, mac_secret, HASH_BYTES);
    sodium_memzero(mac_secret, sizeof mac_secret);
}

static struct span info_encode(const struct epoch_key_place *place,
                               const struct epoch_key_parties *parties,
                               uint8_t out[static INFO_BYTES_MAX])
{
    uint8_t bytes[PLACE_BYTES];
    place_encode(place, bytes);
    const struct span body[] = {
        span_of(bytes, sizeof bytes),
        ID_SPAN(&parties->recipient_statement),
        ID_SPAN(&parties->sender_statement),
    };
    size_t size = 0;
    CHECK(frame_write(LABEL_SEAL, &place->practice, body, ARRAY_LEN(body), out, INFO_BYTES_MAX,
                      &size) == STATUS_OK);
    return span_of(out, size);
}

enum status epoch_key_seal_fixed(const uint8_t ephemeral_secret[static 32],
                                 const struct secret *key, const struct epoch_key_place *place,
                                 const struct epoch_key_parties *parties,
                                 const struct public_key *recipient, const struct secret *psk,
                                 uint8_t out_sealed[static EPOCH_KEY_SEALED_BYTES])
{
    CHECK(secret_view(key).size == EPOCH_KEY_BYTES);
    uint8_t info_bytes[INFO_BYTES_MAX];
    struct span info = info_encode(place, parties, info_bytes);
    const struct hpke_psk pair = {psk, span_of(psk_id, sizeof psk_id - 1)};
    return hpke_seal_with_ephemeral(ephemeral_secret, recipient, info, psk == NULL ? NULL : &pair,
                                    span_of(NULL, 0), secret_view(key), out_sealed);
}

enum status epoch_key_seal(const struct secret *key, const struct epoch_key_place *place,
                           const struct epoch_key_parties *parties,
                           const struct public_key *recipient, const struct secret *psk,
                           uint8_t out_sealed[static EPOCH_KEY_SEALED_BYTES])
{
    CHECK(sodium_init() >= 0);
    uint8_t ephemeral_secret[HPKE_KEY_BYTES];
    randombytes_buf(ephemeral_secret, sizeof ephemeral_secret);
    enum status status =
        epoch_key_seal_fixed(ephemeral_secret, key, place, parties, recipient, psk, out_sealed);
    sodium_memzero(ephemeral_secret, sizeof ephemeral_secret);
    return status;
}

enum status epoch_key_open(struct span sealed, const struct epoch_key_place *place,
                           const struct epoch_key_parties *parties, const struct secret *recipient,
                           const struct secret *psk, const struct hash *commitment,
                           struct secret **out_key)
{
    if (sealed.size != EPOCH_KEY_SEALED_BYTES) {
        return STATUS_WRONG_KEY;
    }
    uint8_t info_bytes[INFO_BYTES_MAX];
    struct span info = info_encode(place, parties, info_bytes);
    const struct hpke_psk pair = {psk, span_of(psk_id, sizeof psk_id - 1)};
    struct secret *key = NULL;
    struct hash found;
    enum status status = secret_new(EPOCH_KEY_BYTES, &key);
    if (status != STATUS_OK) {
        return status;
    }
    status = hpke_open(recipient, info, psk == NULL ? NULL : &pair, span_of(NULL, 0), sealed,
                       secret_fill(key));
    if (status != STATUS_OK) {
        goto out;
    }
    epoch_key_commitment(key, place, &found);
    if (sodium_memcmp(found.bytes, commitment->bytes, HASH_BYTES) != 0) {
        status = STATUS_WRONG_KEY;
        goto out;
    }
    *out_key = key;
    key = NULL;
out:
    secret_free(key);
    return status;
}
