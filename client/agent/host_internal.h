/* Shared by host.c (opening, working) and host_connect.c (the connection) alone. */
#pragma once

#include "client/agent/host.h"

#include "client/engine/common/backoff.h"

struct keystore;
struct store;

struct host {
    struct keystore *keystore;
    struct store *store;
    struct engine *engine;
    struct wire *wire;
    bool changed; /* the keystore's content, not saved yet */
    bool connecting;
    enum { PIN_NOW, PIN_NEXT_WANTED, PIN_NEXT } pin; /* which TLS key is expected */
    bool was_open;                                   /* the present connection, or the last */
    uint64_t idle_ms;                                /* since when it is idle; 0: it is not */
    struct backoff backoff;                          /* of connections, by clock_awake_ms */
    uint64_t heard_ms;  /* when the server last sent something; by clock_awake_ms */
    uint64_t silent_ms; /* when it was last found silent */
    void (*slow)(void *state);
    void *slow_state;
    const volatile sig_atomic_t *stop;
    const char *why;
};

/* Sends what the engine wants to send now. */
void host_pump_out(struct host *host);
/* A server may change to the TLS key that it announced before, and to no other. */
MUST_CHECK enum status host_try_next_pin(struct host *host);
/* Whether a server that refused us or failed a check was asked within HOST_ASKED_MS. */
bool host_asked_just_now(const struct host *host);
/* What the wire calls. */
void host_wire_handler(struct host *host, struct wire_handler *out_handler);
