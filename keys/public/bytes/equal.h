/*
 * Comparison in constant time, for whatever an attacker could guess at byte by
 * byte (commitments, MACs, tokens). Public values use span_equal. Any thread.
 */
#pragma once

#include "proto/span.h"

bool equal_secret(const void *a, const void *b, size_t size);
