#include "server/run/signer_start.h"

#include "keys/public/bytes/hex.h"
#include "server/log/log.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHILD_FD      3
#define CHILD_FD_TEXT "3"
/* The time that a signer has to end. */
#define END_STEPS     200
#define END_STEP_NS   10000000
/* Longer than a signer has to end: the answer to an order. */
#define ANSWER_S      5

/* An order is a practice: with a socket it starts a signer, without one it ends the one there is. */
struct signer_starter {
    int fd; /* to the process that starts; -1: that one is gone */
    pid_t process;
};

/* What the process that starts has. */
struct starting {
    const char *folder;
    const char *program;
    int fd;
};

/* ---------------------------------------------------------------- the process that starts */

/* With signals as a program expects them: ours are blocked. */
static int spawn(const struct starting *starting, const struct practice_id *for_practice,
                 int child_end, pid_t *out_child)
{
    char practice[HEX_CHARS(HASH_BYTES) + 1u];
    char name[] = "alcove-signer";
    char serve[] = "--serve";
    char with_practice[] = "--practice";
    char with_fd[] = "--fd";
    char fd_text[] = CHILD_FD_TEXT;
    char *arguments[] = {name,          serve,    (char *)(uintptr_t)starting->folder,
                         with_practice, practice, with_fd,
                         fd_text,       NULL};
    hex_encode(ID_SPAN(for_practice), practice);
    sigset_t none;
    (void)sigemptyset(&none);
    sigset_t all;
    (void)sigfillset(&all);
    posix_spawn_file_actions_t files;
    int rc = posix_spawn_file_actions_init(&files);
    if (rc != 0) {
        return rc;
    }
    posix_spawnattr_t attributes;
    rc = posix_spawnattr_init(&attributes);
    char *environment[] = {NULL};
    if (rc == 0) {
        (void)posix_spawnattr_setsigmask(&attributes, &none);
        (void)posix_spawnattr_setsigdefault(&attributes, &all);
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                        POSIX_SPAWN_SETPGROUP);
        rc = posix_spawn_file_actions_adddup2(&files, child_end, CHILD_FD);
        if (rc == 0) { /* our own socket is none of its business */
            rc = posix_spawn_file_actions_addclosefrom_np(&files, CHILD_FD + 1);
        }
        if (rc == 0) {
            rc = posix_spawn(out_child, starting->program, &files, &attributes, arguments,
                             environment);
        }
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return rc;
}

/* False: it does not end. */
static bool wait_for(pid_t child)
{
    const struct timespec step = {.tv_nsec = END_STEP_NS};
    for (int i = 0; i < END_STEPS; i++) {
        pid_t ended = waitpid(child, NULL, WNOHANG);
        if (ended == child || (ended < 0 && errno != EINTR)) {
            return true;
        }
        (void)nanosleep(&step, NULL);
    }
    return false;
}

/* A signer ends when its socket closes. */
static void reap(pid_t child)
{
    if (wait_for(child)) {
        return;
    }
    (void)kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
}

/* False: the server is gone. */
static bool receive(int fd, struct practice_id *out_practice, int *out_socket)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {.iov_base = out_practice, .iov_len = sizeof *out_practice};
    struct msghdr message = {.msg_iov = &part,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             /* room for one: aligned it would be for two, and one be lost */
                             .msg_controllen = CMSG_LEN(sizeof(int))};
    ssize_t size;
    do {
        size = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);
    } while (size < 0 && errno == EINTR);
    *out_socket = -1;
    struct cmsghdr *head = size < 0 ? NULL : CMSG_FIRSTHDR(&message);
    if (head != NULL && head->cmsg_type == SCM_RIGHTS) {
        memcpy(out_socket, CMSG_DATA(head), sizeof *out_socket);
    }
    return size == (ssize_t)sizeof *out_practice;
}

