/*
 * The client's local cache: the engine's storage over LMDB, every value sealed under a key
 * from the keystore (cache_key.h), one key per table, bound to its record.
 *
 * Two files in one folder. `cache` holds everything that the server can give again; when it is
 * damaged it is dropped and fetched anew. `outbox` holds texts that exist nowhere else: notes
 * that were written here and not yet sent, and drafts. It is never dropped. Both files are
 * locked against a second process. A transaction over both commits `cache` first: after a crash
 * between the two commits a note that was sent is sent again, and the server answers that it
 * has it. One store, one thread.
 */
#pragma once

#include "client/engine/common/storage.h"
#include "keys/private/secret.h"
#include "proto/ids.h"

struct store;

/*
 * folder  made with mode 0700 if absent; its parent must exist.
 * master  32 bytes, borrowed for the call (keystore_content.cache_master).
 *
 * A `cache` that LMDB cannot use is replaced by an empty one. STATUS_OK; STATUS_BUSY (another
 * process has it); STATUS_REFUSED (folder open to others); STATUS_CORRUPT (`outbox` is
 * damaged: nothing was changed, a person must decide); STATUS_IO; STATUS_NO_MEMORY.
 */
MUST_CHECK enum status store_open(const char *folder, const struct secret *master,
                                  const struct practice_id *practice, struct store **out_store);
/* NULL is allowed. Drops a transaction that was not committed. */
void store_close(struct store *store);

/* The functions of storage.h; valid until store_close(). */
void store_storage(struct store *store, struct storage *out_storage);

/* Wipes the value that get() gave last, which nobody may look at any more. */
void store_rest(struct store *store);

/* Empties `cache`, keeps `outbox`: the answer to STATUS_CORRUPT of the engine.
 * STATUS_USAGE inside a transaction, STATUS_IO, STATUS_NO_MEMORY. */
MUST_CHECK enum status store_reset(struct store *store);
