/*
 * Runs the programs that are installed beside this one, at set-up. Each makes keys that this
 * program must not be able to make or hold; only the public halves come out.
 */
#pragma once

#include "proto/ids.h"
#include "proto/status.h"

/* `alcove-signer --init FOLDER`. STATUS_UNAVAILABLE when the program is missing or fails. */
MUST_CHECK enum status child_signer_init(const char *folder, struct public_key *out_key);

/* `alcove-tls-identity make KEY CERTIFICATE`. STATUS_ALREADY: there is one, unchanged. */
MUST_CHECK enum status child_tls_make(const char *key_path, const char *certificate_path,
                                      struct hash *out_pin);
/* `alcove-tls-identity pin CERTIFICATE`. STATUS_UNAVAILABLE. */
MUST_CHECK enum status child_tls_pin(const char *certificate_path, struct hash *out_pin);
