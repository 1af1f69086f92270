/*
 * What requests are made from: what a person wants, and what is verified now to make it against.
 * Internal to the engine.
 *
 * The one place below the exchange where the outbox meets the log and the sections.
 */
#pragma once

#include "client/engine/outbox/wish.h"
#include "client/engine/section/section.h"

struct sources {
    struct common *common;
    struct log *log;
    struct sections *sections;
    struct outbox *outbox;
};
