/*
 * What the parts of the load generator share. See load.c.
 */
#pragma once

#include "tests/bench/author.h"
#include "tests/bench/peer.h"
#include "tests/bench/samples.h"

enum scenario {
    SCENARIO_NONE,
    SCENARIO_WRITE,
    SCENARIO_READ,
    SCENARIO_LOGIN,
    SCENARIO_PUSH,
    SCENARIO_IDLE,
    SCENARIO_ACKS,
    SCENARIO_FILL,
    SCENARIO_PLAIN,
};

struct worker {
    struct peer *peer;
    struct author_section section;
    struct request_id request; /* the last one sent */
    uint64_t sent_us;
};

struct load {
    enum scenario scenario;
    struct peers *peers;
    struct author author;
    struct worker *workers;
    size_t count;
    size_t ready;   /* logged in */
    size_t settled; /* with a section and a note in it */
    size_t open;
    bool found;
    uint64_t until_us;
    uint64_t done;
    uint64_t wanted;
    uint64_t asked_bytes;
    struct samples samples;
};

/* One operation is done. */
void load_sample(struct load *load, uint64_t since_us);

/* A reply that must be a good one, decoded. */
ProtobufCMessage *load_decode(const ProtobufCMessageDescriptor *descriptor,
                              const struct peer_frame *frame, struct arena *arena);

/* Gives each connection a section and a note in it, before anything is measured. */
void load_settle(struct load *load);
/* Sends this worker's next request; its answer sends the next, until the time is up. */
void load_ask(struct load *load, struct worker *worker);
/* Writes |wanted| notes, each after the second connection was told of the last. */
void load_run_push(struct load *load);
/* Writes |wanted| notes, each connection into its own section, as many a request as one may hold. */
void load_run_fill(struct load *load);
/* The second connection hears something. */
void load_on_push(void *state, struct peer *peer, const Alcove__Push *push);
/* Writes and reads in turn, see load_acks.c. */
void load_run_acks(struct load *load);
/* Asks for a section whose id is these 16 bytes, and stays. */
void load_run_plain(struct load *load, const char *text);
