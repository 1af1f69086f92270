/*
 * The real alcove-signer without its process: the linker puts these in the place of the server's
 * calls that start it, send to it and receive from it. Its state file lies on a disk of its own
 * (tests/unit/signer/signer_disk_sim.h). Every signature that it gave is compared with all before.
 * One thread.
 */
#pragma once

#include "keys/server/log_key.h"
#include "proto/ids.h"
#include "server/run/signer_start.h"
#include "tests/sim/dice.h"

struct world;

enum signer_fault {
    SIGNER_KILLED,  /* at an operation of its disk, or before it read, or before it answered */
    SIGNER_ERROR,   /* a write or a sync fails */
    SIGNER_NO_ROOM, /* its disk is full for a while */
};

/* A key and an empty state in |folder|, which is made. */
void signer_open(struct world *world, const char *folder, struct public_key *out_key);
void signer_close(void);
/* For the server's link. */
struct signer_starter *signer_starter(void);
/* What it draws in this step. */
void signer_step(struct dice *dice);
void signer_fault(enum signer_fault fault, struct dice *dice);
/* Its disk writes again. */
void signer_fault_end(void);
/* The power goes for whoever starts next: what was not synced is lost, kept or torn. */
void signer_power_cut(void);
