#include "server/core/clock_guard.h"

#include "keys/public/bytes/disk.h"
#include "proto/number.h"
#include "server/log/log.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define BOOT_ID_PATH   "/proc/sys/kernel/random/boot_id"
#define FILE_NAME      "clock"
#define FILE_BYTES_MAX 128u
/* Written in place and always as long, so that an older, longer text leaves no end behind. */
#define FILE_BYTES     96u
#define WRITE_EVERY_MS 60000u
#define READ_EVERY_MS  1000u

struct clock_guard {
    int fd; /* DATA/clock; -1: it cannot be opened */
    struct clock_moment memory;
    uint64_t written_boot_ms, written_wall_ms;
    uint64_t read_boot_ms;
    char boot[CLOCK_BOOT_CHARS + 1];
    bool believed;
    atomic_bool unwritable;
};

static uint64_t since_boot_ms(void)
{
    struct timespec boot = {0};
    (void)clock_gettime(CLOCK_BOOTTIME, &boot);
    return (uint64_t)boot.tv_sec * 1000u + (uint64_t)boot.tv_nsec / 1000000u;
}

void clock_moment_now(uint64_t wall_ms, struct clock_moment *out_now)
{
    memset(out_now, 0, sizeof *out_now);
    out_now->wall_ms = wall_ms;
    out_now->boot_ms = since_boot_ms();
    uint8_t *text = NULL;
    size_t size = 0;
    if (disk_read_path(BOOT_ID_PATH, FILE_BYTES_MAX, &text, &size) == STATUS_OK &&
        size >= CLOCK_BOOT_CHARS) {
        memcpy(out_now->boot, text, CLOCK_BOOT_CHARS);
    }
    free(text);
}

static bool same_boot(const struct clock_moment *memory, const struct clock_moment *now)
{
    return memory->boot[0] != '\0' && strcmp(memory->boot, now->boot) == 0 &&
           now->boot_ms >= memory->boot_ms;
}

uint64_t clock_latest(const struct clock_moment *memory, const struct clock_moment *now,
                      uint64_t newest_ms)
{
    uint64_t latest = newest_ms + CLOCK_AHEAD_MS;
    uint64_t other;
    if (same_boot(memory, now)) {
        other = memory->wall_ms + (now->boot_ms - memory->boot_ms) + CLOCK_AHEAD_MS;
    } else if (newest_ms == 0 && memory->wall_ms == 0) {
        other = UINT64_MAX;
    } else {
        uint64_t last = memory->wall_ms > newest_ms ? memory->wall_ms : newest_ms;
        other = last + CLOCK_REST_MS;
    }
    return other > latest ? other : latest;
}

