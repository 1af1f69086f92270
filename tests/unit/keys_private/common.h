/*
 * What the tests of keys_private share. Each helper fails the running cmocka test when
 * something does not fit. One thread.
 */
#pragma once

#include "keys/private/secret.h"
#include "proto/ids.h"

/* The bytes 00 to 1f, as in the vectors. */
struct practice_id common_practice(void);

/* Without the terminator. */
struct span common_text(const char *text);

/* Exactly |size| bytes into |to|. */
void common_copy(struct span from, void *to, size_t size);

/* Same size, same bytes. */
void common_same(struct span found, struct span expected);

/* The caller frees it. */
struct secret *common_secret(struct span bytes);

/* A new folder, for common_folder_remove() alone to free. */
char *common_folder_make(void);

/* Entries in it. */
size_t common_folder_count(const char *folder);

/* Removes the files that these tests make, then the folder, which must be empty by then. */
void common_folder_remove(char *folder);
