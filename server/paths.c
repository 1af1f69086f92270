#include "server/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <sys/stat.h>
#include <unistd.h>

static enum status join(char *out, size_t capacity, const char *folder, const char *name)
{
    int n = snprintf(out, capacity, "%s/%s", folder, name);

    return n > 0 && (size_t)n < capacity ? STATUS_OK : STATUS_USAGE;
}

enum status paths_init(const char *data, struct paths *out)
{
    struct {
        char *out;
        const char *name;
    } all[] = {
        {out->config, "alcoved.conf"},   {out->db, "db"},
        {out->tls_key, "tls.key"},       {out->tls_certificate, "tls.crt"},
        {out->login_key, "login.key"},   {out->signer, "signer"},
        {out->server_pub, "server.pub"},
    };

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (join(all[i].out, PATHS_BYTES_MAX, data, all[i].name) != STATUS_OK) {
            return STATUS_USAGE;
        }
    }
    return STATUS_OK;
}

enum status paths_beside(const char *name, char *out, size_t capacity)
{
    char self[PATHS_BYTES_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

    if (n <= 0) {
        return STATUS_IO;
    }
    self[n] = '\0';
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has started
    return join(out, capacity, dirname(self), name);
}

static enum status read_all(int fd, size_t max, uint8_t **out_bytes, size_t *out_size)
{
    uint8_t *bytes = malloc(max + 1);
    size_t size = 0;

    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    while (size <= max) {
        ssize_t n = read(fd, bytes + size, max + 1 - size);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            free(bytes);
            return STATUS_IO;
        }
        if (n == 0) {
            *out_bytes = bytes;
            *out_size = size;
            return STATUS_OK;
        }
        size += (size_t)n;
    }
    free(bytes);
    return STATUS_TOO_LARGE;
}

enum status paths_read(const char *path, size_t max, uint8_t **out_bytes, size_t *out_size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum status status;

    if (fd < 0) {
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    }
    status = read_all(fd, max, out_bytes, out_size);
    (void)close(fd);
    return status;
}

static enum status sync_folder_of(const char *path)
{
    char copy[PATHS_BYTES_MAX];
    enum status status = STATUS_IO;
    int fd;

    if (snprintf(copy, sizeof(copy), "%s", path) >= (int)sizeof(copy)) {
        return STATUS_USAGE;
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread has started
    fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        status = fsync(fd) == 0 ? STATUS_OK : STATUS_IO;
        (void)close(fd);
    }
    return status;
}

static bool write_all(int fd, struct span bytes)
{
    size_t done = 0;

    while (done < bytes.size) {
        ssize_t n = write(fd, bytes.data + done, bytes.size - done);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return false;
        }
        done += (size_t)n;
    }
    return fsync(fd) == 0;
}

enum status paths_write_new(const char *path, struct span bytes)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good;

    if (fd < 0) {
        return errno == EEXIST ? STATUS_ALREADY : STATUS_IO;
    }
    good = write_all(fd, bytes);
    good = close(fd) == 0 && good;
    if (!good) {
        (void)unlink(path);
        return STATUS_IO;
    }
    return sync_folder_of(path);
}

enum status paths_folder(const char *path)
{
    struct stat found;

    if (mkdir(path, 0700) == 0) {
        return sync_folder_of(path);
    }
    if (errno != EEXIST || stat(path, &found) != 0 || !S_ISDIR(found.st_mode) ||
        found.st_uid != geteuid()) {
        return STATUS_IO;
    }
    return STATUS_OK;
}
