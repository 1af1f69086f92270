#include "client/store/store.h"

#include "client/store/file.h"
#include "keys/private/cache_key.h"
#include "keys/private/private_file.h"
#include "keys/public/bytes/wipe.h"

#include <limits.h>
#include <unistd.h>

/* Address space, not disk: files grow as they fill. */
#define CACHE_MAP_BYTES  ((size_t)16 << 30)
#define OUTBOX_MAP_BYTES ((size_t)2 << 30)

struct buffer {
    uint8_t *data;
    size_t capacity;
};

struct store {
    char cache_path[PATH_MAX];
    char outbox_path[PATH_MAX];
    int lock;
    struct file *cache;
    struct file *outbox;
    bool in_transaction;
    struct secret *keys[STORAGE_TABLE_COUNT];
    struct buffer value; /* what get() gave last */
};

static bool buffer_grow(struct buffer *buffer, size_t size)
{
    if (size <= buffer->capacity) {
        return true;
    }
    size_t capacity = size < 4096 ? 4096 : size + size / 2;
    /* Not realloc: the old bytes are a note's and must be wiped. */
    uint8_t *data = malloc(capacity);
    if (data == NULL) {
        return false;
    }
    wipe(buffer->data, buffer->capacity);
    free(buffer->data);
    buffer->data = data;
    buffer->capacity = capacity;
    return true;
}

static void buffer_free(struct buffer *buffer)
{
    wipe(buffer->data, buffer->capacity);
    free(buffer->data);
    buffer->data = NULL;
    buffer->capacity = 0;
}

void store_rest(struct store *store)
{
    buffer_free(&store->value);
}

