/* Words for what notes are. */
#pragma once

#include "proto/status.h"

/* Of a RevisionKind: "draft", "signed", ...; "?" for none. Never NULL. */
const char *note_kind_name(uint32_t kind);
