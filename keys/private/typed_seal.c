#include "keys/private/typed_seal.h"

#include "keys/private/cache_key.h"
#include "keys/private/hpke_internal.h"
#include "keys/private/identity.h"
#include "keys/public/frame.h"

#include <sodium.h>

#define NAME_BYTES_MAX 64u
#define INFO_BYTES_MAX (FRAME_PREFIX_BYTES_MAX + NAME_BYTES_MAX)

static enum status derive(const struct secret *cache_master, const struct practice_id *practice,
                          struct identity_sealer **out_sealer)
{
    static const uint8_t purpose[] = "typed";
    struct secret *key = NULL;
    enum status status =
        cache_key_derive(cache_master, practice, span_of(purpose, sizeof purpose - 1), &key);
    if (status == STATUS_OK) {
        status = identity_sealer_from_secret(secret_view(key), out_sealer);
    }
    secret_free(key);
    return status;
}

enum status typed_seal_public(const struct secret *cache_master, const struct practice_id *practice,
                              struct public_key *out_public)
{
    struct identity_sealer *sealer = NULL;
    enum status status = derive(cache_master, practice, &sealer);
    if (status == STATUS_OK) {
        *out_public = *identity_sealer_public(sealer);
    }
    identity_sealer_free(sealer);
    return status;
}

/* Without the practice's id, which a locked profile does not know. */
static struct span info_of(struct span name, uint8_t out[static INFO_BYTES_MAX])
{
    size_t size = 0;
    CHECK(name.size <= NAME_BYTES_MAX &&
          frame_write(LABEL_TYPED, NULL, &name, 1, out, INFO_BYTES_MAX, &size) == STATUS_OK);
    return span_of(out, size);
}

enum status typed_seal(const struct public_key *to, struct span name, struct span text,
                       uint8_t *out_sealed)
{
    CHECK(sodium_init() >= 0);
    uint8_t info_bytes[INFO_BYTES_MAX];
    struct span info = info_of(name, info_bytes);
    uint8_t ephemeral_secret[HPKE_KEY_BYTES];
    randombytes_buf(ephemeral_secret, sizeof ephemeral_secret);
    enum status status = hpke_seal_with_ephemeral(ephemeral_secret, to, info, NULL,
                                                  span_of(NULL, 0), text, out_sealed);
    sodium_memzero(ephemeral_secret, sizeof ephemeral_secret);
    return status;
}

enum status typed_seal_open(const struct secret *cache_master, const struct practice_id *practice,
                            struct span name, struct span sealed, uint8_t *out_text)
{
    struct identity_sealer *sealer = NULL;
    enum status status = derive(cache_master, practice, &sealer);
    if (status == STATUS_OK) {
        uint8_t info_bytes[INFO_BYTES_MAX];
        status = hpke_open(identity_sealer_secret(sealer), info_of(name, info_bytes), NULL,
                           span_of(NULL, 0), sealed, out_text);
    }
    identity_sealer_free(sealer);
    return status;
}
