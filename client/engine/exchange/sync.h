/*
 * A round of syncing: what to ask for next. Internal to the engine.
 */
#pragma once

#include "client/engine/exchange/inside.h"

/* Asks for the next thing; nothing left: idle. */
MUST_CHECK enum status sync_next(struct engine *engine);
