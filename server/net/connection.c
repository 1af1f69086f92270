#include "server/net/connection.h"

#include "proto/trace.h"
#include "server/net/live.h"
#include "server/net/slots.h"
#include "server/net/ws.h"

/* The time for our close frame to arrive and the peer's to come back. The library reads
 * on until then, so a flooding peer must not have long. */
#define LINGER_MS 1000u

static const struct net_options *options_of(const struct connection *connection)
{
    return &connection->thread->net->options;
}

static const struct net_live *live_of(const struct connection *connection)
{
    return connection->thread->live;
}

static const struct net_handler *handler_of(const struct connection *connection)
{
    return &connection->thread->net->handler;
}

static uint32_t in_ticks(const struct connection *connection, uint32_t ms)
{
    return connection->thread->tick + thread_ticks(ms);
}

void connection_opened(struct connection *connection, const uint8_t exporter[WIRE_EXPORTER_BYTES])
{
    const struct net_handler *handler = handler_of(connection);
    struct net_opened opened = {.connection = connection->id, .source = connection->source};
    CHECK(connection->state == CONNECTION_ACCEPTED);
    memcpy(opened.exporter, exporter, sizeof opened.exporter);
    connection->state = CONNECTION_OPEN;
    connection->heard_tick = connection->thread->tick;
    thread_count(connection->thread, NET_COUNT_OPENED, 1);
    handler->on_open(handler->state, &opened, &connection->user);
}

static uint16_t end_with(struct connection *connection, enum net_count count,
                         enum net_close_code code)
{
    thread_count(connection->thread, count, 1);
    connection_end(connection);
    return (uint16_t)code;
}

static void pause_reading(struct connection *connection)
{
    if (!connection->paused) {
        connection->paused = true;
        ws_set_reading(connection, false);
        thread_count(connection->thread, NET_COUNT_PAUSED, 1);
    }
}

static bool must_wait(const struct connection *connection)
{
    return connection->closing || connection->thread->quiesced ||
           connection->owed >= live_of(connection)->owed_max;
}

/* Hands the waiting frame up. False: there is still no room for it. */
static bool offer(struct connection *connection)
{
    const struct net_handler *handler = handler_of(connection);
    if (!handler->on_message(handler->state, connection->id, &connection->user, connection->offered,
                             connection->offered_size)) {
        return false;
    }
    connection->offered = NULL;
    connection->owed++;
    thread_count(connection->thread, NET_COUNT_FRAMES_IN, 1);
    return true;
}

static enum status take_next(struct connection *connection, struct span rest)
{
    size_t before = rest.size;
    struct span frame;
    enum status status = packing_next(&rest, &frame);
    if (status != STATUS_OK) {
        return status;
    }
    connection->offered = malloc(frame.size);
    if (connection->offered == NULL) {
        return STATUS_NO_MEMORY;
    }
    memcpy(connection->offered, frame.data, frame.size);
    trace_frame(TRACE_IN, connection->id, frame);
    connection->offered_size = frame.size;
    inbound_took(&connection->in, before - rest.size);
    return STATUS_OK;
}

/* Delivers whole frames until none is left or the next one must wait. */
static uint16_t deliver(struct connection *connection)
{
    while (!must_wait(connection)) {
        if (connection->offered != NULL && !offer(connection)) {
            pause_reading(connection);
            slots_hold(connection);
            return 0;
        }
        if (must_wait(connection)) {
            break;
        }
        struct span rest = inbound_rest(&connection->in);
        if (rest.size == 0) {
            if (connection->paused) {
                connection->paused = false;
                ws_set_reading(connection, true);
            }
            return 0;
        }
        enum status status = take_next(connection, rest);
        if (status == STATUS_NO_MEMORY) {
            return end_with(connection, NET_COUNT_CLOSED_INBOX, NET_CLOSE_TRY_LATER);
        }
        if (status != STATUS_OK) {
            return end_with(connection, NET_COUNT_CLOSED_MALFORMED, NET_CLOSE_PROTOCOL);
        }
    }
    pause_reading(connection);
    return 0;
}

static uint16_t end_for(struct connection *connection, enum status inbound_status)
{
    if (inbound_status == STATUS_TOO_LARGE) {
        return end_with(connection, NET_COUNT_CLOSED_TOO_LARGE, NET_CLOSE_TOO_LARGE);
    }
    if (inbound_status == STATUS_BUSY) {
        return end_with(connection, NET_COUNT_CLOSED_FRAGMENTS, NET_CLOSE_POLICY);
    }
    return end_with(connection, NET_COUNT_CLOSED_INBOX, NET_CLOSE_TRY_LATER);
}

/* Runs from a message's first part to its last, however many come between. */
static void set_message_deadline(struct connection *connection, bool whole)
{
    if (whole && connection->message_deadline != 0) {
        connection->message_deadline = 0;
        slots_set_deadline(connection);
    } else if (!whole && connection->message_deadline == 0) {
        connection->message_deadline =
            in_ticks(connection, live_of(connection)->message_timeout_ms);
        slots_set_deadline(connection);
    }
}

