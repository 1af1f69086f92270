#include "server/run/signer_start.h"

#include "keys/public/bytes/hex.h"
#include "server/log/log.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATH_BYTES_MAX 4096u
#define PROGRAM_NAME   "alcove-signer"
#define CHILD_FD       3
#define CHILD_FD_TEXT  "3"
/* The time that a signer has to end. */
#define END_STEPS      200
#define END_STEP_NS    10000000

struct signer_starter {
    char folder[PATH_BYTES_MAX];
    char program[PATH_BYTES_MAX];
    int fd; /* to the process that starts */
    pid_t process;
};

/* One order: a practice and a socket start a signer, an order without a socket ends it. */
struct order {
    struct practice_id practice;
};

/* ---------------------------------------------------------------- the process that starts */

/* With signals as a program expects them: ours are blocked. */
static int spawn(const struct signer_starter *starter, const struct practice_id *for_practice,
                 int child_end, pid_t *out_child)
{
    char practice[HEX_CHARS(HASH_BYTES) + 1u];
    char name[] = PROGRAM_NAME;
    char serve[] = "--serve";
    char with_practice[] = "--practice";
    char with_fd[] = "--fd";
    char fd_text[] = CHILD_FD_TEXT;
    char *arguments[] = {name,          serve,    (char *)(uintptr_t)starter->folder,
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
            rc = posix_spawn(out_child, starter->program, &files, &attributes, arguments,
                             environment);
        }
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return rc;
}

/* A signer ends when its socket closes. */
static void reap(pid_t child)
{
    const struct timespec step = {.tv_nsec = END_STEP_NS};
    for (int i = 0; i < END_STEPS; i++) {
        pid_t ended = waitpid(child, NULL, WNOHANG);
        if (ended == child || (ended < 0 && errno != EINTR)) {
            return;
        }
        (void)nanosleep(&step, NULL);
    }
    (void)kill(child, SIGKILL);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
}

/* False: the server is gone. */
static bool receive(int fd, struct order *out_order, int *out_socket)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec part = {.iov_base = out_order, .iov_len = sizeof *out_order};
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
    return size == (ssize_t)sizeof *out_order;
}

static _Noreturn void wait_for_orders(const struct signer_starter *starter, int fd)
{
    (void)prctl(PR_SET_NAME, "signer-starter");
    struct order order;
    int socket_fd;
    pid_t child = 0;
    while (receive(fd, &order, &socket_fd)) {
        if (child > 0) {
            reap(child);
            child = 0;
        }
        int rc = 0;
        if (socket_fd >= 0) {
            rc = spawn(starter, &order.practice, socket_fd, &child);
            (void)close(socket_fd);
        }
        if (rc != 0) {
            log_line(LOG_LEVEL_ERROR, "cannot start %s: %s", starter->program, strerrordesc_np(rc));
            child = 0;
        }
        uint8_t answer = rc == 0;
        if (send(fd, &answer, sizeof answer, MSG_NOSIGNAL) != (ssize_t)sizeof answer) {
            break;
        }
    }
    if (child > 0) {
        reap(child);
    }
    _exit(0);
}

/* ---------------------------------------------------------------- the server's end */

static bool copy_text(char out[static PATH_BYTES_MAX], const char *text)
{
    size_t size = strnlen(text, PATH_BYTES_MAX);
    if (size == 0 || size == PATH_BYTES_MAX) {
        return false;
    }
    memcpy(out, text, size + 1);
    return true;
}

/* The program of that name in the folder that this one was started from. */
static bool beside_us(char out[static PATH_BYTES_MAX])
{
    ssize_t size = readlink("/proc/self/exe", out, PATH_BYTES_MAX - sizeof PROGRAM_NAME);
    if (size <= 0 || (size_t)size >= PATH_BYTES_MAX - sizeof PROGRAM_NAME) {
        return false;
    }
    out[size] = '\0';
    char *slash = strrchr(out, '/');
    if (slash != NULL) {
        memcpy(slash + 1, PROGRAM_NAME, sizeof PROGRAM_NAME);
    }
    return slash != NULL;
}

/* The data folder's lock, above all, must not live on in the other process. */
static void keep_only(int fd)
{
    if (fd > CHILD_FD) {
        (void)close_range(CHILD_FD, (unsigned)fd - 1u, 0);
    }
    (void)close_range((unsigned)fd + 1u, ~0u, 0);
}

static enum status begin(struct signer_starter *starter)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        return STATUS_UNAVAILABLE;
    }
    starter->process = fork();
    if (starter->process == 0) {
        keep_only(ends[1]);
        wait_for_orders(starter, ends[1]);
    }
    (void)close(ends[1]);
    starter->fd = ends[0];
    return starter->process > 0 ? STATUS_OK : STATUS_UNAVAILABLE;
}

enum status signer_starter_new(const char *folder, const char *program,
                               struct signer_starter **out_starter)
{
    struct signer_starter *starter = calloc(1, sizeof *starter);
    if (starter == NULL) {
        return STATUS_NO_MEMORY;
    }
    starter->fd = -1;
    enum status status = STATUS_USAGE;
    if (copy_text(starter->folder, folder) &&
        (program != NULL ? copy_text(starter->program, program) : beside_us(starter->program))) {
        status = begin(starter);
    }
    if (status != STATUS_OK) {
        signer_starter_free(starter);
        return status;
    }
    *out_starter = starter;
    return STATUS_OK;
}

/* Sends an order, with |socket_fd| if that is not -1, and waits for the answer. */
static bool order(const struct signer_starter *starter, const struct order *asked, int socket_fd)
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
    if (sendmsg(starter->fd, &message, MSG_NOSIGNAL) == (ssize_t)sizeof *asked) {
        do {
            size = recv(starter->fd, &answer, sizeof answer, 0);
        } while (size < 0 && errno == EINTR);
    }
    return size == (ssize_t)sizeof answer && answer == 1;
}

enum status signer_starter_start(struct signer_starter *starter, const struct practice_id *practice,
                                 int *out_fd)
{
    const struct order asked = {.practice = *practice};
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        return STATUS_UNAVAILABLE;
    }
    bool started = order(starter, &asked, ends[1]);
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
    const struct order asked = {0};
    (void)order(starter, &asked, -1);
}

void signer_starter_free(struct signer_starter *starter)
{
    if (starter == NULL) {
        return;
    }
    if (starter->fd >= 0) {
        (void)close(starter->fd);
    }
    while (starter->process > 0 && waitpid(starter->process, NULL, 0) < 0 && errno == EINTR) {
    }
    free(starter);
}
