#include "client/cli/secrets.h"

#include "keys/public/wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <termios.h>
#include <unistd.h>

#define SECRETS_BYTES_MAX 4096u

/* One byte at a time, so that what follows the line stays for another reader. */
static enum status read_line(int fd, uint8_t *out, size_t capacity, size_t *out_size)
{
    size_t size = 0;

    for (;;) {
        uint8_t byte;
        ssize_t n = read(fd, &byte, 1);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            return STATUS_IO;
        }
        if (n == 0 || byte == '\n') {
            *out_size = size;
            return STATUS_OK;
        }
        if (size == capacity) {
            return STATUS_TOO_LARGE;
        }
        out[size++] = byte;
    }
}

enum status secrets_from_fd(int fd, struct secret **out_secret)
{
    uint8_t line_secret[SECRETS_BYTES_MAX];
    size_t size = 0;
    enum status status = read_line(fd, line_secret, sizeof(line_secret), &size);

    if (status == STATUS_OK && size > 0 && line_secret[size - 1] == '\r') {
        size--;
    }
    if (status == STATUS_OK && size == 0) {
        status = STATUS_USAGE;
    }
    if (status == STATUS_OK) {
        status = secret_from_bytes(span_of(line_secret, size), out_secret);
    }
    wipe(line_secret, sizeof(line_secret));
    return status;
}

enum status secrets_ask(const char *prompt, struct secret **out_secret)
{
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
    struct termios before;
    struct termios quiet;
    enum status status;

    if (tty < 0 || tcgetattr(tty, &before) != 0) {
        if (tty >= 0) {
            (void)close(tty);
        }
        return STATUS_USAGE;
    }
    quiet = before;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(tty, TCSAFLUSH, &quiet);
    (void)dprintf(tty, "%s: ", prompt);
    status = secrets_from_fd(tty, out_secret);
    (void)dprintf(tty, "\n");
    (void)tcsetattr(tty, TCSAFLUSH, &before);
    (void)close(tty);
    return status;
}

enum status secrets_get(int fd, const char *prompt, struct secret **out_secret)
{
    return fd >= 0 ? secrets_from_fd(fd, out_secret) : secrets_ask(prompt, out_secret);
}

enum status secrets_get_new(int fd, const char *prompt, struct secret **out_secret)
{
    struct secret *again = NULL;
    enum status status = secrets_get(fd, prompt, out_secret);

    if (status != STATUS_OK || fd >= 0) {
        return status;
    }
    status = secrets_ask("The same again", &again);
    if (status == STATUS_OK && !secret_equal(*out_secret, again)) {
        status = STATUS_WRONG_KEY;
    }
    secret_free(again);
    if (status != STATUS_OK) {
        secret_free(*out_secret);
        *out_secret = NULL;
    }
    return status;
}
