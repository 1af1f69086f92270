/*
 * Secrets of pairs that another device of our own member made by inviting somebody (KEYS.md, "An
 * invitation"). Internal to the engine.
 */
#pragma once

#include "client/engine/log/log.h"

/* After a fold: takes those that are new into the keystore's content. One that does not open is left
 * out: what is sealed with it raises its own alarm. STATUS_NO_MEMORY. */
MUST_CHECK enum status secrets_take(struct log *log);
