/* The server's end of the signer's link, against the real program. */

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keys/public/bytes/hex.h"
#include "server/run/signer_link.h"
#include "signer_scene.h"
#include "tests/support/test.h"

static enum status ask(struct scene *s, struct signer_link *link, struct signer_link_notes *notes)
{
    struct txn *txn = fixture_read(&s->fixture);
    enum status status = signer_link_checkpoint(link, txn, notes);
    db_abort(txn);
    return status;
}

/* The one test that runs has one link to a signer that is started. */
static struct signer_starter *starter;

static void open_link(struct scene *s, struct signer_link **out_link)
{
    assert_int_equal(signer_starter_new(s->folder, ALCOVE_SIGNER, &starter), STATUS_OK);
    const struct signer_link_options options = {.starter = starter};
    assert_int_equal(signer_link_open(&options, &s->fixture.practice, out_link), STATUS_OK);
}

static void close_link(struct signer_link *link)
{
    signer_link_close(link);
    signer_starter_free(starter);
    starter = NULL;
}

/* Goal: the real program signs what the store holds, again after a restart, and refuses a
 * store that became shorter. Method: grow, ask, restart; then a second, shorter database. */
static void test_sign_and_restart(void **state)
{
    static struct signer_link_notes notes;
    static struct signer_link_notes again;
    (void)state;
    struct scene s;
    scene_init(&s);
    struct scene shorter;
    scene_init(&shorter);
    struct signer_link *link = NULL;
    open_link(&s, &link);
    assert_int_equal(ask(&s, link, &notes), STATUS_OK);
    for (size_t i = 0; i < 10; i++) {
        scene_grow(&s, i * 3 + 1);
        assert_int_equal(ask(&s, link, &notes), STATUS_OK);
        scene_check_note(&s, ORIGIN_EVENTS, notes.notes[1], notes.note_sizes[1],
                         notes.checkpoints[1].size);
    }
    assert_int_equal(notes.checkpoints[ORIGIN_EVENTS].size, 145);
    close_link(link);
    open_link(&s, &link);
    assert_int_equal(ask(&s, link, &again), STATUS_OK);
    assert_memory_equal(&again, &notes, sizeof again);
    scene_grow(&shorter, 10);
    assert_int_equal(ask(&shorter, link, &again), STATUS_REWOUND);
    scene_grow(&shorter, 135);
    shorter.seed = 99;
    scene_grow(&shorter, 10);
    assert_int_equal(ask(&shorter, link, &again), STATUS_OK); /* the same first 145 */
    close_link(link);
    scene_deinit(&shorter);
    scene_deinit(&s);
}

/* Goal: two histories of one size are never both signed. Method: a store that differs. */
static void test_equivocation(void **state)
{
    static struct signer_link_notes notes;
    (void)state;
    struct scene s;
    scene_init(&s);
    struct scene other;
    scene_init(&other);
    other.seed = 2;
    scene_grow(&s, 12);
    struct signer_link *link = NULL;
    open_link(&s, &link);
    assert_int_equal(ask(&s, link, &notes), STATUS_OK);
    scene_grow(&other, 12);
    assert_int_equal(ask(&other, link, &notes), STATUS_EQUIVOCATION);
    scene_grow(&other, 5);
    assert_int_equal(ask(&other, link, &notes), STATUS_EQUIVOCATION);
    assert_int_equal(ask(&s, link, &notes), STATUS_OK);
    close_link(link);
    scene_deinit(&other);
    scene_deinit(&s);
}

/* A signer of its own that listens in the scene's folder. */
static pid_t spawn_signer(struct scene *s, const char *path)
{
    char practice[HEX_CHARS(HASH_BYTES) + 1];
    hex_encode(ID_SPAN(&s->fixture.practice), practice);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)execl(ALCOVE_SIGNER, ALCOVE_SIGNER, "--serve", s->folder, "--practice", practice,
                    "--socket", path, (char *)NULL);
        _exit(127);
    }
    return child;
}

