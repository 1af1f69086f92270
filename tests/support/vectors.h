/*
 * Reads the test vectors in tests/vectors/: records of "key = value" lines.
 *
 *   # comment, with the source of the values
 *   [name of the record]
 *   key = value
 *
 * A value is taken as text (with \n for a line feed), as hexadecimal or as a number,
 * as the test asks. Anything missing or misspelt fails the running cmocka test, so a
 * test cannot pass because its vectors were not found. One thread.
 */
#pragma once

#include "proto/span.h"

struct vectors;

/* |name| as in "merkle.txt". The caller frees it with vectors_close. */
struct vectors *vectors_open(const char *name);
void vectors_close(struct vectors *vectors);

/* Moves to the next record; false after the last. */
bool vectors_next(struct vectors *vectors);
/* Moves to the record of this name, or fails the test. */
void vectors_find(struct vectors *vectors, const char *name);
/* The present record's name. */
const char *vectors_name(const struct vectors *vectors);

bool vectors_has(const struct vectors *vectors, const char *key);
/* The value with its escapes resolved; valid until the record changes. */
struct span vectors_text(struct vectors *vectors, const char *key);
/* The bytes of a hexadecimal value; valid until the record changes. */
struct span vectors_hex(struct vectors *vectors, const char *key);
uint64_t vectors_number(struct vectors *vectors, const char *key);
