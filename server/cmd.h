/*
 * The operator's commands of alcoved, one file each. Each gets the words that followed its name
 * and returns the exit code of the manual's table. They print for a person: what happened, what
 * was kept, what to do next.
 */
#pragma once

#include "server/paths.h"

/* One table for all programs; alcove(1) lists it. */
enum cmd_exit {
    CMD_OK = 0,
    CMD_FAILED = 1, /* nothing was changed */
    CMD_USAGE = 2,
    CMD_REFUSED = 3,
    CMD_UNREACHABLE = 4,
    CMD_ALARM = 5,  /* something that was verified does not hold */
    CMD_LOCKED = 6, /* passphrase wrong or missing */
    CMD_NOT_FOUND = 7,
};

int cmd_init(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_fsck(int argc, char **argv);

/* Why no client could connect to this address: invitations and the signed genesis bear it, and it
 * is not easily changed. NULL: a client can. */
const char *cmd_address_fault(const char *text);
