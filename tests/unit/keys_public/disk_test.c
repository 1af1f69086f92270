/* Whole files and messages when the system does half of what it is asked, or none of it; and
 * arrays that grow. */
#include "keys/public/bytes/array.h"
#include "keys/public/bytes/disk.h"
#include "tests/support/test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The system calls of disk.c come here first (the linker wraps them). Every second one is
 * interrupted and moves one byte at most when |clumsy|; the |fail_at|-th that changes something,
 * from 1, fails with |fail_with|. */
static bool clumsy;
static unsigned calls;
static unsigned changes;
static unsigned fail_at;
static int fail_with;

ssize_t __real_read(int fd, void *out, size_t size);
ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __real_send(int fd, const void *bytes, size_t size, int flags);
int __real_fsync(int fd);
int __real_renameat(int from_fd, const char *from, int to_fd, const char *to);
ssize_t __wrap_read(int fd, void *out, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags);
int __wrap_fsync(int fd);
int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to);

static bool interrupted(void)
{
    if (clumsy && calls++ % 2u == 0) {
        errno = EINTR;
        return true;
    }
    return false;
}

static bool fails(void)
{
    if (++changes == fail_at) {
        errno = fail_with;
        return true;
    }
    return false;
}

static size_t moved(size_t size)
{
    return clumsy && size > 1 ? 1 : size;
}

ssize_t __wrap_read(int fd, void *out, size_t size)
{
    return interrupted() ? -1 : __real_read(fd, out, moved(size));
}

ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    return interrupted() || fails() ? -1 : __real_write(fd, bytes, moved(size));
}

ssize_t __wrap_send(int fd, const void *bytes, size_t size, int flags)
{
    assert_int_equal(flags & MSG_NOSIGNAL, MSG_NOSIGNAL);
    return interrupted() || fails() ? -1 : __real_send(fd, bytes, moved(size), flags);
}

int __wrap_fsync(int fd)
{
    return fails() ? -1 : __real_fsync(fd);
}

int __wrap_renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    return fails() ? -1 : __real_renameat(from_fd, from, to_fd, to);
}

static void arrange(bool now_clumsy, unsigned now_fail_at, int error)
{
    clumsy = now_clumsy;
    calls = 0;
    changes = 0;
    fail_at = now_fail_at;
    fail_with = error;
}

struct scene {
    char folder[64];
    int fd;
};

static void in_folder(const struct scene *scene, const char *name, char out[128])
{
    (void)snprintf(out, 128, "%s/%s", scene->folder, name);
}

static int scene_begin(void **state)
{
    struct scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    const char *tmp = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe): one thread */
    (void)snprintf(scene->folder, sizeof scene->folder, "%.40s/disk.XXXXXX",
                   tmp == NULL ? "/tmp" : tmp);
    assert_non_null(mkdtemp(scene->folder));
    scene->fd = open(scene->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(scene->fd >= 0);
    arrange(false, 0, 0);
    *state = scene;
    return 0;
}

static int scene_end(void **state)
{
    struct scene *scene = *state;
    static const char *const names[] = {"file", "temp", "link", "fifo"};
    arrange(false, 0, 0);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        (void)unlinkat(scene->fd, names[i], 0);
    }
    (void)close(scene->fd);
    assert_int_equal(rmdir(scene->folder), 0);
    free(scene);
    return 0;
}

static void holds(const struct scene *scene, const char *text)
{
    char path[128];
    in_folder(scene, "file", path);
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(disk_read_path(path, 100, &bytes, &size), STATUS_OK);
    assert_true(span_equal(span_of(bytes, size), span_of(text, strlen(text))));
    assert_int_equal(bytes[size], 0);
    free(bytes);
    struct stat info;
    assert_int_equal(lstat(path, &info), 0);
    assert_int_equal(info.st_mode & (S_IFMT | 07777), S_IFREG | 0600);
}

/* Goal: interrupted and short calls lose and double nothing. Method: every second call is
 * interrupted, every other moves one byte. */
