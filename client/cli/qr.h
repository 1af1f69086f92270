/* A code as a picture in the terminal, for a camera. */
#pragma once

#include "client/cli/context.h"

/* |text| may be secret; nothing of it is left in memory. STATUS_NO_MEMORY. */
MUST_CHECK enum status qr_draw(struct cli *cli, const char *text);
