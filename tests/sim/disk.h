/*
 * The disk below the server's database, and the clock and the log lines of its process.
 *
 * Stands in for the C library's calls that LMDB and server/ make: what was written shows at once,
 * as the kernel shows it, and lasts when a sync has returned or the descriptor was opened with
 * O_DSYNC. A power cut keeps, loses or tears each page that did not last, at any sector. Writes and
 * syncs fail when they are told to, and the process dies at any of them: then nothing of it has an
 * effect any more. One thread.
 */
#pragma once

#include "tests/sim/dice.h"

#define DISK_NEVER UINT64_MAX

struct disk {
    uint64_t fails_in;   /* writes and syncs until one fails; DISK_NEVER */
    uint64_t dies_in;    /* the same until the process dies */
    bool full;           /* takes no page that is not there yet */
    uint64_t free_bytes; /* as it tells */
    bool dead;
    bool faulty; /* something failed since the server started */
    uint64_t *now_ms;
    int64_t clock_off_ms; /* of the server's clock from that */
    uint64_t steady_ms;
    void (*passes)(void *context); /* called when the process sleeps; may be NULL */
    void *context;
    void (*says)(void *context, const char *line);
};

/* The only one: below the database of this process. */
extern struct disk disk;

/* From now on |path| is on it; all that the file holds lasts. */
void disk_watch(const char *path);
void disk_forget(void);
/* A new process: nothing is planned. */
void disk_start(void);
/* One operation of the process goes by, here or elsewhere; false: it is dead. */
bool disk_alive(void);
/* Pages that would be lost, or torn, by a power cut now. */
size_t disk_unsafe(void);
/* What does not last is kept, lost or torn. Nobody may have the file open for writing. */
void disk_power_cut(struct dice *dice);

/* All that lasts, to be put back later. */
struct disk_copy {
    uint8_t *bytes; /* owned; NULL: none was made */
    uint64_t size;
};
void disk_copy(struct disk_copy *out_copy);
void disk_put_back(const struct disk_copy *copy);
void disk_copy_free(struct disk_copy *copy);
