#include "server/net/net.h"

#include <sys/resource.h>

#include "proto/limits.h"
#include "server/log/log.h"
#include "server/net/listen.h"
#include "server/net/live.h"
#include "server/net/thread.h"
#include "server/net/ws.h"

#define ADMITTED_BYTES_MAX (FRAME_BYTES_MAX + PACKING_PREFIX_BYTES)
/* Beside the connections: store, signer, loops, standard streams. */
#define OTHER_DESCRIPTORS  64u
/* The library makes tables as large as the limit; some hosts set it to 2^30. */
#define DESCRIPTORS_MOST   (1u << 21)

void net_options_default(struct net_options *out_options)
{
    *out_options = (struct net_options){
        .threads = 2,
        .connections_max = CONNECTIONS_MAX,
        .connections_per_address_max = CONNECTIONS_PER_ADDRESS_MAX,
        .owed_max = REQUESTS_OWED_MAX,
        .fragments_max = MESSAGE_FRAGMENTS_MAX,
        .message_bytes_max = MESSAGE_BYTES_MAX + FRAME_OVERHEAD_BYTES_MAX + PACKING_PREFIX_BYTES,
        .queued_bytes_max = OUT_QUEUE_BYTES_MAX,
        .login_timeout_ms = LOGIN_TIMEOUT_MS,
        .message_timeout_ms = MESSAGE_TIMEOUT_MS,
        .ping_after_ms = 60000,
    };
}

static void check_options(const struct net_options *options)
{
    CHECK(options->threads > 0 && options->threads <= NET_THREADS_MAX);
    CHECK(options->connections_max > 0 && options->owed_max > 0 && options->fragments_max > 0);
    CHECK(options->message_bytes_max <= ADMITTED_BYTES_MAX);
}

/* Sees to it that every connection can have its descriptor: raises the limit as far
 * as the process may, and takes fewer connections where that is not far enough. */
static enum status fit_descriptors(struct net_options *options)
{
    rlim_t need = (rlim_t)options->connections_max + OTHER_DESCRIPTORS;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
        return STATUS_IO;
    }
    if (files.rlim_cur >= need && files.rlim_cur <= DESCRIPTORS_MOST) {
        return STATUS_OK;
    }
    files.rlim_cur = files.rlim_max < need ? files.rlim_max : need;
    if (files.rlim_cur <= OTHER_DESCRIPTORS || setrlimit(RLIMIT_NOFILE, &files) != 0) {
        log_line(LOG_LEVEL_ERROR,
                 "%llu file descriptors are allowed, and more than %u are needed to serve anybody: "
                 "raise the limit (ulimit -n, LimitNOFILE=); for connections-max = %u it is %llu",
                 (unsigned long long)files.rlim_max, OTHER_DESCRIPTORS, options->connections_max,
                 (unsigned long long)need);
        return STATUS_IO;
    }
    if (files.rlim_cur < need) {
        options->connections_max = (uint32_t)(files.rlim_cur - OTHER_DESCRIPTORS);
        log_line(LOG_LEVEL_WARNING,
                 "at most %u connections: the limit of %llu file descriptors allows no more; "
                 "connections-max needs %llu (LimitNOFILE=)",
                 options->connections_max, (unsigned long long)files.rlim_cur,
                 (unsigned long long)need);
    }
    return STATUS_OK;
}

/* All contexts stand before the first thread runs: what the library and OpenSSL set up
 * once per process is not raced for. */
static enum status make_threads(struct net *net)
{
    int fds[NET_THREADS_MAX];
    enum status status =
        listen_open(net->options.host, net->options.port, net->thread_count, fds, &net->port);
    if (status != STATUS_OK) {
        return status;
    }
    for (uint32_t i = 0; i < net->thread_count; i++) {
        net->threads[i].listen_fd = fds[i];
    }
    struct net_live *live = NULL;
    status = live_new(&net->options, NULL, &live);
    for (uint32_t i = 0; status == STATUS_OK && i < net->thread_count; i++) {
        live_leave(&net->threads[i], live);
        status = thread_init(&net->threads[i], net, i);
        if (status == STATUS_OK) {
            status = ws_start(&net->threads[i]);
        }
    }
    live_drop(live);
    if (status == STATUS_OK) {
        ws_quieten();
    }
    return status;
}

enum status net_new(const struct net_options *options, const struct net_handler *handler,
                    struct net **out_net)
{
    struct net *net = calloc(1, sizeof *net);
    check_options(options);
    if (net == NULL) {
        return STATUS_NO_MEMORY;
    }
    net->options = *options;
    enum status status = fit_descriptors(&net->options);
    if (status != STATUS_OK) {
        free(net);
        return status;
    }
    net->handler = *handler;
    net->threads = calloc(options->threads, sizeof *net->threads);
    if (net->threads == NULL) {
        free(net);
        return STATUS_NO_MEMORY;
    }
    net->thread_count = options->threads;
    for (uint32_t i = 0; i < net->thread_count; i++) {
        net->threads[i].listen_fd = -1;
        net->threads[i].spare_fd = -1;
        inbox_init(&net->threads[i].inbox);
    }
    status = addresses_new(net->options.connections_max, options->connections_per_address_max,
                           &net->addresses);
    if (status == STATUS_OK) {
        status = make_threads(net);
    }
    if (status != STATUS_OK) {
        net_stop(net, 0);
        return status;
    }
    *out_net = net;
    return STATUS_OK;
}

enum status net_start(struct net *net)
{
    enum status status = STATUS_OK;
    for (uint32_t i = 0; status == STATUS_OK && i < net->thread_count; i++) {
        status = thread_start(&net->threads[i]);
    }
    return status;
}

uint16_t net_port(const struct net *net)
{
    return net->port;
}

