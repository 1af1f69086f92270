/*
 * The steps of `device add` that need the profile's keys. The command itself waits for a person and
 * for another machine, and so runs in the caller's process; each step is asked of the agent, or done
 * in the same process where there is none. Both are one program, so that structs travel as they are.
 */
#pragma once

#include "client/cli/cli.h"
#include "client/engine/api/act_pair.h"

#define DEVICE_BODY_BYTES_MAX  1024u
#define DEVICE_WORDS_BYTES_MAX 2048u

struct add_values {
    const char *out;
    bool yes;
    uint64_t step;    /* of enum add_step; not on a command line */
    const char *said; /* struct add_said in hexadecimal; likewise */
};

enum add_step { ADD_OFFER = 1, ADD_BODY, ADD_HAND, ADD_DO };

/* What a step is told, and what it answers. */
struct add_said {
    struct invitation_code code;
    struct hash transcript;
    struct pairing_reveal reveal;
    struct signature signature;
    uint32_t body_size;
    uint8_t body[DEVICE_BODY_BYTES_MAX];
};
struct add_offer {
    struct pair_offer offer;
    struct hash pins[2];
    char words[DEVICE_WORDS_BYTES_MAX]; /* which sections the new device will be able to read */
    uint64_t sections;
};
struct add_body {
    uint32_t size;
    uint8_t bytes[DEVICE_BODY_BYTES_MAX];
};
struct add_done {
    bool sent;
    struct hash statement;
    uint64_t resealed; /* sections */
    uint64_t waiting;  /* in the outbox: reseals among it */
};

/* One step, by struct add_values; its answer goes to cli->out. For the command's row. */
MUST_CHECK int device_steps_ask(struct cli *cli, const void *values);
