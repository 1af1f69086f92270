/* What an earlier command left in memory, because it was ended or the disk was full, goes into the
 * profile, and is said. Called by each command before it begins. */
#pragma once

#include "client/cli/cli.h"

void kept_adopt(struct cli *cli);
