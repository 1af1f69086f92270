/* The real alcove-signer, killed at random moments, also on a file system that is really full. */

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keys/public/bytes/disk.h"
#include "keys/public/bytes/hex.h"
#include "server/signer/signer_file.h"
#include "signer_world.h"
#include "store_fixture.h"
#include "tests/support/test.h"

#define KILLS      100u
#define KILLS_FULL 20u
#define CHILD_FD   3

static const struct practice_id PRACTICE = {{7}};

struct process {
    pid_t pid;
    int fd;
};

static struct process start(const char *folder)
{
    char practice[HEX_CHARS(HASH_BYTES) + 1];
    hex_encode(ID_SPAN(&PRACTICE), practice);
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    struct process process = {.pid = fork(), .fd = ends[0]};
    assert_true(process.pid >= 0);
    if (process.pid == 0) {
        if (ends[1] == CHILD_FD) {
            (void)fcntl(CHILD_FD, F_SETFD, 0);
        } else {
            (void)dup2(ends[1], CHILD_FD);
        }
        (void)execl(ALCOVE_SIGNER, ALCOVE_SIGNER, "--serve", folder, "--practice", practice, "--fd",
                    "3", (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    return process;
}

/* The exit code, or -1 for a death by signal. */
static int end(struct process *process, int signal_number)
{
    if (signal_number != 0) {
        assert_int_equal(kill(process->pid, signal_number), 0);
    }
    (void)close(process->fd);
    int how = 0;
    assert_int_equal(waitpid(process->pid, &how, 0), process->pid);
    return WIFEXITED(how) ? WEXITSTATUS(how) : -1;
}

static bool ask(const struct process *process, const struct signer_request *request)
{
    static uint8_t bytes[SIGNER_LENGTH_BYTES + SIGNER_REQUEST_BYTES_MAX];
    size_t size = 0;
    OK(signer_protocol_put_request(request, bytes + SIGNER_LENGTH_BYTES, SIGNER_REQUEST_BYTES_MAX,
                                   &size));
    signer_protocol_put_length(bytes, size);
    return disk_send(process->fd, span_of(bytes, SIGNER_LENGTH_BYTES + size)) == STATUS_OK;
}

/* What left the signer is read also when it is dead by now. */
static bool hear(const struct process *process, struct signer_reply *out_reply)
{
    static uint8_t bytes[SIGNER_REPLY_BYTES_MAX];
    uint8_t length[SIGNER_LENGTH_BYTES];
    if (disk_receive(process->fd, length, sizeof length) != STATUS_OK) {
        return false;
    }
    size_t size = signer_protocol_length(length);
    assert_true(size <= sizeof bytes);
    return disk_receive(process->fd, bytes, size) == STATUS_OK &&
           signer_protocol_get_reply(span_of(bytes, size), out_reply) == STATUS_OK;
}

/* A few answers in peace, then one request and SIGKILL some time after it. */
static void live(struct world *world, const char *folder)
{
    static struct signer_request request;
    static struct signer_reply reply;
    struct process process = start(folder);
    uint64_t count = world_random(world, 3);
    for (uint64_t i = 0; i <= count; i++) {
        world_request(world, i == 0, &request);
        assert_true(ask(&process, &request));
        if (i == count) {
            (void)usleep((useconds_t)world_random(world, world_random(world, 2) == 0 ? 300 : 8000));
            assert_int_equal(kill(process.pid, SIGKILL), 0);
        }
        if (!hear(&process, &reply)) {
            assert_int_equal(i, count);
            break;
        }
        world_take(world, &request, &reply);
    }
    assert_int_equal(end(&process, 0), -1);
}

static void kill_often(const char *folder, const struct public_key *key, unsigned kills)
{
    static struct world world;
    uint64_t seed = 0;
    assert_int_equal(getentropy(&seed, sizeof seed), 0);
    (void)printf("seed %llu\n", (unsigned long long)seed);
    world_init(&world, &seed, &PRACTICE, key);
    for (unsigned i = 0; i < kills; i++) {
        if (i % 16 == 15) {
            (void)world_branch(&world);
        }
        live(&world, folder);
    }
    (void)printf("%u times SIGKILL: %llu answers signed, %llu refused, %llu contradictions\n",
                 kills, (unsigned long long)world.signatures, (unsigned long long)world.refused,
                 (unsigned long long)world.violations);
    assert_int_equal(world.violations, 0);
    assert_true(world.signatures > kills / 10);
    world_deinit(&world);
}

static void remove_folder(const char *base)
{
    static const char *const NAMES[] = {"signer/log.key", "signer/state", "signer", "ballast"};
    char path[128];
    for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", base, NAMES[i]);
        (void)remove(path);
    }
}

/* Goal: nothing that the real program signs contradicts what left it before, killed whenever. */
static void test_killed_often(void **state)
{
    (void)state;
    char base[] = "/tmp/alcove-kill9-XXXXXX";
    assert_non_null(mkdtemp(base));
    char folder[64];
    (void)snprintf(folder, sizeof folder, "%s/signer", base);
    struct public_key key;
    OK(signer_file_init(folder, &key));
    kill_often(folder, &key, KILLS);
    remove_folder(base);
    (void)rmdir(base);
}

/* Takes all the room that there is; |room| bytes are given back. */
static void fill(const char *base, off_t room)
{
    char path[128];
    (void)snprintf(path, sizeof path, "%s/ballast", base);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    static const uint8_t page[4096] = {1};
    off_t size = 0;
    while (write(fd, page, sizeof page) == (ssize_t)sizeof page) {
        size += (off_t)sizeof page;
    }
    assert_true(size >= room);
    assert_int_equal(ftruncate(fd, size - room), 0);
    (void)close(fd);
}

/* Goal: a full disk stops no signer that has its file, starts none that has not, and never makes
 * one that forgets. Method: a small tmpfs: --init without room, with room, 20 kills while it is
 * full; then the file with holes, as a copy may have them. */
static void test_full_disk(void **state)
{
    (void)state;
    char base[] = "/tmp/alcove-full-XXXXXX";
    assert_non_null(mkdtemp(base));
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", base, "tmpfs", 0, "size=1m") != 0) {
        (void)rmdir(base);
        (void)printf("skipped: only root may mount a small file system\n");
        skip();
    }
    char folder[64];
    (void)snprintf(folder, sizeof folder, "%s/signer", base);
    fill(base, 65536);
    struct public_key key;
    assert_int_equal(signer_file_init(folder, &key), STATUS_IO);
    struct log_key *none = NULL;
    assert_int_equal(signer_file_key(folder, &none), STATUS_NOT_FOUND);
    fill(base, 524288);
    OK(signer_file_init(folder, &key));
    fill(base, 0);
    kill_often(folder, &key, KILLS_FULL);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/state", folder);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(
        fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4096, SIGNER_DISK_SLOT_BYTES / 2),
        0);
    (void)close(fd);
    fill(base, 0);
    struct process process = start(folder);
    assert_int_equal(end(&process, 0), 1);
    fill(base, 65536);
    process = start(folder);
    assert_int_equal(end(&process, 0), 0);
    remove_folder(base);
    assert_int_equal(umount2(base, MNT_DETACH), 0);
    (void)rmdir(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_often),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
