/*
 * Where the log signer runs, and so what it holds against: only one with a user of its own keeps
 * the log key from whoever takes over alcoved. Read from the configuration and the socket's
 * owner; nothing is asked of a running signer, which answers one peer at a time.
 */
#pragma once

#include "server/config.h"
#include "server/paths.h"

#include <sys/types.h>

enum signer_place {
    SIGNER_PLACE_CHILD,     /* alcoved starts it, with its own user */
    SIGNER_PLACE_AWAY,      /* nothing listens at the socket that is configured */
    SIGNER_PLACE_SAME_USER, /* at a socket, but able to read what alcoved can read */
    SIGNER_PLACE_APART,     /* at a socket, with a user of its own */
};

/* |*out_uid| is the socket's owner in the last two cases. |server_uid| is alcoved's user. */
enum signer_place signer_place_of(const struct config *config, uid_t server_uid, uid_t *out_uid);

/* The lines of `alcoved status`, or the member "signer" of its JSON, without a comma. A
 * configuration that cannot be read is said so. */
void signer_place_print(const struct paths *paths, bool json);
