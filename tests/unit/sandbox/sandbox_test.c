/*
 * What a taken-over server would reach for next is not there. Each attempt is made in a process of
 * its own, first without the sandbox, where it must succeed, then in it.
 */
#include "server/sandbox.h"
#include "tests/support/test.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* What a child says of its attempt; a signal says the rest. */
enum { DID_IT = 0, REFUSED = 50, UNKNOWN_CALL = 51, OTHERWISE = 52 };

struct attempt {
    const char *name;
    int (*make)(void); /* 0: done; else errno */
    int ends;          /* in the sandbox: an exit code above, or -SIGNAL */
};

static int errno_or_0(bool done)
{
    return done ? 0 : errno;
}

static int try_program(void)
{
    char program[] = "/bin/true";
    char *const words[] = {program, NULL};
    (void)execv(words[0], words);
    return errno;
}

static int try_process(void)
{
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    return errno_or_0(child > 0 && waitpid(child, NULL, 0) == child);
}

static int try_secret_file(void)
{
    return errno_or_0(open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0);
}

static int try_new_file(void)
{
    char path[] = "/tmp/alcove-sandbox-XXXXXX";
    bool done = mkstemp(path) >= 0;
    int error = errno;
    (void)unlink(path);
    return done ? 0 : error;
}

static int try_listing(void)
{
    return errno_or_0(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC) >= 0);
}

static int try_removal(void)
{
    /* Not there: ENOENT without the sandbox, which counts as done. */
    return unlink("/tmp/alcove-sandbox-nothing") == 0 || errno == ENOENT ? 0 : errno;
}

static int try_connect(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(9)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    return connect(fd, (const struct sockaddr *)&address, sizeof address) == 0 ||
                   errno == ECONNREFUSED
               ? 0
               : errno;
}

static int try_datagram(void)
{
    return errno_or_0(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0 || errno == EAFNOSUPPORT);
}

static int try_unix_socket(void)
{
    return errno_or_0(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0) >= 0);
}

/* By what is open: a listening socket that was shut down connects again when it sends. */
static int listener(struct sockaddr_in *out_address)
{
    socklen_t size = sizeof *out_address;
    *out_address = (struct sockaddr_in){.sin_family = AF_INET};
    out_address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)out_address, size), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)out_address, &size), 0);
    return fd;
}

static int shut_down_listener;
static struct sockaddr_in listening_elsewhere;

static int try_fast_open(void)
{
    (void)shutdown(shut_down_listener, SHUT_RDWR);
    return errno_or_0(sendto(shut_down_listener, "x", 1, MSG_FASTOPEN,
                             (const struct sockaddr *)&listening_elsewhere,
                             sizeof listening_elsewhere) >= 0);
}

static int try_fast_open_by_message(void)
{
    struct iovec part = {.iov_base = (char[]){'x'}, .iov_len = 1};
    const struct msghdr message = {.msg_name = &listening_elsewhere,
                                   .msg_namelen = sizeof listening_elsewhere,
                                   .msg_iov = &part,
                                   .msg_iovlen = 1};
    (void)shutdown(shut_down_listener, SHUT_RDWR);
    return errno_or_0(sendmsg(shut_down_listener, &message, MSG_FASTOPEN) >= 0);
}

/* A pair of datagram sockets sends to any other one, the system's journal for instance. */
static int try_datagram_pair(void)
{
    int ends[2];
    return errno_or_0(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends) == 0);
}

static int try_unix_datagram(void)
{
    return errno_or_0(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0);
}

static int try_stream_pair(void)
{
    int ends[2];
    bool done = socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 &&
                fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 &&
                send(ends[1], "x", 1, MSG_NOSIGNAL) == 1;
    return errno_or_0(done);
}

/* The kernel tells whoever a descriptor belongs to of what happens to it, by any signal. */
static int try_signal_by_descriptor(void)
{
    int ends[2];
    return errno_or_0(pipe2(ends, O_CLOEXEC) == 0 && fcntl(ends[0], F_SETOWN, getppid()) == 0 &&
                      fcntl(ends[0], F_SETSIG, SIGKILL) == 0);
}

static int try_signal_by_ioctl(void)
{
    int parent = getppid();
    return errno_or_0(ioctl(shut_down_listener, FIOSETOWN, &parent) == 0);
}

/* ENOTTY, without a terminal: it was asked. */
static int try_typing_in_terminal(void)
{
    return ioctl(shut_down_listener, TIOCSTI, "x") == 0 || errno == ENOTTY ? 0 : errno;
}

