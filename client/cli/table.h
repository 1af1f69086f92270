/* The list of all commands, in the order in which help names them. */
#pragma once

#include "client/cli/command.h"

/* NULL at the end. Lives for ever. */
extern const struct command_list *const table_commands[];
