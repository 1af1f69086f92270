#include "tests/unit/cli/typed_kills.h"

#include "client/agent/host.h"
#include "keys/private/keystore.h"
#include "keys/public/bytes/disk.h"
#include "tests/support/test.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

enum place { PLACE_OTHER, PLACE_FILE, PLACE_COMMIT, PLACE_MESSAGE, PLACES };

static struct {
    bool armed;
    bool dead;
    uint64_t left;
    uint64_t passed;
    uint64_t sealed;
    const struct inproc *server;
    uint64_t deaths[PLACES];
    uint64_t lives;
} kills = {.sealed = UINT64_MAX};

static bool point(enum place place)
{
    if (kills.armed && !kills.dead) {
        kills.passed++;
        kills.dead = --kills.left == 0;
        kills.deaths[place] += kills.dead ? 1 : 0;
    }
    return kills.dead;
}

void typed_kills_begin(uint64_t points)
{
    kills.armed = true;
    kills.dead = false;
    kills.left = points;
    kills.passed = 0;
    kills.sealed = UINT64_MAX;
}

void typed_kills_end(void)
{
    kills.lives += kills.armed && !kills.dead ? 1 : 0;
    kills.armed = false;
    kills.dead = false;
}

bool typed_kills_point(void)
{
    return point(PLACE_OTHER);
}

bool typed_kills_dead(void)
{
    return kills.dead;
}

uint64_t typed_kills_passed(void)
{
    return kills.passed;
}

uint64_t typed_kills_sealed(void)
{
    return kills.sealed;
}

uint64_t typed_kills_count(void)
{
    uint64_t count = 0;
    for (size_t i = 0; i < PLACES; i++) {
        count += kills.deaths[i];
    }
    return count;
}

void typed_kills_tell(void)
{
    print_message("%llu killed: %llu at a file, %llu at a commit, %llu at a message, %llu between; "
                  "%llu came to their end\n",
                  (unsigned long long)typed_kills_count(),
                  (unsigned long long)kills.deaths[PLACE_FILE],
                  (unsigned long long)kills.deaths[PLACE_COMMIT],
                  (unsigned long long)kills.deaths[PLACE_MESSAGE],
                  (unsigned long long)kills.deaths[PLACE_OTHER], (unsigned long long)kills.lives);
}

/* ---- files */

#define WRAPPED(type, name, ...)                                                                   \
    type __real_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__);                                                               \
    type __wrap_##name(__VA_ARGS__)

