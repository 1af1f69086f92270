/*
 * One fuzz target: fed with bytes, it must not crash and its promises must hold.
 *
 * A target is deterministic: same bytes, same path; no clock, no randomness, no
 * files, nothing kept between calls. A broken promise is CHECK. It runs under
 * libFuzzer (ALCOVE_FUZZ), and in every other build over its corpus and mutants of it.
 */
#pragma once

#include "proto/span.h"

/* libFuzzer's own name and types; 0: the input was tried. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
