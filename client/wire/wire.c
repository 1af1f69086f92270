#include "client/wire/wire.h"

#include "client/wire/wire_internal.h"
#include "proto/limits.h"

void wire_options_default(struct wire_options *out_options)
{
    *out_options = (struct wire_options){
        .connect_timeout_ms = 10000,
        .ping_after_ms = 30000,
        .message_bytes_max = 2u << 20,
        .queued_bytes_max = 4u << 20,
    };
}

static void on_sleep_end(lws_sorted_usec_list_t *timer)
{
    /* Its only use is that the library waits no longer than until it. */
    (void)timer;
}

static const struct lws_protocols PROTOCOLS[] = {
    {.name = WIRE_SUBPROTOCOL,
     .callback = session_event,
     .rx_buffer_size = WIRE_RX_BUFFER_BYTES,
     .tx_packet_size = QUEUE_FRAGMENT_BYTES},
    {.name = WATCH_PROTOCOL, .callback = watch_event},
    {.name = NULL},
};

static void silence(int level, const char *line)
{
    (void)level;
    (void)line;
}

static enum status make_context(struct wire *wire)
{
    struct lws_context_creation_info info;

    wire->tls = tls_client_new(&wire->pin);
    if (wire->tls == NULL) {
        return STATUS_NO_MEMORY;
    }
    memset(&info, 0, sizeof(info));
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = PROTOCOLS;
    info.user = wire;
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS |
                   LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME;
    info.provided_client_ssl_ctx = wire->tls;
    info.http_proxy_address = ""; /* given, so that the environment is not asked */
    info.retry_and_idle_policy = &wire->idle_policy;
    info.connect_timeout_secs = wire->options.connect_timeout_ms / 1000 + 1;
    info.timeout_secs = wire->options.connect_timeout_ms / 1000 + 1;
    info.gid = (__typeof__(info.gid))-1;
    info.uid = (__typeof__(info.uid))-1;
    lws_set_log_level(0, silence);
    wire->lws = lws_create_context(&info);
    if (wire->lws == NULL) {
        return STATUS_NO_MEMORY;
    }
    wire->vhost = lws_get_vhost_by_name(wire->lws, "default");
    return wire->vhost != NULL ? STATUS_OK : STATUS_IO;
}

enum status wire_new(const struct wire_options *options, const struct wire_handler *handler,
                     struct wire **out_wire)
{
    struct wire *wire = calloc(1, sizeof(*wire));
    uint32_t ping_after_s = options->ping_after_ms / 1000 + 1;
    enum status status;

    if (wire == NULL) {
        return STATUS_NO_MEMORY;
    }
    wire->options = *options;
    wire->handler = *handler;
    wire->idle_policy.secs_since_valid_ping = (uint16_t)ping_after_s;
    wire->idle_policy.secs_since_valid_hangup = (uint16_t)(2 * ping_after_s);
    status = make_context(wire);
    if (status != STATUS_OK) {
        wire_free(wire);
        return status;
    }
    *out_wire = wire;
    return STATUS_OK;
}

void wire_free(struct wire *wire)
{
    if (wire == NULL) {
        return;
    }
    session_finish(wire, WIRE_END_ASKED);
    if (wire->end_waits) {
        session_tell_end(wire);
    }
    for (size_t i = 0; i < WATCHES_MAX; i++) {
        if (wire->watches[i].used) {
            wire_unwatch(wire, wire->watches[i].fd);
        }
    }
    if (wire->lws != NULL) {
        lws_sul_cancel(&wire->sleep);
        lws_context_destroy(wire->lws);
    }
    tls_client_free(wire->tls);
    free(wire);
}

void wire_server_key(const struct wire *wire, struct hash *out_key)
{
    *out_key = wire->pin.found;
}

enum status wire_connect(struct wire *wire, const char *host, uint16_t port, const struct hash *pin)
{
    struct lws_client_connect_info info;

    if (wire->state != WIRE_IDLE || wire->end_waits || strlen(host) >= sizeof(wire->host)) {
        return STATUS_USAGE;
    }
    (void)snprintf(wire->host, sizeof(wire->host), "%s", host);
    wire->pin = (struct tls_pin){.any = pin == NULL};
    if (pin != NULL) {
        wire->pin.expected = *pin;
    }
    wire->closing = false;
    wire->close_code = 0;
    wire->state = WIRE_CONNECTING;
    memset(&info, 0, sizeof(info));
    info.context = wire->lws;
    info.vhost = wire->vhost;
    info.address = wire->host;
    info.host = wire->host;
    info.port = port;
    info.path = "/";
    info.protocol = WIRE_SUBPROTOCOL;
    info.local_protocol_name = WIRE_SUBPROTOCOL;
    info.alpn = "http/1.1";
    info.ssl_connection = LCCSCF_USE_SSL | LCCSCF_HTTP_NO_FOLLOW_REDIRECT;
    info.ietf_version_or_minus_one = -1;
    info.pwsi = &wire->wsi;
    session_start_timer(wire);
    wire->in_connect = true;
    if (lws_client_connect_via_info(&info) == NULL) {
        session_finish(wire, session_connect_failure(wire));
    }
    wire->in_connect = false;
    return STATUS_OK;
}

bool wire_is_open(const struct wire *wire)
{
    return wire->state == WIRE_OPEN && !wire->closing;
}

enum status wire_send(struct wire *wire, struct span frame)
{
    enum status status;

    if (!wire_is_open(wire)) {
        return STATUS_OFFLINE;
    }
    if (frame.size == 0 || frame.size > FRAME_BYTES_MAX) {
        return STATUS_TOO_LARGE;
    }
    if (frame.size > wire->options.queued_bytes_max - wire->queue.bytes) {
        return STATUS_BUSY;
    }
    status = queue_add(&wire->queue, frame);
    if (status == STATUS_OK) {
        (void)lws_callback_on_writable(wire->wsi);
    }
    return status;
}

size_t wire_queued_bytes(const struct wire *wire)
{
    return wire->queue.bytes;
}

void wire_close(struct wire *wire)
{
    if (wire->state == WIRE_CONNECTING) {
        wire->closing = true;
        session_abandon(wire, WIRE_END_ASKED);
    } else if (wire->state == WIRE_OPEN && !wire->closing) {
        wire->closing = true;
        session_start_timer(wire);
        (void)lws_callback_on_writable(wire->wsi);
    }
}

enum status wire_service(struct wire *wire, uint32_t timeout_ms)
{
    int result;

    if (wire->end_waits) {
        session_tell_end(wire);
        return STATUS_OK;
    }
    if (timeout_ms > 0) {
        lws_sul_schedule(wire->lws, 0, &wire->sleep, on_sleep_end,
                         (lws_usec_t)timeout_ms * LWS_US_PER_MS);
    }
    result = lws_service(wire->lws, timeout_ms > 0 ? 0 : -1);
    lws_sul_cancel(&wire->sleep);
    return result < 0 ? STATUS_IO : STATUS_OK;
}

void wire_wake(struct wire *wire)
{
    lws_cancel_service(wire->lws);
}
