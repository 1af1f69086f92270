#include "client/agent/talk.h"

#include "client/agent/talk_force.h"
#include "keys/public/bytes/cursor.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t open_descriptors(void)
{
    size_t count = 0;
    for (int fd = 0; fd < 256; fd++) {
        count += fcntl(fd, F_GETFD) >= 0 ? 1 : 0;
    }
    return count;
}

static void make_pair(int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    struct timeval wait = {1, 0};
    assert_int_equal(setsockopt(ends[1], SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait), 0);
}

static void fill(struct talk_request *request)
{
    talk_request_init(request);
    request->json = true;
    request->columns = 132;
    request->tz = "UTC0";
    request->command = "member invite";
    request->options = span_of("\0\1options", 9);
    request->cwd = open("/", O_PATH | O_CLOEXEC);
    request->in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    request->fd_count = 1;
    request->fds[0] = (struct talk_fd){1000, open("/dev/zero", O_RDONLY | O_CLOEXEC)};
}

/* Goal: a request arrives whole, with its descriptors, and nothing is left open afterwards.
 * Method: there and back over a pair. */
static void test_request_arrives_whole(void **state)
{
    size_t before = open_descriptors();
    (void)state;
    int ends[2];
    make_pair(ends);
    struct talk_request sent;
    fill(&sent);
    assert_int_equal(talk_send_request(ends[0], &sent), STATUS_OK);
    struct talk_request got;
    assert_int_equal(talk_receive_request(ends[1], &got), STATUS_OK);
    assert_int_equal(got.kind, TALK_RUN);
    assert_true(got.json);
    assert_false(got.utf8);
    assert_int_equal(got.columns, 132);
    assert_string_equal(got.tz, "UTC0");
    assert_string_equal(got.command, "member invite");
    assert_int_equal(got.options.size, 9);
    assert_memory_equal(got.options.data, "\0\1options", 9);
    assert_int_equal(got.fds[0].number, 1000);
    struct stat found;
    assert_int_equal(fstat(got.fds[0].fd, &found), 0);
    struct stat zero;
    assert_int_equal(stat("/dev/zero", &zero), 0);
    assert_true(found.st_rdev == zero.st_rdev);
    assert_true((fcntl(got.in, F_GETFD) & FD_CLOEXEC) != 0);
    talk_request_deinit(&got);
    talk_request_deinit(&sent);
    (void)close(ends[0]);
    (void)close(ends[1]);
    assert_int_equal(open_descriptors(), before);
}

static size_t catch_message(uint8_t *out, size_t capacity)
{
    int ends[2];
    make_pair(ends);
    struct talk_request sent;
    fill(&sent);
    assert_int_equal(talk_send_request(ends[0], &sent), STATUS_OK);
    ssize_t n = recv(ends[1], out, capacity, 0);
    assert_true(n > 0);
    talk_request_deinit(&sent);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return (size_t)n;
}

/* Sends raw bytes without descriptors and reads them as a request. */
static enum status deliver(const uint8_t *bytes, size_t size)
{
    int ends[2];
    make_pair(ends);
    assert_int_equal(send(ends[0], bytes, size, 0), (ssize_t)size);
    struct talk_request got;
    enum status status = talk_receive_request(ends[1], &got);
    talk_request_deinit(&got);
    (void)close(ends[0]);
    (void)close(ends[1]);
    return status;
}

/* Goal: nothing but a whole request is taken. Method: a good message without its descriptors;
 * then without claiming any: cut at every byte, one byte more, every bit flipped. */
