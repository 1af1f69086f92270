#include "journal.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    JOURNAL_MAGIC = 0x314c4a41,
    JOURNAL_HEAD_BYTES = 4096,
    JOURNAL_ENTRY_BYTES = 40,
    JOURNAL_PROCESSES_MAX = 256,
    JOURNAL_MIB_DEFAULT = 1024,
};

/* The first page of the file. */
struct journal_head {
    uint32_t magic;
    atomic_uint lock;
    atomic_uint cut;
    atomic_uint processes;
    atomic_ullong syncs;
    atomic_ullong used; /* bytes of the file that hold complete entries */
    uint64_t capacity;
    int32_t pids[JOURNAL_PROCESSES_MAX];
};
_Static_assert(sizeof(struct journal_head) <= JOURNAL_HEAD_BYTES, "head fits its page");

struct journal_entry {
    uint32_t kind;
    uint32_t pid;
    uint32_t thread;
    uint32_t size;
    uint64_t sequence; /* offset in the file: unique and rising */
    uint64_t id;
    uint64_t value;
};
_Static_assert(sizeof(struct journal_entry) == JOURNAL_ENTRY_BYTES, "no padding");

static struct journal_head *head;
static char marker[4096]; /* how a process under this shim is known by its environment */
static pid_t self_pid;    /* cached: a filtered process may not be allowed to ask */
static __thread uint32_t self_thread __attribute__((tls_model("initial-exec")));

static void die(const char *text)
{
    (void)!syscall(SYS_write, 2, text, strlen(text));
    _exit(99);
}

static void lock(void)
{
    unsigned expected = 0;
    while (!atomic_compare_exchange_weak(&head->lock, &expected, 1)) {
        expected = 0;
        sched_yield();
    }
}

static void unlock(void)
{
    atomic_store(&head->lock, 0);
}

static uint64_t capacity_from_environment(void)
{
    const char *text = getenv("ALCOVE_CUT_JOURNAL_MIB");
    const long mib = text != NULL ? strtol(text, NULL, 10) : JOURNAL_MIB_DEFAULT;
    return (uint64_t)(mib > 0 ? mib : JOURNAL_MIB_DEFAULT) << 20;
}

static void after_fork(void)
{
    self_pid = getpid();
    self_thread = (uint32_t)gettid();
    const unsigned slot = atomic_fetch_add(&head->processes, 1);
    if (slot < JOURNAL_PROCESSES_MAX) {
        head->pids[slot] = self_pid;
    }
}

/* A process number may have been given to a stranger since: look before killing. */
static int is_ours(pid_t pid)
{
    static char environment[65536];
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    const ssize_t size = read(fd, environment, sizeof environment);
    syscall(SYS_close, fd);
    return size > 0 && memmem(environment, (size_t)size, marker, strlen(marker) + 1) != NULL;
}

int journal_open(void)
{
    const char *path = getenv("ALCOVE_CUT_JOURNAL");
    if (path == NULL) {
        return 0;
    }
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    struct stat info;
    if (fd < 0 || fstat(fd, &info) != 0) {
        die("power cut: the journal cannot be opened\n");
    }
    const uint64_t capacity =
        info.st_size > 0 ? (uint64_t)info.st_size : capacity_from_environment();
    if (info.st_size == 0 && syscall(SYS_ftruncate, fd, capacity) != 0) {
        die("power cut: the journal cannot be sized\n");
    }
    void *map = mmap(NULL, capacity, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        die("power cut: the journal cannot be mapped\n");
    }
    syscall(SYS_close, fd);
    head = map;
    lock();
    if (head->magic == 0) {
        head->magic = JOURNAL_MAGIC;
        head->capacity = capacity;
        atomic_store(&head->used, JOURNAL_HEAD_BYTES);
    }
    unlock();
    const unsigned slot = atomic_fetch_add(&head->processes, 1);
    if (slot >= JOURNAL_PROCESSES_MAX) {
        die("power cut: too many processes\n");
    }
    self_pid = getpid();
    self_thread = (uint32_t)gettid();
    head->pids[slot % JOURNAL_PROCESSES_MAX] = self_pid;
    (void)snprintf(marker, sizeof marker, "ALCOVE_CUT_JOURNAL=%s", path);
    pthread_atfork(NULL, NULL, after_fork);
    return 1;
}

/* After a cut nothing more may happen to the world: a thread that comes here waits
 * for the signal that is on its way. None is on its way to a process that was forked
 * in that moment, so it sends itself one. */
static void stay(void)
{
    for (;;) {
        (void)kill(getpid(), SIGKILL);
        (void)pause();
    }
}

/* With the lock held. */
static void append_locked(enum journal_kind kind, uint64_t id, uint64_t value, const void *data,
                          size_t size)
{
    const size_t room = JOURNAL_ENTRY_BYTES + ((size + 7) & ~(size_t)7);
    const uint64_t at = atomic_load(&head->used);
    if (size > UINT32_MAX || at + room > head->capacity) {
        unlock();
        die("power cut: the journal is full (raise ALCOVE_CUT_JOURNAL_MIB)\n");
    }
    const struct journal_entry entry = {.kind = (uint32_t)kind,
                                        .pid = (uint32_t)self_pid,
                                        .thread = self_thread,
                                        .size = (uint32_t)size,
                                        .sequence = at,
                                        .id = id,
                                        .value = value};
    memcpy((uint8_t *)head + at, &entry, sizeof entry);
    if (size > 0) {
        memcpy((uint8_t *)head + at + sizeof entry, data, size);
    }
    atomic_store(&head->used, at + room);
}

void journal_append(enum journal_kind kind, uint64_t id, uint64_t value, const void *data,
                    size_t size)
{
    if (head == NULL) {
        return;
    }
    if (self_thread == 0) {
        self_thread = (uint32_t)gettid();
    }
    lock();
    const int is_cut = atomic_load(&head->cut) != 0;
    if (!is_cut) {
        append_locked(kind, id, value, data, size);
    }
    unlock();
    if (is_cut) {
        stay();
    }
}

uint64_t journal_next_sync(void)
{
    return head == NULL ? 0 : atomic_fetch_add(&head->syncs, 1) + 1;
}

void journal_cut(uint64_t ordinal)
{
    lock();
    const int is_cut = atomic_load(&head->cut) != 0;
    if (!is_cut) {
        append_locked(JOURNAL_CUT, 0, ordinal, NULL, 0);
        atomic_store(&head->cut, 1);
    }
    unlock();
    if (is_cut) {
        stay();
    }
    const unsigned count = atomic_load(&head->processes);
    for (unsigned i = 0; i < count && i < JOURNAL_PROCESSES_MAX; i++) {
        const pid_t pid = head->pids[i];
        if (pid > 0 && pid != self_pid && is_ours(pid)) {
            kill(pid, SIGKILL);
        }
    }
    kill(self_pid, SIGKILL);
    _exit(137);
}
