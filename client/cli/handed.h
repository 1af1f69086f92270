/*
 * What a command needs from its caller's side, gathered before the agent is asked: the text of
 * a note, standard input, passphrases of other keys, the working folder. So the agent never
 * waits for a person, a pipe or a terminal.
 */
#pragma once

#include "client/agent/talk.h"
#include "client/cli/note_text.h"
#include "keys/private/secret.h"

struct handed {
    enum talk_kind kind; /* TALK_RUN, or TALK_WATCH by a command's gather */
    uint64_t limit_ms;   /* of a watch */
    int cwd;
    int in;
    size_t fd_count;
    struct talk_fd fds[TALK_FDS_MAX];
    struct note_text text; /* of a note, which is kept if it was typed and the command fails */
};

void handed_init(struct handed *out_handed);
/* |code|: what became of the command. */
void handed_deinit(struct cli *cli, struct handed *handed, int code);
/* Puts descriptors in the place of the numbers by which |values| call them; -1 for a number that
 * was not handed over. */
void handed_place(const struct command *command, void *values, const struct talk_fd *fds,
                  size_t count);
/* Becomes the standard input that the command reads. CLI_OK, or an exit code after saying why. */
MUST_CHECK int handed_text(struct cli *cli, struct handed *handed, struct span text);
/* A line to be read from the descriptor |*out_number|. Likewise. */
MUST_CHECK int handed_secret(struct cli *cli, struct handed *handed, const struct secret *secret,
                             int *out_number);
/* Whether an option says "-", standard input. */
bool handed_reads_stdin(const struct command *command, const void *values);
/* Standard input itself, when an option says "-" and nothing has replaced it. Likewise. */
MUST_CHECK int handed_stdin(struct cli *cli, struct handed *handed, const void *values);
