/*
 * The practice's root key at rest: a file of its own, under a passphrase, on the founder's
 * machine. Never on the server.
 */
#pragma once

#include "keys/private/identity.h"
#include "keys/private/pass_file.h"
#include "proto/status.h"

/* STATUS_ALREADY when |path| exists: a root key is never written over. */
MUST_CHECK enum status root_key_write(const char *path, const struct pass_file_params *params,
                                      struct span passphrase, const struct identity_signer *root);
/* By what was typed (secrets_try). STATUS_NOT_FOUND, STATUS_UNSUPPORTED, STATUS_DAMAGED (also a wrong
 * passphrase). */
MUST_CHECK enum status root_key_read(const char *path, const struct secret *typed,
                                     struct identity_signer **out_root);
