#include "client/wire/line_internal.h"

#define FRAGMENTS_MAX 256u

/* ---- beginning and ending */

static void drop_message(struct line *line)
{
    free(line->message);
    line->message = NULL;
    line->fragments = 0;
}

void socket_end(struct line *line, enum wire_end why)
{
    const struct post_news end = {.kind = POST_ENDED,
                                  .server_key = line->pin.found,
                                  .why = why,
                                  .close_code = line->close_code};
    if (!line->live) {
        return;
    }
    line->live = false;
    line->wsi = NULL;
    drop_message(line);
    post_ended(line->post, line->connection, &end);
}

void socket_drop(struct line *line)
{
    struct lws *wsi = line->wsi;
    line->live = false;
    line->wsi = NULL; /* first, so that the callbacks made by closing it are ignored */
    drop_message(line);
    if (wsi != NULL) {
        lws_set_timeout(wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_SYNC);
    }
}

static enum wire_end connect_failure(const struct line *line)
{
    if (line->pin.mismatched) {
        return WIRE_END_WRONG_KEY;
    }
    if (line->pin.matched) {
        /* Only an answer says that it is a refusal. */
        bool answered = line->wsi != NULL && lws_http_client_http_response(line->wsi) > 0;
        return answered ? WIRE_END_VERSION : WIRE_END_LOST;
    }
    return line->pin.started ? WIRE_END_TLS : WIRE_END_UNREACHABLE;
}

void socket_begin(struct line *line)
{
    line->pin = (struct tls_pin){.any = !line->target.pinned, .expected = line->target.pin};
    line->close_code = 0;
    line->live = true;
    struct lws_client_connect_info info;
    memset(&info, 0, sizeof info);
    info.context = line->lws;
    info.vhost = line->vhost;
    info.address = line->target.host;
    info.host = line->target.host;
    info.port = line->target.port;
    info.path = "/";
    info.protocol = WIRE_SUBPROTOCOL;
    info.local_protocol_name = WIRE_SUBPROTOCOL;
    info.alpn = "http/1.1";
    info.ssl_connection = LCCSCF_USE_SSL | LCCSCF_HTTP_NO_FOLLOW_REDIRECT;
    info.ietf_version_or_minus_one = -1;
    info.pwsi = &line->wsi;
    if (lws_client_connect_via_info(&info) == NULL) {
        socket_end(line, connect_failure(line));
    }
}

/* ---- what happens on it */

/* The server names the version it agreed to; silence is no agreement. */
static int check_version(struct line *line)
{
    char text[32];
    if (lws_hdr_copy(line->wsi, text, (int)sizeof text, WSI_TOKEN_PROTOCOL) <= 0 ||
        strcmp(text, WIRE_SUBPROTOCOL) != 0) {
        socket_end(line, WIRE_END_VERSION);
        return -1;
    }
    return 0;
}

static int on_established(struct line *line)
{
    struct post_news opening = {.kind = POST_OPENED, .server_key = line->pin.found};
    if (!line->pin.matched ||
        tls_client_exporter(lws_get_ssl(line->wsi), opening.exporter) != STATUS_OK) {
        socket_end(line, WIRE_END_TLS);
        return -1;
    }
    post_opened(line->post, line->connection, &opening);
    return 0;
}

/* Makes room for `need` bytes. Most messages are one fragment, so the first allocation is exact.
 * Later ones double, since a hostile server may send fragments of one byte. */
static bool message_grow(struct line *line, size_t need, size_t remaining)
{
    size_t capacity = need + remaining;
    if (line->message != NULL) {
        if (need <= line->message->capacity) {
            return true;
        }
        if (capacity < 2 * line->message->capacity) {
            capacity = 2 * line->message->capacity;
        }
        if (capacity > line->message_bytes_max) {
            capacity = line->message_bytes_max;
        }
    }
    struct post_message *grown;
    grown = realloc(line->message, sizeof *grown + capacity);
    if (grown == NULL) {
        return false;
    }
    if (line->message == NULL) {
        grown->size = 0;
    }
    grown->capacity = capacity;
    line->message = grown;
    return true;
}

