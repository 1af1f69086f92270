/*
 * Between an honest server in this process and an engine: carries frames, and
 * changes one of them. Failures that are nobody's behaviour fail the running
 * cmocka test. One thread.
 */
#pragma once

#include "tests/hostile/mutate.h"
#include "tests/unit/engine/inproc.h"

#define RELAY_FRAMES_MAX 1024u

/* What happens to one frame, besides a change of its bytes. */
enum relay_act {
    RELAY_PASS = 0,
    RELAY_MUTATE,    /* one field of its body, or of the frame around it */
    RELAY_DROP,      /* it never arrives */
    RELAY_DUPLICATE, /* it arrives twice */
    RELAY_DELAY,     /* it arrives after the next one */
    RELAY_STOP,      /* nothing arrives any more */
    RELAY_REPLACE,   /* its body is that of an earlier session */
    RELAY_ACTS,
};
const char *relay_act_name(enum relay_act act);

struct relay_seen;

struct relay_plan {
    enum relay_act act;
    size_t frame; /* which: counted from 0 as they come */
    bool around;  /* RELAY_MUTATE: the frame's own fields, not its body's */
    size_t field;
    enum mutate_op op;
    uint64_t choice;
    struct span other; /* RELAY_REPLACE, MUTATE_REPLACE: borrowed */
    /* Told of each frame before it arrives; NULL: nobody. */
    void (*look)(void *context, const struct relay_seen *seen);
    void *context;
};

/* One frame as it came, for those who choose what to do next time. */
struct relay_seen {
    uint8_t *bytes;
    size_t size;
    uint32_t kind, op;
    const ProtobufCMessageDescriptor *body; /* NULL: a piece, or no body to look into */
};

struct relay {
    struct relay_seen seen[RELAY_FRAMES_MAX];
    size_t count;
    size_t asked;
    struct request_id id[RELAY_FRAMES_MAX];
    uint32_t op[RELAY_FRAMES_MAX];
    bool changed; /* the plan found something to change */
};

/* A whole session of |person|, from connecting until nothing moves, under |plan| (NULL: honest).
 * What came is in |out_relay|, to be freed. Returns the engine's last status. */
enum status relay_run(struct inproc_person *person, const struct relay_plan *plan,
                      struct relay *out_relay);
/* The same over the connection that there is. */
enum status relay_go_on(struct inproc_person *person, const struct relay_plan *plan,
                        struct relay *out_relay);
/* The frame as RELAY_MUTATE changes it, for free(); false if there is nothing to change. */
bool relay_change(const struct relay_plan *plan, const struct relay_seen *seen, uint8_t **out_bytes,
                  size_t *out_size);
/* The frame |old| with another body, for free(). */
uint8_t *relay_rebody(struct span old, struct span body, size_t *out_size);
/* Its body; borrows from |arena|. */
struct span relay_body(const struct relay_seen *seen, struct arena *arena);
void relay_free(struct relay *relay);
