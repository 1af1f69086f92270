/*
 * How many connections each peer address holds, over all threads: one count
 * per IPv4 address and per IPv6 /64 (a whole /64 is what one customer gets).
 *
 * A fixed open-addressing table under one lock, touched once per connection
 * opened and closed. The hash is keyed with random bytes, so that a peer who
 * owns many networks cannot aim at one bucket.
 */
#pragma once

#include <sys/socket.h>

#include "server/net/net.h"

struct addresses;

struct address_key {
    uint8_t bytes[16];
};

/* An IPv4 address as ::ffff:a.b.c.d, an IPv6 one with its low 64 bits zero.
 * Anything but these two families gives all zeros. */
struct address_key address_key_of(const struct sockaddr_storage *peer);

/* The same peer, cut to what may be written down (struct net_source). */
struct net_source address_source_of(const struct sockaddr_storage *peer);

/* Room for connections_max connections. STATUS_NO_MEMORY, STATUS_IO (no random
 * bytes). */
MUST_CHECK enum status addresses_new(uint32_t connections_max, uint32_t per_address_max,
                                     struct addresses **out_addresses);
void addresses_free(struct addresses *addresses);

/* Counts one connection in. STATUS_BUSY: connections_max are open;
 * STATUS_REFUSED: per_address_max of this address are. Thread-safe. */
MUST_CHECK enum status addresses_enter(struct addresses *addresses, const struct address_key *key);

/* Counts one out; it must have been counted in. Thread-safe. */
void addresses_leave(struct addresses *addresses, const struct address_key *key);
/* From now on |per_address_max|; those that are open stay. Thread-safe. */
void addresses_change(struct addresses *addresses, uint32_t per_address_max);
uint32_t addresses_per_address(struct addresses *addresses);
/* How many are in. Thread-safe. */
uint32_t addresses_open(struct addresses *addresses);
