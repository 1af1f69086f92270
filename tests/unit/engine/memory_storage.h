/*
 * The engine's storage in memory, for tests: sorted, transactional, and able to fail.
 */
#pragma once

#include "client/engine/common/storage.h"

struct memory_storage;

struct memory_storage *memory_storage_new(void);
void memory_storage_free(struct memory_storage *memory);
void memory_storage_get(struct memory_storage *memory, struct storage *out_storage);
/* Commits from now on fail after |commits| more; 0: the next one. SIZE_MAX: never. */
void memory_storage_fail_after(struct memory_storage *memory, size_t commits);
/*
 * The process dies at a step of the storage, |steps| from now (SIZE_MAX: never): from then on all
 * fails. The change that was being committed then lasts if |kept|; every other that was not
 * committed is lost. memory_storage_start is the next process.
 */
void memory_storage_die_after(struct memory_storage *memory, size_t steps, bool kept);
bool memory_storage_dead(const struct memory_storage *memory);
void memory_storage_start(struct memory_storage *memory);
/* How many lasted so far. */
size_t memory_storage_commits(const struct memory_storage *memory);
size_t memory_storage_count(const struct memory_storage *memory, enum storage_table table);
/* Everything but outbox and drafts is gone. */
void memory_storage_reset(struct memory_storage *memory);
/* Inverts one bit of the value of item |index|; false if there is no such item or byte. */
bool memory_storage_flip(struct memory_storage *memory, enum storage_table table, size_t index,
                         size_t byte, unsigned bit);
