/*
 * Files through age(1), the program that encrypts a backup to a recipient's public key. Nothing of
 * age's cryptography is in Alcove. One thread.
 */
#pragma once

#include "server/backup/trouble.h"

#include <sys/types.h>

/*
 * Starts `age --recipient |recipient|`, which writes what it encrypts to |out_fd|. What is written to
 * |*out_pipe| is encrypted; the caller closes that before age_end. STATUS_NOT_FOUND: there is no
 * such program; STATUS_UNAVAILABLE.
 */
MUST_CHECK enum status age_begin(const char *recipient, int out_fd, int *out_pipe, pid_t *out_child,
                                 struct trouble *trouble);
/* Waits. STATUS_IO: it failed, as it has said on standard error. */
MUST_CHECK enum status age_end(pid_t child, struct trouble *trouble);

/* Decrypts all of |in_fd| to |out_fd| with the keys in the file |identity|, and waits.
 * STATUS_NOT_FOUND, STATUS_UNAVAILABLE, STATUS_WRONG_KEY: it failed. */
MUST_CHECK enum status age_decrypt(const char *identity, int in_fd, int out_fd,
                                   struct trouble *trouble);