static struct net_thread *thread_for(struct net *net, uint64_t connection)
{
    uint32_t index = (uint32_t)(connection % NET_THREADS_MAX);
    CHECK(index < net->thread_count);
    return &net->threads[index];
}

static struct outbound_item *make_item(struct net *net, uint64_t connection,
                                       enum outbound_kind kind)
{
    struct outbound_item *item = calloc(1, sizeof *item);
    if (item == NULL) {
        struct net_thread *thread = thread_for(net, connection);
        atomic_store(&thread->lost_answer, true);
        thread_wake(thread);
        return NULL;
    }
    item->connection = connection;
    item->kind = kind;
    return item;
}

void net_send(struct net *net, uint64_t connection, enum net_frame_kind kind, uint8_t *bytes,
              size_t size)
{
    struct outbound_item *item = make_item(net, connection, OUTBOUND_FRAME);
    CHECK(size > 0 && size <= UINT32_MAX);
    if (item == NULL) {
        free(bytes);
        return;
    }
    item->frame_kind = kind;
    item->bytes = bytes;
    item->size = size;
    thread_post(thread_for(net, connection), item);
}

void net_stream(struct net *net, uint64_t connection, const struct net_stream *stream)
{
    struct outbound_item *item = make_item(net, connection, OUTBOUND_STREAM);
    if (item == NULL) {
        stream->close(stream->state);
        return;
    }
    item->stream = *stream;
    thread_post(thread_for(net, connection), item);
}

static void post_order(struct net *net, uint64_t connection, enum outbound_kind kind,
                       uint32_t value)
{
    struct outbound_item *item = make_item(net, connection, kind);
    if (item != NULL) {
        item->value = value;
        thread_post(thread_for(net, connection), item);
    }
}

void net_admit(struct net *net, uint64_t connection, uint32_t message_bytes_max)
{
    CHECK(message_bytes_max <= ADMITTED_BYTES_MAX);
    post_order(net, connection, OUTBOUND_ADMIT, message_bytes_max);
}

void net_close(struct net *net, uint64_t connection, enum net_close_code code)
{
    post_order(net, connection, OUTBOUND_CLOSE, (uint32_t)code);
}

void net_cut(struct net *net, uint64_t connection)
{
    post_order(net, connection, OUTBOUND_CUT, 0);
}

static uint64_t sum(const struct net *net, enum net_count count)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < net->thread_count; i++) {
        total += atomic_load_explicit(&net->threads[i].counts[count], memory_order_relaxed);
    }
    return total;
}

void net_counters(const struct net *net, struct net_counters *out_counters)
{
    /* GONE is read first: a connection that goes between the two sums must not make the
     * difference negative. */
    uint64_t gone = sum(net, NET_COUNT_GONE);
    uint64_t accepted = sum(net, NET_COUNT_ACCEPTED);
    *out_counters = (struct net_counters){
        .accepted = accepted,
        .opened = sum(net, NET_COUNT_OPENED),
        .open_now = accepted - gone,
        .refused_total = sum(net, NET_COUNT_REFUSED_TOTAL),
        .refused_address = sum(net, NET_COUNT_REFUSED_ADDRESS),
        .refused_origin = sum(net, NET_COUNT_REFUSED_ORIGIN),
        .refused_subprotocol = sum(net, NET_COUNT_REFUSED_SUBPROTOCOL),
        .refused_upgrade = sum(net, NET_COUNT_REFUSED_UPGRADE),
        .closed_login = sum(net, NET_COUNT_CLOSED_LOGIN),
        .closed_slow_message = sum(net, NET_COUNT_CLOSED_SLOW_MESSAGE),
        .closed_slow_reader = sum(net, NET_COUNT_CLOSED_SLOW_READER),
        .closed_silent = sum(net, NET_COUNT_CLOSED_SILENT),
        .closed_too_large = sum(net, NET_COUNT_CLOSED_TOO_LARGE),
        .closed_fragments = sum(net, NET_COUNT_CLOSED_FRAGMENTS),
        .closed_not_binary = sum(net, NET_COUNT_CLOSED_NOT_BINARY),
        .closed_malformed = sum(net, NET_COUNT_CLOSED_MALFORMED),
        .closed_inbox = sum(net, NET_COUNT_CLOSED_INBOX),
        .paused = sum(net, NET_COUNT_PAUSED),
        .frames_in = sum(net, NET_COUNT_FRAMES_IN),
        .frames_out = sum(net, NET_COUNT_FRAMES_OUT),
        .messages_out = sum(net, NET_COUNT_MESSAGES_OUT),
    };
}

static void wake_all(struct net *net)
{
    for (uint32_t i = 0; i < net->thread_count; i++) {
        if (net->threads[i].started) {
            thread_wake(&net->threads[i]);
        }
    }
}

enum status net_change(struct net *net, const struct net_options *options,
                       struct net_identity *identity)
{
    struct net_live *live = NULL;
    enum status status = live_new(options, identity, &live);
    if (status != STATUS_OK) {
        return status;
    }
    addresses_change(net->addresses, options->connections_per_address_max);
    for (uint32_t i = 0; i < net->thread_count; i++) {
        live_leave(&net->threads[i], live);
    }
    live_drop(live);
    wake_all(net);
    return STATUS_OK;
}

void net_quiesce(struct net *net)
{
    atomic_store(&net->quiesce, true);
    wake_all(net);
}

void net_stop(struct net *net, uint32_t drain_ms)
{
    if (net == NULL) {
        return;
    }
    atomic_store(&net->stop_after_ticks, thread_ticks(drain_ms));
    wake_all(net);
    for (uint32_t i = 0; i < net->thread_count; i++) {
        thread_join(&net->threads[i]);
    }
    addresses_free(net->addresses);
    free(net->threads);
    free(net);
}
