#include "server/cmd.h"

#include "server/core/clock.h"
#include "server/core/clock_guard.h"
#include "server/store/events.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

bool cmd_clock_look(struct txn *txn, const struct paths *paths, struct cmd_clock *out)
{
    memset(out, 0, sizeof *out);
    clock_moment_now(clock_now_ms(), &out->now);
    out->newest_ms = events_time(txn, 0);
    int fd = open(paths->clock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    clock_memory_read(fd, &out->memory);
    if (fd >= 0) {
        (void)close(fd);
    }
    return out->now.wall_ms <= clock_latest(&out->memory, &out->now, out->newest_ms);
}

/* The server must be able to read what is written here. */
static int accept_now(const struct paths *paths, const struct clock_moment *now)
{
    int data_fd = open(paths->data, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat data;
    if (data_fd < 0 || fstat(data_fd, &data) != 0) {
        (void)fprintf(stderr, "alcoved clock: %s cannot be opened: %s\n", paths->data,
                      strerrordesc_np(errno));
        return CMD_FAILED;
    }
    enum status status = STATUS_REFUSED;
    if (data.st_uid == geteuid()) {
        int fd = clock_memory_open(data_fd);
        status = fd < 0 ? STATUS_IO : clock_memory_write(fd, now);
        if (fd >= 0) {
            (void)close(fd);
        }
    }
    (void)close(data_fd);
    if (status == STATUS_REFUSED) {
        (void)fprintf(stderr, "alcoved clock: %s belongs to user %u; run this as that user\n",
                      paths->data, (unsigned)data.st_uid);
        return CMD_FAILED;
    }
    if (status != STATUS_OK) {
        (void)fprintf(stderr, "alcoved clock: %s cannot be written: %s\n", paths->clock,
                      status_reason(status));
        return CMD_FAILED;
    }
    char text[CLOCK_TEXT_BYTES];
    (void)printf("Accepted: it is %s. The server takes requests again within a second or two.\n"
                 "The log's time never goes back: if this time is wrong, events bear it until the "
                 "right\ntime has come as far.\n",
                 clock_text(now->wall_ms, text));
    return CMD_OK;
}

static int print_clock(struct txn *txn, const struct paths *paths, struct cmd_clock *out)
{
    bool believed = cmd_clock_look(txn, paths, out);
    char now[CLOCK_TEXT_BYTES];
    char newest[CLOCK_TEXT_BYTES];
    (void)printf("clock        %s\nlast event   %s\n", clock_text(out->now.wall_ms, now),
                 clock_text(out->newest_ms, newest));
    (void)printf(believed ? "The server believes this clock.\n"
                          : "The server does not believe this clock and takes no request. Set the "
                            "clock right, or,\nif it is right: alcoved clock %s --accept\n",
                 paths->data);
    return believed ? CMD_OK : CMD_REFUSED;
}

int cmd_clock(int argc, char **argv)
{
    struct paths paths;
    bool accept = false;
    int code = cmd_parse("clock", argc, argv, "--accept", &paths, &accept);
    if (code != CMD_OK) {
        return code == CMD_HELPED ? CMD_OK : code;
    }
    struct db *db = NULL;
    code = cmd_open_db("clock", &paths, NULL, &db);
    struct txn *txn = NULL;
    struct cmd_clock look = {0};
    if (code == CMD_OK) {
        code = db_begin_read(db, &txn) == STATUS_OK ? print_clock(txn, &paths, &look) : CMD_FAILED;
    }
    if (accept && (code == CMD_OK || code == CMD_REFUSED)) {
        code = accept_now(&paths, &look.now);
    }
    db_abort(txn);
    db_close(db);
    return code;
}
