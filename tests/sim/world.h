/*
 * A whole practice in one process: the real core over its real store, and the real engine and
 * outbox of each device, over a network, clocks and disks that the dice rule.
 *
 * One thread, no sleeping: time passes when the world says so. Whatever is nobody's behaviour and
 * fails ends the run, with the step at which it did (world_fail).
 */
#pragma once

#include "client/engine/common/backoff.h"
#include "tests/sim/dice.h"
#include "tests/sim/disk.h"
#include "tests/sim/model.h"
#include "tests/unit/engine/inproc.h"

#define WORLD_DEVICES_MAX 32u
#define WORLD_PENDING_MAX 32u

struct world_frame {
    struct world_frame *next;
    struct span bytes; /* owned */
};

/* One device of one member. */
struct world_device {
    struct inproc_person person;
    unsigned member; /* the model's */
    uint32_t role;
    bool first;           /* holds the identity key */
    uint64_t asked, came; /* steps: of a further device; else MODEL_NEVER and 0 */
    bool out;            /* its member suspended it, or it was revoked: nothing is promised to it */
    bool wants_line;     /* connects when it can */
    uint64_t line_at_ms; /* not before: who is cut off waits, as the agent does */
    struct backoff backoff; /* of connections */
    uint64_t idle_ms;       /* since when it is idle; 0: it is not */
    struct world_frame *up, *up_last;
    bool besieged;       /* the server refuses it everything, or some of it */
    bool troubled;       /* its disk took nothing at some time since its line began */
    bool server_full;    /* the same of the server's */
    bool server_waits;   /* its server may have told it that the signer is away */
    bool dies;           /* at one of the next writes to its disk */
    bool spoils;         /* the keys of the texts that it sends next */
    bool behind;         /* it may know more than its disk took */
    uint64_t proof;      /* ticket of the proof of the log that it asked for; 0: none */
    uint64_t disk_until; /* step at which its disk writes again; 0: it does */
    uint8_t *had;        /* by text: it was shown as the server's */
    size_t had_count;
};

enum world_pending_kind { PENDING_JOIN, PENDING_DEVICE, PENDING_STAY, PENDING_OUT };

/* What waits for a ticket. */
struct world_pending {
    enum world_pending_kind kind;
    unsigned device;
    uint64_t ticket, asked;
    char code[INVITATION_TEXT_CHARS_MAX + 1]; /* JOIN */
    uint32_t role;
    struct keystore_content content;  /* DEVICE */
    size_t stay;                      /* STAY */
    unsigned member, section, client; /* OUT */
};

enum world_fault {
    FAULT_CUT,          /* a connection is gone, and what was on its way */
    FAULT_ANSWER,       /* an answer is lost after the commit */
    FAULT_SERVER,       /* the server is killed, perhaps with the power, and starts again */
    FAULT_DIES,         /* the same at a write, a sync, or an exchange with the signer to come */
    FAULT_SERVER_DISK,  /* a write or a sync of the server to come fails */
    FAULT_SERVER_FULL,  /* the server's disk is full for a while */
    FAULT_BACKUP,       /* an old copy of the database is put back */
    FAULT_SIGNER,       /* the signer is killed anywhere */
    FAULT_SIGNER_DISK,  /* its disk fails once, or is full for a while */
    FAULT_KILL,         /* a device is killed and starts again */
    FAULT_DEVICE_DIES,  /* the same at a step of its storage to come */
    FAULT_DISK,         /* a device's disk takes nothing for a while */
    FAULT_CLOCK,        /* a device's clock jumps */
    FAULT_SERVER_CLOCK, /* the server's is set by minutes, back too */
    FAULT_TIME,         /* hours pass */
    FAULT_FLICKER,      /* the power comes and goes: the next starts of the server die soon */
    FAULT_SPOILS,       /* a member's program spoils the keys of the texts that it sends next */
    FAULTS,
};

