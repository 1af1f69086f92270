/* A device that came to the account by another device's word: its owner is told here, once. */
#pragma once

#include "client/cli/cli.h"

/* On standard error, one line for each, after what was synced. Nothing without an opened profile. */
void devices_told(struct cli *cli);
