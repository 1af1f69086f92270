/*
 * Reads a vkey as whoever checks an exported log does. The product only writes them.
 */
#pragma once

#include "keys/public/log/note_key.h"

/* STATUS_MALFORMED (also when the id is not the key's), STATUS_UNSUPPORTED. */
MUST_CHECK enum status vkey_parse(struct span vkey, struct note_key *out_key);
