/*
 * Answers to what sync.c asks for. Internal to the engine; its functions are sync_reply()
 * and sync_push() of inside.h.
 */
#pragma once

#include "client/engine/common/inside.h"

/* How long to leave a busy server alone. */
#define SYNC_RETRY_MS 1000u