static bool message_add(struct line *line, const void *bytes, size_t size, size_t remaining)
{
    size_t before = line->message == NULL ? 0 : line->message->size;
    size_t need = before + size;
    if (size > line->message_bytes_max - before || remaining > line->message_bytes_max - need ||
        line->fragments >= FRAGMENTS_MAX || !message_grow(line, need, remaining)) {
        return false;
    }
    if (size > 0) {
        memcpy(line->message->bytes + before, bytes, size);
        line->message->size = need;
    }
    return true;
}

static bool is_packed(const struct post_message *message)
{
    struct span rest = span_of(message->bytes, message->size);
    enum status status = rest.size == 0 ? STATUS_MALFORMED : STATUS_OK;
    while (status == STATUS_OK && rest.size > 0) {
        struct span frame;
        status = packing_next(&rest, &frame);
    }
    return status == STATUS_OK;
}

static bool hand_over(struct line *line)
{
    struct post_message *message = line->message;
    if (!is_packed(message)) {
        return false;
    }
    line->message = NULL;
    line->fragments = 0;
    if (post_message(line->post, line->connection, message)) {
        /* We did not read meanwhile, so this is no silence of the server. */
        lws_validity_confirmed(line->wsi);
    }
    return true;
}

static int on_receive(struct line *line, const void *bytes, size_t size)
{
    size_t remaining = lws_remaining_packet_payload(line->wsi);
    bool good = lws_frame_is_binary(line->wsi) != 0 && message_add(line, bytes, size, remaining);
    if (good && remaining == 0) {
        line->fragments++;
        if (lws_is_final_fragment(line->wsi) != 0) {
            good = hand_over(line);
        }
    }
    if (!good) {
        lws_close_reason(line->wsi, LWS_CLOSE_STATUS_PROTOCOL_ERR, NULL, 0);
        socket_end(line, WIRE_END_PROTOCOL);
        return -1;
    }
    return 0;
}

static int on_writeable(struct line *line)
{
    uint8_t *buffer = line->buffer + LWS_PRE;
    struct packing_piece piece;
    if (post_next_piece(line->post, buffer, &piece)) {
        lws_close_reason(line->wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
        socket_end(line, WIRE_END_ASKED);
        return -1;
    }
    if (piece.size == 0) {
        return 0;
    }
    if (lws_write(line->wsi, buffer, piece.size,
                  (enum lws_write_protocol)lws_write_ws_flags(LWS_WRITE_BINARY, piece.first,
                                                              piece.last)) < 0) {
        socket_end(line, WIRE_END_LOST);
        return -1;
    }
    (void)lws_callback_on_writable(line->wsi);
    return 0;
}

static int on_peer_close(struct line *line, const uint8_t *payload, size_t size)
{
    if (size >= 2) {
        line->close_code = (uint16_t)(payload[0] << 8 | payload[1]);
    }
    socket_end(line, WIRE_END_SERVER);
    return 0;
}

static int on_own_event(struct line *line, enum lws_callback_reasons reason, void *in, size_t size)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum" /* the library has over 100 */
    switch (reason) {
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        socket_end(line, connect_failure(line));
        return 0;
    case LWS_CALLBACK_CLIENT_FILTER_PRE_ESTABLISH:
        return check_version(line);
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        return on_established(line);
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return on_receive(line, in, size);
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return on_writeable(line);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return on_peer_close(line, in, size);
    case LWS_CALLBACK_CLIENT_CLOSED:
        socket_end(line, WIRE_END_LOST);
        return 0;
    default:
        return 0;
    }
#pragma GCC diagnostic pop
}

int socket_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                 size_t size)
{
    struct line *line = lws_context_user(lws_get_context(wsi));
    (void)user;
    /* Callbacks for an earlier connection's socket are ignored. */
    if (line->wsi == NULL || wsi != line->wsi) {
        return 0;
    }
    return on_own_event(line, reason, in, size);
}