/* Connects as soon as somebody listens. */
static struct signer_link *connect_soon(struct scene *s, const char *path)
{
    struct signer_link_options options = {.socket_path = path};
    struct signer_link *link = NULL;
    for (int i = 0; i < 1000; i++) {
        if (signer_link_open(&options, &s->fixture.practice, &link) == STATUS_OK) {
            return link;
        }
        (void)usleep(10000);
    }
    fail_msg("nobody listens");
    return NULL;
}

/* Goal: without a signer the link says so, and works again when there is one. Method: no
 * program; then a socket nobody listens on, then a signer of its own there, ended in order. */
static void test_unavailable(void **state)
{
    static struct signer_link_notes notes;
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_grow(&s, 3);
    assert_int_equal(signer_starter_new(s.folder, "/nonexistent/alcove-signer", &starter),
                     STATUS_OK);
    struct signer_link_options options = {.starter = starter};
    struct signer_link *link = NULL;
    assert_int_equal(signer_link_open(&options, &s.fixture.practice, &link), STATUS_UNAVAILABLE);
    signer_starter_free(starter);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/socket", s.folder);
    options = (struct signer_link_options){.socket_path = path};
    assert_int_equal(signer_link_open(&options, &s.fixture.practice, &link), STATUS_UNAVAILABLE);
    pid_t child = spawn_signer(&s, path);
    link = connect_soon(&s, path);
    assert_int_equal(ask(&s, link, &notes), STATUS_OK);
    scene_check_note(&s, ORIGIN_EVENTS, notes.notes[1], notes.note_sizes[1], 3);
    signer_link_close(link);
    link = connect_soon(&s, path);
    assert_int_equal(ask(&s, link, &notes), STATUS_OK);
    assert_int_equal(kill(child, SIGTERM), 0);
    int how = 0;
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    scene_grow(&s, 1);
    assert_int_equal(ask(&s, link, &notes), STATUS_UNAVAILABLE);
    assert_int_equal(ask(&s, link, &notes), STATUS_UNAVAILABLE);
    signer_link_close(link);
    scene_deinit(&s);
}

/* The events size in the newest slot of the state file. */
static uint64_t saved_size(const struct scene *s)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/%s", s->folder, SIGNER_FILE_STATE);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    uint64_t newest = 0;
    uint64_t size = UINT64_MAX;
    for (uint64_t slot = 0; slot < SIGNER_DISK_SLOTS; slot++) {
        uint8_t bytes[SIGNER_STATE_BYTES];
        assert_int_equal(signer_disk_read(fd, slot, bytes, sizeof bytes), STATUS_OK);
        struct signer_state state;
        if (signer_state_decode(span_of(bytes, sizeof bytes), &state) == STATUS_OK &&
            state.sequence >= newest) {
            newest = state.sequence;
            size = state.sizes[ORIGIN_EVENTS];
        }
    }
    (void)close(fd);
    return size;
}

/* Goal: what was signed is in the file when the answer is here; a signer that was killed goes on
 * from there. Method: sign, look, SIGKILL at once, start again, ask the same. */
