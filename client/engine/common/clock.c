#include "client/engine/common/clock.h"

#include "client/engine/common/storage.h"
#include "keys/public/bytes/cursor.h"

/* Not with a "c": those are charts (section_store.c). */
static const struct span clock_key = {(const uint8_t *)"ahead", 5};
static const struct span newest_key = {(const uint8_t *)"leaf", 4};

enum status clock_store(const struct common *common)
{
    uint8_t value[8];
    struct cursor_writer writer;
    cursor_write_init(&writer, value, sizeof value);
    cursor_write_u64(&writer, common->clock.newest_leaf_ms);
    return storage_put(&common->storage, STORAGE_META, newest_key, span_of(value, sizeof value));
}

static enum status load_newest(struct common *common)
{
    struct span value;
    enum status status = storage_get(&common->storage, STORAGE_META, newest_key, &value);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    struct cursor_reader reader;
    cursor_read_init(&reader, value);
    clock_saw_leaf(common, cursor_read_u64(&reader));
    return cursor_read_done(&reader) == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

enum status clock_load(struct common *common)
{
    enum status status = load_newest(common);
    if (status != STATUS_OK) {
        return status;
    }
    struct span value;
    status = storage_get(&common->storage, STORAGE_META, clock_key, &value);
    if (status != STATUS_OK) {
        return status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    struct cursor_reader reader;
    cursor_read_init(&reader, value);
    common->clock.confirmed_ms = cursor_read_u64(&reader);
    return cursor_read_done(&reader) == STATUS_OK ? STATUS_OK : STATUS_CORRUPT;
}

static enum status keep(struct common *common, uint64_t confirmed_ms)
{
    uint8_t value[8];
    struct cursor_writer writer;
    cursor_write_init(&writer, value, sizeof value);
    cursor_write_u64(&writer, confirmed_ms);
    enum status status =
        storage_put_now(&common->storage, STORAGE_META, clock_key, span_of(value, sizeof value));
    if (status == STATUS_OK) {
        common->clock.confirmed_ms = confirmed_ms;
    }
    return status;
}

void clock_saw_leaf(struct common *common, uint64_t leaf_ms)
{
    if (leaf_ms >= common->clock.newest_leaf_ms) {
        common->clock.newest_leaf_ms = leaf_ms;
        common->clock.newest_leaf_at_ms = common->now_ms;
    }
}

uint64_t clock_writer_ms(const struct common *common)
{
    return common->now_ms > common->clock.newest_leaf_ms ? common->now_ms
                                                         : common->clock.newest_leaf_ms;
}

struct clock_look clock_look(const struct common *common)
{
    uint64_t leaf_ms = common->clock.newest_leaf_ms;
    /* A leaf that was kept came at a time that nobody remembers: then our clock of now. */
    uint64_t our_ms =
        common->clock.newest_leaf_at_ms != 0 ? common->clock.newest_leaf_at_ms : common->now_ms;
    if (our_ms == 0 || leaf_ms == 0) {
        return (struct clock_look){0};
    }
    /* An old leaf says nothing of the server's clock: nothing may have happened since. */
    uint64_t ahead_ms = leaf_ms > our_ms ? leaf_ms - our_ms : 0;
    return (struct clock_look){.off_ms = (int64_t)(leaf_ms - our_ms),
                               .shown = ahead_ms > ENGINE_CLOCK_SHOWN_MS,
                               .stopped = ahead_ms > ENGINE_CLOCK_STOPPED_MS &&
                                          ahead_ms > common->clock.confirmed_ms};
}

enum status clock_settle(struct common *common)
{
    if (common->clock.confirmed_ms == 0 || clock_look(common).shown) {
        return STATUS_OK;
    }
    return keep(common, 0);
}

enum status clock_confirm(struct common *common)
{
    struct clock_look look = clock_look(common);
    if (!look.stopped) {
        return STATUS_ALREADY;
    }
    return keep(common, (uint64_t)look.off_ms + ENGINE_CLOCK_STOPPED_MS);
}
