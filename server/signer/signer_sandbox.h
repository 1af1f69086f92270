/*
 * The rights that alcove-signer gives up before it reads the first request. One thread, once.
 */
#pragma once

#include "proto/status.h"

/* No core dumps, not to be traced, no new privileges, files for the owner alone. */
MUST_CHECK enum status signer_sandbox_begin(void);

/*
 * From here on only the system calls of the serving loop: no file is opened, and |state_fd| alone
 * is written in place and synced. Anything else ends the process. Sanitizer builds need more calls than
 * can be listed and skip this. STATUS_UNSUPPORTED when the kernel has no seccomp.
 */
MUST_CHECK enum status signer_sandbox_enter(int state_fd);