static enum status derive_keys(struct store *store, const struct secret *master,
                               const struct practice_id *practice)
{
    for (unsigned table = 1; table < STORAGE_TABLE_COUNT; table++) {
        char purpose[] = "table-0";
        purpose[6] = (char)('0' + (char)table);
        enum status status = cache_key_derive(
            master, practice, span_of(purpose, sizeof purpose - 1), &store->keys[table]);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

static enum status open_cache(struct store *store)
{
    enum status status = file_open(store->cache_path, CACHE_MAP_BYTES, true, &store->cache);
    if (status != STATUS_CORRUPT) {
        return status;
    }
    if (unlink(store->cache_path) != 0) {
        return STATUS_IO;
    }
    return file_open(store->cache_path, CACHE_MAP_BYTES, true, &store->cache);
}

static bool paths(struct store *store, const char *folder)
{
    int cache = snprintf(store->cache_path, PATH_MAX, "%s/cache", folder);
    int outbox = snprintf(store->outbox_path, PATH_MAX, "%s/outbox", folder);
    return cache > 0 && cache < PATH_MAX && outbox > 0 && outbox < PATH_MAX;
}

enum status store_open(const char *folder, const struct secret *master,
                       const struct practice_id *practice, struct store **out_store)
{
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL) {
        return STATUS_NO_MEMORY;
    }
    store->lock = -1;
    enum status status = STATUS_USAGE;
    if (!paths(store, folder)) {
        goto out;
    }
    status = private_file_folder(folder);
    if (status != STATUS_OK) {
        goto out;
    }
    status = private_file_lock(folder, "lock", &store->lock);
    if (status != STATUS_OK) {
        goto out;
    }
    status = derive_keys(store, master, practice);
    if (status != STATUS_OK) {
        goto out;
    }
    status = file_open(store->outbox_path, OUTBOX_MAP_BYTES, false, &store->outbox);
    if (status != STATUS_OK) {
        goto out;
    }
    status = open_cache(store);
    if (status != STATUS_OK) {
        goto out;
    }
    *out_store = store;
    store = NULL;
out:
    store_close(store);
    return status;
}

void store_close(struct store *store)
{
    if (store == NULL) {
        return;
    }
    file_close(store->cache);
    file_close(store->outbox);
    for (unsigned table = 0; table < STORAGE_TABLE_COUNT; table++) {
        secret_free(store->keys[table]);
    }
    buffer_free(&store->value);
    if (store->lock >= 0) {
        (void)close(store->lock);
    }
    free(store);
}

enum status store_reset(struct store *store)
{
    if (store->in_transaction) {
        return STATUS_USAGE;
    }
    file_close(store->cache);
    store->cache = NULL;
    if (unlink(store->cache_path) != 0) {
        return STATUS_IO;
    }
    return file_open(store->cache_path, CACHE_MAP_BYTES, true, &store->cache);
}

static struct file *file_of(struct store *store, enum storage_table table)
{
    CHECK(table > 0 && table < STORAGE_TABLE_COUNT);
    return table == STORAGE_OUTBOX || table == STORAGE_TYPED ? store->outbox : store->cache;
}

static enum status store_begin(void *context)
{
    struct store *store = context;
    CHECK(!store->in_transaction);
    store->in_transaction = true;
    return store->cache != NULL ? STATUS_OK : STATUS_IO;
}

static void drop(void *context)
{
    struct store *store = context;
    store->in_transaction = false;
    file_abort(store->cache);
    file_abort(store->outbox);
}

static enum status commit(void *context)
{
    struct store *store = context;
    CHECK(store->in_transaction);
    /* `cache` first. A crash between the two leaves a wish in the outbox that was done: it is sent
     * again under its request id, and the server answers that it has it. In the other order a wish
     * would be gone before what it became is stored. */
    enum status status = file_commit(store->cache);
    if (status == STATUS_OK) {
        status = file_commit(store->outbox);
    }
    drop(store);
    return status;
}

static enum status store_put(void *context, enum storage_table table, struct span key,
                             struct span value)
{
    struct store *store = context;
    CHECK(store->in_transaction && key.size > 0 && key.size <= STORAGE_KEY_BYTES_MAX);
    if (value.size > STORAGE_VALUE_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    uint8_t *room = NULL;
    enum status status = file_reserve(file_of(store, table), table, key,
                                      value.size + CACHE_KEY_OVERHEAD_BYTES, &room);
    if (status != STATUS_OK) {
        return status;
    }
    cache_key_seal(store->keys[table], key, value, room);
    return STATUS_OK;
}

static enum status store_take(void *context, enum storage_table table, struct span key)
{
    struct store *store = context;
    CHECK(store->in_transaction);
    return file_remove(file_of(store, table), table, key);
}

static enum status unseal(struct store *store, enum storage_table table, struct span key,
                          struct span sealed, struct buffer *buffer, struct span *out_value)
{
    if (sealed.size < CACHE_KEY_OVERHEAD_BYTES) {
        return STATUS_CORRUPT;
    }
    size_t size = sealed.size - CACHE_KEY_OVERHEAD_BYTES;
    if (!buffer_grow(buffer, size > 0 ? size : 1)) {
        return STATUS_NO_MEMORY;
    }
    if (cache_key_open(store->keys[table], key, sealed, buffer->data) != STATUS_OK) {
        return STATUS_CORRUPT;
    }
    *out_value = span_of(buffer->data, size);
    return STATUS_OK;
}

static enum status get(void *context, enum storage_table table, struct span key,
                       struct span *out_value)
{
    struct store *store = context;
    struct span sealed;
    enum status status = file_get(file_of(store, table), table, key, &sealed);
    if (status != STATUS_OK) {
        return status;
    }
    return unseal(store, table, key, sealed, &store->value, out_value);
}

struct walk {
    struct store *store;
    enum storage_table table;
    storage_visit *visit;
    void *visitor;
    struct buffer value;
};

static enum status walk_one(void *context, struct span key, struct span sealed)
{
    struct walk *walk = context;
    struct span value;
    enum status status = unseal(walk->store, walk->table, key, sealed, &walk->value, &value);
    if (status != STATUS_OK) {
        return status;
    }
    return walk->visit(walk->visitor, key, value) ? STATUS_OK : STATUS_NOT_FOUND;
}

static enum status scan(void *context, enum storage_table table, struct span prefix,
                        storage_visit *visit, void *visitor)
{
    struct store *store = context;
    struct walk walk = {store, table, visit, visitor, {NULL, 0}};
    enum status status = file_scan(file_of(store, table), table, prefix, walk_one, &walk);
    buffer_free(&walk.value);
    return status;
}

void store_storage(struct store *store, struct storage *out_storage)
{
    *out_storage = (struct storage){
        .context = store,
        .begin = store_begin,
        .commit = commit,
        .abort = drop,
        .put = store_put,
        .remove = store_take,
        .get = get,
        .scan = scan,
    };
}