int clock_memory_open(int data_fd)
{
    return openat(data_fd, FILE_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
}

/* "WALL BOOT ID", decimal milliseconds, then spaces up to the line's end. */
static bool parse(struct span text, struct clock_moment *out)
{
    const uint8_t *first = memchr(text.data, ' ', text.size);
    if (first == NULL) {
        return false;
    }
    size_t before = (size_t)(first + 1 - text.data);
    const uint8_t *second = memchr(first + 1, ' ', text.size - before);
    size_t used = second == NULL ? 0 : (size_t)(second + 1 - text.data);
    if (second == NULL || text.size < used + CLOCK_BOOT_CHARS + 1 ||
        !number_parse(span_of(text.data, before - 1), 0, UINT64_MAX / 2, &out->wall_ms) ||
        !number_parse(span_of(first + 1, used - before - 1), 0, UINT64_MAX / 2, &out->boot_ms)) {
        return false;
    }
    for (size_t i = used + CLOCK_BOOT_CHARS; i < text.size; i++) {
        if (text.data[i] != (i + 1 == text.size ? '\n' : ' ')) {
            return false;
        }
    }
    memcpy(out->boot, second + 1, CLOCK_BOOT_CHARS);
    return true;
}

void clock_memory_read(int fd, struct clock_moment *out_memory)
{
    uint8_t text[FILE_BYTES_MAX];
    ssize_t size = fd < 0 ? -1 : pread(fd, text, sizeof text, 0);
    memset(out_memory, 0, sizeof *out_memory);
    struct clock_moment read = {0};
    if (size > 0 && parse(span_of(text, (size_t)size), &read)) {
        *out_memory = read;
    }
}

enum status clock_memory_write(int fd, const struct clock_moment *memory)
{
    char text[FILE_BYTES + 1];
    int n = snprintf(text, sizeof text, "%llu %llu %s", (unsigned long long)memory->wall_ms,
                     (unsigned long long)memory->boot_ms, memory->boot);
    if (n <= 0 || (size_t)n >= FILE_BYTES) {
        return STATUS_IO;
    }
    memset(text + n, ' ', FILE_BYTES - (size_t)n);
    text[FILE_BYTES - 1] = '\n';
    bool done = pwrite(fd, text, FILE_BYTES, 0) == (ssize_t)FILE_BYTES && fdatasync(fd) == 0;
    return done ? STATUS_OK : STATUS_IO;
}

static void keep(struct clock_guard *guard)
{
    guard->written_boot_ms = guard->memory.boot_ms;
    guard->written_wall_ms = guard->memory.wall_ms;
    bool failed = clock_memory_write(guard->fd, &guard->memory) != STATUS_OK;
    if (log_changes(&guard->unwritable, failed)) {
        log_line(failed ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE,
                 failed ? "the file clock in the data folder cannot be written: after a restart "
                          "less is known of the time"
                        : "the file clock in the data folder is written again");
    }
}

enum status clock_guard_open(int data_fd, struct clock_guard **out_guard)
{
    struct clock_guard *guard = calloc(1, sizeof *guard);
    if (guard == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct clock_moment now;
    clock_moment_now(0, &now);
    guard->fd = clock_memory_open(data_fd);
    memcpy(guard->boot, now.boot, sizeof guard->boot);
    clock_memory_read(guard->fd, &guard->memory);
    *out_guard = guard;
    return STATUS_OK;
}

bool clock_guard_allows(struct clock_guard *guard, uint64_t now_ms, uint64_t newest_ms)
{
    struct clock_moment now = {.wall_ms = now_ms, .boot_ms = since_boot_ms()};
    memcpy(now.boot, guard->boot, sizeof now.boot);
    bool allowed = now_ms <= clock_latest(&guard->memory, &now, newest_ms);
    if (!allowed && now.boot_ms - guard->read_boot_ms >= READ_EVERY_MS) {
        guard->read_boot_ms = now.boot_ms;
        struct clock_moment told;
        clock_memory_read(guard->fd, &told);
        allowed = same_boot(&told, &now) && now_ms <= clock_latest(&told, &now, newest_ms);
        guard->memory = allowed ? told : guard->memory;
    }
    guard->believed = allowed;
    if (!allowed) {
        return false;
    }
    /* A machine that starts with a clock that is behind does not tell yet how long it rested: the
     * memory stays as it was until it does. */
    uint64_t last_ms = guard->memory.wall_ms > newest_ms ? guard->memory.wall_ms : newest_ms;
    bool first = !same_boot(&guard->memory, &now);
    if (first && now_ms < last_ms) {
        return true;
    }
    /* A clock that was set back does not take the memory back: when it is set right again that is
     * no jump. Small steps ahead are followed. */
    uint64_t passed_ms = first ? 0 : now.boot_ms - guard->memory.boot_ms;
    uint64_t known_ms = guard->memory.wall_ms + passed_ms;
    guard->memory = now;
    guard->memory.wall_ms = known_ms > now_ms ? known_ms : now_ms;
    if (first || now.boot_ms - guard->written_boot_ms >= WRITE_EVERY_MS) {
        keep(guard);
    }
    return true;
}

void clock_guard_close(struct clock_guard *guard)
{
    if (guard != NULL && guard->believed && strcmp(guard->memory.boot, guard->boot) == 0 &&
        (guard->memory.boot_ms != guard->written_boot_ms ||
         guard->memory.wall_ms != guard->written_wall_ms)) {
        keep(guard);
    }
    if (guard != NULL && guard->fd >= 0) {
        (void)close(guard->fd);
    }
    free(guard);
}
