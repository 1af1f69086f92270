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
    /* Left by an --init that crashed. */
    (void)unlinkat(fd, SIGNER_FILE_STATE_NEW, 0);
    *out_fd = fd;
    return STATUS_OK;
}

/* Every byte is written, so that a later save never asks the file system for room. */
static enum status make_state(int folder_fd)
{
    static const struct practice_id none;
    uint8_t *bytes = calloc(1, SIGNER_DISK_BYTES);
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct signer_state state;
    signer_state_init(&state, &none);
    signer_state_encode(&state, bytes);
    enum status status = disk_replace(folder_fd, SIGNER_FILE_STATE_NEW, SIGNER_FILE_STATE,
                                      span_of(bytes, SIGNER_DISK_BYTES));
    free(bytes);
    return status;
}

enum status signer_file_key(const char *folder, struct log_key **out_key)
{
    char path[PATH_BYTES_MAX];
    enum status status = key_path(folder, path);
    return status == STATUS_OK ? log_key_open(path, out_key) : status;
}

static enum status open_state(int folder_fd, int *out_fd)
{
    int fd = openat(folder_fd, SIGNER_FILE_STATE, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return errno == ENOENT ? STATUS_NOT_FOUND : errno == EACCES ? STATUS_REFUSED : STATUS_IO;
    }
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != geteuid() ||
        (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        (void)close(fd);
        return STATUS_REFUSED;
    }
    *out_fd = fd;
    return STATUS_OK;
}

/* What no slot says: whether another version made the file, which was shorter then. */
static enum status judge_unreadable(int fd)
{
    uint8_t first[4];
    struct signer_state state;
    return signer_disk_read(fd, 0, first, sizeof first) == STATUS_OK &&
                   signer_state_decode(span_of(first, sizeof first), &state) == STATUS_UNSUPPORTED
               ? STATUS_UNSUPPORTED
               : STATUS_CORRUPT;
}

static enum status read_newest(int fd, struct signer_state *out_state)
{
    struct stat info;
    if (fstat(fd, &info) != 0) {
        return STATUS_IO;
    }
    if (info.st_size != (off_t)SIGNER_DISK_BYTES) {
        return judge_unreadable(fd);
    }
    bool found = false;
    for (uint64_t slot = 0; slot < SIGNER_DISK_SLOTS; slot++) {
        uint8_t bytes[SIGNER_STATE_BYTES];
        enum status status = signer_disk_read(fd, slot, bytes, sizeof bytes);
        if (status != STATUS_OK) {
            return status;
        }
        struct signer_state state;
        if (signer_state_decode(span_of(bytes, sizeof bytes), &state) == STATUS_OK &&
            state.sequence % SIGNER_DISK_SLOTS == slot &&
            (!found || state.sequence > out_state->sequence)) {
            *out_state = state;
            found = true;
        }
    }
    return found ? STATUS_OK : judge_unreadable(fd);
}

/* A state without a key was left by an --init that crashed, or its key was moved away and may come
 * back: then it must be as it was. Only one that no practice has used is made anew. */
static enum status judge_left(int folder_fd)
{
    static const struct practice_id none;
    int fd = -1;
    enum status status = open_state(folder_fd, &fd);
    if (status == STATUS_NOT_FOUND) {
        return STATUS_OK;
    }
    struct signer_state left;
    bool unused = status == STATUS_OK && read_newest(fd, &left) == STATUS_OK &&
                  ID_EQUAL(&left.practice, &none);
    if (fd >= 0) {
        (void)close(fd);
    }
    return unused ? STATUS_OK : STATUS_CONFLICT;
}

enum status signer_file_init(const char *folder, struct public_key *out_public_key)
{
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
    if (status == STATUS_OK) {
        status = judge_left(fd);
    }
    if (status == STATUS_OK) {
        status = make_state(fd);
    }
    if (status == STATUS_OK) {
        status = log_key_generate(path, out_public_key);
    }
    (void)close(fd);
    return status;
}

/* Takes |next| for the state of |file| as soon as it lasts there, and not before. */
static enum status save(struct signer_file *file, const struct signer_state *next)
{
    uint8_t bytes[SIGNER_STATE_BYTES];
    signer_state_encode(next, bytes);
    enum status status = signer_disk_write(file->state_fd, next->sequence % SIGNER_DISK_SLOTS,
                                           span_of(bytes, sizeof bytes));
    if (status == STATUS_OK) {
        status = signer_disk_sync(file->state_fd);
    }
    if (status == STATUS_OK) {
        file->state = *next;
    }
    return status;
}

static enum status take_up(struct signer_file *file, const struct practice_id *practice)
{
    static const struct practice_id none;
    struct signer_state found;
    enum status status = read_newest(file->state_fd, &found);
    if (status != STATUS_OK) {
        return status;
    }
    if (ID_EQUAL(&found.practice, &none)) {
        found.practice = *practice;
    }
    if (!ID_EQUAL(&found.practice, practice)) {
        return STATUS_CONFLICT;
    }
    /* A copy of the file may have holes where zeros were. */
    int rc = posix_fallocate(file->state_fd, 0, (off_t)SIGNER_DISK_BYTES);
    if (rc != 0 && rc != EOPNOTSUPP && rc != EINVAL) {
        return rc == ENOSPC || rc == EDQUOT ? STATUS_FULL : STATUS_IO;
    }
    if (!found.again) {
        found.sequence++;
        found.again = true;
    }
    status = save(file, &found);
    if (status != STATUS_OK) {
        return status;
    }
    found.sequence++;
    found.again = false;
    return save(file, &found);
}

enum status signer_file_open(const char *folder, const struct practice_id *practice,
                             struct signer_file *out_file)
{
    *out_file = (struct signer_file){.folder_fd = -1, .state_fd = -1};
    enum status status = open_folder(folder, &out_file->folder_fd);
    if (status == STATUS_OK) {
        status = open_state(out_file->folder_fd, &out_file->state_fd);
    }
    if (status == STATUS_OK) {
        status = take_up(out_file, practice);
    }
    if (status != STATUS_OK) {
        signer_file_close(out_file);
    }
    return status;
}

void signer_file_answer(struct signer_file *file, const struct log_key *key,
                        const struct signer_request *request, struct signer_reply *out_reply)
{
    struct signer_state next;
    if (!signer_state_answer(&file->state, key, request, out_reply, &next)) {
        return;
    }
    enum status status = save(file, &next);
    if (status == STATUS_OK) {
        return;
    }
    memset(out_reply, 0, sizeof *out_reply);
    out_reply->answer = status == STATUS_FULL ? SIGNER_FULL : SIGNER_CANNOT_SAVE;
    for (size_t i = 0; i < SIGNER_LOGS; i++) {
        out_reply->logs[i].size = file->state.sizes[i];
    }
}

void signer_file_close(struct signer_file *file)
{
    if (file->state_fd >= 0) {
        (void)close(file->state_fd);
    }
    if (file->folder_fd >= 0) {
        (void)close(file->folder_fd);
    }
    file->state_fd = -1;
    file->folder_fd = -1;
}
