/*
 * Names and layout of an exported log (c2sp.org/tlog-tiles).
 *
 * A tile holds up to 256 consecutive hashes at tree height 8 × level; an entry bundle
 * holds up to 256 leaves, each after its length (u16 BE). A program that
 * knows nothing of Alcove can recompute every root from such a folder. Only names are made
 * here; the caller writes the files. Pure; any thread.
 */
#pragma once

#include "proto/ids.h"
#include "proto/status.h"

#define TILES_WIDTH          256u
#define TILES_LEVEL_MAX      7u /* 8 × 8 bits exceed any size we count to */
/* "tile/entries/", seven groups of "x000/", ".p/255" and a terminator, rounded up. */
#define TILES_PATH_BYTES_MAX 64u

#define TILES_CHECKPOINT_PATH "checkpoint"

/*
 * "tile/<L>/<N>" or, for |width| 1..255, "tile/<L>/<N>.p/<W>"; 256 is a full tile. With a
 * terminator. STATUS_USAGE for a level or width out of range.
 */
MUST_CHECK enum status tiles_hash_path(uint32_t level, uint64_t index, uint32_t width,
                                       char out_path[TILES_PATH_BYTES_MAX]);

/* The same for "tile/entries/<N>[.p/<W>]". */
MUST_CHECK enum status tiles_entries_path(uint64_t index, uint32_t width,
                                          char out_path[TILES_PATH_BYTES_MAX]);