uint16_t connection_received(struct connection *connection, const struct inbound_part *part,
                             bool binary)
{
    const struct inbound_limits limits = {
        .message_bytes_max = connection->message_bytes_max,
        .fragments_max = options_of(connection)->fragments_max,
    };
    connection_heard(connection);
    if (connection->state != CONNECTION_OPEN || connection->closing) {
        return 0;
    }
    if (!binary) {
        return end_with(connection, NET_COUNT_CLOSED_NOT_BINARY, NET_CLOSE_NOT_BINARY);
    }
    if (connection->offered != NULL || inbound_rest(&connection->in).size > 0) {
        /* Its reading was stopped; the library does not read on then. */
        return end_with(connection, NET_COUNT_CLOSED_MALFORMED, NET_CLOSE_TRY_LATER);
    }
    bool whole = false;
    enum status status = inbound_add(&connection->in, &limits, part, &whole);
    if (status != STATUS_OK) {
        return end_for(connection, status);
    }
    set_message_deadline(connection, whole);
    if (!whole) {
        return 0;
    }
    if (inbound_rest(&connection->in).size == 0) {
        return end_with(connection, NET_COUNT_CLOSED_MALFORMED, NET_CLOSE_PROTOCOL);
    }
    return deliver(connection);
}

void connection_heard(struct connection *connection)
{
    connection->heard_tick = connection->thread->tick;
    connection->ping_sent = false;
}

uint16_t connection_sent(struct connection *connection, const struct outbound_piece *piece)
{
    if (connection->state != CONNECTION_OPEN) {
        return 0;
    }
    if (piece->packed.size > 0) {
        thread_count(connection->thread, NET_COUNT_FRAMES_OUT, piece->frames);
        if (piece->packed.last) {
            thread_count(connection->thread, NET_COUNT_MESSAGES_OUT, 1);
        }
    }
    /* The count never goes below zero, even if the layer above answers too often. */
    connection->owed -= piece->answers < connection->owed ? piece->answers : connection->owed;
    if (connection->paused) {
        if (piece->packed.size > 0) {
            /* While it is not read, taking what we send is its sign of life. */
            connection_heard(connection);
        }
        return deliver(connection);
    }
    return 0;
}

static void admit(struct connection *connection, uint32_t message_bytes_max)
{
    if (!connection->admitted && !connection->closing) {
        connection->phase_deadline = in_ticks(connection, live_of(connection)->ping_after_ms);
        slots_set_deadline(connection);
    }
    connection->admitted = true;
    if (message_bytes_max > connection->message_bytes_max) {
        connection->message_bytes_max = message_bytes_max;
    }
}

bool connection_take(struct connection *connection, struct outbound_item *item)
{
    enum outbound_kind kind = item->kind;
    if (kind == OUTBOUND_ADMIT) {
        admit(connection, item->value);
    }
    if (kind == OUTBOUND_ADMIT || kind == OUTBOUND_CUT || connection->closing) {
        outbound_item_free(item);
        return kind != OUTBOUND_CUT;
    }
    if (item->size > options_of(connection)->queued_bytes_max - connection->out.queued_bytes) {
        thread_count(connection->thread, NET_COUNT_CLOSED_SLOW_READER, 1);
        outbound_item_free(item);
        return false;
    }
    outbound_add(&connection->out, item);
    if (kind == OUTBOUND_CLOSE) {
        connection_set_closing(connection);
    }
    return true;
}

static bool silent(struct connection *connection)
{
    uint32_t ping_after = thread_ticks(live_of(connection)->ping_after_ms);
    uint32_t now = connection->thread->tick;
    if (connection->paused && outbound_is_empty(&connection->out)) {
        /* The peer waits for us, so its silence proves nothing. */
        connection->heard_tick = now;
    }
    if (now - connection->heard_tick < ping_after) {
        connection->phase_deadline = connection->heard_tick + ping_after;
        return false;
    }
    if (connection->ping_sent) {
        return true;
    }
    connection->ping_sent = true;
    connection->ping_wanted = true;
    connection->phase_deadline = now + ping_after;
    ws_want_write(connection);
    return false;
}

bool connection_timed_out(struct connection *connection)
{
    uint32_t now = connection->thread->tick;
    if (connection->state == CONNECTION_ENDED || connection->closing) {
        return false;
    }
    if (connection->message_deadline != 0 && connection->message_deadline <= now) {
        thread_count(connection->thread, NET_COUNT_CLOSED_SLOW_MESSAGE, 1);
        return false;
    }
    if (!connection->admitted) {
        thread_count(connection->thread, NET_COUNT_CLOSED_LOGIN, 1);
        return false;
    }
    if (silent(connection)) {
        thread_count(connection->thread, NET_COUNT_CLOSED_SILENT, 1);
        return false;
    }
    slots_set_deadline(connection);
    return true;
}

void connection_set_closing(struct connection *connection)
{
    connection->closing = true;
    connection->message_deadline = 0;
    connection->phase_deadline = in_ticks(connection, live_of(connection)->login_timeout_ms);
    slots_set_deadline(connection);
    if (connection->state == CONNECTION_OPEN && !connection->paused) {
        connection->paused = true;
        ws_set_reading(connection, false);
    }
}

void connection_end(struct connection *connection)
{
    const struct net_handler *handler = handler_of(connection);
    bool was_open = connection->state == CONNECTION_OPEN;
    if (connection->state == CONNECTION_ENDED) {
        return;
    }
    connection->state = CONNECTION_ENDED;
    outbound_clear(&connection->out);
    inbound_clear(&connection->in);
    free(connection->offered);
    connection->offered = NULL;
    connection->message_deadline = 0;
    connection->phase_deadline = in_ticks(connection, LINGER_MS);
    slots_set_deadline(connection);
    if (was_open) {
        handler->on_closed(handler->state, connection->id, connection->user);
        connection->user = NULL;
    }
}
