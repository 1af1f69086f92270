/*
 * Shared by server.c and transport.c: the simulated server between its sockets and its committer.
 */
#pragma once

#include "server/door/door.h"
#include "tests/sim/server.h"
#include "tests/sim/world.h"

struct out;

#define ASKED_MAX 64u

struct connection {
    struct connection *next;
    struct inproc_link *link;
    uint64_t number;
    void *user; /* the door's */
    struct out *first, *last;
    bool closing; /* once all is out */
    struct {
        struct request_id id;
        uint32_t op;
    } asked[ASKED_MAX];
    size_t asked_next;
};

struct net {
    struct world *world;
    struct door *door;
    struct run *run;
    struct signer_link *signer;
    struct run_output output; /* the door's */
    struct net_handler handler;
    struct connection *connections;
    uint64_t last_number;
    uint64_t up_at_ms;
    bool lose_next;
    bool power; /* goes when the process dies */
    unsigned flickers;
    struct disk_copy backup;
};

/* The only one. */
extern struct net net;

/* What a link does, here: for world->server. */
extern const struct inproc_place transport_place;
/* Every connection is gone, and the door hears of it. */
void transport_lose_all(void);
