#include "server/net/thread.h"

#include <signal.h>
#include <unistd.h>

#include "server/log/log.h"
#include "server/net/connection.h"
#include "server/net/live.h"
#include "server/net/slots.h"
#include "server/net/ws.h"

/* The thread that runs here, so that its own posts need no wake-up. */
static _Thread_local struct net_thread *current_thread;

uint32_t thread_ticks(uint32_t ms)
{
    return ms / NET_TICK_MS + 1;
}

void thread_count(struct net_thread *thread, enum net_count count, uint64_t by)
{
    (void)atomic_fetch_add_explicit(&thread->counts[count], by, memory_order_relaxed);
}

void thread_wake(struct net_thread *thread)
{
    if (current_thread != thread) {
        ev_async_send(thread->loop, &thread->wake);
    }
}

void thread_post(struct net_thread *thread, struct outbound_item *item)
{
    bool was_empty = false;
    if (inbox_push(&thread->inbox, item, &was_empty) != STATUS_OK) {
        struct outbound_item *cut = calloc(1, sizeof *cut);
        thread_count(thread, NET_COUNT_CLOSED_INBOX, 1);
        if (cut == NULL) {
            atomic_store(&thread->lost_answer, true);
        } else {
            cut->connection = item->connection;
            cut->kind = OUTBOUND_CUT;
            CHECK(inbox_push(&thread->inbox, cut, &was_empty) == STATUS_OK);
        }
        outbound_item_free(item);
    }
    if (was_empty) {
        thread_wake(thread);
    }
}

static void cut_all(struct net_thread *thread)
{
    for (uint32_t slot = 0; slot < thread->slot_count; slot++) {
        if (slots_at(thread, slot) != NULL) {
            ws_cut(slots_at(thread, slot));
        }
    }
}

static void empty_inbox(struct net_thread *thread)
{
    struct outbound_item *item = inbox_take(&thread->inbox);
    if (item != NULL && thread->held_count > 0) {
        slots_retry_held(thread);
    }
    while (item != NULL) {
        struct outbound_item *next = item->next;
        struct connection *connection = slots_find(thread, item->connection);
        if (connection == NULL) {
            outbound_item_free(item);
        } else if (!connection_take(connection, item)) {
            ws_cut(connection);
        } else {
            slots_note_fresh(connection);
        }
        item = next;
    }
    slots_send_fresh(thread);
    if (atomic_exchange(&thread->lost_answer, false)) {
        cut_all(thread);
    }
}

/* No new peers, nothing read; those still shaking hands are sent away. */
static void quiesce(struct net_thread *thread)
{
    thread->quiesced = true;
    ws_stop_listening(thread);
    for (uint32_t slot = 0; slot < thread->slot_count; slot++) {
        struct connection *connection = slots_at(thread, slot);
        if (connection != NULL && connection->state == CONNECTION_ACCEPTED) {
            ws_cut(connection);
        } else if (connection != NULL && connection->state == CONNECTION_OPEN &&
                   !connection->paused) {
            connection->paused = true;
            ws_set_reading(connection, false);
        }
    }
}

static void say_goodbye(struct connection *connection)
{
    struct outbound_item *item = calloc(1, sizeof *item);
    if (item == NULL) {
        ws_cut(connection);
        return;
    }
    item->kind = OUTBOUND_CLOSE;
    item->connection = connection->id;
    item->value = NET_CLOSE_GOING_AWAY;
    if (!connection_take(connection, item)) {
        ws_cut(connection);
    } else {
        ws_want_write(connection);
    }
}

static void begin_stop(struct net_thread *thread, uint32_t after_ticks)
{
    thread->stop_tick = thread->tick + after_ticks;
    for (uint32_t slot = 0; slot < thread->slot_count; slot++) {
        struct connection *connection = slots_at(thread, slot);
        if (connection != NULL && connection->state == CONNECTION_OPEN) {
            say_goodbye(connection);
        }
    }
}

