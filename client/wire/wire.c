#include "client/wire/wire.h"

#include "client/wire/wire_internal.h"
#include "proto/limits.h"
#include "proto/trace.h"

/* Messages for one wire_service, so that the caller's loop and the other descriptors
 * have their turn while the server sends without a pause. */
#define MESSAGES_AT_ONCE_MAX 32u

void wire_options_default(struct wire_options *out_options)
{
    *out_options = (struct wire_options){
        .connect_timeout_ms = 10000,
        .ping_after_ms = 30000,
        .message_bytes_max = 2u << 20,
        .queued_bytes_max = 4u << 20,
    };
}

static const char *end_text(enum wire_end why)
{
    switch (why) {
    case WIRE_END_ASKED:
        return "The connection was closed here.";
    case WIRE_END_UNREACHABLE:
        return "The server cannot be reached.";
    case WIRE_END_WRONG_KEY:
        return "The server's TLS key is not the one pinned.";
    case WIRE_END_TLS:
        return "No TLS 1.3 connection came about.";
    case WIRE_END_VERSION:
        return "The server speaks no version of the protocol that this program speaks.";
    case WIRE_END_TIMEOUT:
        return "The server did not answer in time.";
    case WIRE_END_PROTOCOL:
        return "The server broke the protocol.";
    case WIRE_END_SERVER:
        return "The server closed the connection.";
    case WIRE_END_LOST:
        return "The connection was lost.";
    }
    return "The connection ended.";
}

/* ---- life */

enum status wire_new(const struct wire_options *options, const struct wire_handler *handler,
                     struct wire **out_wire)
{
    struct wire *wire = calloc(1, sizeof *wire);
    if (wire == NULL) {
        return STATUS_NO_MEMORY;
    }
    wire->options = *options;
    wire->handler = *handler;
    enum status status = post_init(&wire->post, options->queued_bytes_max);
    if (status != STATUS_OK) {
        free(wire);
        return status;
    }
    *out_wire = wire;
    return STATUS_OK;
}

static void tell_end(struct wire *wire, enum wire_end why, uint16_t close_code)
{
    const struct wire_closed closed = {.why = why, .close_code = close_code, .text = end_text(why)};
    wire->state = WIRE_IDLE;
    wire->deadline_ms = 0;
    wire->end_waits = false;
    wire->handler.on_closed(wire->handler.state, &closed);
}

void wire_stop(struct wire *wire)
{
    if (wire == NULL || wire->stopped) {
        return;
    }
    wire->stopped = true;
    post_stop(&wire->post);
    if (wire->line != NULL) {
        line_wake(wire->line);
    }
    if (wire->state != WIRE_IDLE || wire->end_waits) {
        tell_end(wire, WIRE_END_ASKED, 0);
    }
}

void wire_free(struct wire *wire)
{
    if (wire == NULL) {
        return;
    }
    wire_stop(wire);
    line_free(wire->line);
    post_deinit(&wire->post);
    free(wire);
}

/* ---- what the caller wants */

static void tell_line(struct wire *wire)
{
    wire->untold = false;
    if (post_tell(&wire->post)) {
        line_wake(wire->line);
    }
}

static void start_deadline(struct wire *wire)
{
    wire->deadline_ms = watch_now_ms() + wire->options.connect_timeout_ms;
}

/* The line is not asked: it may be in a name look-up. */
static void abandon(struct wire *wire)
{
    post_drop(&wire->post);
    tell_line(wire);
    wire->state = WIRE_IDLE;
    wire->deadline_ms = 0;
}

/* If the connection before is closing, the caller still has to hear that it ended. It is told so
 * at once, and the next connection need not wait for the goodbye. */
static void finish_goodbye(struct wire *wire)
{
    if (wire->state == WIRE_OPEN && wire->closing) {
        abandon(wire);
        wire->end_waits = true;
    }
    if (wire->end_waits) {
        tell_end(wire, WIRE_END_ASKED, 0);
    }
}

enum status wire_connect(struct wire *wire, const char *host, uint16_t port, const struct hash *pin)
{
    struct post_target target = {.port = port, .pinned = pin != NULL};
    if (strlen(host) >= sizeof target.host) {
        return STATUS_USAGE;
    }
    finish_goodbye(wire);
    if (wire->state != WIRE_IDLE) {
        return STATUS_USAGE;
    }
    if (wire->broken) {
        return STATUS_IO;
    }
    if (wire->line == NULL) {
        enum status status = line_new(&wire->options, &wire->post, &wire->line);
        if (status != STATUS_OK) {
            return status;
        }
    }
    memcpy(target.host, host, strlen(host) + 1);
    if (pin != NULL) {
        target.pin = *pin;
    }
    memset(&wire->server_key, 0, sizeof wire->server_key);
    wire->closing = false;
    wire->state = WIRE_CONNECTING;
    wire->connections++;
    start_deadline(wire);
    post_connect(&wire->post, &target);
    tell_line(wire);
    return STATUS_OK;
}

