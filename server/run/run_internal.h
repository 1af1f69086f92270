/*
 * Inside server/run: what run.c, a turn of the committer, and run_start.c, its beginning and end,
 * share.
 */
#pragma once

#include "server/run/away.h"
#include "server/run/heads.h"
#include "server/run/queue.h"
#include "server/run/roll.h"
#include "server/run/run.h"
#include "server/run/watch.h"

#include <pthread.h>

struct run {
    struct db *db;
    struct core *core;
    struct heads *heads;
    struct run_output output;
    struct queue *queue;
    struct roll *roll;
    pthread_t thread;
    struct watch watch;
    atomic_bool signer_away;
    struct away away;
};

/* Of a clock that nobody sets. */
uint64_t run_steady_ms(void);
/* Writes, at the end of service, the refused logins of the minute that is not over. */
void run_flush(struct run *run);