static void test_clumsy(void **state)
{
    const struct scene *scene = *state;
    char path[128];
    in_folder(scene, "file", path);
    arrange(true, 0, 0);
    assert_int_equal(disk_create(path, span_of("some text", 9)), STATUS_OK);
    holds(scene, "some text");
    assert_int_equal(disk_replace(scene->fd, "temp", "file", span_of("another", 7)), STATUS_OK);
    holds(scene, "another");
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(disk_send(ends[0], span_of("some text", 9)), STATUS_OK);
    uint8_t got[9];
    assert_int_equal(disk_receive(ends[1], got, sizeof got), STATUS_OK);
    assert_memory_equal(got, "some text", 9);
    (void)close(ends[0]);
    assert_int_equal(disk_receive(ends[1], got, 1), STATUS_IO);
    assert_int_equal(disk_send(ends[1], span_of("x", 1)), STATUS_IO);
    (void)close(ends[1]);
}

/* Goal: a new file is there whole or not at all. Method: each call that changes something fails
 * in turn, as on a full disk, until a run has no failure. */
static void test_create_fails(void **state)
{
    const struct scene *scene = *state;
    char path[128];
    in_folder(scene, "file", path);
    enum status status = STATUS_IO;
    unsigned n = 0;
    while (status != STATUS_OK) {
        arrange(false, ++n, ENOSPC);
        status = disk_create(path, span_of("text", 4));
        assert_true(status == STATUS_OK || (status == STATUS_IO && access(path, F_OK) != 0));
    }
    assert_int_equal(n, 4); /* write, fsync of the file, fsync of the folder; then none */
    holds(scene, "text");
    assert_int_equal(disk_create(path, span_of("other", 5)), STATUS_ALREADY);
    holds(scene, "text");
}

/* Goal: replacing leaves the old file or the new one, whatever fails. Method: as above; from the
 * rename on it is the new one. What is left of a failure is no hindrance. */
static void test_replace_fails(void **state)
{
    const struct scene *scene = *state;
    assert_int_equal(disk_replace(scene->fd, "temp", "file", span_of("old", 3)), STATUS_OK);
    enum status status = STATUS_IO;
    unsigned n = 0;
    while (status != STATUS_OK) {
        n++;
        arrange(false, n, n == 1 ? ENOSPC : EIO);
        status = disk_replace(scene->fd, "temp", "file", span_of("new", 3));
        arrange(false, 0, 0);
        assert_true(status == STATUS_OK || status == STATUS_IO);
        holds(scene, n < 4 ? "old" : "new");
    }
    assert_int_equal(n, 5); /* write, fsync, rename, fsync of the folder; then none */
    assert_int_not_equal(faccessat(scene->fd, "temp", F_OK, AT_SYMLINK_NOFOLLOW), 0);
}

/* Goal: nobody steers where secrets go. Method: a link, a loose mode and another name stand in
 * the way of each kind of opening. */
static void test_planted(void **state)
{
    const struct scene *scene = *state;
    char path[128];
    in_folder(scene, "file", path);
    char link_path[128];
    in_folder(scene, "link", link_path);
    assert_int_equal(disk_create(path, span_of("mine", 4)), STATUS_OK);
    assert_int_equal(symlinkat("file", scene->fd, "link"), 0);
    assert_int_equal(disk_create(link_path, span_of("x", 1)), STATUS_ALREADY);
    int fd = -1;
    size_t size = 0;
    assert_int_equal(disk_open_private(scene->fd, "link", &fd, &size), STATUS_REFUSED);
    /* As |temp|, the link goes, and the file that it leads to stays as it was. */
    assert_int_equal(disk_replace(scene->fd, "link", "temp", span_of("x", 1)), STATUS_OK);
    holds(scene, "mine");
    assert_int_equal(mkfifoat(scene->fd, "fifo", 0600), 0);
    assert_int_equal(disk_open_private(scene->fd, "fifo", &fd, &size), STATUS_REFUSED);
    for (unsigned bit = 1; bit < 0100; bit *= 2) {
        assert_int_equal(fchmodat(scene->fd, "file", 0600 | bit, 0), 0);
        assert_int_equal(disk_open_private(scene->fd, "file", &fd, &size), STATUS_REFUSED);
    }
    assert_int_equal(fchmodat(scene->fd, "file", 0600, 0), 0);
    assert_int_equal(disk_open_private(scene->fd, "none", &fd, &size), STATUS_NOT_FOUND);
    assert_int_equal(fd, -1);
    assert_int_equal(disk_open_private(AT_FDCWD, path, &fd, &size), STATUS_OK);
    assert_int_equal(size, 4);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    (void)close(fd);
}

