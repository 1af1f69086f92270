/*
 * Sending what is in the outbox and judging the answers. Internal to the engine.
 */
#pragma once

#include "client/engine/submit/sources.h"

/* Builds and sends the next one. May find that it cannot be: then it has failed for good or
 * waits, and *out_asked is false. */
MUST_CHECK enum status submit_ask(struct sources *from, bool *out_asked);
MUST_CHECK enum status submit_reply(struct sources *from, struct request *request, uint32_t code,
                                    struct span body);
