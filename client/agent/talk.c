#include "client/agent/talk.h"

#include "client/agent/talk_fds.h"
#include "keys/public/bytes/cursor.h"
#include "keys/public/bytes/wipe.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define VERSION    3u
#define REPLY_HEAD 6u
#define NO_TEXT    ((struct span){NULL, 0})

void talk_request_init(struct talk_request *out_request)
{
    memset(out_request, 0, sizeof *out_request);
    out_request->kind = TALK_RUN;
    out_request->tz = "";
    out_request->command = "";
    out_request->cwd = -1;
    out_request->in = -1;
}

void talk_request_deinit(struct talk_request *request)
{
    talk_fds_close(&request->cwd, 1);
    talk_fds_close(&request->in, 1);
    for (size_t i = 0; i < request->fd_count; i++) {
        talk_fds_close(&request->fds[i].fd, 1);
    }
    if (request->buffer != NULL) {
        wipe(request->buffer, request->buffer_size);
    }
    free(request->buffer);
    talk_request_init(request);
}

/* ---- requests */

static void put_text(struct cursor_writer *writer, const char *text)
{
    size_t size = strlen(text) + 1;
    cursor_write_u32(writer, (uint32_t)size);
    cursor_write_span(writer, span_of(text, size));
}

enum status talk_send_request(int fd, const struct talk_request *request)
{
    uint8_t *bytes = malloc(TALK_BYTES_MAX);
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct cursor_writer writer;
    cursor_write_init(&writer, bytes, TALK_BYTES_MAX);
    cursor_write_u32(&writer, VERSION);
    cursor_write_u8(&writer, (uint8_t)request->kind);
    cursor_write_u8(&writer, request->json ? 1 : 0);
    cursor_write_u8(&writer, request->utf8 ? 1 : 0);
    cursor_write_u8(&writer, request->cwd >= 0 ? 1 : 0);
    cursor_write_u8(&writer, request->in >= 0 ? 1 : 0);
    cursor_write_u8(&writer, (uint8_t)request->fd_count);
    int fds[TALK_FDS_MAX + 2];
    size_t fd_count = 0;
    if (request->cwd >= 0) {
        fds[fd_count++] = request->cwd;
    }
    if (request->in >= 0) {
        fds[fd_count++] = request->in;
    }
    for (size_t i = 0; i < request->fd_count; i++) {
        cursor_write_u32(&writer, request->fds[i].number);
        fds[fd_count++] = request->fds[i].fd;
    }
    put_text(&writer, request->tz);
    put_text(&writer, request->command);
    cursor_write_u32(&writer, request->columns);
    cursor_write_u32(&writer, (uint32_t)request->options.size);
    cursor_write_span(&writer, request->options);
    size_t size = 0;
    enum status status = cursor_write_done(&writer, &size);
    if (status == STATUS_OK) {
        status = talk_fds_send(fd, span_of(bytes, size), fds, fd_count, false);
    }
    wipe(bytes, TALK_BYTES_MAX);
    free(bytes);
    return status;
}

/* A terminated string inside the message, or NULL. */
static const char *take_text(struct cursor_reader *reader)
{
    size_t size = cursor_read_u32(reader);
    struct span text = cursor_read_span(reader, size);
    if (text.size == 0 || memchr(text.data, '\0', text.size) != text.data + text.size - 1) {
        return NULL;
    }
    return (const char *)text.data;
}

/* Assigns the received descriptors to the request's fields and takes them out of |fds|. */
static enum status place_fds(struct cursor_reader *reader, struct talk_request *request,
                             const bool has[2], int *fds, size_t count)
{
    if ((size_t)has[0] + (size_t)has[1] + request->fd_count != count) {
        request->fd_count = 0;
        return STATUS_MALFORMED;
    }
    size_t next = 0;
    if (has[0]) {
        request->cwd = fds[next];
        fds[next++] = -1;
    }
    if (has[1]) {
        request->in = fds[next];
        fds[next++] = -1;
    }
    for (size_t i = 0; i < request->fd_count; i++) {
        request->fds[i].number = cursor_read_u32(reader);
        request->fds[i].fd = fds[next];
        fds[next++] = -1;
    }
    return STATUS_OK;
}

