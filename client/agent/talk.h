/*
 * How a command and the agent of its profile talk: a Unix socket PROFILE/agent.sock of mode
 * 0600, both ends checking by SO_PEERCRED that the other has the same user id.
 *
 * One connection carries one request (a command, its parsed options and the descriptors it needs)
 * and its answer. What a command prints comes back as two descriptors of memory, so that a reader who
 * stops reading never holds up the agent. Client and agent are one program; another version's
 * request is refused. One thread.
 */
#pragma once

#include "proto/status.h"

#define TALK_FDS_MAX   4u
#define TALK_BYTES_MAX (96u * 1024u)

enum talk_kind {
    TALK_RUN = 1,
    TALK_WATCH = 2, /* lines as sections change, until either end closes */
    TALK_LOCK = 3,  /* answered once the keys are gone */
    TALK_ASK = 4,   /* what the command's caller must know before it can be run: a struct */
    TALK_HOLD = 5,  /* somebody types: as good as a command, until either end closes */
};

/* A descriptor that the options call by |number|. */
struct talk_fd {
    uint32_t number;
    int fd;
};

/* The holder owns all descriptors; talk_request_deinit closes them. Strings point into |buffer|
 * in a received request, and are borrowed in one to be sent. */
struct talk_request {
    enum talk_kind kind;
    bool json;
    bool utf8;        /* the caller's terminal shows UTF-8 */
    uint32_t columns; /* of the caller's terminal */
    const char *tz;   /* the caller's TZ; empty: none */
    int cwd;          /* the caller's working folder, for file names in the options */
    int in;           /* standard input, whole, or -1 */
    size_t fd_count;
    struct talk_fd fds[TALK_FDS_MAX];
    const char *command; /* its title, "member invite"; empty for TALK_LOCK */
    struct span options; /* its parsed options, in the commands' own form */
    uint8_t *buffer;
    size_t buffer_size;
};
/* Empty, with no descriptors. */
void talk_request_init(struct talk_request *out_request);
void talk_request_deinit(struct talk_request *request);

struct talk_reply {
    bool last;
    uint8_t code; /* exit code, when last */
    int out;      /* when last, descriptors of the output; -1: none */
    int err;
    uint8_t *text; /* of a watch; the receiver frees */
    size_t text_size;
};

/* Makes the listening socket and replaces one that a dead agent left, so the caller must hold the
 * keystore's lock. |*out_fd|
 * does not block. STATUS_IO. */
MUST_CHECK enum status talk_listen(const char *profile, int *out_fd);
/* Removes the socket's name. */
void talk_unlink(const char *profile);
/* STATUS_NOT_FOUND: no agent; STATUS_REFUSED: it is another user's; STATUS_BUSY: too many wait for
 * it already; STATUS_IO. */
MUST_CHECK enum status talk_connect(const char *profile, int *out_fd);
/* The next caller. STATUS_NOT_FOUND: nobody waits; STATUS_REFUSED: another user, turned away. */
MUST_CHECK enum status talk_accept(int listener, int *out_fd);

/* STATUS_TOO_LARGE; STATUS_OFFLINE: the other end is gone. */
MUST_CHECK enum status talk_send_request(int fd, const struct talk_request *request);
/* Waits at most a second. STATUS_MALFORMED, STATUS_VERSION, STATUS_OFFLINE, STATUS_NO_MEMORY. */
MUST_CHECK enum status talk_receive_request(int fd, struct talk_request *out_request);
/* Sends the last reply: |out| and |err| are borrowed, -1 for none. Never waits.
 * STATUS_OFFLINE. */
MUST_CHECK enum status talk_send_last(int fd, uint8_t code, int out, int err);
/* A piece of a watch. Never waits: a watcher that does not read is STATUS_OFFLINE. */
MUST_CHECK enum status talk_send_text(int fd, struct span text);
/* Waits. STATUS_OFFLINE: the agent is gone; STATUS_MALFORMED, STATUS_NO_MEMORY. */
MUST_CHECK enum status talk_receive_reply(int fd, struct talk_reply *out_reply);
