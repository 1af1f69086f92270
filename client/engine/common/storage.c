#include "client/engine/common/storage.h"

enum status storage_get(const struct storage *storage, enum storage_table table, struct span key,
                        struct span *out_value)
{
    return storage->get(storage->context, table, key, out_value);
}

enum status storage_put(const struct storage *storage, enum storage_table table, struct span key,
                        struct span value)
{
    return storage->put(storage->context, table, key, value);
}

enum status storage_scan(const struct storage *storage, enum storage_table table,
                         struct span prefix, storage_visit *visit, void *visitor,
                         const enum status *visited)
{
    enum status status = storage->scan(storage->context, table, prefix, visit, visitor);
    return status == STATUS_OK ? *visited : status;
}

enum status storage_end(const struct storage *storage, enum status status)
{
    if (status == STATUS_OK) {
        return storage->commit(storage->context);
    }
    storage->abort(storage->context);
    return status;
}

enum status storage_put_now(const struct storage *storage, enum storage_table table,
                            struct span key, struct span value)
{
    enum status status = storage->begin(storage->context);
    if (status != STATUS_OK) {
        return status;
    }
    return storage_end(storage, storage_put(storage, table, key, value));
}

static const struct span doubted_key = {(const uint8_t *)"doubted", 7};

enum status storage_doubt(const struct storage *storage)
{
    return storage_put_now(storage, STORAGE_META, doubted_key, span_of("\1", 1));
}

enum status storage_trusted(const struct storage *storage)
{
    struct span mark;
    enum status status = storage_get(storage, STORAGE_META, doubted_key, &mark);
    return status == STATUS_OK ? STATUS_CORRUPT : status == STATUS_NOT_FOUND ? STATUS_OK : status;
}

enum status storage_remove_now(const struct storage *storage, enum storage_table table,
                               struct span key)
{
    enum status status = storage->begin(storage->context);
    if (status != STATUS_OK) {
        return status;
    }
    return storage_end(storage, storage->remove(storage->context, table, key));
}
