/*
 * A library to preload: writes the plaintext that passes SSL_read and SSL_write
 * to ALCOVE_CAPTURE_DIR/PID.in and PID.out, so that a test can search what the
 * server could see of its own traffic. It opens the files when the program
 * starts and only appends afterwards, under O_APPEND: threads do not cut into
 * each other's pieces. A byte that cannot be written ends the process, since a
 * capture with holes would prove nothing.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static int in_fd = -1;
static int out_fd = -1;

static int open_one(const char *folder, const char *suffix)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%d.%s", folder, (int)getpid(), suffix);
    const int fd =
        (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) {
        perror("capture");
        _exit(99);
    }
    return fd;
}

static void start(void)
{
    const char *folder = getenv("ALCOVE_CAPTURE_DIR");
    if (folder != NULL) {
        in_fd = open_one(folder, "in");
        out_fd = open_one(folder, "out");
    }
}

__attribute__((constructor)) static void begin(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start);
}

static void keep(int fd, const void *data, size_t size)
{
    if (fd < 0 || size == 0) {
        return;
    }
    const int saved = errno;
    if (syscall(SYS_write, fd, data, size) != (long)size) {
        _exit(99);
    }
    errno = saved;
}

/* Declared here, not taken from <openssl/ssl.h>: this library links no TLS. */
EXPORT int SSL_write(void *connection, const void *data, int size);
EXPORT int SSL_write_ex(void *connection, const void *data, size_t size, size_t *written);
EXPORT int SSL_read(void *connection, void *data, int size);
EXPORT int SSL_read_ex(void *connection, void *data, size_t size, size_t *count);

EXPORT int SSL_write(void *connection, const void *data, int size)
{
    static int (*real)(void *, const void *, int);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "SSL_write");
    }
    const int count = real(connection, data, size);
    if (count > 0) {
        keep(out_fd, data, (size_t)count);
    }
    return count;
}

EXPORT int SSL_write_ex(void *connection, const void *data, size_t size, size_t *written)
{
    static int (*real)(void *, const void *, size_t, size_t *);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "SSL_write_ex");
    }
    const int result = real(connection, data, size, written);
    if (result == 1) {
        keep(out_fd, data, *written);
    }
    return result;
}

EXPORT int SSL_read(void *connection, void *data, int size)
{
    static int (*real)(void *, void *, int);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "SSL_read");
    }
    const int count = real(connection, data, size);
    if (count > 0) {
        keep(in_fd, data, (size_t)count);
    }
    return count;
}

EXPORT int SSL_read_ex(void *connection, void *data, size_t size, size_t *count)
{
    static int (*real)(void *, void *, size_t, size_t *);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "SSL_read_ex");
    }
    const int result = real(connection, data, size, count);
    if (result == 1) {
        keep(in_fd, data, *count);
    }
    return result;
}
