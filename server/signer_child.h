/* Running alcove-signer's own set-up: the log key is made by the program that alone holds
 * it, and only its public half comes out. */
#pragma once

#include "proto/ids.h"
#include "proto/status.h"

/* `alcove-signer --init FOLDER`. STATUS_UNAVAILABLE when the program is missing or fails. */
MUST_CHECK enum status signer_child_init(const char *folder, struct public_key *out_key);
