/*
 * What a command needs from its caller's side, gathered before the agent is asked: the text of
 * a note, standard input, passphrases of other keys, the working folder. So the agent never
 * waits for a person, a pipe or a terminal.
 */
#pragma once

#include "client/cli/cli.h"
#include "client/cli/note_text.h"

struct handed {
    int argc;
    char *argv[TALK_WORDS_MAX + 1];
    int cwd;
    int in;
    size_t fd_count;
    struct talk_fd fds[TALK_FDS_MAX];
    struct note_text text;
};

/* CLI_OK, or an exit code after saying why. handed_end in both cases. */
MUST_CHECK int handed_make(struct cli *cli, const struct cli_command *command, int argc,
                           char **argv, struct handed *out_handed);
/* |code|: what became of the command; a text that was typed is kept unless it is CLI_OK. */
void handed_end(struct cli *cli, struct handed *handed, int code);