static enum status decode(struct talk_request *request, size_t size, int *fds, size_t fd_count)
{
    struct cursor_reader reader;
    cursor_read_init(&reader, span_of(request->buffer, size));
    if (cursor_read_u32(&reader) != VERSION) {
        return STATUS_VERSION;
    }
    request->kind = (enum talk_kind)cursor_read_u8(&reader);
    request->json = cursor_read_u8(&reader) != 0;
    request->utf8 = cursor_read_u8(&reader) != 0;
    bool has[2];
    has[0] = cursor_read_u8(&reader) != 0;
    has[1] = cursor_read_u8(&reader) != 0;
    request->fd_count = cursor_read_u8(&reader);
    if (request->fd_count > TALK_FDS_MAX || request->kind < TALK_RUN || request->kind > TALK_HOLD) {
        request->fd_count = 0;
        return STATUS_MALFORMED;
    }
    enum status status = place_fds(&reader, request, has, fds, fd_count);
    request->tz = status == STATUS_OK ? take_text(&reader) : NULL;
    request->command = status == STATUS_OK ? take_text(&reader) : NULL;
    request->columns = cursor_read_u32(&reader);
    size = cursor_read_u32(&reader);
    request->options = cursor_read_span(&reader, size);
    return request->tz != NULL && request->command != NULL ? cursor_read_done(&reader)
                                                           : STATUS_MALFORMED;
}

enum status talk_receive_request(int fd, struct talk_request *out_request)
{
    talk_request_init(out_request);
    out_request->buffer = malloc(TALK_BYTES_MAX);
    if (out_request->buffer == NULL) {
        return STATUS_NO_MEMORY;
    }
    out_request->buffer_size = TALK_BYTES_MAX;
    int fds[TALK_FDS_MAX + 2];
    size_t fd_count = 0;
    size_t size = 0;
    enum status status = talk_fds_receive(fd, out_request->buffer, TALK_BYTES_MAX, &size, fds,
                                          ARRAY_LEN(fds), &fd_count);
    if (status == STATUS_OK) {
        status = decode(out_request, size, fds, fd_count);
    }
    talk_fds_close(fds, fd_count);
    if (status != STATUS_OK) {
        talk_request_deinit(out_request);
    }
    return status;
}

/* ---- replies */

static enum status send_reply(int fd, bool last, uint8_t code, struct span text, const int *fds,
                              size_t fd_count)
{
    uint8_t head[REPLY_HEAD];
    uint8_t *bytes = malloc(sizeof head + text.size);
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct cursor_writer writer;
    cursor_write_init(&writer, bytes, sizeof head + text.size);
    cursor_write_u32(&writer, VERSION);
    cursor_write_u8(&writer, last ? 1 : 0);
    cursor_write_u8(&writer, code);
    cursor_write_span(&writer, text);
    size_t size = 0;
    enum status status = cursor_write_done(&writer, &size);
    if (status == STATUS_OK) {
        status = talk_fds_send(fd, span_of(bytes, size), fds, fd_count, true);
    }
    free(bytes);
    return status;
}

enum status talk_send_last(int fd, uint8_t code, int out, int err)
{
    int fds[2] = {out, err};
    return send_reply(fd, true, code, NO_TEXT, fds, out >= 0 && err >= 0 ? 2 : 0);
}

enum status talk_send_text(int fd, struct span text)
{
    return text.size > TALK_BYTES_MAX - REPLY_HEAD ? STATUS_TOO_LARGE
                                                   : send_reply(fd, false, 0, text, NULL, 0);
}

enum status talk_receive_reply(int fd, struct talk_reply *out_reply)
{
    uint8_t *bytes = malloc(TALK_BYTES_MAX);
    memset(out_reply, 0, sizeof *out_reply);
    out_reply->out = -1;
    out_reply->err = -1;
    if (bytes == NULL) {
        return STATUS_NO_MEMORY;
    }
    int fds[2] = {-1, -1};
    size_t fd_count = 0;
    size_t size = 0;
    enum status status =
        talk_fds_receive(fd, bytes, TALK_BYTES_MAX, &size, fds, ARRAY_LEN(fds), &fd_count);
    struct cursor_reader reader;
    cursor_read_init(&reader, span_of(bytes, size));
    if (status == STATUS_OK && cursor_read_u32(&reader) != VERSION) {
        status = STATUS_VERSION;
    }
    out_reply->last = cursor_read_u8(&reader) != 0;
    out_reply->code = cursor_read_u8(&reader);
    if (status == STATUS_OK) {
        struct span text = cursor_read_rest(&reader);
        status = cursor_read_done(&reader);
        memmove(bytes, text.data, text.size);
        out_reply->text_size = text.size;
    }
    if (status != STATUS_OK || (fd_count != 0 && fd_count != 2)) {
        talk_fds_close(fds, fd_count);
        free(bytes);
        return status == STATUS_OK ? STATUS_MALFORMED : status;
    }
    out_reply->text = bytes;
    out_reply->out = fds[0];
    out_reply->err = fds[1];
    return STATUS_OK;
}