static void test_request_is_strict(void **state)
{
    uint8_t bytes[256];
    size_t size = catch_message(bytes, sizeof bytes);
    size_t before = open_descriptors();
    (void)state;
    assert_int_equal(deliver(bytes, size), STATUS_MALFORMED);
    /* version 4, kind, json, utf8, cwd, in, count, then the numbers of descriptors */
    uint8_t plain[256];
    memcpy(plain, bytes, 10);
    plain[7] = 0;
    plain[8] = 0;
    plain[9] = 0;
    memcpy(plain + 10, bytes + 14, size - 14);
    size_t plain_size = size - 4;
    assert_int_equal(deliver(plain, plain_size), STATUS_OK);
    for (size_t cut = 1; cut < plain_size; cut++) {
        assert_int_not_equal(deliver(plain, cut), STATUS_OK);
    }
    plain[plain_size] = 0;
    assert_int_equal(deliver(plain, plain_size + 1), STATUS_MALFORMED);
    for (size_t bit = 0; bit < plain_size * 8; bit++) {
        plain[bit / 8] ^= (uint8_t)(1u << bit % 8);
        /* Flags and letters may differ; it must never break, or leave descriptors open. */
        if (bit < 32) {
            assert_int_equal(deliver(plain, plain_size), STATUS_VERSION);
        } else {
            (void)!deliver(plain, plain_size);
        }
        plain[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(open_descriptors(), before);
}

/* Goal: a caller who says nothing or leaves is no harm, and one who asks for too much neither.
 * Method: an end that is closed, one that stays silent, and words beyond the limit. */
static void test_request_may_not_come(void **state)
{
    static char huge[TALK_BYTES_MAX];
    (void)state;
    int ends[2];
    make_pair(ends);
    struct talk_request request;
    assert_int_equal(talk_receive_request(ends[1], &request), STATUS_OFFLINE);
    (void)close(ends[0]);
    assert_int_equal(talk_receive_request(ends[1], &request), STATUS_OFFLINE);
    assert_int_equal(talk_send_last(ends[1], 0, -1, -1), STATUS_OFFLINE);
    assert_int_equal(talk_send_text(ends[1], span_of("x", 1)), STATUS_OFFLINE);
    (void)close(ends[1]);
    memset(huge, 'a', sizeof huge - 1);
    make_pair(ends);
    talk_request_init(&request);
    request.command = huge;
    assert_int_equal(talk_send_request(ends[0], &request), STATUS_TOO_LARGE);
    request.command = "show";
    request.options = span_of(huge, sizeof huge);
    assert_int_equal(talk_send_request(ends[0], &request), STATUS_TOO_LARGE);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

/* Goal: answers and pieces of a watch arrive in order, and a watcher who does not read stops
 * being served instead of holding up the sender. Method: a pair; then sending until refused. */
static void test_replies_never_wait(void **state)
{
    static char piece[60000];
    (void)state;
    int ends[2];
    make_pair(ends);
    assert_int_equal(talk_send_text(ends[0], span_of("one\n", 4)), STATUS_OK);
    assert_int_equal(talk_send_last(ends[0], 7, -1, -1), STATUS_OK);
    struct talk_reply reply;
    assert_int_equal(talk_receive_reply(ends[1], &reply), STATUS_OK);
    assert_false(reply.last);
    assert_int_equal(reply.text_size, 4);
    assert_memory_equal(reply.text, "one\n", 4);
    free(reply.text);
    assert_int_equal(talk_receive_reply(ends[1], &reply), STATUS_OK);
    assert_true(reply.last);
    assert_int_equal(reply.code, 7);
    assert_int_equal(reply.out, -1);
    free(reply.text);
    memset(piece, 'x', sizeof piece);
    int sent = 0;
    while (sent < 1000 && talk_send_text(ends[0], span_of(piece, sizeof piece)) == STATUS_OK) {
        sent++;
    }
    assert_true(sent > 0 && sent < 1000);
    assert_int_equal(talk_send_text(ends[0], span_of(piece, TALK_BYTES_MAX)), STATUS_TOO_LARGE);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

static void make_folder(char out[64])
{
    (void)snprintf(out, 64, "/tmp/alcove-talk.XXXXXX");
    assert_non_null(mkdtemp(out));
}

/* Goal: the socket is its owner's alone, a dead one is replaced, and a long path is no matter.
 * Method: the file's mode; a listener closed without unlinking; a folder of 200 characters. */
static void test_socket_is_private_and_replaced(void **state)
{
    (void)state;
    char folder[64];
    make_folder(folder);
    int fd = -1;
    assert_int_equal(talk_connect(folder, &fd), STATUS_NOT_FOUND);
    (void)umask(0);
    int listener = -1;
    assert_int_equal(talk_listen(folder, &listener), STATUS_OK);
    char path[512];
    (void)snprintf(path, sizeof path, "%s/agent.sock", folder);
    struct stat found;
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 0777, 0600);
    assert_int_equal(talk_accept(listener, &fd), STATUS_NOT_FOUND);
    (void)close(listener);
    assert_int_equal(talk_connect(folder, &fd), STATUS_NOT_FOUND);
    assert_int_equal(talk_listen(folder, &listener), STATUS_OK);
    assert_int_equal(talk_connect(folder, &fd), STATUS_OK);
    (void)close(fd);
    (void)close(listener);
    talk_unlink(folder);
    assert_int_equal(access(path, F_OK), -1);
    char deep[400];
    (void)snprintf(deep, sizeof deep, "%s/%0150d", folder, 0);
    assert_int_equal(mkdir(deep, 0700), 0);
    assert_int_equal(talk_listen(deep, &listener), STATUS_OK);
    assert_int_equal(talk_connect(deep, &fd), STATUS_OK);
    (void)close(fd);
    (void)close(listener);
    talk_unlink(deep);
    assert_int_equal(rmdir(deep), 0);
    assert_int_equal(rmdir(folder), 0);
}

/* Goal: another user is turned away even where the file would let them in. Method: as root, a
 * child that becomes another user and connects to a socket that was opened to all. */
static void test_another_user_is_turned_away(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    char folder[64];
    make_folder(folder);
    int listener = -1;
    assert_int_equal(talk_listen(folder, &listener), STATUS_OK);
    char path[512];
    (void)snprintf(path, sizeof path, "%s/agent.sock", folder);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chmod(path, 0666), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    int fd = -1;
    if (child == 0) {
        /* The caller's own check refuses as well: the listener is root's. */
        if (setuid(65534) != 0 || talk_connect(folder, &fd) != STATUS_REFUSED) {
            _exit(1);
        }
        _exit(0);
    }
    int code = 0;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code));
    assert_int_equal(WEXITSTATUS(code), 0);
    enum status status;
    do {
        status = talk_accept(listener, &fd);
        assert_int_not_equal(status, STATUS_OK);
    } while (status == STATUS_REFUSED);
    (void)close(listener);
    talk_unlink(folder);
    assert_int_equal(rmdir(folder), 0);
}

/* An agent that listens at |profile| and never answers, nor ends when it is asked to. */
static pid_t start_deaf(const char *profile)
{
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)signal(SIGTERM, SIG_IGN);
        int listener = -1;
        if (talk_listen(profile, &listener) != STATUS_OK || write(ready[1], "r", 1) != 1) {
            _exit(1);
        }
        for (;;) {
            (void)pause();
        }
    }
    char byte;
    assert_int_equal(read(ready[0], &byte, 1), 1);
    (void)close(ready[0]);
    (void)close(ready[1]);
    return child;
}

