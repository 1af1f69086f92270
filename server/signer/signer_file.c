#include "server/signer/signer_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES_MAX 4096u
#define FILE_MODE      0600
#define FOLDER_MODE    0700

static enum status key_path(const char *folder, char out_path[PATH_BYTES_MAX])
{
    int written = snprintf(out_path, PATH_BYTES_MAX, "%s/%s", folder, SIGNER_FILE_KEY);

    return written > 0 && (size_t)written < PATH_BYTES_MAX ? STATUS_OK : STATUS_USAGE;
}

static enum status open_folder(const char *folder, int *out_fd)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) {
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        enum status status = errno == EWOULDBLOCK ? STATUS_BUSY : STATUS_IO;

        (void)close(fd);
        return status;
    }
    *out_fd = fd;
    return STATUS_OK;
}

enum status signer_file_init(const char *folder, struct public_key *out_public_key)
{
    static const struct practice_id none;
    char path[PATH_BYTES_MAX];
    struct signer_state state;
    int fd = -1;
    enum status status = key_path(folder, path);

    if (status != STATUS_OK) {
        return status;
    }
    if (mkdir(folder, FOLDER_MODE) != 0 && errno != EEXIST) {
        return STATUS_IO;
    }
    status = open_folder(folder, &fd);
    if (status != STATUS_OK) {
        return status;
    }
    if (faccessat(fd, SIGNER_FILE_KEY, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        status = STATUS_CONFLICT;
    }
    /* State first: a key without one would be refused for ever. */
    if (status == STATUS_OK) {
        signer_state_init(&state, &none);
        status = signer_file_save(fd, &state);
    }
    if (status == STATUS_OK) {
        status = log_key_generate(path, out_public_key);
    }
    (void)close(fd);
    return status;
}

enum status signer_file_key(const char *folder, struct log_key **out_key)
{
    char path[PATH_BYTES_MAX];
    enum status status = key_path(folder, path);

    return status == STATUS_OK ? log_key_open(path, out_key) : status;
}

static enum status read_state(int folder_fd, struct signer_state *out_state)
{
    uint8_t bytes[SIGNER_STATE_BYTES + 1u];
    int fd = openat(folder_fd, SIGNER_FILE_STATE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    ssize_t got;

    if (fd < 0) {
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    }
    got = read(fd, bytes, sizeof(bytes));
    (void)close(fd);
    if (got < 0) {
        return STATUS_IO;
    }
    return signer_state_decode(span_of(bytes, (size_t)got), out_state);
}

enum status signer_file_open(const char *folder, const struct practice_id *practice,
                             int *out_folder_fd, struct signer_state *out_state)
{
    static const struct practice_id none;
    int fd = -1;
    enum status status = open_folder(folder, &fd);

    if (status != STATUS_OK) {
        return status;
    }
    status = read_state(fd, out_state);
    if (status == STATUS_OK && ID_EQUAL(&out_state->practice, &none)) {
        signer_state_init(out_state, practice);
        status = signer_file_save(fd, out_state);
    }
    if (status == STATUS_OK && !ID_EQUAL(&out_state->practice, practice)) {
        status = STATUS_CONFLICT;
    }
    if (status != STATUS_OK) {
        (void)close(fd);
        return status;
    }
    *out_folder_fd = fd;
    return STATUS_OK;
}

static bool write_all(int fd, const uint8_t *bytes, size_t size)
{
    size_t written = 0;

    while (written < size) {
        ssize_t n = write(fd, bytes + written, size - written);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        written += (size_t)n;
    }
    return true;
}

enum status signer_file_save(int folder_fd, struct signer_state *state)
{
    uint8_t bytes[SIGNER_STATE_BYTES];
    bool done;
    int fd = openat(folder_fd, SIGNER_FILE_STATE_NEW,
                    O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);

    if (fd < 0) {
        return STATUS_IO;
    }
    signer_state_encode(state, bytes);
    done = write_all(fd, bytes, sizeof(bytes)) && fsync(fd) == 0;
    done = close(fd) == 0 && done;
    if (!done || renameat(folder_fd, SIGNER_FILE_STATE_NEW, folder_fd, SIGNER_FILE_STATE) != 0 ||
        fsync(folder_fd) != 0) {
        return STATUS_IO;
    }
    state->dirty = false;
    return STATUS_OK;
}
