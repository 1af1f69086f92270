#include <fcntl.h>
#include <unistd.h>

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
    struct watch *watch;
    lws_adopt_desc_t info;

    if (find(wire, fd) != NULL) {
        return STATUS_USAGE;
    }
    watch = find_free(wire);
    if (watch == NULL) {
        return STATUS_BUSY;
    }
    memset(&info, 0, sizeof(info));
    info.vh = wire->vhost;
    info.type = LWS_ADOPT_RAW_FILE_DESC;
    info.vh_prot_name = WATCH_PROTOCOL;
    info.opaque = watch;
    /* The library closes what it adopted; the caller's own stays the caller's. */
    info.fd.filefd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (info.fd.filefd < 0) {
        return STATUS_IO;
    }
    *watch = (struct watch){
        .wire = wire, .fd = fd, .used = true, .on_readable = on_readable, .state = state};
    watch->wsi = lws_adopt_descriptor_vhost_via_info(&info);
    if (watch->wsi == NULL) {
        *watch = (struct watch){.used = false};
        (void)close(info.fd.filefd);
        return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

void wire_unwatch(struct wire *wire, int fd)
{
    struct watch *watch = find(wire, fd);

    if (watch == NULL) {
        return;
    }
    if (watch->wsi != NULL) {
        /* Not at once: this may be its own callback. Without its watch it does
         * nothing any more. */
        lws_set_opaque_user_data(watch->wsi, NULL);
        lws_set_timeout(watch->wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC);
    }
    *watch = (struct watch){.used = false};
}

int watch_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                size_t size)
{
    struct watch *watch;

    (void)user;
    (void)in;
    (void)size;
    if (reason != LWS_CALLBACK_RAW_RX_FILE && reason != LWS_CALLBACK_RAW_CLOSE_FILE) {
        return 0;
    }
    watch = lws_get_opaque_user_data(wsi);
    if (watch == NULL) {
        return -1;
    }
    if (reason == LWS_CALLBACK_RAW_CLOSE_FILE) {
        /* The library saw the peer gone; the owner's read will see it too. */
        lws_set_opaque_user_data(wsi, NULL);
        watch->wsi = NULL;
    }
    watch->on_readable(watch->state, watch->fd);
    return lws_get_opaque_user_data(wsi) == NULL ? -1 : 0;
}