void wire_server_key(const struct wire *wire, struct hash *out_key)
{
    *out_key = wire->server_key;
}

bool wire_is_open(const struct wire *wire)
{
    return wire->state == WIRE_OPEN && !wire->closing;
}

enum status wire_send(struct wire *wire, struct span frame)
{
    if (!wire_is_open(wire)) {
        return STATUS_OFFLINE;
    }
    if (frame.size == 0 || frame.size > FRAME_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    enum status status = post_send(&wire->post, frame);
    if (status == STATUS_OK) {
        wire->untold = true;
        trace_frame(TRACE_OUT, wire->connections, frame);
    }
    return status;
}

void wire_close(struct wire *wire)
{
    if (wire->state == WIRE_CONNECTING) {
        abandon(wire);
        wire->end_waits = true;
    } else if (wire->state == WIRE_OPEN && !wire->closing) {
        wire->closing = true;
        start_deadline(wire);
        post_close(&wire->post);
        tell_line(wire);
    }
}

/* ---- what happens */

static void on_opened(struct wire *wire, const struct post_news *news)
{
    wire->state = WIRE_OPEN;
    wire->deadline_ms = 0;
    wire->server_key = news->server_key;
    wire->handler.on_open(wire->handler.state, news->exporter);
}

/* A frame's callback may close the wire: no further frame is delivered then. */
static void on_message(struct wire *wire, struct post_message *message)
{
    struct span rest = span_of(message->bytes, message->size);
    struct span frame;
    while (wire_is_open(wire) && packing_next(&rest, &frame) == STATUS_OK) {
        trace_frame(TRACE_IN, wire->connections, frame);
        wire->handler.on_frame(wire->handler.state, frame);
    }
    free(message);
}

static void on_ended(struct wire *wire, const struct post_news *news)
{
    post_drop(&wire->post); /* frames that wait are not sent */
    wire->server_key = news->server_key;
    tell_end(wire, wire->closing ? WIRE_END_ASKED : news->why, news->close_code);
}

static void on_news(struct wire *wire, const struct post_news *news)
{
    switch (news->kind) {
    case POST_OPENED:
        on_opened(wire, news);
        break;
    case POST_MESSAGE:
        on_message(wire, news->message);
        break;
    case POST_ENDED:
        on_ended(wire, news);
        break;
    case POST_BROKEN:
        wire->broken = true;
        break;
    case POST_NOTHING:
        break;
    }
    if (wire->untold) {
        tell_line(wire);
    }
}

static void deliver(struct wire *wire)
{
    struct post_news news = {.kind = POST_MESSAGE};
    for (uint32_t i = 0; i < MESSAGES_AT_ONCE_MAX && news.kind == POST_MESSAGE; i++) {
        post_take(&wire->post, &news);
        on_news(wire, &news);
    }
}

static uint32_t until_deadline_ms(const struct wire *wire, uint32_t timeout_ms)
{
    if (wire->deadline_ms == 0) {
        return timeout_ms;
    }
    uint64_t now_ms = watch_now_ms();
    if (wire->deadline_ms <= now_ms) {
        return 0;
    }
    return wire->deadline_ms - now_ms < timeout_ms ? (uint32_t)(wire->deadline_ms - now_ms)
                                                   : timeout_ms;
}

enum status wire_service(struct wire *wire, uint32_t timeout_ms)
{
    if (wire->end_waits) {
        tell_end(wire, WIRE_END_ASKED, 0);
        return STATUS_OK;
    }
    if (wire->untold) {
        tell_line(wire);
    }
    enum status status = watch_wait(wire, until_deadline_ms(wire, timeout_ms));
    if (status == STATUS_OK) {
        deliver(wire);
        status = wire->broken ? STATUS_IO : STATUS_OK;
    }
    if (wire->deadline_ms != 0 && until_deadline_ms(wire, 1) == 0) {
        abandon(wire);
        tell_end(wire, wire->closing ? WIRE_END_ASKED : WIRE_END_TIMEOUT, 0);
    }
    return status;
}
