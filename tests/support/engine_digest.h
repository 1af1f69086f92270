/*
 * All that an engine believes, wants and keeps, as one hash for each part: for tests that ask
 * whether something changed. Left out is only what a lost connection drops as well: requests under
 * way, leaves and pages that are not whole, a proof under way; and alarms, the phase, answers to
 * questions, the count of bytes received, which tell of what came without believing it.
 */
#pragma once

#include "client/engine/exchange/engine.h"
#include "keys/public/hash.h"

enum engine_part {
    ENGINE_PART_LOGS,
    ENGINE_PART_LEAVES,
    ENGINE_PART_FACTS,
    ENGINE_PART_CHAINS,
    ENGINE_PART_AUTHORITY,
    ENGINE_PART_CARRIED,
    ENGINE_PART_NAMES,
    ENGINE_PART_SECTIONS,
    ENGINE_PART_CHARTS,
    ENGINE_PART_OUTBOX,
    ENGINE_PART_WANTS, /* and the clock */
    ENGINE_PART_KEYSTORE,
    ENGINE_PART_STORAGE,
    ENGINE_PARTS,
};

struct engine_digest {
    struct hash part[ENGINE_PARTS];
};

/* Builds the sections' indexes, which an engine does itself when it needs them. */
void engine_digest(struct engine *engine, struct engine_digest *out_digest);
/* The first part that differs, by name; NULL: none. */
const char *engine_digest_differs(const struct engine_digest *a, const struct engine_digest *b);
