#include "server/reader.h"

#include "keys/public/bytes/disk.h"
#include "server/sandbox.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_S    5
#define ORDER       'r'
#define STREAMS     2 /* standard error is the last that a child keeps */
/* The time that the other process has to end. */
#define END_STEPS   200
#define END_STEP_NS 10000000
#define HEAD_SIZE   2 /* numbers before the bytes of a file: its status, its size */

struct reader {
    int fd; /* -1: the other process is gone */
    pid_t process;
    size_t count;
};

/* ---------------------------------------------------------------- the process that reads */

static void wipe(uint8_t *bytes, size_t size)
{
    if (bytes != NULL) {
        explicit_bzero(bytes, size);
        free(bytes);
    }
}

/* Status, size and bytes of one file. Numbers in the machine's own order: both ends are one program. */
static bool send_file(int fd, const char *path)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    const enum status status = disk_read_path(path, READER_FILE_MAX, &bytes, &size);
    const uint32_t head[HEAD_SIZE] = {(uint32_t)status, status == STATUS_OK ? (uint32_t)size : 0};
    bool sent = disk_send(fd, span_of((const uint8_t *)head, sizeof head)) == STATUS_OK;
    if (sent && status == STATUS_OK) {
        sent = disk_send(fd, span_of(bytes, size)) == STATUS_OK;
    }
    wipe(bytes, size);
    return sent;
}

static _Noreturn void wait_for_orders(int fd, const char *folder, const char *const *paths,
                                      size_t count)
{
    (void)prctl(PR_SET_NAME, "config-reader");
    const char *const folders[] = {folder, NULL};
    const struct sandbox_options options = {.folders = folders, .reads_only = true};
    struct sandbox_report report;
    sandbox_enter(&options, &report);
    uint8_t order = 0;
    bool goes_on = true;
    while (goes_on && disk_receive(fd, &order, sizeof order) == STATUS_OK) {
        for (size_t i = 0; i < count && goes_on; i++) {
            goes_on = send_file(fd, paths[i]);
        }
    }
    _exit(0);
}

/* ---------------------------------------------------------------- the server's end */

/* The data folder's lock, above all, must not live on in the other process. */
static void keep_only(int fd)
{
    if (fd > STREAMS + 1) {
        (void)close_range(STREAMS + 1, (unsigned)fd - 1u, 0);
    }
    (void)close_range((unsigned)fd + 1u, ~0u, 0);
}

enum status reader_new(const char *folder, const char *const *paths, size_t count,
                       struct reader **out_reader)
{
    CHECK(count > 0 && count <= READER_FILES_MAX);
    struct reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL) {
        return STATUS_NO_MEMORY;
    }
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
        free(reader);
        return STATUS_UNAVAILABLE;
    }
    reader->count = count;
    reader->process = fork();
    if (reader->process == 0) {
        keep_only(ends[1]);
        wait_for_orders(ends[1], folder, paths, count);
    }
    (void)close(ends[1]);
    reader->fd = ends[0];
    const struct timeval limit = {.tv_sec = ANSWER_S};
    if (reader->process < 0 ||
        setsockopt(reader->fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) != 0) {
        reader_free(reader);
        return STATUS_UNAVAILABLE;
    }
    *out_reader = reader;
    return STATUS_OK;
}

static bool receive_file(int fd, struct reader_file *out)
{
    uint32_t head[HEAD_SIZE];
    if (disk_receive(fd, head, sizeof head) != STATUS_OK || head[1] > READER_FILE_MAX) {
        return false;
    }
    out->status = (enum status)head[0];
    if (out->status != STATUS_OK) {
        return true;
    }
    out->bytes = calloc(1, (size_t)head[1] + 1);
    out->size = head[1];
    return out->bytes != NULL && disk_receive(fd, out->bytes, out->size) == STATUS_OK;
}

static void lose(struct reader *reader)
{
    if (reader->fd >= 0) {
        (void)close(reader->fd);
    }
    reader->fd = -1;
}

enum status reader_read(struct reader *reader,
                        struct reader_file out_files[static READER_FILES_MAX])
{
    static const uint8_t order = ORDER;
    memset(out_files, 0, READER_FILES_MAX * sizeof *out_files);
    bool read = reader->fd >= 0 && disk_send(reader->fd, span_of(&order, 1)) == STATUS_OK;
    for (size_t i = 0; i < reader->count && read; i++) {
        read = receive_file(reader->fd, &out_files[i]);
    }
    if (!read) {
        /* An answer that comes late would be taken for the next order's. */
        lose(reader);
        reader_files_clear(out_files);
        return STATUS_UNAVAILABLE;
    }
    return STATUS_OK;
}

void reader_files_clear(struct reader_file files[static READER_FILES_MAX])
{
    for (size_t i = 0; i < READER_FILES_MAX; i++) {
        wipe(files[i].bytes, files[i].size);
    }
    memset(files, 0, READER_FILES_MAX * sizeof *files);
}

void reader_free(struct reader *reader)
{
    if (reader == NULL) {
        return;
    }
    lose(reader);
    if (reader->process > 0) {
        /* It ends when its socket closes, or, if a file that it reads holds it, with this process. */
        const struct timespec step = {.tv_nsec = END_STEP_NS};
        for (int i = 0; i < END_STEPS && waitpid(reader->process, NULL, WNOHANG) == 0; i++) {
            (void)nanosleep(&step, NULL);
        }
    }
    free(reader);
}
