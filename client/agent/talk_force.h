/*
 * An agent that does not answer: who it is, whether it is stopped, and its end by force.
 *
 * The process is the one that listens at the other end of a connection (SO_PEERCRED). It is held
 * by a descriptor before the connection is looked at again, so that a signal never reaches
 * another process that was given the same number. One thread.
 */
#pragma once

#include "proto/status.h"

#include <stdint.h>
#include <sys/types.h>

/* How long an agent may be silent before people are told. */
#define TALK_SILENT_MS 3000u

/* The agent at the other end of |fd|, a connection of talk_connect; 0: not known. */
pid_t talk_agent(int fd);
/* Whether that process is stopped (SIGSTOP, a debugger), so that it cannot answer. */
bool talk_is_stopped(pid_t agent);
/* Waits until there is something to read on |fd| or it is closed, at most |wait_ms|. */
bool talk_waits(int fd, uint32_t wait_ms);
/*
 * Ends the agent at the other end of |fd|: asks it by SIGTERM, for an orderly end; after a second
 * by SIGKILL. Removes its socket if it could not. STATUS_OK: it is gone, and its memory with it;
 * |*out_killed| tells how. STATUS_IO: it could not be ended.
 */
MUST_CHECK enum status talk_force_end(const char *profile, int fd, bool *out_killed);
