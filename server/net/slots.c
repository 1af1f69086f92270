#include "server/net/slots.h"

#include "server/net/connection.h"
#include "server/net/live.h"
#include "server/net/ws.h"

/* A connection's number: sequence ‖ slot ‖ thread. 38 bits of sequence last 8 years
 * of one process at 1,000 connections a second, so a number never comes again. */
#define THREAD_BITS 6u
#define SLOT_BITS   20u
#define SLOT_MASK   ((UINT64_C(1) << SLOT_BITS) - 1)

_Static_assert(NET_THREADS_MAX == 1u << THREAD_BITS, "a thread's index fits its bits");

static uint32_t slot_of(uint64_t id)
{
    return (uint32_t)((id >> THREAD_BITS) & SLOT_MASK);
}

struct connection *slots_at(struct net_thread *thread, uint32_t slot)
{
    return thread->slots[slot].connection;
}

struct connection *slots_open(struct net_thread *thread)
{
    if (thread->free_count == 0) {
        return NULL;
    }
    struct connection *connection;
    connection = calloc(1, sizeof *connection);
    if (connection == NULL) {
        return NULL;
    }
    uint32_t slot = thread->free_slots[--thread->free_count];
    connection->id = thread->sequence++ << (SLOT_BITS + THREAD_BITS) |
                     (uint64_t)slot << THREAD_BITS | thread->index;
    connection->thread = thread;
    connection->message_bytes_max = thread->net->options.message_bytes_max;
    connection->phase_deadline = thread->tick + thread_ticks(thread->live->login_timeout_ms);
    thread->slots[slot].connection = connection;
    slots_set_deadline(connection);
    thread_count(thread, NET_COUNT_ACCEPTED, 1);
    return connection;
}

void slots_close(struct connection *connection)
{
    struct net_thread *thread = connection->thread;
    uint32_t slot = slot_of(connection->id);
    CHECK(connection->state == CONNECTION_ENDED);
    CHECK(thread->slots[slot].connection == connection);
    thread->slots[slot] = (struct slot){.connection = NULL};
    thread->free_slots[thread->free_count++] = slot;
    addresses_leave(thread->net->addresses, &connection->address);
    thread_count(thread, NET_COUNT_GONE, 1);
    free(connection);
}

struct connection *slots_find(struct net_thread *thread, uint64_t id)
{
    uint32_t slot = slot_of(id);
    if (slot >= thread->slot_count) {
        return NULL;
    }
    struct connection *connection = slots_at(thread, slot);
    if (connection == NULL || connection->id != id || connection->state != CONNECTION_OPEN) {
        return NULL;
    }
    return connection;
}

void slots_set_deadline(struct connection *connection)
{
    uint32_t deadline = connection->phase_deadline;
    if (connection->message_deadline != 0 &&
        (deadline == 0 || connection->message_deadline < deadline)) {
        deadline = connection->message_deadline;
    }
    connection->thread->slots[slot_of(connection->id)].deadline = deadline;
}

/* Each held connection gets a chance to write, in which its frame is offered
 * again: within the library's own callback, so that reading can go on from there. */
void slots_retry_held(struct net_thread *thread)
{
    for (uint32_t i = 0; i < thread->held_count; i++) {
        struct connection *connection = slots_find(thread, thread->held[i]);
        if (connection != NULL) {
            connection->held = false;
            ws_want_write(connection);
        }
    }
    thread->held_count = 0;
}

void slots_hold(struct connection *connection)
{
    struct net_thread *thread = connection->thread;
    if (!connection->held) {
        if (thread->held_count == thread->slot_count) {
            /* Numbers of connections that are gone fill it up. */
            slots_retry_held(thread);
        }
        connection->held = true;
        thread->held[thread->held_count++] = connection->id;
    }
}

/* Each connection is noted once. No connection is opened while the inbox is emptied, and one
 * that goes leaves its number in the list, so there are never more numbers than slots. */
void slots_note_fresh(struct connection *connection)
{
    struct net_thread *thread = connection->thread;
    if (!connection->fresh && thread->fresh_count < thread->slot_count) {
        connection->fresh = true;
        thread->fresh[thread->fresh_count++] = connection->id;
    } else if (!connection->fresh) {
        ws_want_write(connection);
    }
}

/* Writes what came in together as one message, at once: the socket is nearly always
 * ready, and asking the kernel first would cost three more system calls. */
void slots_send_fresh(struct net_thread *thread)
{
    for (uint32_t i = 0; i < thread->fresh_count; i++) {
        struct connection *connection = slots_find(thread, thread->fresh[i]);
        if (connection != NULL) {
            connection->fresh = false;
            ws_write_now(connection);
        }
    }
    thread->fresh_count = 0;
}

enum status slots_init(struct net_thread *thread, uint32_t count)
{
    CHECK(count > 0 && count <= SLOT_MASK);
    thread->slots = calloc(count, sizeof *thread->slots);
    thread->free_slots = calloc(count, sizeof *thread->free_slots);
    thread->held = calloc(count, sizeof *thread->held);
    thread->fresh = calloc(count, sizeof *thread->fresh);
    if (thread->slots == NULL || thread->free_slots == NULL || thread->held == NULL ||
        thread->fresh == NULL) {
        return STATUS_NO_MEMORY;
    }
    /* The lowest slots are used first, so that a tick reads few pages. */
    for (uint32_t i = 0; i < count; i++) {
        thread->free_slots[i] = count - 1 - i;
    }
    thread->slot_count = count;
    thread->free_count = count;
    return STATUS_OK;
}

void slots_deinit(struct net_thread *thread)
{
    free(thread->slots);
    free(thread->free_slots);
    free(thread->held);
    free(thread->fresh);
}
