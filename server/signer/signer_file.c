#include "server/signer/signer_file.h"

#include "keys/public/bytes/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES_MAX 4096u
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
    /* Left by a crash. It goes now, since the sandbox of later has no unlinking. */
    (void)unlinkat(fd, SIGNER_FILE_STATE_NEW, 0);
    *out_fd = fd;
    return STATUS_OK;
}

enum status signer_file_init(const char *folder, struct public_key *out_public_key)
{
    static const struct practice_id none;
    char path[PATH_BYTES_MAX];
    enum status status = key_path(folder, path);
    if (status != STATUS_OK) {
        return status;
    }
    if (mkdir(folder, FOLDER_MODE) != 0 && errno != EEXIST) {
        return STATUS_IO;
    }
    int fd = -1;
    status = open_folder(folder, &fd);
    if (status != STATUS_OK) {
        return status;
    }
    if (faccessat(fd, SIGNER_FILE_KEY, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
        status = STATUS_CONFLICT;
    }
    /* State first: a key without one would be refused for ever. */
    struct signer_state state;
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
    int fd = -1;
    size_t size = 0;
    enum status status = disk_open_private(folder_fd, SIGNER_FILE_STATE, &fd, &size);
    if (status != STATUS_OK) {
        return status;
    }
    uint8_t bytes[SIGNER_STATE_BYTES];
    status = disk_read_exact(fd, bytes, sizeof bytes);
    (void)close(fd);
    return status == STATUS_OK ? signer_state_decode(span_of(bytes, sizeof bytes), out_state)
                               : status;
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

enum status signer_file_save(int folder_fd, struct signer_state *state)
{
    uint8_t bytes[SIGNER_STATE_BYTES];
    signer_state_encode(state, bytes);
    enum status status = disk_replace(folder_fd, SIGNER_FILE_STATE_NEW, SIGNER_FILE_STATE,
                                      span_of(bytes, sizeof bytes));
    state->dirty = state->dirty && status != STATUS_OK;
    return status;
}
