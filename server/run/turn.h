/* How the scheduler treats the calling thread. Any thread. */
#pragma once

/*
 * Asks for short turns on the processor, so that the thread gets its turn sooner after a
 * wait. The committer waits for the disk and for the signer several times a batch. If a
 * network thread is then in the middle of a longer turn of its own, it holds up all answers.
 * This is a hint: it needs no privilege and takes nothing of the other threads' share. Linux
 * follows it since 6.12 (sched_setattr(2), sched_runtime of an ordinary thread); an older
 * kernel, or a sandbox that forbids the call, ignores it.
 */
void turn_short(void);
