/*
 * Passphrases and codes on their way in: from a descriptor, a file or the terminal without
 * echo, never from the command line or the environment, where others could read them.
 */
#pragma once

#include "keys/private/secret.h"
#include "proto/status.h"

/* Reads to the end of |fd| or the first line end. STATUS_TOO_LARGE, STATUS_IO. */
MUST_CHECK enum status secrets_from_fd(int fd, struct secret **out_secret);
/* Asks on the controlling terminal. STATUS_USAGE: there is none, and no --passphrase-fd. */
MUST_CHECK enum status secrets_ask(const char *prompt, struct secret **out_secret);
/* |fd| when it is not negative, else the terminal. */
MUST_CHECK enum status secrets_get(int fd, const char *prompt, struct secret **out_secret);
/* Twice on the terminal; once from a descriptor. STATUS_WRONG_KEY: the two differ. */
MUST_CHECK enum status secrets_get_new(int fd, const char *prompt, struct secret **out_secret);
