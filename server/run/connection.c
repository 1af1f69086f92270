#include "server/run/connection.h"

struct run_connection *run_connection_new(uint64_t number, const uint8_t exporter[32],
                                          const uint8_t source[CORE_SOURCE_BYTES])
{
    struct run_connection *connection = calloc(1, sizeof(*connection));

    if (connection == NULL) {
        return NULL;
    }
    atomic_init(&connection->references, 1);
    atomic_init(&connection->admitted, false);
    atomic_init(&connection->losses, 0);
    connection->number = number;
    memcpy(connection->source, source, CORE_SOURCE_BYTES);
    memcpy(connection->login.exporter, exporter, 32);
    return connection;
}

void run_connection_hold(struct run_connection *connection)
{
    (void)atomic_fetch_add(&connection->references, 1);
}

void run_connection_drop(struct run_connection *connection)
{
    if (connection != NULL && atomic_fetch_sub(&connection->references, 1) == 1) {
        free(connection->sections);
        free(connection);
    }
}

uint64_t run_connection_number(const struct run_connection *connection)
{
    return connection->number;
}

const uint8_t *run_connection_source(const struct run_connection *connection)
{
    return connection->source;
}

const struct core_peer *run_connection_peer(const struct run_connection *connection)
{
    return atomic_load_explicit(&connection->admitted, memory_order_acquire) ? &connection->peer
                                                                             : NULL;
}

struct core_login *run_connection_login(struct run_connection *connection)
{
    return &connection->login;
}

uint64_t run_connection_losses(const struct run_connection *connection)
{
    return atomic_load(&connection->losses);
}

/* Subscribers of one section, indexed by its local number. */
struct listeners {
    struct run_connection **list;
    size_t count;
    size_t room;
};

struct roll {
    struct run_connection *first;
    struct listeners *sections;
    size_t section_room;
};

enum status roll_new(struct roll **out_roll)
{
    *out_roll = calloc(1, sizeof(**out_roll));
    return *out_roll == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

void roll_free(struct roll *roll)
{
    if (roll == NULL) {
        return;
    }
    while (roll->first != NULL) {
        roll_leave(roll, roll->first);
    }
    for (size_t i = 0; i < roll->section_room; i++) {
        free(roll->sections[i].list);
    }
    free(roll->sections);
    free(roll);
}

struct run_connection *roll_first(struct roll *roll)
{
    return roll->first;
}

void roll_enter(struct roll *roll, struct run_connection *connection, const struct core_peer *peer)
{
    run_connection_hold(connection);
    connection->peer = *peer;
    connection->previous = NULL;
    connection->next = roll->first;
    if (roll->first != NULL) {
        roll->first->previous = connection;
    }
    roll->first = connection;
    connection->listed = true;
    atomic_store_explicit(&connection->admitted, true, memory_order_release);
}

static void unlisten(struct roll *roll, const struct run_connection *connection,
                     uint32_t section_local)
{
    struct listeners *listeners = &roll->sections[section_local];

    for (size_t i = 0; i < listeners->count; i++) {
        if (listeners->list[i] == connection) {
            listeners->list[i] = listeners->list[--listeners->count];
            return;
        }
    }
}

static void unlisten_all(struct roll *roll, struct run_connection *connection)
{
    for (size_t i = 0; i < connection->section_count; i++) {
        unlisten(roll, connection, connection->sections[i]);
    }
    free(connection->sections);
    connection->sections = NULL;
    connection->section_count = 0;
}

void roll_leave(struct roll *roll, struct run_connection *connection)
{
    if (!connection->listed) {
        return;
    }
    connection->listed = false;
    unlisten_all(roll, connection);
    if (connection->previous != NULL) {
        connection->previous->next = connection->next;
    } else {
        roll->first = connection->next;
    }
    if (connection->next != NULL) {
        connection->next->previous = connection->previous;
    }
    connection->next = NULL;
    connection->previous = NULL;
    run_connection_drop(connection);
}

static enum status listeners_room(struct roll *roll, uint32_t section_local)
{
    struct listeners *listeners;

    if (section_local >= roll->section_room) {
        size_t room = (size_t)section_local + 64;
        struct listeners *grown = realloc(roll->sections, room * sizeof(*grown));

        if (grown == NULL) {
            return STATUS_NO_MEMORY;
        }
        memset(grown + roll->section_room, 0, (room - roll->section_room) * sizeof(*grown));
        roll->sections = grown;
        roll->section_room = room;
    }
    listeners = &roll->sections[section_local];
    if (listeners->count == listeners->room) {
        size_t room = listeners->room == 0 ? 4 : listeners->room * 2;
        struct run_connection **grown =
            realloc(listeners->list, room * sizeof(struct run_connection *));

        if (grown == NULL) {
            return STATUS_NO_MEMORY;
        }
        listeners->list = grown;
        listeners->room = room;
    }
    return STATUS_OK;
}

enum status roll_subscribe(struct roll *roll, struct run_connection *connection, uint32_t *sections,
                           size_t count)
{
    if (!connection->listed) {
        free(sections);
        return STATUS_OK;
    }
    unlisten_all(roll, connection);
    connection->sections = sections;
    for (size_t i = 0; i < count; i++) {
        enum status status = listeners_room(roll, sections[i]);
        struct listeners *listeners;

        if (status != STATUS_OK) {
            return status;
        }
        listeners = &roll->sections[sections[i]];
        listeners->list[listeners->count++] = connection;
        connection->section_count = i + 1;
    }
    return STATUS_OK;
}

void roll_unsubscribe(struct roll *roll, struct run_connection *connection, uint32_t section_local)
{
    for (size_t i = 0; i < connection->section_count; i++) {
        if (connection->sections[i] == section_local) {
            unlisten(roll, connection, section_local);
            connection->sections[i] = connection->sections[--connection->section_count];
            return;
        }
    }
}

struct run_connection *const *roll_subscribers(const struct roll *roll, uint32_t section_local,
                                               size_t *out_count)
{
    if (section_local >= roll->section_room) {
        *out_count = 0;
        return NULL;
    }
    *out_count = roll->sections[section_local].count;
    return roll->sections[section_local].list;
}
