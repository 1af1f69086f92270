/*
 * A command's struct on its way to the agent: for each option that was given its name, its kind
 * and its value. The agent takes it apart by its own rows and checks it as the parser did, since
 * a socket is a boundary and the other end may be any program of the same user.
 */
#pragma once

#include "client/cli/command.h"
#include "proto/span.h"

/* STATUS_TOO_LARGE. */
MUST_CHECK enum status option_pack(const struct command *command, const void *values, uint8_t *out,
                                   size_t capacity, size_t *out_size);
/*
 * Fills |out_values|, of the command's size; texts are borrowed from |bytes|. Descriptors are the
 * caller's numbers. STATUS_MALFORMED: not by these rows, or not what the parser lets through.
 */
MUST_CHECK enum status option_unpack(const struct command *command, struct span bytes,
                                     void *out_values);