static void test_killed(void **state)
{
    static struct signer_link_notes notes;
    static struct signer_link_notes again;
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_grow(&s, 5);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/socket", s.folder);
    pid_t child = spawn_signer(&s, path);
    struct signer_link *link = connect_soon(&s, path);
    assert_int_equal(ask(&s, link, &notes), STATUS_OK);
    assert_int_equal(saved_size(&s), 5);
    scene_grow(&s, 8);
    assert_int_equal(ask(&s, link, &notes), STATUS_OK);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(saved_size(&s), 13);
    child = spawn_signer(&s, path);
    for (int i = 0; i < 1000 && ask(&s, link, &again) != STATUS_OK; i++) {
        (void)usleep(10000);
    }
    assert_int_equal(ask(&s, link, &again), STATUS_OK);
    assert_memory_equal(&again, &notes, sizeof again);
    assert_int_equal(kill(child, SIGTERM), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(saved_size(&s), 13);
    signer_link_close(link);
    scene_deinit(&s);
}

/* Goal: what is no request is answered as such or ends the connection, and the signer lives.
 * Method: raw bytes: empty, absurd length, short, then a request that was cut. */
static void test_bad_requests(void **state)
{
    static const struct {
        uint8_t bytes[12];
        size_t size;
        bool answered;
    } cases[] = {
        {{0, 0, 0, 0}, 4, false},
        {{0xff, 0xff, 0xff, 0xff, 1}, 5, false},
        {{0, 0, 0, 1, 1}, 5, true},
        {{0, 0, 0, 3, 9, 9, 9}, 7, true},
    };
    static struct signer_link_notes notes;
    (void)state;
    struct scene s;
    scene_init(&s);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", s.folder);
    pid_t child = spawn_signer(&s, address.sun_path);
    signer_link_close(connect_soon(&s, address.sun_path));
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
        assert_int_equal(send(fd, cases[i].bytes, cases[i].size, MSG_NOSIGNAL), cases[i].size);
        uint8_t reply[64];
        if (cases[i].answered) {
            assert_true(recv(fd, reply, sizeof reply, 0) > 6);
            assert_int_equal(reply[5], SIGNER_BAD_REQUEST);
        } else {
            assert_true(recv(fd, reply, sizeof reply, 0) <= 0);
        }
        (void)close(fd);
    }
    struct signer_link *link = connect_soon(&s, address.sun_path);
    assert_int_equal(ask(&s, link, &notes), STATUS_OK);
    signer_link_close(link);
    assert_int_equal(kill(child, SIGTERM), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    scene_deinit(&s);
}

/* A signer that answers one request with |answer| and ends. */
static pid_t spawn_refusing(const struct sockaddr_un *address, enum signer_answer answer)
{
    int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listening, (const struct sockaddr *)address, sizeof *address), 0);
    assert_int_equal(listen(listening, 1), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        static const struct signer_reply none;
        struct signer_reply reply = none;
        reply.answer = answer;
        int fd = accept(listening, NULL, NULL);
        uint8_t out[SIGNER_LENGTH_BYTES + SIGNER_REPLY_BYTES_MAX];
        size_t size = 0;
        bool answered = recv(fd, out, SIGNER_LENGTH_BYTES, 0) == (ssize_t)SIGNER_LENGTH_BYTES &&
                        signer_protocol_put_reply(&reply, out + SIGNER_LENGTH_BYTES,
                                                  SIGNER_REPLY_BYTES_MAX, &size) == STATUS_OK;
        signer_protocol_put_length(out, size);
        answered = answered && send(fd, out, SIGNER_LENGTH_BYTES + size, MSG_NOSIGNAL) > 0;
        (void)recv(fd, out, sizeof out, MSG_WAITALL); /* what is left of the request */
        _exit(answered ? 0 : 1);
    }
    (void)close(listening);
    return child;
}

/* Goal: a signer that cannot save is told from one that does not answer; in both cases there is
 * no checkpoint. */
static void test_cannot_save(void **state)
{
    static const struct {
        enum signer_answer answer;
        enum status want;
    } cases[] = {
        {SIGNER_FULL, STATUS_FULL},
        {SIGNER_CANNOT_SAVE, STATUS_UNAVAILABLE},
    };
    static struct signer_link_notes notes;
    (void)state;
    struct scene s;
    scene_init(&s);
    scene_grow(&s, 3);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        (void)snprintf(address.sun_path, sizeof address.sun_path, "%s/socket", s.folder);
        pid_t child = spawn_refusing(&address, cases[i].answer);
        struct signer_link *link = connect_soon(&s, address.sun_path);
        assert_int_equal(ask(&s, link, &notes), cases[i].want);
        signer_link_close(link);
        int how = 0;
        assert_int_equal(waitpid(child, &how, 0), child);
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
        scene_remove_in(s.folder, "socket");
    }
    scene_deinit(&s);
}

/* ---- what a taken-over server may send to the process that starts signers */

/* Our end of its socket. */
static int starter_socket(void)
{
    for (int fd = 3; fd < 256; fd++) {
        int type = 0;
        socklen_t size = sizeof type;
        if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET) {
            return fd;
        }
    }
    fail_msg("there is no socket");
    return -1;
}

