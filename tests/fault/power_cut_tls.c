/*
 * The power-cut shim's view of the network: what a program hands to SSL_write
 * is journaled before OpenSSL sees it, so "no byte left before that sync" is a
 * comparison of two positions; what SSL_read returned is journaled after.
 */
#include "journal.h"

#include <dlfcn.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

/* Declared here, not taken from <openssl/ssl.h>: the shim links no TLS library. */
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
    if (size > 0) {
        journal_append(JOURNAL_REPLY, (uintptr_t)connection, 0, data, (size_t)size);
    }
    return real(connection, data, size);
}

EXPORT int SSL_write_ex(void *connection, const void *data, size_t size, size_t *written)
{
    static int (*real)(void *, const void *, size_t, size_t *);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "SSL_write_ex");
    }
    journal_append(JOURNAL_REPLY, (uintptr_t)connection, 0, data, size);
    return real(connection, data, size, written);
}

EXPORT int SSL_read(void *connection, void *data, int size)
{
    static int (*real)(void *, void *, int);
    if (real == NULL) {
        *(void **)&real = dlsym(RTLD_NEXT, "SSL_read");
    }
    const int count = real(connection, data, size);
    if (count > 0) {
        journal_append(JOURNAL_REQUEST, (uintptr_t)connection, 0, data, (size_t)count);
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
    if (result == 1 && *count > 0) {
        journal_append(JOURNAL_REQUEST, (uintptr_t)connection, 0, data, *count);
    }
    return result;
}
