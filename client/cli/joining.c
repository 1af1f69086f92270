#include "client/cli/joining.h"

#include "client/agent/clock.h"
#include "proto/address.h"

#define JOIN_TIMEOUT_MS 20000u
#define STEP_MS         100u

static void pump(struct joining *joining)
{
    struct span frame;
    while (wire_is_open(joining->wire) && join_next_frame(joining->join, &frame)) {
        if (wire_send(joining->wire, frame) != STATUS_OK) {
            wire_close(joining->wire);
            return;
        }
        joining->enrol_sent |= join_phase(joining->join) == JOIN_ENROLLING;
    }
}

static void on_open(void *state, const uint8_t exporter[WIRE_EXPORTER_BYTES])
{
    struct joining *joining = state;
    (void)exporter;
    join_start(joining->join);
    pump(joining);
}

static void on_frame(void *state, struct span frame)
{
    struct joining *joining = state;
    enum status status = join_receive(joining->join, frame, clock_now_ms());
    if (status != STATUS_OK) {
        joining->status = status;
        wire_close(joining->wire);
        return;
    }
    pump(joining);
}

static void on_closed(void *state, const struct wire_closed *closed)
{
    struct joining *joining = state;
    joining->why = closed->text;
    joining->closed = true;
}

static enum status step_to(struct joining *joining, enum join_phase phase)
{
    uint64_t end_ms = clock_awake_ms() + JOIN_TIMEOUT_MS;
    while (joining->status == STATUS_OK && join_phase(joining->join) != phase) {
        if (joining->closed) {
            return STATUS_OFFLINE;
        }
        if (clock_awake_ms() > end_ms) {
            return STATUS_BUSY;
        }
        pump(joining);
        enum status status = wire_service(joining->wire, STEP_MS);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return joining->status;
}

void joining_deinit(struct joining *joining)
{
    wire_free(joining->wire);
    joining->wire = NULL;
}

enum status joining_connect(struct joining *joining, enum join_phase phase)
{
    static const struct hash none;
    struct wire_handler handler = {joining, on_open, on_frame, on_closed};
    struct address address;
    enum status status = address_of_server(join_address(joining->join), &address);
    joining_deinit(joining);
    joining->closed = false;
    joining->why = NULL;
    struct wire_options options;
    wire_options_default(&options);
    if (status == STATUS_OK) {
        status = wire_new(&options, &handler, &joining->wire);
    }
    if (status == STATUS_OK) {
        status = wire_connect(joining->wire, address.host, address.port,
                              ID_EQUAL(&joining->pin, &none) ? NULL : &joining->pin);
    }
    return status == STATUS_OK ? step_to(joining, phase) : status;
}

/* The bundle is proved by the code; now the server must be the one that it names. */
bool joining_right_server(struct joining *joining)
{
    static const struct hash none;
    struct hash now;
    struct hash next;
    join_tls_pin(joining->join, &now, &next);
    struct hash found;
    wire_server_key(joining->wire, &found);
    if (!ID_EQUAL(&found, &now) && (ID_EQUAL(&next, &none) || !ID_EQUAL(&found, &next))) {
        return false;
    }
    joining->pin = found;
    return true;
}