static int try_code(void)
{
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return errno_or_0(page != MAP_FAILED && mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
}

static int try_signal_to_parent(void)
{
    return errno_or_0(kill(getppid(), 0) == 0);
}

static int try_debugging(void)
{
    return errno_or_0(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0);
}

static void *nothing(void *given)
{
    return given;
}

/* What serving needs. */
static int try_thread(void)
{
    pthread_t thread;
    int error = pthread_create(&thread, NULL, nothing, NULL);
    return error != 0 ? error : pthread_join(thread, NULL);
}

static void *open_there(void *given)
{
    *(int *)given = try_secret_file();
    return NULL;
}

static int try_file_in_a_thread(void)
{
    pthread_t thread;
    int error = 0;
    if (pthread_create(&thread, NULL, open_there, &error) != 0) {
        return ENOSYS;
    }
    (void)pthread_join(thread, NULL);
    return error;
}

static const struct attempt ATTEMPTS[] = {
    {"a program", try_program, -SIGSYS},
    {"another process", try_process, UNKNOWN_CALL},
    {"a file of the system", try_secret_file, REFUSED},
    {"a file of the system, in a thread", try_file_in_a_thread, REFUSED},
    {"a new file", try_new_file, REFUSED},
    {"a folder", try_listing, REFUSED},
    {"a removed file", try_removal, UNKNOWN_CALL},
    {"another machine", try_connect, -SIGSYS},
    {"a datagram", try_datagram, -SIGSYS},
    {"a Unix socket", try_unix_socket, -SIGSYS},
    {"another machine, from a listening socket", try_fast_open, UNKNOWN_CALL},
    {"another machine, by a message", try_fast_open_by_message, UNKNOWN_CALL},
    {"a datagram to a Unix socket", try_datagram_pair, UNKNOWN_CALL},
    {"a stream to ourselves", try_stream_pair, DID_IT},
    {"a signal, by a descriptor", try_signal_by_descriptor, UNKNOWN_CALL},
    {"a signal, by ioctl", try_signal_by_ioctl, UNKNOWN_CALL},
    {"typing in the terminal", try_typing_in_terminal, UNKNOWN_CALL},
    {"code from memory", try_code, UNKNOWN_CALL},
    {"a signal to another", try_signal_to_parent, UNKNOWN_CALL},
    {"a debugger", try_debugging, -SIGSYS},
    {"a thread", try_thread, DID_IT},
};

static int say(int error)
{
    return error == 0        ? DID_IT
           : error == EACCES ? REFUSED
           : error == ENOSYS ? UNKNOWN_CALL
                             : OTHERWISE;
}

/* Exit code, or -SIGNAL, of a child that makes the attempt. */
static int outcome(const struct attempt *attempt, const struct sandbox_options *options)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct sockaddr_in own;
        shut_down_listener = listener(&own);
        struct sandbox_report report = {0};
        if (options != NULL) {
            sandbox_enter(options, &report);
            if (!report.filtered) {
                _exit(OTHERWISE);
            }
        }
        _exit(say(attempt->make()));
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    return WIFSIGNALED(how) ? -WTERMSIG(how) : WEXITSTATUS(how);
}

static bool is_off(void)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct sandbox_options options = {0};
        struct sandbox_report report;
        sandbox_enter(&options, &report);
        _exit(report.filtered ? 0 : 1);
    }
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    return WEXITSTATUS(how) != 0;
}

/* Goal: each attempt works outside and not inside. */
static void test_attempts(void **state)
{
    (void)state;
    if (is_off()) {
        skip();
    }
    int elsewhere = listener(&listening_elsewhere);
    const struct sandbox_options options = {0};
    for (size_t i = 0; i < ARRAY_LEN(ATTEMPTS); i++) {
        int before = outcome(&ATTEMPTS[i], NULL);
        int after = outcome(&ATTEMPTS[i], &options);
        if (before != DID_IT || after != ATTEMPTS[i].ends) {
            fail_msg("%s: %d without the sandbox, %d in it, not %d", ATTEMPTS[i].name, before,
                     after, ATTEMPTS[i].ends);
        }
    }
    (void)close(elsewhere);
}

/* Goal: where the log signer runs by itself its socket can be reached, and nothing else. */
static void test_unix_socket_alone(void **state)
{
    (void)state;
    if (is_off()) {
        skip();
    }
    const struct attempt unix_socket = {"", try_unix_socket, 0};
    const struct attempt machine = {"", try_connect, 0};
    const struct attempt datagram = {"", try_datagram, 0};
    const struct attempt unix_datagram = {"", try_unix_datagram, 0};
    const struct sandbox_options options = {.connects = true};
    assert_int_equal(outcome(&unix_socket, &options), DID_IT);
    assert_int_equal(outcome(&machine, &options), -SIGSYS);
    assert_int_equal(outcome(&datagram, &options), -SIGSYS);
    assert_int_equal(outcome(&unix_datagram, &options), UNKNOWN_CALL);
}

/* Goal: Landlock holds files by itself. Method: with a folder that may be used the filter lets every
 * open call through, and what is not in the folder is refused all the same. */
static void test_landlock_alone(void **state)
{
    (void)state;
    if (is_off()) {
        skip();
    }
    const char *const folders[] = {"/tmp", NULL};
    const struct sandbox_options options = {.folders = folders};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    struct sandbox_report report;
    if (child == 0) {
        sandbox_enter(&options, &report);
        uint8_t version = (uint8_t)report.landlock;
        _exit(write(ends[1], &version, 1) == 1 ? 0 : 1);
    }
    uint8_t version = 0;
    assert_int_equal(read(ends[0], &version, 1), 1);
    assert_int_equal(waitpid(child, NULL, 0), child);
    (void)close(ends[0]);
    (void)close(ends[1]);
    if (version == 0) {
        print_message("this kernel has no Landlock\n");
        skip();
    }
    const struct attempt inside = {"", try_new_file, 0};
    const struct attempt outside = {"", try_secret_file, 0};
    const struct attempt listing = {"", try_listing, 0};
    assert_int_equal(outcome(&inside, &options), DID_IT);
    assert_int_equal(outcome(&outside, &options), REFUSED);
    assert_int_equal(outcome(&listing, &options), REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_attempts),
        cmocka_unit_test(test_unix_socket_alone),
        cmocka_unit_test(test_landlock_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
