#include "client/cli/table.h"

/* A file of commands/ is one line here; its rows and functions stand in it. */
#define FILES(ROW)                                                                                 \
    ROW(practice)                                                                                  \
    ROW(join)                                                                                      \
    ROW(qr)                                                                                        \
    ROW(unlock)                                                                                    \
    ROW(agent)                                                                                     \
    ROW(passphrase)                                                                                \
    ROW(sync)                                                                                      \
    ROW(doctor)                                                                                    \
    ROW(member)                                                                                    \
    ROW(relate)                                                                                    \
    ROW(chart)                                                                                     \
    ROW(directory)                                                                                 \
    ROW(write)                                                                                     \
    ROW(sign)                                                                                      \
    ROW(kept)                                                                                      \
    ROW(moment)                                                                                    \
    ROW(list)                                                                                      \
    ROW(show)                                                                                      \
    ROW(access)                                                                                    \
    ROW(log)                                                                                       \
    ROW(export)                                                                                    \
    ROW(device)                                                                                    \
    ROW(device_add)                                                                                \
    ROW(device_revoke)

#define DECLARE(name)  extern const struct command_list cmd_##name;
#define POINT_TO(name) &cmd_##name,

FILES(DECLARE)

const struct command_list *const table_commands[] = {FILES(POINT_TO) NULL};