static _Noreturn void wait_for_orders(const struct starting *starting)
{
    (void)prctl(PR_SET_NAME, "signer-starter");
    struct practice_id practice;
    int socket_fd;
    pid_t child = 0;
    while (receive(starting->fd, &practice, &socket_fd)) {
        if (child > 0) {
            reap(child);
            child = 0;
        }
        int rc = 0;
        if (socket_fd >= 0) {
            rc = spawn(starting, &practice, socket_fd, &child);
            (void)close(socket_fd);
        }
        if (rc != 0) {
            log_line(LOG_LEVEL_ERROR, "cannot start %s: %s", starting->program,
                     strerrordesc_np(rc));
            child = 0;
        }
        uint8_t answer = rc == 0;
        if (send(starting->fd, &answer, sizeof answer, MSG_NOSIGNAL) != (ssize_t)sizeof answer) {
            break;
        }
    }
    if (child > 0) {
        reap(child);
    }
    _exit(0);
}

/* ---------------------------------------------------------------- the server's end */

/* The data folder's lock, above all, must not live on in the other process. */
static void keep_only(int fd)
{
    if (fd > CHILD_FD) {
        (void)close_range(CHILD_FD, (unsigned)fd - 1u, 0);
    }
    (void)close_range((unsigned)fd + 1u, ~0u, 0);
}

enum status signer_starter_new(const char *folder, const char *program,
                               struct signer_starter **out_starter)
{
    struct signer_starter *starter = calloc(1, sizeof *starter);
    if (starter == NULL) {
        return STATUS_NO_MEMORY;
    }
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        free(starter);
        return STATUS_UNAVAILABLE;
    }
    starter->process = fork();
    if (starter->process == 0) {
        keep_only(ends[1]);
        wait_for_orders(&(const struct starting){folder, program, ends[1]});
    }
    (void)close(ends[1]);
    starter->fd = ends[0];
    const struct timeval limit = {.tv_sec = ANSWER_S};
    if (starter->process < 0 ||
        setsockopt(starter->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) {
        signer_starter_free(starter);
        return STATUS_UNAVAILABLE;
    }
    *out_starter = starter;
    return STATUS_OK;
}

static void lose(struct signer_starter *starter)
{
    if (starter->fd >= 0) {
        (void)close(starter->fd);
    }
    starter->fd = -1;
}

/* Sends an order, with |socket_fd| if that is not -1, and waits for the answer. One that does not
 * come in time would be taken for the next order's: then nothing is asked any more, and the server
 * ends as with any signer that stays away. */
static bool order(struct signer_starter *starter, const struct practice_id *asked, int socket_fd)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {.iov_base = (void *)(uintptr_t)asked, .iov_len = sizeof *asked};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    if (socket_fd >= 0) {
        memset(&control, 0, sizeof control);
        message.msg_control = control.bytes;
        message.msg_controllen = sizeof control.bytes;
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.head), &socket_fd, sizeof socket_fd);
    }
    uint8_t answer = 0;
    ssize_t size = -1;
    if (starter->fd >= 0 &&
        sendmsg(starter->fd, &message, MSG_NOSIGNAL) == (ssize_t)sizeof *asked) {
        do {
            size = recv(starter->fd, &answer, sizeof answer, 0);
        } while (size < 0 && errno == EINTR);
    }
    if (size != (ssize_t)sizeof answer) {
        lose(starter);
        return false;
    }
    return answer == 1;
}

enum status signer_starter_start(struct signer_starter *starter, const struct practice_id *practice,
                                 int *out_fd)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return STATUS_UNAVAILABLE;
    }
    bool started = order(starter, practice, ends[1]);
    (void)close(ends[1]);
    if (!started) {
        (void)close(ends[0]);
        return STATUS_UNAVAILABLE;
    }
    *out_fd = ends[0];
    return STATUS_OK;
}

void signer_starter_end(struct signer_starter *starter)
{
    const struct practice_id none = {{0}};
    (void)order(starter, &none, -1);
}

bool signer_starter_lost(const struct signer_starter *starter)
{
    return starter->fd < 0;
}

void signer_starter_free(struct signer_starter *starter)
{
    if (starter == NULL) {
        return;
    }
    lose(starter);
    if (starter->process > 0) {
        (void)wait_for(starter->process); /* one that was stopped ends when it goes on */
    }
    free(starter);
}