/* Goal: sizes hold to the byte. Method: limits and wishes one below, at and above. */
static void test_sizes(void **state)
{
    const struct scene *scene = *state;
    static uint8_t big[200000];
    for (size_t i = 0; i < sizeof big; i++) {
        big[i] = (uint8_t)(i * 7u);
    }
    char path[128];
    in_folder(scene, "file", path);
    assert_int_equal(disk_create(path, span_of(big, sizeof big)), STATUS_OK);
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(disk_read_path(path, sizeof big - 1, &bytes, &size), STATUS_TOO_LARGE);
    assert_int_equal(disk_read_path(path, 0, &bytes, &size), STATUS_TOO_LARGE);
    assert_null(bytes);
    for (size_t more = 0; more < 100000; more += 65535) {
        assert_int_equal(disk_read_path(path, sizeof big + more, &bytes, &size), STATUS_OK);
        assert_true(span_equal(span_of(bytes, size), span_of(big, sizeof big)));
        assert_int_equal(bytes[size], 0);
        free(bytes);
        bytes = NULL;
    }
    for (size_t wanted = sizeof big - 1; wanted <= sizeof big + 1; wanted++) {
        static uint8_t got[sizeof big + 1];
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        assert_int_equal(disk_read_exact(fd, got, wanted),
                         wanted == sizeof big ? STATUS_OK : STATUS_CORRUPT);
        (void)close(fd);
    }
    in_folder(scene, "none", path);
    assert_int_equal(disk_read_path(path, 10, &bytes, &size), STATUS_NOT_FOUND);
    assert_int_equal(disk_read_path(scene->folder, 10, &bytes, &size), STATUS_IO);
    assert_null(bytes);
}

/* Goal: the folder above is found for every form of a name. */
static void test_sync_parent(void **state)
{
    (void)state;
    static const char *const good[] = {"x", "/x", "/tmp/", "/tmp/x", "/tmp//x//", "/", "./x"};
    for (size_t i = 0; i < ARRAY_LEN(good); i++) {
        assert_int_equal(disk_sync_parent(good[i]), STATUS_OK);
    }
    assert_int_equal(disk_sync_parent("/nonexistent/x"), STATUS_IO);
    assert_int_equal(disk_sync_folder("/nonexistent"), STATUS_IO);
}

/* Goal: elements keep their values and no size overflows. Method: one at a time, then wishes
 * that cannot be counted. */
static void test_array_grow(void **state)
{
    (void)state;
    uint64_t *items = NULL;
    size_t capacity = 0;
    unsigned grown = 0;
    for (size_t i = 0; i < 1000; i++) {
        size_t before = capacity;
        assert_int_equal(array_grow(&items, &capacity, i + 1, sizeof *items), STATUS_OK);
        assert_true(capacity > i);
        grown += capacity != before;
        items[i] = i * i;
    }
    assert_true(grown < 12);
    for (size_t i = 0; i < 1000; i++) {
        assert_true(items[i] == i * i);
    }
    static const size_t wrong[] = {SIZE_MAX, SIZE_MAX / 2u + 2u, SIZE_MAX / 8u + 1u};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        const uint64_t *kept = items;
        size_t before = capacity;
        assert_int_equal(array_grow(&items, &capacity, wrong[i], sizeof *items), STATUS_NO_MEMORY);
        assert_true(items == kept && capacity == before);
    }
    free(items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_clumsy, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(test_create_fails, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(test_replace_fails, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(test_planted, scene_begin, scene_end),
        cmocka_unit_test_setup_teardown(test_sizes, scene_begin, scene_end),
        cmocka_unit_test(test_sync_parent),
        cmocka_unit_test(test_array_grow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
