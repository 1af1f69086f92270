#include "keys/private/mac.h"

#include <sodium.h>

_Static_assert(crypto_auth_hmacsha512_BYTES == MAC_BYTES, "HMAC-SHA-512 size");

void mac_bytes(struct span key, struct span message, uint8_t out_mac[static MAC_BYTES])
{
    crypto_auth_hmacsha512_state state;
    (void)crypto_auth_hmacsha512_init(&state, key.data, key.size);
    (void)crypto_auth_hmacsha512_update(&state, message.data, message.size);
    (void)crypto_auth_hmacsha512_final(&state, out_mac);
    sodium_memzero(&state, sizeof state);
}

void mac_frame(struct span key, enum label label, const struct practice_id *practice,
               const struct span *parts, size_t count, uint8_t out_mac[static MAC_BYTES])
{
    uint8_t prefix[FRAME_PREFIX_BYTES_MAX];
    size_t prefix_size = frame_prefix(label, practice, prefix);
    crypto_auth_hmacsha512_state state;
    (void)crypto_auth_hmacsha512_init(&state, key.data, key.size);
    (void)crypto_auth_hmacsha512_update(&state, prefix, prefix_size);
    for (size_t i = 0; i < count; i++) {
        (void)crypto_auth_hmacsha512_update(&state, parts[i].data, parts[i].size);
    }
    (void)crypto_auth_hmacsha512_final(&state, out_mac);
    sodium_memzero(&state, sizeof state);
}
