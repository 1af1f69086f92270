#include "client/agent/host_internal.h"

#include "client/agent/clock.h"
#include "client/agent/trouble.h"
#include "keys/private/keystore.h"
#include "keys/public/bytes/random.h"
#include "proto/address.h"

/* A connection that lasted so long without work was well: what went wrong before is forgotten. */
#define WELL_MS 20000u

void host_pump_out(struct host *host)
{
    struct span frame;
    while (wire_is_open(host->wire) && engine_next_frame(host->engine, &frame)) {
        if (wire_send(host->wire, frame) != STATUS_OK) {
            wire_close(host->wire);
            return;
        }
    }
}

static void on_open(void *state, const uint8_t exporter[WIRE_EXPORTER_BYTES])
{
    struct host *host = state;
    host->connecting = false;
    host->was_open = true;
    host->heard_ms = clock_awake_ms();
    host->why = NULL;
    engine_start(host->engine, exporter, clock_now_ms());
    host_pump_out(host);
}

static void on_frame(void *state, struct span frame)
{
    struct host *host = state;
    host->heard_ms = clock_awake_ms();
    if (engine_receive(host->engine, frame, clock_now_ms()) != STATUS_OK) {
        wire_close(host->wire);
        return;
    }
    host_pump_out(host);
}

static void note_end(struct host *host, enum wire_end end)
{
    uint64_t now_ms = clock_awake_ms();
    if (host->idle_ms != 0 && now_ms - host->idle_ms >= WELL_MS) {
        backoff_well(&host->backoff);
    }
    host->idle_ms = 0;
    uint8_t chance = 0;
    random_bytes(&chance, 1);
    struct engine_state state;
    engine_state(host->engine, &state);
    backoff_failed(&host->backoff, trouble_of(host->was_open, state.phase, state.why, end), now_ms,
                   chance);
    host->was_open = false;
}

static void on_closed(void *state, const struct wire_closed *closed)
{
    static const struct hash none;
    struct host *host = state;
    struct hash now;
    struct hash next;
    engine_tls_pins(host->engine, &now, &next);
    if (closed->why == WIRE_END_WRONG_KEY && host->pin == PIN_NOW && !ID_EQUAL(&next, &none)) {
        host->pin = PIN_NEXT_WANTED;
    }
    host->connecting = host->pin == PIN_NEXT_WANTED;
    host->why = closed->text;
    if (!host->connecting) {
        note_end(host, closed->why);
    }
    engine_stop(host->engine);
}

void host_wire_handler(struct host *host, struct wire_handler *out_handler)
{
    *out_handler = (struct wire_handler){host, on_open, on_frame, on_closed};
}

static enum status connect_with(struct host *host)
{
    struct keystore_content *content = keystore_content(host->keystore);
    struct address address;
    enum status status = address_of_server(content->address, &address);
    if (status != STATUS_OK) {
        return status;
    }
    struct hash pins[2];
    engine_tls_pins(host->engine, &pins[0], &pins[1]);
    status =
        wire_connect(host->wire, address.host, address.port, &pins[host->pin == PIN_NEXT ? 1 : 0]);
    host->connecting = status == STATUS_OK;
    host->why = NULL;
    return status;
}

enum status host_connect(struct host *host)
{
    if (host->connecting || wire_is_open(host->wire)) {
        return STATUS_OK;
    }
    host->pin = PIN_NOW;
    return connect_with(host);
}

enum status host_try_next_pin(struct host *host)
{
    if (host->pin != PIN_NEXT_WANTED) {
        return STATUS_OK;
    }
    host->pin = PIN_NEXT;
    host->connecting = false;
    return connect_with(host);
}

enum status host_stay_connected(struct host *host)
{
    if (!backoff_over(&host->backoff, clock_awake_ms()) || engine_alarm_count(host->engine) > 0) {
        return STATUS_OK;
    }
    return host_connect(host);
}

bool host_online(const struct host *host)
{
    return wire_is_open(host->wire);
}

const char *host_why(const struct host *host)
{
    struct engine_state state;
    engine_state(host->engine, &state);
    if (state.phase == ENGINE_STOPPED && state.why == STATUS_READ_ONLY) {
        return "The server was set back to an earlier state, and takes and hands out nothing until "
               "whoever runs it has put that right.";
    }
    return host->why != NULL || !state.put_off
               ? host->why
               : "The server puts this device off, since it was asked for more within an hour "
                 "than it takes from one person. It is asked again by itself.";
}

void host_stop_when(struct host *host, const volatile sig_atomic_t *flag)
{
    host->stop = flag;
}

bool host_asked_just_now(const struct host *host)
{
    return !host->connecting && !wire_is_open(host->wire) &&
           host->backoff.trouble >= BACKOFF_DAMAGED &&
           clock_awake_ms() < host->backoff.failed_ms + HOST_ASKED_MS;
}
