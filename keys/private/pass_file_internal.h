/*
 * The same seal with random values that the caller gives, for the frozen vectors alone. A value
 * that is used twice breaks its seal, so nothing else may include this header.
 */
#pragma once

#include "keys/private/pass_file.h"

MUST_CHECK enum status pass_file_new_fixed(enum pass_file_kind kind,
                                           const struct pass_file_params *params,
                                           const uint8_t salt[static 16], struct span passphrase,
                                           struct pass_file **out_file);
MUST_CHECK enum status pass_file_seal_fixed(struct pass_file *file, const uint8_t nonce[static 24],
                                            struct span content, uint8_t *out_bytes);
