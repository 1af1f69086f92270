/* Devices on the command line: by the name that their owner gave, or by the first digits of an id. */
#pragma once

#include "client/cli/cli.h"
#include "client/engine/api/view.h"

/* |word| NULL: oneself. CLI_OK, or an exit code after saying why. */
MUST_CHECK int device_whose(struct cli *cli, const char *word, struct member_id *out_member);
/* One of that member's. Likewise. */
MUST_CHECK int device_find(struct cli *cli, const char *word, const struct member_id *member,
                           struct view_device *out);
