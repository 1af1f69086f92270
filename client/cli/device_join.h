/*
 * `join --device`: this machine becomes a further device of somebody who has joined, by the code that
 * `alcove device add` made on another device of theirs. Nothing is kept here before that device has
 * agreed and handed over what is needed.
 */
#pragma once

#include "client/cli/cli.h"

struct device_join_values {
    const char *file; /* with the code; "-": standard input's first line */
    const char *name; /* NULL: as the machine is called */
    bool trial;
};
/* The profile's folder must be free. An exit code. */
MUST_CHECK int device_join(struct cli *cli, const struct device_join_values *values);
