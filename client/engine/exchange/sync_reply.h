/*
 * What the server answers or says of itself, handed to the room that asked. Internal to the
 * engine.
 */
#pragma once

#include "client/engine/exchange/inside.h"

MUST_CHECK enum status sync_reply(struct engine *engine, struct request *request, uint32_t code,
                                  struct span body);
MUST_CHECK enum status sync_push(struct engine *engine, struct span body);
