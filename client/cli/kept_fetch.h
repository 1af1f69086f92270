/* Kept texts on their way back: of an opened profile, or from the agent that holds it. */
#pragma once

#include "client/cli/kept_text.h"
#include "client/cli/note_before.h"

/* Opens the kept text |name| here. CLI_OK, or an exit code after saying why: also that it is a note
 * already, when its kept copy goes. The caller frees with kept_text_deinit in any case. */
MUST_CHECK int kept_fetch(struct cli *cli, const char *name, struct kept_text *out_text);
/* The same as what an editor begins with. */
MUST_CHECK int kept_fetch_before(struct cli *cli, const char *name, struct note_before *before);
