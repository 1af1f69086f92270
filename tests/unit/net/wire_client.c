#include "tests/unit/net/wire_client.h"
#include "tests/support/test.h"

#include <time.h>

struct client client;

static void on_open(void *state, const uint8_t exporter[WIRE_EXPORTER_BYTES])
{
    struct client *c = state;
    c->opened++;
    memcpy(c->exporter, exporter, WIRE_EXPORTER_BYTES);
}

/* The next chunk of a stream, whole and in its place. */
static void check_chunk(struct client *c, struct span frame)
{
    uint8_t number[PACKING_PREFIX_BYTES];
    packing_put_size(number, c->next_chunk);
    CHECK(frame.size == PACKING_FRAME_BYTES);
    CHECK(memcmp(frame.data, number, sizeof number) == 0);
    for (size_t i = sizeof number; i < frame.size; i++) {
        CHECK(frame.data[i] == (uint8_t)c->next_chunk);
    }
    c->next_chunk++;
}

static void on_frame(void *state, struct span frame)
{
    struct client *c = state;
    CHECK(frame.size <= sizeof c->last);
    c->frames++;
    c->bytes += frame.size;
    c->last_size = frame.size;
    memcpy(c->last, frame.data, frame.size);
    if (c->streaming) {
        check_chunk(c, frame);
    }
    if (c->close_on_frame) {
        wire_close(c->wire);
    }
}

static void on_closed(void *state, const struct wire_closed *closed)
{
    struct client *c = state;
    c->ended++;
    c->closed = *closed;
}

void client_new(const struct wire_options *options)
{
    const struct wire_handler handler = {
        .state = &client, .on_open = on_open, .on_frame = on_frame, .on_closed = on_closed};
    memset(&client, 0, sizeof client);
    assert_int_equal(wire_new(options, &handler, &client.wire), STATUS_OK);
}

static uint64_t now_ms(void)
{
    struct timespec now;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void client_run_until(const uint32_t *counter, uint32_t at_least)
{
    uint64_t end = now_ms() + 20000;
    while (*counter < at_least) {
        assert_true(now_ms() < end);
        assert_int_equal(wire_service(client.wire, 100), STATUS_OK);
    }
}

void client_open_to(struct fixture *fixture)
{
    assert_int_equal(wire_connect(client.wire, "127.0.0.1", net_port(fixture->net), &fixture->pin),
                     STATUS_OK);
    client_run_until(&client.opened, client.opened + 1);
    assert_true(wire_is_open(client.wire));
}

void client_set_up(struct fixture *fixture)
{
    struct wire_options options;
    wire_options_default(&options);
    fixture_init(fixture);
    fixture_start(fixture);
    client_new(&options);
}

void client_tear_down(struct fixture *fixture)
{
    wire_free(client.wire);
    fixture_deinit(fixture);
}
