#include "server/net/addresses.h"

#include <netinet/in.h>
#include <pthread.h>
#include <sys/random.h>

struct entry {
    struct address_key key;
    uint32_t count; /* 0: free */
};

struct addresses {
    pthread_mutex_t lock;
    uint64_t hash_key[2];
    uint32_t open;
    uint32_t open_max;
    uint32_t per_address_max;
    uint32_t mask; /* entries - 1, a power of two less one */
    struct entry *entries;
};

static const uint8_t MAPPED_PREFIX[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static void copy_address(const struct sockaddr_storage *peer, uint8_t out[16])
{
    memset(out, 0, 16);
    if (peer->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, peer, sizeof in);
        memcpy(out, MAPPED_PREFIX, sizeof MAPPED_PREFIX);
        memcpy(out + 12, &in.sin_addr, 4);
    } else if (peer->ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, peer, sizeof in6);
        memcpy(out, &in6.sin6_addr, 16);
    }
}

static bool is_ipv4(const uint8_t bytes[16])
{
    return memcmp(bytes, MAPPED_PREFIX, sizeof MAPPED_PREFIX) == 0;
}

struct address_key address_key_of(const struct sockaddr_storage *peer)
{
    struct address_key key;
    copy_address(peer, key.bytes);
    if (!is_ipv4(key.bytes)) {
        memset(key.bytes + 8, 0, 8);
    }
    return key;
}

struct net_source address_source_of(const struct sockaddr_storage *peer)
{
    struct net_source source;
    copy_address(peer, source.bytes);
    if (is_ipv4(source.bytes)) {
        source.bytes[15] = 0;
    } else {
        memset(source.bytes + 6, 0, 10);
    }
    return source;
}

enum status addresses_new(uint32_t connections_max, uint32_t per_address_max,
                          struct addresses **out_addresses)
{
    struct addresses *addresses = calloc(1, sizeof *addresses);
    if (addresses == NULL) {
        return STATUS_NO_MEMORY;
    }
    /* At most half full: probes stay short, and an empty entry always exists. */
    uint32_t size = 16;
    while (size / 2 < connections_max && size < UINT32_C(1) << 30) {
        size *= 2;
    }
    addresses->entries = calloc(size, sizeof *addresses->entries);
    if (addresses->entries == NULL) {
        free(addresses);
        return STATUS_NO_MEMORY;
    }
    if (getrandom(addresses->hash_key, sizeof addresses->hash_key, 0) !=
        (ssize_t)sizeof addresses->hash_key) {
        free(addresses->entries);
        free(addresses);
        return STATUS_IO;
    }
    addresses->mask = size - 1;
    addresses->open_max = connections_max;
    addresses->per_address_max = per_address_max;
    CHECK(pthread_mutex_init(&addresses->lock, NULL) == 0);
    *out_addresses = addresses;
    return STATUS_OK;
}

void addresses_free(struct addresses *addresses)
{
    if (addresses == NULL) {
        return;
    }
    (void)pthread_mutex_destroy(&addresses->lock);
    free(addresses->entries);
    free(addresses);
}

/* Multiply and fold, keyed: enough against a peer who never sees a hash. */
static uint32_t bucket_of(const struct addresses *addresses, const struct address_key *key)
{
    uint64_t halves[2];
    memcpy(halves, key->bytes, sizeof halves);
    uint64_t mixed = (halves[0] ^ addresses->hash_key[0]) * UINT64_C(0x9E3779B97F4A7C15);
    mixed ^= mixed >> 32;
    mixed = (mixed ^ halves[1] ^ addresses->hash_key[1]) * UINT64_C(0xD6E8FEB86659FD93);
    mixed ^= mixed >> 32;
    mixed *= UINT64_C(0xD6E8FEB86659FD93);
    return (uint32_t)(mixed >> 32) & addresses->mask;
}

/* The entry of key, or the free one where it would go. */
static uint32_t find(const struct addresses *addresses, const struct address_key *key)
{
    uint32_t at = bucket_of(addresses, key);
    while (addresses->entries[at].count != 0 &&
           memcmp(&addresses->entries[at].key, key, sizeof *key) != 0) {
        at = (at + 1) & addresses->mask;
    }
    return at;
}

enum status addresses_enter(struct addresses *addresses, const struct address_key *key)
{
    CHECK(pthread_mutex_lock(&addresses->lock) == 0);
    struct entry *entry = &addresses->entries[find(addresses, key)];
    enum status status = STATUS_OK;
    if (addresses->open >= addresses->open_max) {
        status = STATUS_BUSY;
    } else if (entry->count >= addresses->per_address_max) {
        status = STATUS_REFUSED;
    } else {
        entry->key = *key;
        entry->count++;
        addresses->open++;
    }
    CHECK(pthread_mutex_unlock(&addresses->lock) == 0);
    return status;
}

uint32_t addresses_open(struct addresses *addresses)
{
    CHECK(pthread_mutex_lock(&addresses->lock) == 0);
    uint32_t open = addresses->open;
    CHECK(pthread_mutex_unlock(&addresses->lock) == 0);
    return open;
}

void addresses_change(struct addresses *addresses, uint32_t per_address_max)
{
    CHECK(pthread_mutex_lock(&addresses->lock) == 0);
    addresses->per_address_max = per_address_max;
    CHECK(pthread_mutex_unlock(&addresses->lock) == 0);
}

uint32_t addresses_per_address(struct addresses *addresses)
{
    CHECK(pthread_mutex_lock(&addresses->lock) == 0);
    const uint32_t most = addresses->per_address_max;
    CHECK(pthread_mutex_unlock(&addresses->lock) == 0);
    return most;
}

/* Frees the entry and moves back those that had been pushed past it. */
static void erase(struct addresses *addresses, uint32_t hole)
{
    uint32_t at = hole;
    for (;;) {
        addresses->entries[hole].count = 0;
        uint32_t home;
        do {
            at = (at + 1) & addresses->mask;
            if (addresses->entries[at].count == 0) {
                return;
            }
            home = bucket_of(addresses, &addresses->entries[at].key);
            /* Stays where it is if its home lies behind the hole, cyclically. */
        } while (((at - home) & addresses->mask) < ((at - hole) & addresses->mask));
        addresses->entries[hole] = addresses->entries[at];
        hole = at;
    }
}

void addresses_leave(struct addresses *addresses, const struct address_key *key)
{
    CHECK(pthread_mutex_lock(&addresses->lock) == 0);
    uint32_t at = find(addresses, key);
    CHECK(addresses->entries[at].count > 0 && addresses->open > 0);
    addresses->open--;
    addresses->entries[at].count--;
    if (addresses->entries[at].count == 0) {
        erase(addresses, at);
    }
    CHECK(pthread_mutex_unlock(&addresses->lock) == 0);
}
