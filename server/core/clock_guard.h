/*
 * Keeps a clock that jumped ahead out of the log, whose time never goes back: one event a year
 * ahead would stop the log's time for a year, for everybody, and nothing could bring it back.
 *
 * A time is believed if it is at most CLOCK_AHEAD_MS later than the newest event, or than the last
 * time that was believed plus what has passed since by the kernel's clock that nobody sets
 * (CLOCK_BOOTTIME). That memory is DATA/clock, written each minute, so that it lasts over restarts
 * of the server; over a restart of the machine that other clock begins anew, nothing can tell a
 * long rest from a wrong clock, and up to CLOCK_REST_MS of rest are believed. A person who knows
 * says so by `alcoved clock --accept`, which writes DATA/clock with the time now; while a server
 * does not believe its clock it reads that file once a second. A clock that is behind is harmless,
 * and the rest of a machine that starts with one is counted when it is set right.
 *
 * clock_guard_allows and clock_guard_close: one thread at a time.
 */
#pragma once

#include "proto/status.h"

/* Steps that happen: a paused virtual machine, a clock set after a week without a time server. A
 * log that is an hour wrong still says when; clients write on up to a day. */
#define CLOCK_AHEAD_MS (UINT64_C(3600) * 1000u)
#define CLOCK_REST_MS  (UINT64_C(31) * 24u * 3600u * 1000u)

#define CLOCK_BOOT_CHARS 36u

/* What a clock said at one moment. */
struct clock_moment {
    uint64_t wall_ms;                /* since 1970 */
    uint64_t boot_ms;                /* since the machine started; grows whoever sets what */
    char boot[CLOCK_BOOT_CHARS + 1]; /* names that start of the machine; "": nothing is known */
};

/* The moment in which the clock says |wall_ms|. */
void clock_moment_now(uint64_t wall_ms, struct clock_moment *out_now);

/* The latest time that is believed |now|, after |memory| and an event at |newest_ms| (0: none).
 * Pure. */
uint64_t clock_latest(const struct clock_moment *memory, const struct clock_moment *now,
                      uint64_t newest_ms);

/* DATA/clock, made empty where there is none; the caller closes it. -1 with errno. */
int clock_memory_open(int data_fd);
/* out_memory->boot is empty when the file is, or is not such a one; |fd| may be -1. */
void clock_memory_read(int fd, struct clock_moment *out_memory);
/* In place, and durable: a server that may open no file any more reads what another process
 * accepted. STATUS_IO. */
MUST_CHECK enum status clock_memory_write(int fd, const struct clock_moment *memory);

struct clock_guard;

/* Opens DATA/clock; |data_fd| is needed for that alone. A file that cannot be opened is told when it
 * is first written. STATUS_NO_MEMORY. */
MUST_CHECK enum status clock_guard_open(int data_fd, struct clock_guard **out_guard);
/* Whether |now_ms| may be the time of an event after one of |newest_ms|; remembers it if so. */
bool clock_guard_allows(struct clock_guard *guard, uint64_t now_ms, uint64_t newest_ms);
/* Writes what is remembered. NULL is allowed. */
void clock_guard_close(struct clock_guard *guard);
