/*
 * Starts and ends an alcove-signer of the server's own, for a server that may start nothing.
 *
 * The server's sandbox lets it begin no program, and a signer that died must come back. So a small
 * process is forked before the database, the keys or the network are open: it waits for orders on
 * a socket, has one signer at a time, and ends with the server, whatever ends that. One thread.
 */
#pragma once

#include "proto/ids.h"
#include "proto/status.h"

struct signer_starter;

/*
 * Forks: call it while the process has one thread. |folder| is the signer's own, |program| the path
 * of alcove-signer; both are the other process's from then on. The caller frees it with
 * signer_starter_free. STATUS_UNAVAILABLE, STATUS_NO_MEMORY.
 */
MUST_CHECK enum status signer_starter_new(const char *folder, const char *program,
                                          struct signer_starter **out_starter);

/* A new signer for |practice|, and our end of its socket, which the caller closes. One that was
 * there before must have ended (signer_starter_end). STATUS_UNAVAILABLE: it cannot be started, or the
 * process that would start it is gone or does not answer, for good. */
MUST_CHECK enum status signer_starter_start(struct signer_starter *starter,
                                            const struct practice_id *practice, int *out_fd);
/* Waits for the signer, whose socket must be closed already, and kills one that does not end. */
void signer_starter_end(struct signer_starter *starter);

/* Whether the other process is gone or did not answer: nothing can be started any more. */
bool signer_starter_lost(const struct signer_starter *starter);

/* The signer is ended too. Accepts NULL. */
void signer_starter_free(struct signer_starter *starter);
