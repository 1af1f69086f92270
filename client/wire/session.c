#include "client/wire/wire_internal.h"

#define FRAGMENTS_MAX 256u

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

static void drop_message(struct wire *wire)
{
    free(wire->message);
    wire->message = NULL;
    wire->message_size = 0;
    wire->message_capacity = 0;
    wire->fragments = 0;
}

void session_tell_end(struct wire *wire)
{
    const struct wire_closed closed = {
        .why = wire->waiting_end,
        .close_code = wire->close_code,
        .text = end_text(wire->waiting_end),
    };

    wire->end_waits = false;
    wire->handler.on_closed(wire->handler.state, &closed);
}

void session_finish(struct wire *wire, enum wire_end why)
{
    if (wire->state == WIRE_IDLE) {
        return;
    }
    lws_sul_cancel(&wire->timer.entry);
    wire->state = WIRE_IDLE;
    wire->wsi = NULL;
    queue_clear(&wire->queue);
    drop_message(wire);
    wire->waiting_end = why;
    wire->end_waits = true;
    if (!wire->in_connect) {
        session_tell_end(wire);
    }
}

void session_abandon(struct wire *wire, enum wire_end why)
{
    struct lws *wsi = wire->wsi;

    if (wire->state == WIRE_IDLE) {
        return;
    }
    session_finish(wire, why);
    if (wsi != NULL) {
        lws_set_timeout(wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_ASYNC);
    }
}

static void on_timer(lws_sorted_usec_list_t *timer)
{
    struct wire *wire = ((struct wire_timer *)timer)->wire;

    session_abandon(wire, wire->closing ? WIRE_END_ASKED : WIRE_END_TIMEOUT);
}

void session_start_timer(struct wire *wire)
{
    wire->timer.wire = wire;
    lws_sul_schedule(wire->lws, 0, &wire->timer.entry, on_timer,
                     (lws_usec_t)wire->options.connect_timeout_ms * LWS_US_PER_MS);
}

enum wire_end session_connect_failure(const struct wire *wire)
{
    if (wire->pin.mismatched) {
        return WIRE_END_WRONG_KEY;
    }
    if (wire->pin.matched) {
        return WIRE_END_VERSION;
    }
    return wire->pin.started ? WIRE_END_TLS : WIRE_END_UNREACHABLE;
}

static int on_established(struct wire *wire)
{
    uint8_t exporter[WIRE_EXPORTER_BYTES];

    if (!wire->pin.matched || tls_client_exporter(lws_get_ssl(wire->wsi), exporter) != STATUS_OK) {
        session_finish(wire, WIRE_END_TLS);
        return -1;
    }
    lws_sul_cancel(&wire->timer.entry);
    wire->state = WIRE_OPEN;
    wire->handler.on_open(wire->handler.state, exporter);
    return 0;
}

static bool message_add(struct wire *wire, const void *bytes, size_t size, size_t remaining)
{
    size_t need = wire->message_size + size;

    if (size > wire->options.message_bytes_max - wire->message_size ||
        remaining > wire->options.message_bytes_max - need || wire->fragments >= FRAGMENTS_MAX) {
        return false;
    }
    if (need > wire->message_capacity) {
        size_t capacity =
            wire->message_capacity == 0 ? WIRE_RX_BUFFER_BYTES : wire->message_capacity;
        uint8_t *grown;

        while (capacity < need) {
            capacity *= 2;
        }
        grown = realloc(wire->message, capacity);
        if (grown == NULL) {
            return false;
        }
        wire->message = grown;
        wire->message_capacity = capacity;
    }
    if (size > 0) {
        memcpy(wire->message + wire->message_size, bytes, size);
        wire->message_size = need;
    }
    return true;
}

