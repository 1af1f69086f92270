/*
 * What the two commands that add a device say and ask: `device add` and `join --device`. With --json
 * questions go to standard error, so that the one value stays alone on standard output.
 */
#pragma once

#include "client/cli/cli.h"
#include "client/engine/pair/pair_end.h"

enum pair_who { PAIR_WHO_OLD, PAIR_WHO_NEW };

#define PAIR_LINE_CHARS 64u

/* A sentence, filtered and wrapped. */
void pair_say(struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* One line from standard input; false: there is none, or it is too long. */
bool pair_ask(struct cli *cli, const char *question, char out_line[static PAIR_LINE_CHARS]);

/* Why the other side ended it, and what to do; the exit code. */
int pair_tell_end(struct cli *cli, enum pair_who who, enum pair_end end);
/* Why it did not come about on this side; the exit code. */
int pair_tell_failed(struct cli *cli, enum pair_who who, enum status status);
/* A person typed other digits than the other screen's. CLI_ALARM. */
int pair_tell_digits(struct cli *cli, enum pair_who who);

/* Sections, for people: "Ben (process, progress), the directory". The caller frees. */
struct pair_place {
    struct member_id client; /* zero: the directory */
    uint32_t class;
};
char *pair_places(struct cli *cli, const struct pair_place *places, size_t count);
