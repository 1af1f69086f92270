#include "tests/unit/net/fixture.h"

#include "proto/limits.h"
#include "server/tls/tls_identity.h"
#include "tests/support/test.h"

#include <time.h>
#include <unistd.h>

static struct fixture *fixture_of(void *state)
{
    return state;
}

static void lock(struct fixture *fixture)
{
    CHECK(pthread_mutex_lock(&fixture->lock) == 0);
}

static void unlock(struct fixture *fixture)
{
    CHECK(pthread_mutex_unlock(&fixture->lock) == 0);
}

static uint32_t number(const uint8_t *bytes, size_t size)
{
    CHECK(size >= 5);
    return (uint32_t)bytes[1] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 8 | bytes[4];
}

struct counting_stream {
    struct fixture *fixture;
    uint32_t left;
    uint32_t next;
    bool fails;
};

static enum status next_chunk(void *state, uint8_t *buffer, size_t cap, size_t *out_size,
                              bool *out_done)
{
    struct counting_stream *stream = state;
    if (stream->fails) {
        return STATUS_IO;
    }
    memset(buffer, (int)(stream->next & 0xff), cap);
    packing_put_size(buffer, stream->next++);
    *out_size = cap;
    *out_done = --stream->left == 0;
    return STATUS_OK;
}

static void close_stream(void *state)
{
    struct counting_stream *stream = state;
    lock(stream->fixture);
    stream->fixture->streams_closed++;
    unlock(stream->fixture);
    free(stream);
}

static void start_stream(struct fixture *fixture, uint64_t connection, uint32_t chunks, bool fails)
{
    struct counting_stream *stream = malloc(sizeof *stream);
    struct net_stream given = {.state = stream, .next_chunk = next_chunk, .close = close_stream};
    CHECK(stream != NULL);
    *stream = (struct counting_stream){.fixture = fixture, .left = chunks, .fails = fails};
    lock(fixture);
    fixture->streams_opened++;
    unlock(fixture);
    net_stream(fixture->net, connection, &given);
}

static uint8_t *copy(const void *bytes, size_t size)
{
    uint8_t *out = malloc(size);
    CHECK(out != NULL);
    memcpy(out, bytes, size);
    return out;
}

static void send_large(struct fixture *fixture, uint64_t connection, uint32_t size)
{
    uint8_t *large = malloc(size);
    CHECK(large != NULL);
    for (uint32_t i = 0; i < size; i++) {
        large[i] = (uint8_t)(i * 31u >> 3);
    }
    net_send(fixture->net, connection, NET_FRAME_FINAL, large, size);
}

static void on_open(void *state, const struct net_opened *opened, void **user)
{
    struct fixture *fixture = fixture_of(state);
    CHECK(*user == NULL);
    *user = copy("user", 5);
    lock(fixture);
    fixture->opened++;
    fixture->last_opened = *opened;
    unlock(fixture);
}

static bool refuse(struct fixture *fixture)
{
    lock(fixture);
    bool refused = !fixture->released;
    if (refused) {
        fixture->refusals++;
    }
    unlock(fixture);
    return refused;
}

static void keep(struct fixture *fixture, uint64_t connection)
{
    lock(fixture);
    CHECK(fixture->kept_count < ARRAY_LEN(fixture->kept));
    fixture->kept[fixture->kept_count++] = connection;
    unlock(fixture);
}

static void push(struct fixture *fixture, uint64_t connection, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint8_t small[8] = "push";
        packing_put_size(small + 4, i);
        net_send(fixture->net, connection, NET_FRAME_MORE, copy(small, 8), 8);
    }
}

static bool on_message(void *state, uint64_t connection, void **user, uint8_t *bytes, size_t size)
{
    struct fixture *fixture = fixture_of(state);
    CHECK(*user != NULL && strcmp(*user, "user") == 0);
    bool answer = true;
    switch (bytes[0]) {
    case COMMAND_STREAM:
        start_stream(fixture, connection, number(bytes, size), false);
        answer = false;
        break;
    case COMMAND_FAIL:
        start_stream(fixture, connection, 1, true);
        answer = false;
        break;
    case COMMAND_KEEP:
        keep(fixture, connection);
        answer = false;
        break;
    case COMMAND_ADMIT:
        net_admit(fixture->net, connection, FRAME_BYTES_MAX + PACKING_PREFIX_BYTES);
        break;
    case COMMAND_LARGE:
        send_large(fixture, connection, number(bytes, size));
        answer = false;
        break;
    case COMMAND_PUSHES:
        push(fixture, connection, number(bytes, size));
        break;
    case COMMAND_CUT:
        net_cut(fixture->net, connection);
        break;
    case COMMAND_REFUSE:
        if (refuse(fixture)) {
            return false;
        }
        break;
    default:
        break;
    }
    lock(fixture);
    fixture->delivered++;
    unlock(fixture);
    if (!answer) {
        free(bytes);
        return true;
    }
    if (bytes[0] == COMMAND_BYE) {
        net_send(fixture->net, connection, NET_FRAME_FINAL, bytes, size);
        net_close(fixture->net, connection, NET_CLOSE_DONE);
        return true;
    }
    net_send(fixture->net, connection, NET_FRAME_FINAL, bytes, size);
    return true;
}

