/*
 * The place of a profile that is about to come to be, for whoever joins and for a new device.
 */
#pragma once

#include "proto/status.h"

/* Makes the folder, and finds out whether keys can be kept there, before anything is used up.
 * STATUS_IO, STATUS_FULL. */
MUST_CHECK enum status new_profile_place(const char *profile);
/* What keys that did not come to be used leave behind: the keystore, |card_path| (may be NULL), and
 * the folder unless something else is in it. */
void new_profile_remove(const char *profile, const char *card_path);
