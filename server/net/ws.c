#include "server/net/ws.h"

#include <libwebsockets.h>
#include <sys/eventfd.h>

#include "server/log/log.h"
#include "server/net/accept.h"
#include "server/net/connection.h"
#include "server/net/live.h"
#include "server/net/slots.h"
#include "server/net/tls.h"

_Static_assert(LWS_PRE <= NET_WRITE_HEADROOM, "room for the websocket header");

/* Kept per connection for its whole life, so small; a message is put together
 * in memory that is freed when it is done. Also the most read from TLS at once. */
#define RX_BUFFER_BYTES 2048u

static struct net_thread *thread_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

static struct connection *connection_of(struct lws *wsi)
{
    return lws_get_opaque_user_data(wsi);
}

void ws_want_write(struct connection *connection)
{
    (void)lws_callback_on_writable(connection->wsi);
}

void ws_set_reading(struct connection *connection, bool reading)
{
    (void)lws_rx_flow_control(connection->wsi, reading ? 1 : 0);
}

void ws_cut(struct connection *connection)
{
    struct lws *wsi = connection->wsi;
    connection_end(connection);
    lws_set_timeout(wsi, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_SYNC);
}

bool ws_closes_itself(const struct connection *connection)
{
    return connection->state == CONNECTION_OPEN && lws_get_close_length(connection->wsi) > 0;
}

void ws_stop_listening(struct net_thread *thread)
{
    if (thread->listener != NULL) {
        lws_set_timeout(thread->listener, PENDING_TIMEOUT_CLOSE_SEND, LWS_TO_KILL_SYNC);
        thread->listener = NULL;
    }
}

/* The value that a callback returns: 0 goes on, -1 closes with the code. */
static int close_with(struct lws *wsi, uint16_t code)
{
    if (code == 0) {
        return 0;
    }
    lws_close_reason(wsi, (enum lws_close_status)code, NULL, 0);
    /* Else the end of a peer who goes away at once is not seen, and the connection keeps its
     * place among those of its address until the library's time for a goodbye is over. */
    (void)lws_rx_flow_control(wsi, 1);
    return -1;
}

static bool header_is(struct lws *wsi, enum lws_token_indexes header, const char *value)
{
    char text[128];
    return lws_hdr_copy(wsi, text, (int)sizeof text, header) > 0 && strcmp(text, value) == 0;
}

/* A browser always sends Origin with a websocket and pages cannot forge it; it
 * must be one of the list, byte for byte. Without one it is no browser. */
static bool origin_allowed(struct lws *wsi, const struct net_live *live)
{
    if (lws_hdr_total_length(wsi, WSI_TOKEN_ORIGIN) == 0) {
        return true;
    }
    for (size_t i = 0; i < live->origin_count; i++) {
        if (header_is(wsi, WSI_TOKEN_ORIGIN, live->origins[i])) {
            return true;
        }
    }
    return false;
}

static int refuse_upgrade(struct lws *wsi, enum net_count count, unsigned int http_status)
{
    thread_count(thread_of(wsi), count, 1);
    (void)lws_return_http_status(wsi, http_status, NULL);
    return -1;
}

/* While the request is still HTTP, so that the refusal can say its status. */
static int check_upgrade(struct lws *wsi, const char *upgrade)
{
    if (upgrade == NULL || strcasecmp(upgrade, "websocket") != 0 ||
        lws_get_network_wsi(wsi) != wsi || !header_is(wsi, WSI_TOKEN_GET_URI, "/") ||
        !header_is(wsi, WSI_TOKEN_VERSION, "13")) {
        return refuse_upgrade(wsi, NET_COUNT_REFUSED_UPGRADE, HTTP_STATUS_BAD_REQUEST);
    }
    if (!origin_allowed(wsi, thread_of(wsi)->live)) {
        return refuse_upgrade(wsi, NET_COUNT_REFUSED_ORIGIN, HTTP_STATUS_FORBIDDEN);
    }
    if (!header_is(wsi, WSI_TOKEN_PROTOCOL, WIRE_SUBPROTOCOL)) {
        return refuse_upgrade(wsi, NET_COUNT_REFUSED_SUBPROTOCOL, HTTP_STATUS_BAD_REQUEST);
    }
    return 0;
}

