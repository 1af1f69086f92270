#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

#include "client/wire/wire_internal.h"

static struct watch *find(struct wire *wire, int fd)
{
    for (size_t i = 0; i < WATCHES_MAX; i++) {
        if (wire->watches[i].used && wire->watches[i].fd == fd) {
            return &wire->watches[i];
        }
    }
    return NULL;
}

static struct watch *find_free(struct wire *wire)
{
    for (size_t i = 0; i < WATCHES_MAX; i++) {
        if (!wire->watches[i].used) {
            return &wire->watches[i];
        }
    }
    return NULL;
}

enum status wire_watch(struct wire *wire, int fd, void (*on_readable)(void *state, int fd),
                       void *state)
{
    if (find(wire, fd) != NULL) {
        return STATUS_USAGE;
    }
    struct watch *watch = find_free(wire);
    if (watch == NULL) {
        return STATUS_BUSY;
    }
    *watch = (struct watch){.fd = fd, .used = true, .on_readable = on_readable, .state = state};
    return STATUS_OK;
}

void wire_unwatch(struct wire *wire, int fd)
{
    struct watch *watch = find(wire, fd);
    if (watch != NULL) {
        *watch = (struct watch){.used = false};
    }
}

uint64_t watch_now_ms(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

/* A callback may have given the place to another descriptor: then it was not polled. */
static void call(struct watch *watch, const struct pollfd *polled)
{
    if (polled->revents != 0 && watch->used && watch->polled) {
        watch->on_readable(watch->state, watch->fd);
    }
}

enum status watch_wait(struct wire *wire, uint32_t timeout_ms)
{
    struct pollfd fds[1 + WATCHES_MAX];
    fds[0] = (struct pollfd){.fd = wire->post.bell, .events = POLLIN};
    struct watch *places[1 + WATCHES_MAX];
    nfds_t count = 1;
    for (size_t i = 0; i < WATCHES_MAX; i++) {
        struct watch *watch = &wire->watches[i];
        if (watch->used) {
            watch->polled = true;
            places[count] = watch;
            fds[count++] = (struct pollfd){.fd = watch->fd, .events = POLLIN};
        }
    }
    if (post_has_news(&wire->post)) {
        timeout_ms = 0;
    }
    int ready = poll(fds, count, timeout_ms > INT_MAX ? INT_MAX : (int)timeout_ms);
    if (ready < 0) {
        return errno == EINTR ? STATUS_OK : STATUS_IO;
    }
    if (fds[0].revents != 0) {
        post_hush(&wire->post);
    }
    for (nfds_t i = 1; ready > 0 && i < count; i++) {
        call(places[i], &fds[i]);
    }
    return STATUS_OK;
}
