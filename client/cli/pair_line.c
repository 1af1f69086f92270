#include "client/cli/pair_line.h"

#include "client/agent/clock.h"
#include "proto/address.h"

#define STEP_MS  100u
#define ASK_MS   500u  /* between two asks whether the other side has answered */
#define AGAIN_MS 1000u /* between two connections */

static void start(struct pair_line *line)
{
    if (line->old != NULL) {
        pair_old_start(line->old);
    } else {
        pair_new_start(line->new_one);
    }
}

static enum status ask(struct pair_line *line)
{
    return line->old != NULL ? pair_old_poll(line->old) : pair_new_poll(line->new_one);
}

static bool next_frame(struct pair_line *line, struct span *out_frame)
{
    return line->old != NULL ? pair_old_next_frame(line->old, out_frame)
                             : pair_new_next_frame(line->new_one, out_frame);
}

bool pair_line_settled(struct pair_line *line)
{
    return line->old != NULL ? pair_old_settled(line->old) : pair_new_settled(line->new_one);
}

static void pump(struct pair_line *line)
{
    struct span frame;
    while (wire_is_open(line->wire) && next_frame(line, &frame)) {
        if (wire_send(line->wire, frame) != STATUS_OK) {
            wire_close(line->wire);
            return;
        }
    }
}

static void on_open(void *state, const uint8_t exporter[WIRE_EXPORTER_BYTES])
{
    struct pair_line *line = state;
    (void)exporter;
    line->why = NULL;
    start(line);
}

/* A server that is busy, or that cannot answer now, is asked again; nothing that it says in between
 * ends what two people began. */
static void on_frame(void *state, struct span frame)
{
    struct pair_line *line = state;
    if (line->status != STATUS_OK) {
        return;
    }
    enum status status = line->old != NULL ? pair_old_receive(line->old, frame)
                                           : pair_new_receive(line->new_one, frame);
    if (status != STATUS_BUSY && status != STATUS_UNAVAILABLE) {
        line->status = status;
    }
    pump(line);
}

static void on_closed(void *state, const struct wire_closed *closed)
{
    struct pair_line *line = state;
    static const struct hash none;
    line->busy = false;
    line->again_ms = clock_awake_ms() + AGAIN_MS;
    if (closed->why == WIRE_END_WRONG_KEY) {
        bool other = line->pin == 0 && !ID_EQUAL(&line->pins[1], &none);
        line->pin = other ? 1 : line->pin;
        line->status = other ? line->status : STATUS_WRONG_KEY;
    } else if (closed->why == WIRE_END_SERVER || closed->why == WIRE_END_LOST ||
               closed->why == WIRE_END_ASKED) {
        line->again_ms = clock_awake_ms() + STEP_MS; /* it had served us */
    } else {
        line->why = closed->text;
    }
}

void pair_line_deinit(struct pair_line *line)
{
    wire_free(line->wire);
    line->wire = NULL;
}

static enum status connect_anew(struct pair_line *line)
{
    struct wire_handler handler = {line, on_open, on_frame, on_closed};
    struct address address;
    enum status status = address_of_server(line->address, &address);
    if (status == STATUS_OK && line->wire == NULL) {
        struct wire_options options;
        wire_options_default(&options);
        status = wire_new(&options, &handler, &line->wire);
    }
    if (status == STATUS_OK) {
        line->busy = true;
        status = wire_connect(line->wire, address.host, address.port, &line->pins[line->pin]);
    }
    return status;
}

static enum status step(struct pair_line *line)
{
    uint64_t now_ms = clock_awake_ms();
    enum status status = STATUS_OK;
    if (!line->busy && now_ms >= line->again_ms) {
        status = connect_anew(line);
    }
    if (status == STATUS_OK && now_ms >= line->asked_ms + ASK_MS) {
        line->asked_ms = now_ms;
        status = ask(line);
        pump(line);
    }
    if (status == STATUS_OK && line->wire != NULL) {
        status = wire_service(line->wire, STEP_MS);
    }
    return status;
}

enum status pair_line_until(struct pair_line *line, bool (*done)(struct pair_line *line),
                            uint64_t timeout_ms)
{
    uint64_t end_ms = clock_awake_ms() + timeout_ms;
    line->asked_ms = 0; /* there is something new to say */
    while (line->status == STATUS_OK && !done(line)) {
        if (clock_awake_ms() >= end_ms) {
            return line->why == NULL ? STATUS_BUSY : STATUS_OFFLINE;
        }
        enum status status = step(line);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return line->status;
}
