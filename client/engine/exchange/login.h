/*
 * Logging in: the server's hello, our signed answer, its signed reply (decisions 4 and 21).
 * Internal to the engine.
 */
#pragma once

#include "client/engine/exchange/inside.h"

MUST_CHECK enum status login_hello(struct engine *engine, struct span body);
MUST_CHECK enum status login_reply(struct engine *engine, uint32_t code, struct span body);
