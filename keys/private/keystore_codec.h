/*
 * The keystore's content as bytes, for keystore.c and its tests only (layout in
 * keys/KEYS.md). One content has one encoding; anything else is refused.
 */
#pragma once

#include "keys/private/keystore.h"

/* Sizes are rounded up to this, so that the file's size does not count the peers. */
#define KEYSTORE_CODEC_STEP_BYTES 4096u
#define KEYSTORE_CODEC_PEER_BYTES (ID_BYTES + KEYSTORE_PSK_BYTES)

/* |params| are recorded so that a later save cannot fall below them. The caller owns
 * *out_bytes, of which the first *out_size count. STATUS_OK, STATUS_NO_MEMORY. */
MUST_CHECK enum status keystore_codec_encode(const struct keystore_content *content,
                                             const struct pass_file_params *params,
                                             struct secret **out_bytes, size_t *out_size);

/* |out_content| is zeroed on failure. STATUS_OK, STATUS_DAMAGED, STATUS_NO_MEMORY. */
MUST_CHECK enum status keystore_codec_decode(struct span bytes,
                                             struct keystore_content *out_content,
                                             struct pass_file_params *out_params);
