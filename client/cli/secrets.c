#include "client/cli/secrets.h"

#include "client/text/fold.h"
#include "keys/public/bytes/wipe.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define SECRETS_BYTES_MAX 4096u

/* The signal that came while a terminal does not show what is typed. */
static volatile sig_atomic_t told_to_end;

static void on_signal(int signal)
{
    told_to_end = signal;
}

/* One byte at a time, so that what follows the line stays for another reader. */
static enum status read_line(int fd, uint8_t *out, size_t capacity, size_t *out_size)
{
    size_t size = 0;
    for (;;) {
        uint8_t byte;
        ssize_t n = read(fd, &byte, 1);
        if (n < 0 && errno == EINTR && told_to_end == 0) {
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
    enum status status = read_line(fd, line_secret, sizeof line_secret, &size);
    if (status == STATUS_OK && size > 0 && line_secret[size - 1] == '\r') {
        size--;
    }
    if (status == STATUS_OK && size == 0) {
        status = STATUS_USAGE;
    }
    if (status == STATUS_OK) {
        status = secret_from_bytes(span_of(line_secret, size), out_secret);
    }
    wipe(line_secret, sizeof line_secret);
    return status;
}

/* Ctrl-C must not leave a terminal behind on which nothing is seen: it is heard, and obeyed
 * when the terminal is as it was. */
static enum status ask_quietly(int tty, const struct termios *before, const char *prompt,
                               struct secret **out_secret)
{
    static const int signals[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};
    struct termios quiet = *before;
    told_to_end = 0;
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    struct sigaction old[ARRAY_LEN(signals)];
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        (void)sigaction(signals[i], &action, &old[i]);
    }
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    (void)tcsetattr(tty, TCSAFLUSH, &quiet);
    (void)dprintf(tty, "%s: ", prompt);
    enum status status = secrets_from_fd(tty, out_secret);
    (void)dprintf(tty, "\n");
    (void)tcsetattr(tty, TCSAFLUSH, before);
    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        (void)sigaction(signals[i], &old[i], NULL);
    }
    return status;
}

enum status secrets_ask(const char *prompt, struct secret **out_secret)
{
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);
    struct termios before;
    if (tty < 0 || tcgetattr(tty, &before) != 0) {
        if (tty >= 0) {
            (void)close(tty);
        }
        return STATUS_USAGE;
    }
    enum status status = ask_quietly(tty, &before, prompt, out_secret);
    (void)close(tty);
    if (told_to_end != 0) {
        int signal = told_to_end;
        told_to_end = 0;
        if (status == STATUS_OK) {
            secret_free(*out_secret);
            *out_secret = NULL;
            status = STATUS_IO;
        }
        (void)raise(signal);
    }
    return status;
}

enum status secrets_get(int fd, const char *prompt, struct secret **out_secret)
{
    return fd >= 0 ? secrets_from_fd(fd, out_secret) : secrets_ask(prompt, out_secret);
}

/* NULL: it is in form C already, or is no text. */
static enum status compose(const struct secret *typed, struct secret **out_secret)
{
    *out_secret = NULL;
    uint8_t *bytes = NULL;
    size_t size = 0;
    enum status status = text_nfc(secret_view(typed), &bytes, &size);
    if (status != STATUS_OK) {
        return status == STATUS_MALFORMED ? STATUS_OK : status;
    }
    if (!span_equal(secret_view(typed), span_of(bytes, size))) {
        status = secret_from_bytes(span_of(bytes, size), out_secret);
    }
    wipe(bytes, size);
    free(bytes);
    return status;
}

enum status secrets_try(const struct secret *typed,
                        enum status (*open)(void *opener, struct span passphrase), void *opener)
{
    struct secret *composed = NULL;
    enum status status = compose(typed, &composed);
    if (status == STATUS_OK) {
        status = open(opener, secret_view(composed == NULL ? typed : composed));
    }
    if (status == STATUS_DAMAGED && composed != NULL) {
        status = open(opener, secret_view(typed));
    }
    secret_free(composed);
    return status;
}

bool secrets_marked(const struct secret *secret)
{
    struct span bytes = secret_view(secret);
    return bytes.size >= 3 && memcmp(bytes.data, "\xef\xbb\xbf", 3) == 0;
}

static enum status get_twice(int fd, const char *prompt, struct secret **out_secret)
{
    enum status status = secrets_get(fd, prompt, out_secret);
    if (status != STATUS_OK || fd >= 0) {
        return status;
    }
    struct secret *again = NULL;
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

enum status secrets_get_new(int fd, const char *prompt, struct secret **out_secret)
{
    enum status status = get_twice(fd, prompt, out_secret);
    struct secret *composed = NULL;
    if (status == STATUS_OK) {
        status = compose(*out_secret, &composed);
    }
    if (composed != NULL) {
        secret_free(*out_secret);
        *out_secret = composed;
    }
    return status;
}