static void on_closed(void *state, uint64_t connection, void *user)
{
    struct fixture *fixture = fixture_of(state);
    (void)connection;
    CHECK(user != NULL && strcmp(user, "user") == 0);
    free(user);
    lock(fixture);
    fixture->closed++;
    unlock(fixture);
}

void fixture_init(struct fixture *fixture)
{
    memset(fixture, 0, sizeof *fixture);
    CHECK(pthread_mutex_init(&fixture->lock, NULL) == 0);
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/alcove-net-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    (void)snprintf(fixture->key_path, sizeof fixture->key_path, "%s/tls.key", fixture->folder);
    (void)snprintf(fixture->certificate_path, sizeof fixture->certificate_path, "%s/tls.crt",
                   fixture->folder);
    assert_int_equal(tls_identity_make(fixture->key_path, fixture->certificate_path, &fixture->pin),
                     STATUS_OK);
    net_options_default(&fixture->options);
    fixture->options.host = "127.0.0.1";
    fixture->options.certificate_path = fixture->certificate_path;
    fixture->options.key_path = fixture->key_path;
    fixture->options.connections_max = 2000;
    fixture->options.connections_per_address_max = 2000;
    fixture->options.message_bytes_max = 65536;
    /* Long enough for a loaded machine; tests of deadlines set their own. */
    fixture->options.login_timeout_ms = 60000;
    fixture->options.message_timeout_ms = 60000;
}

void fixture_start(struct fixture *fixture)
{
    const struct net_handler handler = {
        .state = fixture, .on_open = on_open, .on_message = on_message, .on_closed = on_closed};
    assert_int_equal(net_new(&fixture->options, &handler, &fixture->net), STATUS_OK);
    assert_int_equal(net_start(fixture->net), STATUS_OK);
    assert_int_not_equal(net_port(fixture->net), 0);
}

void fixture_stop(struct fixture *fixture, uint32_t drain_ms)
{
    net_stop(fixture->net, drain_ms);
    fixture->net = NULL;
    assert_int_equal(fixture->opened, fixture->closed);
    assert_int_equal(fixture->streams_opened, fixture->streams_closed);
}

void fixture_deinit(struct fixture *fixture)
{
    if (fixture->net != NULL) {
        fixture_stop(fixture, 0);
    }
    (void)unlink(fixture->key_path);
    (void)unlink(fixture->certificate_path);
    (void)rmdir(fixture->folder);
    (void)pthread_mutex_destroy(&fixture->lock);
}

void fixture_release(struct fixture *fixture)
{
    lock(fixture);
    fixture->released = true;
    for (uint32_t i = 0; i < fixture->kept_count; i++) {
        net_send(fixture->net, fixture->kept[i], NET_FRAME_FINAL, copy("kept", 4), 4);
    }
    fixture->kept_count = 0;
    unlock(fixture);
}

uint64_t fixture_kept(struct fixture *fixture)
{
    return fixture->kept_count;
}

uint64_t fixture_refusals(struct fixture *fixture)
{
    return fixture->refusals;
}

uint64_t fixture_opened(struct fixture *fixture)
{
    return fixture->opened;
}

uint64_t fixture_closed(struct fixture *fixture)
{
    return fixture->closed;
}

uint64_t fixture_count(struct fixture *fixture, uint64_t (*count)(struct fixture *fixture))
{
    lock(fixture);
    uint64_t now = count(fixture);
    unlock(fixture);
    return now;
}

void fixture_wait(struct fixture *fixture, uint64_t (*count)(struct fixture *fixture),
                  uint64_t at_least)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    for (int i = 0; i < 4000; i++) {
        if (fixture_count(fixture, count) >= at_least) {
            return;
        }
        (void)nanosleep(&pause, NULL);
    }
    fail_msg("waited 20 s in vain");
}

struct net_counters fixture_counters(struct fixture *fixture)
{
    struct net_counters counters;
    net_counters(fixture->net, &counters);
    return counters;
}
