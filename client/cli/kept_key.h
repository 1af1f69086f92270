/*
 * The public key that kept texts are sealed to: PROFILE/kept/key, in the clear, so that a text can
 * be sealed while the profile is locked. Its secret half comes from the keystore.
 */
#pragma once

#include "client/cli/context.h"
#include "keys/private/keystore.h"

#define KEPT_FOLDER "kept"
#define KEPT_KEY    "key"

/* Of an opened profile: writes the file where it is missing, and puts it right where it is not the
 * key of |content|. True: it was another's, whom texts that were sealed meanwhile may be open to. */
bool kept_key_settle(const char *profile, const struct keystore_content *content);
/* From the keystore, if the profile is open here, else from the file. STATUS_NOT_FOUND: there is
 * none; STATUS_REFUSED: it is not a file of ours that nobody else may write. */
MUST_CHECK enum status kept_key_get(const struct cli *cli, struct public_key *out_key);
