/*
 * What all rooms of the engine stand on: who we are, where facts are kept, what time it is,
 * whether we are still in good faith with the server, and what the next round is to ask for.
 * Internal to the engine. One thread.
 *
 * Each room's own struct points here. A room below the exchange asks for more by `wants`; it
 * never calls upwards.
 */
#pragma once

#include "client/engine/common/backoff.h"
#include "client/engine/common/request.h"
#include "client/engine/common/types.h"
#include "keys/private/keystore.h"

/* What the next round is to ask for. Set by whoever misses something, cleared by the exchange. */
struct wants {
    bool checkpoint;
    bool state;
    bool fold;
    bool subscribe;
    struct backoff later; /* the server could not answer: nothing is asked before */
    bool put_off;         /* since it was BUSY */
};

/* What leaves told of the server's clock (clock.c). */
struct clock_facts {
    uint64_t newest_leaf_ms;
    uint64_t newest_leaf_at_ms; /* our clock when it came; 0: never */
    uint64_t confirmed_ms;      /* so far ahead a person found right */
};

struct common {
    struct keystore_content *content; /* borrowed */
    struct engine_config config;
    struct storage storage;
    struct practice_id practice;
    enum engine_phase phase;
    enum status why;
    uint64_t now_ms;
    struct clock_facts clock;
    struct requests requests;
    struct wants wants;
    uint64_t next_ticket; /* one row of numbers for the outbox and for queries */
    struct engine_alarm alarms[ENGINE_ALARMS_MAX];
    size_t alarm_count;
};

void common_init(struct common *common, const struct engine_config *config);
/* The keystore's content changed and should be saved soon. */
void common_changed(const struct common *common);
/* |backoff| waits from now on, with a chance of ours. */
void common_wait(const struct common *common, struct backoff *backoff,
                 enum backoff_trouble trouble);
/* The server did not answer what was asked, but |code|: leave it alone for a while. */
void common_retry_later(struct common *common, enum status code);
/* Whether a refusal tells of the server's present hour and not of what was asked: it is busy, its
 * disk is full. Then nothing that a person wrote is given up. */
bool common_passes(enum status status);
/* The status in a reply's code; what no server may say is STATUS_MALFORMED. */
enum status common_code(uint32_t code);