static int on_established(struct lws *wsi)
{
    struct connection *connection = connection_of(wsi);
    uint8_t exporter[WIRE_EXPORTER_BYTES];
    /* Only what check_upgrade let through over this very TLS connection. */
    if (connection == NULL || connection->wsi != wsi || lws_get_network_wsi(wsi) != wsi ||
        connection->thread->quiesced || tls_exporter(lws_get_ssl(wsi), exporter) != STATUS_OK) {
        return -1;
    }
    connection_opened(connection, exporter);
    return 0;
}

static int on_receive(struct lws *wsi, const void *bytes, size_t size)
{
    const struct inbound_part part = {
        .bytes = span_of(bytes, size),
        .remaining = lws_remaining_packet_payload(wsi),
        .final = lws_is_final_fragment(wsi) != 0,
    };
    return close_with(
        wsi, connection_received(connection_of(wsi), &part, lws_frame_is_binary(wsi) != 0));
}

static int send_ping(struct lws *wsi, struct connection *connection)
{
    uint8_t *buffer = connection->thread->buffer;
    connection->ping_wanted = false;
    /* Not empty: the library keeps an empty pong to itself. */
    buffer[LWS_PRE] = 'p';
    if (lws_write(wsi, buffer + LWS_PRE, 1, LWS_WRITE_PING) < 0) {
        return -1;
    }
    ws_want_write(connection);
    return 0;
}

static bool write_piece(struct lws *wsi, uint8_t *buffer, const struct outbound_piece *piece)
{
    int how = lws_write_ws_flags(LWS_WRITE_BINARY, piece->packed.first, piece->packed.last);
    return piece->packed.size == 0 ||
           lws_write(wsi, buffer, piece->packed.size, (enum lws_write_protocol)how) >= 0;
}

static int on_writeable(struct lws *wsi)
{
    struct connection *connection = connection_of(wsi);
    uint8_t *buffer = connection->thread->buffer + LWS_PRE;
    if (connection->state != CONNECTION_OPEN) {
        return 0;
    }
    if (connection->ping_wanted) {
        return send_ping(wsi, connection);
    }
    struct outbound_piece piece;
    outbound_fill(&connection->out, buffer, &piece);
    if (piece.close_code != 0) {
        connection_end(connection);
        return close_with(wsi, piece.close_code);
    }
    if (!write_piece(wsi, buffer, &piece)) {
        return -1;
    }
    uint16_t code = connection_sent(connection, &piece);
    if (code == 0 && !outbound_is_empty(&connection->out)) {
        ws_want_write(connection);
    }
    return close_with(wsi, code);
}

void ws_write_now(struct connection *connection)
{
    struct lws *wsi = connection->wsi;
    uint8_t *buffer = connection->thread->buffer + LWS_PRE;
    /* What was begun must be finished first; and reading goes on and sockets close
     * within the library's own callback. */
    if (connection->paused || connection->ping_wanted || lws_partial_buffered(wsi) != 0 ||
        outbound_head_is_close(&connection->out)) {
        ws_want_write(connection);
        return;
    }
    struct outbound_piece piece;
    outbound_fill(&connection->out, buffer, &piece);
    if (!write_piece(wsi, buffer, &piece)) {
        ws_cut(connection);
        return;
    }
    (void)connection_sent(connection, &piece);
    if (!outbound_is_empty(&connection->out)) {
        ws_want_write(connection);
    }
}

static int on_destroy(struct lws *wsi)
{
    struct connection *connection = connection_of(wsi);
    if (connection != NULL) {
        struct net_thread *thread = connection->thread;
        lws_set_opaque_user_data(wsi, NULL);
        if (thread->adopting == connection) {
            thread->adopting = NULL;
        }
        connection_end(connection);
        slots_close(connection);
    }
    return 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t size)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum" /* the library has over 100 */
    switch (reason) {
    case LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS:
        thread_of(wsi)->tls_context = user;
        thread_of(wsi)->tls_hardened = tls_server_harden(user) == STATUS_OK;
        return thread_of(wsi)->tls_hardened ? 0 : -1;
    case LWS_CALLBACK_HTTP:
        return refuse_upgrade(wsi, NET_COUNT_REFUSED_UPGRADE, HTTP_STATUS_BAD_REQUEST);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return check_upgrade(wsi, in);
    case LWS_CALLBACK_ESTABLISHED:
        return on_established(wsi);
    case LWS_CALLBACK_RECEIVE:
        return on_receive(wsi, in, size);
    case LWS_CALLBACK_RECEIVE_PONG:
        connection_heard(connection_of(wsi));
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return on_writeable(wsi);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: /* nothing may follow our close frame */
    case LWS_CALLBACK_CLOSED:
        connection_end(connection_of(wsi));
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        return on_destroy(wsi);
    default:
        return 0;
    }
