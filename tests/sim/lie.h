/*
 * A server that lies, in the share of seeds that the dice choose for it (liar_open). The operators
 * are those of tests/hostile; whom they meet, when and for how long, the dice say.
 *
 * The server that all others talk to stays honest, so that everything can come to rest in the end.
 * A lie is either a change of what is on its way to one device, for some steps, or a copy of the
 * server, under the same keys, that some devices are led to: as old as it is, living on beside the
 * true one, with things planted in it by an insider's keys.
 *
 * What is wanted of whoever met a lie: an alarm, or nothing that is believed (truth.c); what was
 * held stays, and writing goes on. Whoever met none must stay calm (carry.c). One thread.
 */
#pragma once

#include "tests/sim/world.h"

#define LIAR_COPIES_MAX   3u
#define LIAR_REQUESTS_MAX 64u
#define LIAR_SLOTS        512u
#define LIAR_TRUE         LIAR_COPIES_MAX /* no copy, but the server itself */

enum lie_kind {
    LIE_FIELD,   /* a field of an answer is another, at any depth */
    LIE_AROUND,  /* the same of the frame around it */
    LIE_LOST,    /* an answer never comes */
    LIE_TWICE,   /* it comes twice */
    LIE_LATE,    /* it comes after the next one */
    LIE_OLD,     /* it is an earlier answer to the same question */
    LIE_OTHERS,  /* it is what another device was told */
    LIE_REFUSAL, /* the server says that it cannot, or that the device may not */
    LIE_LINE,    /* a section is left out of the list of sections */
    LIE_PAGES,   /* every page is empty, properly written down */
    LIE_WRAPS,   /* the keys of single texts are spoiled */
    LIE_STOPPED, /* pages stop in the middle */
    LIE_DAMAGED, /* the server says that its copy of a text is damaged */
    LIE_CHAINS,  /* the list of chains names those of others too */
    LIE_KINDS,
};

/* What stands in a copy and cannot be true. */
enum plant_kind { PLANT_NONE, PLANT_STATEMENT, PLANT_REVISION };
struct plant {
    enum plant_kind kind;
    const char *what;
    bool late;  /* told by whoever knows a statement before it that is younger */
    bool later; /* told only once the server proved what its author had seen */
    struct hash
        but; /* the one device that cannot tell, since it compares nothing of its own; or zero */
    uint64_t place; /* of a statement in its log; of a revision in its section */
    struct section_id section;
};

struct liar_copy {
    bool used;
    struct inproc server;
    struct plant plant;
};

struct liar_device {
    bool met;     /* a lie reached it at some time */
    bool met_now; /* over this connection */
    unsigned copy;
    bool strayed; /* it was led to a copy at some time */
    enum lie_kind kind;
    uint64_t until; /* step at which the lie ends; 0: there is none */
    uint64_t choice;
    /* Which question an answer is to. */
    struct request_id id[LIAR_REQUESTS_MAX];
    uint32_t op[LIAR_REQUESTS_MAX];
    size_t asked;
    struct request_id emptied;   /* the last page that was asked for and made empty; zero: none */
    struct span old[LIAR_SLOTS]; /* owned: the answer of each kind before the last one */
    struct span held;            /* owned: an answer that comes after the next one */
};

struct liar {
    struct liar_device devices[WORLD_DEVICES_MAX];
    struct liar_copy copies[LIAR_COPIES_MAX];
    struct identity_signer *log_key;
    uint64_t lies, alarms;
};

/* lie.c. Whether the server lies in this run; world->liar is NULL if not. */
void liar_open(struct world *world);
void liar_close(struct world *world);
/* Something of the liar's, now and then. */
void liar_step(struct world *world);
/* The server is honest from now on. */
void liar_calm(struct world *world);
/* Whom the device talks to. */
struct inproc *liar_server(struct world *world, const struct world_device *device);
/* A frame of the device is handled by whom it talks to. */
void liar_handle(struct world *world, struct world_device *device, struct span frame);
/* A frame arrives at the device, as it was sent or not. What its engine says. */
enum status liar_arrive(struct world *world, struct world_device *device, struct span frame);
/* Its connection is gone. */
void liar_cut(struct world *world, struct world_device *device);
/* Whether an alarm, or an end of the connection, may be for a lie. */
bool liar_met(const struct world *world, const struct world_device *device);
/* The device raised an alarm for a lie: it is counted, and its person was told. */
void liar_alarm(struct world *world, struct world_device *device);
/* What comes true for the device comes true on a copy alone. */
bool liar_elsewhere(struct world *world, const struct world_device *device);

/* lie_frame.c */
struct lied {
    uint8_t *bytes; /* from malloc; NULL: as it was */
    size_t size;
    bool twice, never, later;
};
/* Notes what is asked. */
void lie_asked(struct liar_device *device, struct span frame);
/* A page that is asked for, asked for as an empty one, for free(); false: it is no such ask. */
bool lie_empty_page(struct liar_device *device, struct span frame, uint8_t **out_bytes,
                    size_t *out_size);
/* Whether |frame| hands out that page, as if all were well. */
bool lie_is_empty_page(const struct liar_device *device, struct span frame);
/* What becomes of |frame|; keeps it for later. False: nothing. */
bool lie_frame(struct world *world, struct world_device *device, struct span frame,
               struct lied *out_lied);

/* lie_plant.c: something that cannot be true, into a copy; false: there was nothing to begin with. */
bool lie_plant(struct world *world, struct dice *dice, struct liar_copy *copy);