/* A kill inside leaves the temporary file, whole or not, and the old name. */
WRAPPED(enum status, disk_replace, int folder_fd, const char *temp, const char *name,
        struct span bytes)
{
    if (point(PLACE_FILE)) {
        return STATUS_IO;
    }
    if (point(PLACE_FILE)) {
        int fd = openat(folder_fd, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_true(write(fd, bytes.data, bytes.size / 2) >= 0);
        (void)close(fd);
        return STATUS_IO;
    }
    enum status status = __real_disk_replace(folder_fd, temp, name, bytes);
    if (status == STATUS_OK && kills.sealed == UINT64_MAX) {
        kills.sealed = kills.passed;
    }
    return point(PLACE_FILE) ? STATUS_IO : status;
}

WRAPPED(enum status, disk_create, const char *path, struct span bytes)
{
    if (point(PLACE_FILE)) {
        return STATUS_IO;
    }
    enum status status = __real_disk_create(path, bytes);
    return point(PLACE_FILE) ? STATUS_IO : status;
}

WRAPPED(int, unlink, const char *path)
{
    if (point(PLACE_FILE)) {
        return -1;
    }
    int code = __real_unlink(path);
    return point(PLACE_FILE) ? -1 : code;
}

WRAPPED(int, unlinkat, int folder, const char *name, int flags)
{
    if (point(PLACE_FILE)) {
        return -1;
    }
    int code = __real_unlinkat(folder, name, flags);
    return point(PLACE_FILE) ? -1 : code;
}

WRAPPED(int, rmdir, const char *path)
{
    if (point(PLACE_FILE)) {
        return -1;
    }
    return __real_rmdir(path);
}

WRAPPED(int, rename, const char *from, const char *to)
{
    if (point(PLACE_FILE)) {
        return -1;
    }
    return __real_rename(from, to);
}

WRAPPED(int, mkdir, const char *path, mode_t mode)
{
    if (point(PLACE_FILE)) {
        return -1;
    }
    return __real_mkdir(path, mode);
}

/* Only what opens to overwrite, before a file is removed. */
int __real_openat(int folder, const char *name, int flags, ...);
int __wrap_openat(int folder, const char *name, int flags, ...);
int __wrap_openat(int folder, const char *name, int flags, ...)
{
    va_list values;
    va_start(values, flags);
    mode_t mode = (flags & O_CREAT) != 0 ? va_arg(values, mode_t) : 0;
    va_end(values);
    if ((flags & O_ACCMODE) == O_WRONLY && (flags & O_CREAT) == 0 && point(PLACE_FILE)) {
        return -1;
    }
    return __real_openat(folder, name, flags, mode);
}

/* ---- the cache */

static enum status (*real_commit)(void *context);

static enum status commit(void *context)
{
    if (point(PLACE_COMMIT)) {
        memory_storage_fail_after(context, 0);
    }
    enum status status = real_commit(context);
    return point(PLACE_COMMIT) ? STATUS_IO : status;
}

WRAPPED(void, memory_storage_get, struct memory_storage *memory, struct storage *out_storage)
{
    __real_memory_storage_get(memory, out_storage);
    real_commit = out_storage->commit;
    out_storage->commit = commit;
}

/* ---- the network */

static bool on_message(void *context, struct inproc_link *link, uint32_t op, uint32_t *code,
                       ProtobufCMessage *body)
{
    (void)context;
    (void)link;
    (void)op;
    (void)code;
    (void)body;
    return !point(PLACE_MESSAGE);
}

void typed_kills_server(struct inproc *server)
{
    server->hook = on_message;
    kills.server = server;
}

WRAPPED(bool, engine_next_frame, struct engine *engine, struct span *out_frame)
{
    return !kills.dead && __real_engine_next_frame(engine, out_frame) && !point(PLACE_MESSAGE);
}

WRAPPED(enum status, engine_receive, struct engine *engine, struct span frame, uint64_t now_ms)
{
    return kills.dead ? STATUS_OFFLINE : __real_engine_receive(engine, frame, now_ms);
}

/* ---- the host */

WRAPPED(struct engine *, host_engine, struct host *host)
{
    return host->person->engine;
}

WRAPPED(struct keystore *, host_keystore, struct host *host)
{
    return (struct keystore *)&host->person->content;
}

WRAPPED(struct keystore_content *, keystore_content, struct keystore *keystore)
{
    return (struct keystore_content *)keystore;
}

WRAPPED(enum status, host_finish, struct host *host, uint64_t ticket, uint32_t timeout_ms)
{
    (void)timeout_ms;
    engine_hurry(host->person->engine);
    if (!kills.dead) {
        (void)!inproc_run(host->person);
    }
    struct engine_ticket info;
    engine_ticket(host->person->engine, ticket, &info);
    bool over = info.wish == ENGINE_WISH_DONE || info.wish == ENGINE_WISH_FAILED;
    return over && !kills.dead ? STATUS_OK : STATUS_OFFLINE;
}

WRAPPED(enum status, host_settle, struct host *host, uint32_t timeout_ms)
{
    (void)timeout_ms;
    return kills.dead ? STATUS_OFFLINE : inproc_run(host->person);
}

WRAPPED(void, host_when_slow, struct host *host, void (*slow)(void *state), void *state)
{
    (void)host;
    (void)slow;
    (void)state;
}

WRAPPED(const char *, host_why, const struct host *host)
{
    (void)host;
    return "it is dead";
}

WRAPPED(uint64_t, clock_now_ms, void)
{
    return kills.server->now_ms;
}
