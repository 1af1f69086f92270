/*
 * The things that go to the committer and come back: the guest who asks, the request with its
 * answer, and the signed heads that answers share. Any thread, where nothing else is said.
 */
#pragma once

#include "server/core/core.h"

/* A connection's other end, logged in or not yet, as the threads share it. References are
 * counted. |peer| is written once by the committer before |admitted| becomes true, and read by
 * others only after that. */
struct guest;

struct guest *guest_new(uint64_t number, const uint8_t exporter[32],
                        const uint8_t source[CORE_SOURCE_BYTES]);
void guest_hold(struct guest *guest);
void guest_drop(struct guest *guest);
uint64_t guest_number(const struct guest *guest);
const uint8_t *guest_source(const struct guest *guest);
/* NULL until logged in. */
const struct core_peer *guest_peer(const struct guest *guest);
/* The hello's part of the login, filled by the door before it sends the hello. */
struct core_login *guest_login(struct guest *guest);
/* How often this connection lost access to something. A stream compares it with the value
 * in its request before every frame, and stops when it differs: the reader asks again. */
uint64_t guest_losses(const struct guest *guest);

/* One request on its way. The body and what was decoded from it move with it. */
struct run_request {
    struct run_request *next;
    struct guest *guest; /* a reference of its own */
    struct core_ask ask;
    size_t bytes;
    bool closed; /* no request: the connection is gone */
    void *owned; /* freed by |release|: body and decoded message */
    void (*release)(void *owned);
    uint64_t losses;           /* of the connection when this was judged */
    bool ends;                 /* the connection ends with this request */
    struct core_answer answer; /* the committer's */
};
void run_request_free(struct run_request *request);

/* A batch's signed heads, shared by its answers and counted. */
struct run_checkpoints;
void run_checkpoints_hold(struct run_checkpoints *checkpoints);
void run_checkpoints_drop(struct run_checkpoints *checkpoints);
const struct core_checkpoints *run_checkpoints_view(const struct run_checkpoints *checkpoints);

/* Where answers go; called on the committer's thread. */
struct run_output {
    void *state;
    /* The parts of request->answer may be moved out; the request is freed afterwards.
     * |checkpoints| is shared: take a reference to keep it. */
    void (*answer)(void *state, struct run_request *request, struct run_checkpoints *checkpoints);
    void (*push)(void *state, struct guest *guest, const struct core_effect *moved,
                 struct run_checkpoints *checkpoints);
    void (*cut)(void *state, struct guest *guest);
};