/* A frame's callback may close the wire: nothing more is delivered then. */
static bool deliver(struct wire *wire)
{
    uint8_t *message = wire->message;
    struct span rest = span_of(message, wire->message_size);
    enum status status = rest.size == 0 ? STATUS_MALFORMED : STATUS_OK;

    wire->message = NULL;
    drop_message(wire);
    while (status == STATUS_OK && rest.size > 0 && wire->state == WIRE_OPEN && !wire->closing) {
        struct span frame;

        status = packing_next(&rest, &frame);
        if (status == STATUS_OK) {
            wire->handler.on_frame(wire->handler.state, frame);
        }
    }
    free(message);
    return status == STATUS_OK;
}

static int on_receive(struct wire *wire, const void *bytes, size_t size)
{
    size_t remaining = lws_remaining_packet_payload(wire->wsi);
    bool good;

    if (wire->closing) {
        return 0;
    }
    good = lws_frame_is_binary(wire->wsi) != 0 && message_add(wire, bytes, size, remaining);
    if (good && remaining == 0) {
        wire->fragments++;
        if (lws_is_final_fragment(wire->wsi) != 0) {
            good = deliver(wire);
        }
    }
    if (!good && wire->state == WIRE_OPEN) {
        lws_close_reason(wire->wsi, LWS_CLOSE_STATUS_PROTOCOL_ERR, NULL, 0);
        session_finish(wire, WIRE_END_PROTOCOL);
        return -1;
    }
    return wire->state == WIRE_OPEN ? 0 : -1;
}

static int on_writeable(struct wire *wire)
{
    struct queue_piece piece;
    uint8_t *buffer = wire->buffer + LWS_PRE;

    queue_fill(&wire->queue, buffer, &piece);
    if (piece.size == 0) {
        if (wire->closing) {
            lws_close_reason(wire->wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
            session_finish(wire, WIRE_END_ASKED);
            return -1;
        }
        return 0;
    }
    if (lws_write(wire->wsi, buffer, piece.size,
                  (enum lws_write_protocol)lws_write_ws_flags(LWS_WRITE_BINARY, piece.first,
                                                              piece.last)) < 0) {
        session_finish(wire, WIRE_END_LOST);
        return -1;
    }
    if (wire->queue.head != NULL || wire->closing) {
        (void)lws_callback_on_writable(wire->wsi);
    }
    return 0;
}

static int on_peer_close(struct wire *wire, const uint8_t *payload, size_t size)
{
    if (size >= 2) {
        wire->close_code = (uint16_t)(payload[0] << 8 | payload[1]);
    }
    session_finish(wire, wire->closing ? WIRE_END_ASKED : WIRE_END_SERVER);
    return 0;
}

/* The server names the version it agreed to; silence is no agreement. */
static int check_version(struct wire *wire)
{
    char text[32];

    if (lws_hdr_copy(wire->wsi, text, (int)sizeof(text), WSI_TOKEN_PROTOCOL) <= 0 ||
        strcmp(text, WIRE_SUBPROTOCOL) != 0) {
        session_finish(wire, WIRE_END_VERSION);
        return -1;
    }
    return 0;
}

static int on_own_event(struct wire *wire, enum lws_callback_reasons reason, void *in, size_t size)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum" /* the library has over 100 */
    switch (reason) {
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        session_finish(wire, session_connect_failure(wire));
        return 0;
    case LWS_CALLBACK_CLIENT_FILTER_PRE_ESTABLISH:
        return check_version(wire);
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        return on_established(wire);
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return on_receive(wire, in, size);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return on_writeable(wire);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return on_peer_close(wire, in, size);
    case LWS_CALLBACK_CLIENT_CLOSED:
        session_finish(wire, wire->closing ? WIRE_END_ASKED : WIRE_END_LOST);
        return 0;
    default:
        return 0;
    }
#pragma GCC diagnostic pop
}

int session_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                  size_t size)
{
    struct wire *wire = lws_context_user(lws_get_context(wsi));

    (void)user;
    /* What an earlier connection's socket still does is nobody's business. */
    if (wire->wsi == NULL || wsi != wire->wsi) {
        return 0;
    }
    return on_own_event(wire, reason, in, size);
}
