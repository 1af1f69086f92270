#include <signal.h>

#include "client/wire/line_internal.h"

static const struct lws_protocols PROTOCOLS[] = {
    {.name = WIRE_SUBPROTOCOL,
     .callback = socket_event,
     .rx_buffer_size = LINE_RX_BYTES,
     .tx_packet_size = QUEUE_FRAGMENT_BYTES},
    {.name = NULL},
};

static void silence(int level, const char *line)
{
    (void)level;
    (void)line;
}

static enum status make_context(struct line *line)
{
    struct lws_context_creation_info info;

    line->tls = tls_client_new(&line->pin);
    if (line->tls == NULL) {
        return STATUS_NO_MEMORY;
    }
    memset(&info, 0, sizeof info);
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = PROTOCOLS;
    info.user = line;
    info.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT | LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS |
                   LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME;
    info.provided_client_ssl_ctx = line->tls;
    info.http_proxy_address = ""; /* given, so that the environment is not asked */
    info.retry_and_idle_policy = &line->idle_policy;
    info.connect_timeout_secs = line->connect_timeout_ms / 1000 + 1;
    info.timeout_secs = line->connect_timeout_ms / 1000 + 1;
    info.pt_serv_buf_size = LINE_RX_BYTES;
    info.gid = (__typeof__(info.gid))-1;
    info.uid = (__typeof__(info.uid))-1;
#if LWS_LIBRARY_VERSION_NUMBER >= 4003000
    line->log = (lws_log_cx_t){.u.emit = silence};
    info.log_cx = &line->log;
#endif
    lws_set_log_level(0, silence);
    line->lws = lws_create_context(&info);
    if (line->lws == NULL) {
        return STATUS_NO_MEMORY;
    }
    line->vhost = lws_get_vhost_by_name(line->lws, "default");
    return line->vhost != NULL ? STATUS_OK : STATUS_IO;
}

/* Carries out the caller's orders. False: the line is to end. */
static bool follow(struct line *line)
{
    struct post_orders orders;
    post_look(line->post, &orders);
    if (orders.stop) {
        return false;
    }
    if (orders.connection != line->connection) {
        socket_drop(line);
        line->connection = orders.connection;
        line->target = orders.target;
        if (orders.wanted) {
            socket_begin(line);
        }
    }
    if (orders.sending && line->wsi != NULL) {
        (void)lws_callback_on_writable(line->wsi);
    }
    return true;
}

static void *run(void *data)
{
    struct line *line = data;
    while (follow(line)) {
        if (lws_service(line->lws, 0) < 0) {
            socket_end(line, WIRE_END_LOST);
            post_broken(line->post);
            return NULL;
        }
    }
    socket_drop(line);
    return NULL;
}

/* False: the system has no thread left. */
static bool start(struct line *line)
{
    sigset_t all;
    CHECK(sigfillset(&all) == 0);
    sigset_t before;
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    int error = pthread_create(&line->thread, NULL, run, line);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return error == 0;
}

static void destroy(struct line *line)
{
    if (line->lws != NULL) {
        lws_context_destroy(line->lws);
    }
    tls_client_free(line->tls);
    free(line);
}

enum status line_new(const struct wire_options *options, struct post *post, struct line **out_line)
{
    struct line *line = calloc(1, sizeof *line);
    uint32_t ping_after_s = options->ping_after_ms / 1000 + 1;
    if (line == NULL) {
        return STATUS_NO_MEMORY;
    }
    line->post = post;
    line->connect_timeout_ms = options->connect_timeout_ms;
    line->message_bytes_max = options->message_bytes_max;
    line->idle_policy.secs_since_valid_ping = (uint16_t)ping_after_s;
    line->idle_policy.secs_since_valid_hangup = (uint16_t)(2 * ping_after_s);
    enum status status = make_context(line);
    if (status == STATUS_OK && !start(line)) {
        status = STATUS_IO;
    }
    if (status != STATUS_OK) {
        destroy(line);
        return status;
    }
    *out_line = line;
    return STATUS_OK;
}

void line_free(struct line *line)
{
    if (line == NULL) {
        return;
    }
    line_wake(line);
    CHECK(pthread_join(line->thread, NULL) == 0);
    destroy(line);
}

void line_wake(struct line *line)
{
    lws_cancel_service(line->lws);
}
