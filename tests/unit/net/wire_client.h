/*
 * One wire under test and what its callbacks saw.
 */
#pragma once

#include "client/wire/wire_internal.h"
#include "proto/limits.h"
#include "tests/unit/net/fixture.h"

struct client {
    struct wire *wire;
    uint32_t opened;
    uint32_t ended;
    uint8_t exporter[WIRE_EXPORTER_BYTES];
    struct wire_closed closed;
    uint32_t frames;
    size_t bytes;
    uint8_t last[FRAME_BYTES_MAX];
    size_t last_size;
    uint32_t next_chunk; /* of a stream of the fixture, while `streaming` */
    bool streaming;
    bool close_on_frame;
    uint32_t readable;
    int watched_fd;
    bool unwatch_on_readable;
};

extern struct client client;

/* Forgets what was seen and makes the wire; free it with wire_free. */
void client_new(const struct wire_options *options);
/* Services the wire until *counter reaches at_least; fails the test after 20 s. */
void client_run_until(const uint32_t *counter, uint32_t at_least);
/* Connects to the fixture's server and waits until it is open. */
void client_open_to(struct fixture *fixture);
/* A running server and a new wire with the usual options, and their end. */
void client_set_up(struct fixture *fixture);
void client_tear_down(struct fixture *fixture);
