/*
 * A server for the transport's tests: a TLS identity made afresh in a folder of
 * its own, and a layer above that echoes, streams or keeps what it is told to.
 */
#pragma once

#include <pthread.h>

#include "proto/ids.h"
#include "server/net/net.h"
#include "server/net/tls.h"

/* A frame's first byte says what is done with it; the rest is payload. */
enum command {
    COMMAND_ECHO = 'e',   /* answered at once with the same frame */
    COMMAND_STREAM = 's', /* u32 big-endian: that many chunks of 15,996 bytes */
    COMMAND_KEEP = 'k',   /* answered when fixture_release is called */
    COMMAND_ADMIT = 'a',  /* logged in, messages up to 1 MiB; echoed */
    COMMAND_LARGE = 'l',  /* u32 big-endian: one frame of that many bytes */
    COMMAND_PUSHES = 'p', /* u32 big-endian: that many small pushes, then the echo */
    COMMAND_BYE = 'b',    /* echoed, then closed with DONE */
    COMMAND_CUT = 'c',    /* cut at once */
    COMMAND_REFUSE = 'r', /* not taken until fixture_release is called, then echoed */
    COMMAND_FAIL = 'f',   /* a stream whose first chunk fails */
};

struct fixture {
    char folder[64];
    char key_path[96];
    char certificate_path[96];
    struct hash pin;
    struct net_options options;
    struct net *net;
    pthread_mutex_t lock;
    /* Under the lock. */
    uint64_t kept[4096];
    uint32_t kept_count;
    uint32_t delivered;
    uint32_t refusals;
    uint32_t opened;
    uint32_t closed;
    uint32_t streams_closed;
    uint32_t streams_opened;
    bool released;
    struct net_opened last_opened;
};

/* Small limits and short deadlines, on a port of the kernel's choice. */
void fixture_init(struct fixture *fixture);
/* Starts with fixture->options as they are now. */
void fixture_start(struct fixture *fixture);
/* Checks that each opened connection and stream was closed exactly once. */
void fixture_stop(struct fixture *fixture, uint32_t drain_ms);
/* Stops if still running, and removes the folder. */
void fixture_deinit(struct fixture *fixture);

/* Answers everything kept, from the calling thread; takes COMMAND_REFUSE from now on. */
void fixture_release(struct fixture *fixture);

/* Waits until count(fixture) >= at_least; fails the test after 20 s. */
void fixture_wait(struct fixture *fixture, uint64_t (*count)(struct fixture *fixture),
                  uint64_t at_least);
/* count(fixture) now, under the lock. */
uint64_t fixture_count(struct fixture *fixture, uint64_t (*count)(struct fixture *fixture));
/* For the two above; each reads without the lock. */
uint64_t fixture_kept(struct fixture *fixture);
uint64_t fixture_refusals(struct fixture *fixture);
/* The server tells of an opening a moment after the client saw the upgrade. */
uint64_t fixture_opened(struct fixture *fixture);
uint64_t fixture_closed(struct fixture *fixture);
struct net_counters fixture_counters(struct fixture *fixture);
