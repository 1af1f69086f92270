/* Words for what notes are. */
#pragma once

#include "client/engine/api/view.h"

struct cli;

/* Of a RevisionKind: "draft", "signed", ...; "?" for none. Never NULL. */
/* Why there is no text to show, for a revision without one. */
const char *note_no_text(const struct view_revision *revision);
const char *note_kind_name(uint32_t kind);
/* A revision in the outbox that the server refused for good: its text is here alone. */
bool note_is_refused(const struct cli *cli, const struct view_revision *revision);
/* Of rights, for people: "read write". Never NULL. */
const char *note_rights(uint32_t rights);
