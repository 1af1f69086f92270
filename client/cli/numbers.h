/* Numbers on the command line. */
#pragma once

#include "proto/status.h"

/* Digits alone, from |least| to |most|. */
bool numbers_parse(const char *text, uint64_t least, uint64_t most, uint64_t *out_number);
/* At most a year of seconds, as milliseconds. */
bool numbers_seconds(const char *text, uint64_t *out_ms);
/* The number of a descriptor. */
bool numbers_fd(const char *text, int *out_fd);
