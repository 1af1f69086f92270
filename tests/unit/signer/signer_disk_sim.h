/*
 * A disk that fails, below the signer's real code: it stands in for the calls of signer_disk.h
 * (the linker's --wrap), with the kernel's view of each slot and the one that survives a power
 * cut.
 *
 * What was not synced is lost, kept or torn at any byte when the power goes; a write or a sync
 * fails, half done or with the error told once and the data dropped; the signer is killed before,
 * in or after any of them. One thread.
 */
#pragma once

#include "server/signer/signer_file.h"

enum sim_fault {
    SIM_NONE,
    SIM_KILL,       /* before, within or after the operation; the power may go too */
    SIM_KILL_ALONE, /* before the operation; the power stays, and the kernel writes nothing */
    SIM_FULL,       /* no room */
    SIM_ERROR,
};

/* Where the signer does not do what it must, so that the checker is seen to notice. */
enum sim_wrong {
    SIM_RIGHT,
    SIM_SAVES_LATE,    /* the answer leaves, then the state is saved */
    SIM_TRUSTS_KERNEL, /* a start takes what it reads for what lasts */
};

struct sim {
    uint8_t disk[SIGNER_DISK_SLOTS][SIGNER_STATE_BYTES];   /* after a power cut */
    uint8_t kernel[SIGNER_DISK_SLOTS][SIGNER_STATE_BYTES]; /* what a read gives */
    bool dirty[SIGNER_DISK_SLOTS];
    uint64_t *seed;
    enum sim_wrong wrong;
    bool garbage; /* a torn slot may hold anything; else a sync that failed may drop data */
    bool dead;    /* killed: nothing of it has any effect */
    bool faulty;  /* the planned fault came */
    enum sim_fault fault;
    uint64_t after;    /* operations until it comes */
    bool skips_sync;   /* SIM_TRUSTS_KERNEL: the start's */
    bool skips_second; /* the same: the start's second write */
    bool late;         /* SIM_SAVES_LATE: a save is owed */
    uint64_t late_slot;
    uint8_t late_bytes[SIGNER_STATE_BYTES];
};

/* The one that the wrapped calls use. */
extern struct sim sim;

/* As --init leaves it. */
void sim_reset(uint64_t *seed, enum sim_wrong wrong);
/* The next process: a fault after |after| more operations. */
void sim_start(enum sim_fault fault, uint64_t after);
/* What the kernel had not written is lost, kept or torn. */
void sim_power_cut(void);
/* Something was written and is not on the disk for sure. */
bool sim_is_dirty(void);