#pragma GCC diagnostic pop
}

/* The listening socket's own protocol: nobody may upgrade to it (check_upgrade
 * wants the first one by name). */
static int on_listener(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                       size_t size)
{
    (void)user;
    (void)in;
    (void)size;
    if (reason == LWS_CALLBACK_RAW_RX_FILE) {
        accept_peers(thread_of(wsi), lws_get_socket_fd(wsi));
    }
    return reason == LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION ? -1 : 0;
}

static const struct lws_protocols PROTOCOLS[] = {
    {.name = WIRE_SUBPROTOCOL,
     .callback = on_event,
     .rx_buffer_size = RX_BUFFER_BYTES,
     .tx_packet_size = PACKING_MESSAGE_BYTES},
    {.name = "listener", .callback = on_listener},
    {.name = NULL},
};

static void say(int level, const char *line)
{
    (void)level;
    log_line(LOG_LEVEL_ERROR, "websocket library: %.*s", (int)strcspn(line, "\n"), line);
}

static void silence(int level, const char *line)
{
    (void)level;
    (void)line;
}

void ws_quieten(void)
{
    lws_set_log_level(0, silence);
}

static enum status give_listener(struct net_thread *thread)
{
    lws_sock_file_fd_type fd = {.filefd = thread->listen_fd};
    thread->listener =
        lws_adopt_descriptor_vhost(thread->vhost, LWS_ADOPT_RAW_FILE_DESC, fd, "listener", NULL);
    if (thread->listener == NULL) {
        return STATUS_IO;
    }
    thread->listen_fd = -1;
    thread->spare_fd = eventfd(0, EFD_CLOEXEC);
    return STATUS_OK;
}

/* Since 4.3 the library counts the users of a log, without a lock, and stops the process when
 * the count is wrong: so each thread has a log of its own. */
static bool give_log(struct net_thread *thread, struct lws_context_creation_info *info)
{
    lws_set_log_level(LLL_ERR, say);
#if LWS_LIBRARY_VERSION_NUMBER >= 4003000
    lws_log_cx_t *log = calloc(1, sizeof *log);

    if (log == NULL) {
        return false;
    }
    log->u.emit = say;
    log->lll_flags = LLL_ERR;
    thread->log = log;
    info->log_cx = log;
#else
    (void)thread;
    (void)info;
#endif
    return true;
}

enum status ws_start(struct net_thread *thread)
{
    const struct net_options *options = &thread->net->options;
    void *loops[1] = {thread->loop};
    /* All zero: the library keeps no timer of its own per connection; its list
     * of timers is walked from the front for each insertion. We ping by ticks. */
    static const lws_retry_bo_t NO_VALIDITY_TIMER = {.jitter_percent = 0};
    thread->no_client = tls_no_client_new();
    if (thread->no_client == NULL) {
        return STATUS_NO_MEMORY;
    }
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof info);
    info.port = CONTEXT_PORT_NO_LISTEN_SERVER;
    info.protocols = PROTOCOLS;
    info.user = thread;
    info.foreign_loops = loops;
    info.options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
                   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS |
                   LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME;
    info.alpn = "http/1.1";
    info.ssl_cert_filepath = options->certificate_path;
    info.ssl_private_key_filepath = options->key_path;
    info.provided_client_ssl_ctx = thread->no_client;
    info.server_string = "alcove";
    info.timeout_secs = options->login_timeout_ms / 1000 + 1;
    info.retry_and_idle_policy = &NO_VALIDITY_TIMER;
    /* Their type differs between Debian 12 and 13. */
    info.gid = (__typeof__(info.gid))-1;
    info.uid = (__typeof__(info.uid))-1;
    if (!give_log(thread, &info)) {
        return STATUS_NO_MEMORY;
    }
    thread->lws = lws_create_context(&info);
    if (thread->lws == NULL) {
        return STATUS_IO;
    }
    if (!thread->tls_hardened) {
        return STATUS_IO;
    }
    thread->vhost = lws_get_vhost_by_name(thread->lws, "default");
    return thread->vhost == NULL ? STATUS_IO : give_listener(thread);
}

void ws_free(struct net_thread *thread)
{
    if (thread->lws != NULL) {
        lws_context_destroy(thread->lws);
        thread->lws = NULL;
    }
    free(thread->log);
    thread->log = NULL;
    tls_no_client_free(thread->no_client);
    thread->no_client = NULL;
}