static pid_t starter_process(void)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *file = fopen(path, "re");
    assert_non_null(file);
    char line[64] = "";
    assert_non_null(fgets(line, sizeof line, file));
    (void)fclose(file);
    return (pid_t)strtol(line, NULL, 10);
}

static size_t open_in(pid_t process)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)process);
    DIR *folder = opendir(path);
    assert_non_null(folder);
    size_t count = 0;
    while (readdir(folder) != NULL) {
        count++;
    }
    (void)closedir(folder);
    return count;
}

/* An order for a signer, with one or two descriptors. Gives the answer. */
static uint8_t order(const struct practice_id *practice, const int *fds, size_t count)
{
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } control;
    memset(&control, 0, sizeof control);
    struct practice_id asked = *practice;
    struct iovec part = {.iov_base = &asked, .iov_len = sizeof asked};
    const struct msghdr message = {.msg_iov = &part,
                                   .msg_iovlen = 1,
                                   .msg_control = control.bytes,
                                   .msg_controllen = CMSG_SPACE(count * sizeof(int))};
    control.head.cmsg_level = SOL_SOCKET;
    control.head.cmsg_type = SCM_RIGHTS;
    control.head.cmsg_len = CMSG_LEN(count * sizeof(int));
    memcpy(CMSG_DATA(&control.head), fds, count * sizeof(int));
    assert_int_equal(sendmsg(starter_socket(), &message, 0), sizeof asked);
    uint8_t answer = 0;
    assert_int_equal(recv(starter_socket(), &answer, 1, 0), 1);
    return answer;
}

/* Goal: two signers are never there at once, and nothing that was sent stays with the process that
 * starts them. Method: a second order while the first signer lives and its socket is open, with one
 * descriptor more than there may be. */
static void test_orders_of_a_stranger(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    assert_int_equal(signer_starter_new(s.folder, ALCOVE_SIGNER, &starter), STATUS_OK);
    pid_t process = starter_process();
    size_t open[2];
    int ends[2][2];
    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends[i]), 0);
        const int fds[2] = {ends[i][1], STDERR_FILENO};
        assert_int_equal(order(&s.fixture.practice, fds, i + 1), 1);
        (void)close(ends[i][1]);
        open[i] = open_in(process);
    }
    assert_int_equal(open[1], open[0]);
    char byte;
    assert_int_equal(recv(ends[0][0], &byte, 1, 0), 0); /* the first has ended */
    (void)close(ends[0][0]);
    (void)close(ends[1][0]);
    signer_starter_free(starter);
    starter = NULL;
    scene_deinit(&s);
}

/* Goal: a starter that does not answer holds nobody up for ever, and an answer that comes late is taken
 * for no other order's. Method: it is stopped, asked, and goes on. */
static void test_starter_that_does_not_answer(void **state)
{
    (void)state;
    struct scene s;
    scene_init(&s);
    assert_int_equal(signer_starter_new(s.folder, ALCOVE_SIGNER, &starter), STATUS_OK);
    pid_t process = starter_process();
    assert_int_equal(kill(process, SIGSTOP), 0);
    int fd = -1;
    assert_int_equal(signer_starter_start(starter, &s.fixture.practice, &fd), STATUS_UNAVAILABLE);
    assert_int_equal(kill(process, SIGCONT), 0);
    (void)usleep(200000); /* the late answer is on its way */
    assert_int_equal(signer_starter_start(starter, &s.fixture.practice, &fd), STATUS_UNAVAILABLE);
    signer_starter_free(starter);
    starter = NULL;
    scene_deinit(&s);
}

/* After a failure: a process that stays would hold the output of this one open. */
static int end_starter(void **state)
{
    (void)state;
    if (starter != NULL) {
        (void)kill(starter_process(), SIGKILL);
        signer_starter_free(starter);
        starter = NULL;
    }
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sign_and_restart),
        cmocka_unit_test(test_equivocation),
        cmocka_unit_test(test_unavailable),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_bad_requests),
        cmocka_unit_test(test_cannot_save),
        cmocka_unit_test_teardown(test_orders_of_a_stranger, end_starter),
        cmocka_unit_test_teardown(test_starter_that_does_not_answer, end_starter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
