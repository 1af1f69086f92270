/*
 * Inside server/run: what run.c, a turn of the committer, and run_start.c, its beginning and end,
 * share.
 */
#pragma once

#include "server/run/away.h"
#include "server/run/heads.h"
#include "server/run/queue.h"
#include "server/run/release.h"
#include "server/run/roll.h"
#include "server/run/run.h"
#include "server/run/watch.h"

#include <pthread.h>
#include <stdatomic.h>

struct run {
    struct db *db;
    struct core *core;
    struct heads *heads;
    struct run_output output;
    struct queue *queue;
    struct roll *roll;
    pthread_t thread;
    struct watch watch;
    struct away away;
    struct release release;
    /* run_change: what is wanted; 0 (map) and UINT64_MAX (lines) when it was done. Any thread. */
    _Atomic uint64_t wanted_map_bytes;
    _Atomic uint64_t wanted_lines;
};

/* Writes, at the end of service, the refused logins of the minute that is not over. */
void run_flush(struct run *run);
