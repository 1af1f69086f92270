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
/* Twice on the terminal; once from a descriptor. In Unicode's form C, so that the same letters from
 * another keyboard open it (RFC 8265). STATUS_WRONG_KEY: the two differ. */
MUST_CHECK enum status secrets_get_new(int fd, const char *prompt, struct secret **out_secret);

/* Opens with what was typed: in form C, and if that is STATUS_DAMAGED and differs, as it was typed,
 * since what was made before form C was asked for was made so. What |open| returned last. */
MUST_CHECK enum status secrets_try(const struct secret *typed,
                                   enum status (*open)(void *opener, struct span passphrase),
                                   void *opener);
/* Whether it begins with the mark that some editors put before a text (U+FEFF). */
bool secrets_marked(const struct secret *secret);