struct world {
    uint64_t seed, step;
    bool trace;
    bool counts;       /* prints in the end what it reached */
    bool calm;         /* nothing goes wrong any more */
    bool at_once;      /* each request is answered on the spot, and nothing goes wrong meanwhile */
    bool server_waits; /* a batch is held while the signer is away */
    uint64_t server_full_until, signer_full_until; /* steps; 0: there is room */
    bool signer_troubled;                          /* for so long that the server may give up */
    struct inproc server;
    struct model model;
    struct world_device devices[WORLD_DEVICES_MAX];
    unsigned device_count;
    struct world_pending pending[WORLD_PENDING_MAX];
    size_t pending_count;
    struct hash *roots[2]; /* of each log, by size; zero: never signed */
    uint64_t newest[2];    /* the largest size that was signed */
    size_t roots_capacity[2];
    uint64_t faults[FAULTS];
    uint64_t frames, turns, acts, acts_refused, checks;
    uint64_t refusals; /* told to a device that a server refused for some minutes */
    char signer_folder[80];
    struct liar *liar; /* lie.h; NULL: the server is honest */
};

void world_open(struct world *world, uint64_t seed);
void world_close(struct world *world);

/* Prints what is wrong, the seed and the step, and ends the process with 1. */
_Noreturn void world_fail(const struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* One line of the trace, if it is wanted. */
void world_tell(const struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* tell.c: "therapist 3", good for the next three calls; what goes over the line. */
const char *tell_who(const struct world *world, const struct world_device *device);
void tell_asked(const struct world *world, const struct world_device *device, struct span frame);
void tell_answered(const struct world *world, const struct world_device *device, struct span frame);

/* count.c */
void count_answer(const struct world *world, const struct world_device *device, struct span frame);
void count_alarm(const struct engine_alarm *alarm);
void count_print(const struct world *world);

uint64_t world_clock(const struct world *world, const struct world_device *device);
/* A device of its own for whoever joined; NULL: all places are taken. */
struct world_device *world_device_add(struct world *world, unsigned member, uint32_t role);

/* carry.c: moves one thing over one device's line; false: there is nothing to move. */
bool carry(struct world *world, struct world_device *device, struct dice *dice);
/* The device's clock ticks; like the agent, it drops the line if its engine stopped. */
void carry_tick(struct world *world, struct world_device *device);
void carry_cut(struct world *world, struct world_device *device);
/* A person's command: it connects at once, whatever went wrong before. */
void carry_hurry(struct world_device *device);

/* fault.c */
void fault(struct world *world, struct dice *dice);
void fault_end(struct world *world, struct world_device *device);
/* What lasts a while is over, if its time has come or |now|. */
void fault_pass(struct world *world, bool now);
/* The same of the server and the signer alone. */
void fault_pass_server(struct world *world, bool now);
/* A device whose storage died in this step starts again. */
void fault_died(struct world *world, struct world_device *device);

/* act.c: somebody does something. */
void act(struct world *world, struct dice *dice);
/* sim.c: all that is on its way arrives, and is answered. */
void settle_frames(struct world *world, struct dice *dice);
/* settle.c: what was waited for is done, or was refused. */
void settle(struct world *world);
/* A device died and started: what left its outbox, and it did not hear why, the server took. */
void settle_started(struct world *world, const struct world_device *device);

/* bound.c: now and then a server that says no, and how often it is asked all the same. */
void bound_step(struct world *world);
/* All are at rest: some minutes in which hardly anybody asks for anything. */
void bound_quiet(struct world *world);

/* check.c */
void check_reader(struct world *world, struct world_device *device, bool calm);
void check_typed(struct world *world, struct world_device *device);
/* A signature of a log's head was given: there may be no other of this size with another root. */
void check_head(struct world *world, unsigned log, uint64_t size, const struct hash *root);
/* After an alarm: what was held is shown, and what is typed is kept. */
void check_goes_on(struct world *world, struct world_device *device);
void check_stored(struct world *world, struct world_device *device);

/* verify.c: at rest, whoever may prove the log proves it from its beginning, and a device that lost
 * its cache comes to see all that is its own. */
void verify_all(struct world *world);