/* Goal: an agent that heeds nothing is ended all the same, and its socket is gone. Method: a
 * process that ignores SIGTERM; then one that is stopped is seen to be. */
static void test_deaf_agent_is_ended(void **state)
{
    (void)state;
    char profile[] = "/tmp/alcove-talk-XXXXXX";
    assert_non_null(mkdtemp(profile));
    pid_t child = start_deaf(profile);
    int fd = -1;
    assert_int_equal(talk_connect(profile, &fd), STATUS_OK);
    assert_int_equal(talk_agent(fd), child);
    assert_false(talk_is_stopped(child));
    assert_false(talk_waits(fd, 10));
    assert_int_equal(kill(child, SIGSTOP), 0);
    for (int i = 0; i < 100 && !talk_is_stopped(child); i++) {
        (void)usleep(10000);
    }
    assert_true(talk_is_stopped(child));
    bool killed = false;
    assert_int_equal(talk_force_end(profile, fd, &killed), STATUS_OK);
    assert_true(killed);
    int code = 0;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFSIGNALED(code) && WTERMSIG(code) == SIGKILL);
    (void)close(fd);
    assert_int_equal(talk_connect(profile, &fd), STATUS_NOT_FOUND);
    assert_int_equal(rmdir(profile), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_deaf_agent_is_ended),
        cmocka_unit_test(test_request_arrives_whole),
        cmocka_unit_test(test_request_is_strict),
        cmocka_unit_test(test_request_may_not_come),
        cmocka_unit_test(test_replies_never_wait),
        cmocka_unit_test(test_socket_is_private_and_replaced),
        cmocka_unit_test(test_another_user_is_turned_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
