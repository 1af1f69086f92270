#include "client/engine/section/petname.h"

/* Other records of this table have keys of ID_BYTES: what is being typed. */
#define PREFIX       "name"
#define PREFIX_BYTES 4u
#define KEY_BYTES    (PREFIX_BYTES + ID_BYTES)

static void make_key(const struct member_id *member, uint8_t key[static KEY_BYTES],
                     size_t *out_size)
{
    // NOLINTNEXTLINE(bugprone-not-null-terminated-result): a key, not a string
    memcpy(key, PREFIX, PREFIX_BYTES);
    *out_size = PREFIX_BYTES;
    if (member != NULL) {
        memcpy(key + PREFIX_BYTES, member->bytes, ID_BYTES);
        *out_size = KEY_BYTES;
    }
}

enum status petname_keep(const struct storage *storage, const struct member_id *member,
                         struct span name)
{
    if (!name_is_good(name)) {
        return STATUS_OK;
    }
    uint8_t key[KEY_BYTES];
    size_t key_size = 0;
    make_key(member, key, &key_size);
    return storage_put_now(storage, STORAGE_TYPED, span_of(key, key_size), name);
}

static enum status take(struct names *names, struct span key, struct span name)
{
    if (!name_is_good(name)) {
        return STATUS_OK;
    }
    if (key.size == PREFIX_BYTES) {
        memcpy(names->practice, name.data, name.size);
        names->practice[name.size] = '\0';
        return STATUS_OK;
    }
    if (key.size != KEY_BYTES) {
        return STATUS_OK;
    }
    struct member_id member;
    memcpy(member.bytes, key.data + PREFIX_BYTES, ID_BYTES);
    return name_pet(names, &member, name);
}

enum status petname_set(struct names *names, const struct member_id *member, struct span name)
{
    enum status status = petname_keep(&names->common->storage, member, name);
    uint8_t key[KEY_BYTES];
    size_t key_size = 0;
    make_key(member, key, &key_size);
    return status == STATUS_OK ? take(names, span_of(key, key_size), name) : status;
}

struct loading {
    struct names *names;
    enum status status;
};

static bool load_one(void *visitor, struct span key, struct span value)
{
    struct loading *loading = visitor;
    loading->status = take(loading->names, key, value);
    return loading->status == STATUS_OK;
}

enum status petname_load(struct names *names)
{
    struct loading loading = {names, STATUS_OK};
    return storage_scan(&names->common->storage, STORAGE_TYPED,
                        span_of((const uint8_t *)PREFIX, PREFIX_BYTES), load_one, &loading,
                        &loading.status);
}