static void follow_orders(struct net_thread *thread)
{
    uint32_t stop_after = atomic_load(&thread->net->stop_after_ticks);
    if (!thread->quiesced && (atomic_load(&thread->net->quiesce) || stop_after != 0)) {
        quiesce(thread);
    }
    if (stop_after != 0 && thread->stop_tick == 0) {
        begin_stop(thread, stop_after);
    }
    if (thread->stop_tick != 0) {
        if (thread->tick >= thread->stop_tick) {
            cut_all(thread);
        }
        if (thread->free_count == thread->slot_count) {
            ev_break(thread->loop, EVBREAK_ALL);
        }
    }
}

static struct net_thread *thread_of(void *data)
{
    return data;
}

/* Runs before the loop would sleep: no library callback is on the stack here. */
static void on_prepare(struct ev_loop *loop, ev_prepare *watcher, int events)
{
    struct net_thread *thread = thread_of(watcher->data);
    (void)loop;
    (void)events;
    if (!live_take(thread)) {
        log_line(LOG_LEVEL_ERROR,
                 "a thread could not take the new certificate and shows the old one");
    }
    empty_inbox(thread);
    follow_orders(thread);
}

static void on_wake(struct ev_loop *loop, ev_async *watcher, int events)
{
    /* Only ends the sleep; on_prepare does the work. */
    (void)loop;
    (void)watcher;
    (void)events;
}

#define TICKS_A_SECOND (1000u / NET_TICK_MS)

static void on_tick(struct ev_loop *loop, ev_timer *watcher, int events)
{
    struct net_thread *thread = thread_of(watcher->data);
    (void)loop;
    (void)events;
    thread->tick++;
    for (uint32_t slot = 0; slot < thread->slot_count; slot++) {
        struct connection *connection = slots_at(thread, slot);
        /* Each once a second, in turn: nothing tells of it, and to look costs a little. */
        if (slot % TICKS_A_SECOND == thread->tick % TICKS_A_SECOND && connection != NULL &&
            ws_closes_itself(connection)) {
            connection_end(connection);
        }
        if (thread->slots[slot].deadline != 0 && thread->slots[slot].deadline <= thread->tick &&
            !connection_timed_out(connection)) {
            ws_cut(connection);
        }
    }
    if (thread->held_count > 0) {
        slots_retry_held(thread);
    }
}

enum status thread_init(struct net_thread *thread, struct net *net, uint32_t index)
{
    const double tick_s = NET_TICK_MS / 1000.0;
    thread->net = net;
    CHECK(live_take(thread));
    thread->index = index;
    thread->tick = 1;
    thread->sequence = 1;
    thread->loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
    if (thread->loop == NULL) {
        return STATUS_NO_MEMORY;
    }
    ev_async_init(&thread->wake, on_wake);
    ev_prepare_init(&thread->prepare, on_prepare);
    ev_timer_init(&thread->ticker, on_tick, tick_s, tick_s);
    thread->wake.data = thread;
    thread->prepare.data = thread;
    thread->ticker.data = thread;
    ev_async_start(thread->loop, &thread->wake);
    ev_prepare_start(thread->loop, &thread->prepare);
    ev_timer_start(thread->loop, &thread->ticker);
    return slots_init(thread, net->options.connections_max);
}

static void *run(void *data)
{
    struct net_thread *thread = data;
    current_thread = thread;
    (void)ev_run(thread->loop, 0);
    return NULL;
}

enum status thread_start(struct net_thread *thread)
{
    /* Signals are the main thread's business (sigwait). */
    sigset_t all;
    (void)sigfillset(&all);
    sigset_t before;
    CHECK(pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
    int error = pthread_create(&thread->pthread, NULL, run, thread);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    if (error != 0) {
        return STATUS_IO;
    }
    thread->started = true;
    return STATUS_OK;
}

void thread_join(struct net_thread *thread)
{
    if (thread->started) {
        CHECK(pthread_join(thread->pthread, NULL) == 0);
    }
    ws_free(thread);
    if (thread->loop != NULL) {
        ev_loop_destroy(thread->loop);
    }
    if (thread->listen_fd >= 0) {
        (void)close(thread->listen_fd);
    }
    if (thread->spare_fd >= 0) {
        (void)close(thread->spare_fd);
    }
    inbox_deinit(&thread->inbox);
    live_deinit(thread);
    slots_deinit(thread);
}
