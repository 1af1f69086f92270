/* How the scheduler treats the calling thread. Any thread. */
#pragma once

/*
 * Asks for short turns on the processor, so that the thread gets its turn sooner after a
 * wait. The committer waits for the disk and for the signer several times a batch, and
 * every network thread that is amid its own, longer turn then would hold up all answers.
 * A hint that needs no privilege and takes nothing of the others' share: Linux follows it
 * since 6.12 (sched_setattr(2), sched_runtime of a thread of the ordinary kind), older ones
 * ignore it, and so does whoever forbids the call.
 */
void turn_short(void);
