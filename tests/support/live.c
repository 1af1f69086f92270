#include "tests/support/live.h"

#include "keys/private/recovery.h"
#include "keys/public/bytes/random.h"
#include "proto/message.h"
#include "tests/support/live_server.h"
#include "tests/support/test.h"

#include <time.h>
#include <unistd.h>

#define WAIT_MS 20000u

static uint64_t clock_ms(clockid_t which)
{
    struct timespec now;
    (void)clock_gettime(which, &now);
    return (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}

uint64_t live_now_ms(const struct live *live)
{
    return clock_ms(CLOCK_REALTIME) + (uint64_t)live->clock_off_ms;
}

void live_start(struct live *live)
{
    *live = (struct live){.output = -1};
    OK(random_init());
    const char *base = getenv("TMPDIR");
    (void)snprintf(live->folder, sizeof live->folder, "%s/alcove-live-XXXXXX",
                   base != NULL && base[0] == '/' ? base : "/tmp");
    assert_non_null(mkdtemp(live->folder));
    live_server_found(live);
    live_server_run(live);
}

static void person_free(struct live_person *person)
{
    wire_free(person->wire);
    engine_free(person->engine);
    join_free(person->join);
    memory_storage_free(person->storage);
    keystore_content_deinit(&person->content);
    free(person->reply.body);
    free(person->sent);
}

void live_stop(struct live *live)
{
    while (live->people != NULL) {
        struct live_person *person = live->people;
        live_disconnect(person);
        live->people = person->next;
        person_free(person);
    }
    live_server_end(live);
    identity_signer_free(live->root);
    char command[LIVE_FOLDER_CHARS_MAX + 16u];
    (void)snprintf(command, sizeof command, "rm -rf '%s'", live->folder);
    assert_int_equal(system(command), 0);
}

void live_set_clock(struct live *live, int64_t off_ms)
{
    char path[LIVE_FOLDER_CHARS_MAX + 16u];
    (void)snprintf(path, sizeof path, "%s/clock", live->folder);
    char next[LIVE_FOLDER_CHARS_MAX + 16u];
    (void)snprintf(next, sizeof next, "%s/clock.new", live->folder);
    FILE *out = fopen(next, "w");
    assert_non_null(out);
    assert_true(fprintf(out, "%lld\n", (long long)off_ms) > 0);
    const int closed = fclose(out);
    assert_int_equal(closed, 0);
    assert_int_equal(rename(next, path), 0);
    live->clock_off_ms = off_ms;
}

/* ---- frames in */

/* A chunk that only says why there are no more. */
static bool is_stop(const Alcove__Frame *frame)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    bool stop = false;
    if (frame->code == 0 && message_decode(&alcove__page_chunk__descriptor, field_span(frame->body),
                                           &arena, &message) == STATUS_OK) {
        const Alcove__PageChunk *chunk = (const Alcove__PageChunk *)(const void *)message;
        stop = chunk->last && chunk->status == STATUS_REFUSED && chunk->n_entry == 0;
    }
    arena_free(&arena);
    return stop;
}

static void keep_reply(struct live_person *person, const Alcove__Frame *frame)
{
    struct live_reply *reply = &person->reply;
    if (frame->kind == FRAME_CHUNK) {
        reply->chunks++;
        reply->chunk_bytes += frame->body.len;
        reply->stopped = is_stop(frame);
        return;
    }
    reply->status = (enum status)frame->code;
    reply->size = frame->body.len;
    reply->body = malloc(frame->body.len + 1u);
    CHECK(reply->body != NULL);
    if (frame->body.len > 0) {
        memcpy(reply->body, frame->body.data, frame->body.len);
    }
    reply->came = true;
}

/* True: it was an answer to a request of the test's own. */
static bool take_own(struct live_person *person, struct span bytes)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    bool own = false;
    if (message_decode(&alcove__frame__descriptor, bytes, &arena, &message) == STATUS_OK) {
        const Alcove__Frame *frame = (const Alcove__Frame *)(const void *)message;
        person->pushes += frame->kind == FRAME_PUSH ? 1u : 0u;
        own = (frame->kind == FRAME_REPLY || frame->kind == FRAME_CHUNK) &&
              span_equal(field_span(frame->request_id), ID_SPAN(&person->asked));
        if (own) {
            keep_reply(person, frame);
        }
    }
    arena_free(&arena);
    return own;
}

static void on_frame(void *state, struct span frame)
{
    struct live_person *person = state;
    person->frames++;
    person->bytes += frame.size;
    if (person->deaf) {
        return;
    }
    if (person->join != NULL) {
        person->engine_said = join_receive(person->join, frame, live_now_ms(person->live));
    } else if (!take_own(person, frame) && !person->raw) {
        person->engine_said = engine_receive(person->engine, frame, live_now_ms(person->live));
    }
    if (person->engine_said != STATUS_OK) {
        wire_close(person->wire);
    }
}

static void on_open(void *state, const uint8_t exporter[WIRE_EXPORTER_BYTES])
{
    struct live_person *person = state;
    person->connecting = false;
    person->open = true;
    if (person->join != NULL) {
        join_start(person->join);
    } else {
        engine_start(person->engine, exporter, live_now_ms(person->live));
    }
}

static void on_closed(void *state, const struct wire_closed *closed)
{
    struct live_person *person = state;
    (void)closed;
    person->closed = true;
    person->connecting = false;
    person->open = false;
    if (person->engine != NULL) {
        engine_stop(person->engine);
    }
}

/* ---- moving */

static void send_out(struct live_person *person)
{
    struct span frame;
    while (person->open && !person->raw && !person->held &&
           (person->join != NULL ? join_next_frame(person->join, &frame)
                                 : engine_next_frame(person->engine, &frame))) {
        if (wire_send(person->wire, frame) != STATUS_OK) {
            wire_close(person->wire);
            return;
        }
    }
}

static void move(struct live_person *person)
{
    if (person->wire == NULL || person->asleep || (!person->open && !person->connecting)) {
        return;
    }
    if (person->join == NULL && !person->raw) {
        engine_tick(person->engine, live_now_ms(person->live));
    }
    send_out(person);
    OK(wire_service(person->wire, 0));
    send_out(person);
}

void live_pump(struct live *live)
{
    uint64_t before = 0;
    uint64_t after = 0;
    for (struct live_person *p = live->people; p != NULL; p = p->next) {
        before += p->frames;
        move(p);
        after += p->frames;
    }
    if (before == after && !live->busy) {
        (void)usleep(200);
    }
}

bool live_until(struct live *live, bool (*done)(void *state), void *state)
{
    uint64_t end_ms = clock_ms(CLOCK_MONOTONIC) + WAIT_MS;
    while (!done(state)) {
        if (clock_ms(CLOCK_MONOTONIC) > end_ms) {
            return false;
        }
        live_pump(live);
    }
    return true;
}

void live_rest(struct live *live, uint32_t ms)
{
    uint64_t end_ms = clock_ms(CLOCK_MONOTONIC) + ms;
    while (clock_ms(CLOCK_MONOTONIC) < end_ms) {
        live_pump(live);
    }
}

/* ---- connections */

static void begin_connect(struct live_person *person, const struct hash *pin)
{
    person->closed = false;
    person->raw = false;
    person->deaf = false;
    person->asleep = false;
    person->engine_said = STATUS_OK;
    OK(wire_connect(person->wire, "127.0.0.1", person->live->port, pin));
    person->connecting = !person->closed;
}

static bool is_idle_or_gone(void *state)
{
    const struct live_person *person = state;
    struct engine_state now;
    engine_state(person->engine, &now);
    return now.phase == ENGINE_IDLE || now.phase == ENGINE_STOPPED || person->closed;
}

void live_open(struct live_person *person)
{
    begin_connect(person, &person->live->tls_pin);
}

bool live_try_connect(struct live_person *person)
{
    if (!person->open) {
        begin_connect(person, &person->live->tls_pin);
    }
    bool ended = live_until(person->live, is_idle_or_gone, person);
    struct engine_state now;
    engine_state(person->engine, &now);
    return ended && now.phase == ENGINE_IDLE && person->open;
}

static void tell_alarms(const struct live_person *person)
{
    for (size_t i = 0; i < engine_alarm_count(person->engine); i++) {
        const struct engine_alarm *alarm = engine_alarm(person->engine, i);
        print_message("alarm %s: %s (%s)\n", status_name(alarm->status), alarm->reason,
                      alarm->evidence);
    }
}

void live_connect(struct live_person *person)
{
    bool idle = live_try_connect(person);
    tell_alarms(person);
    assert_true(idle);
    assert_int_equal(engine_alarm_count(person->engine), 0);
}

static bool is_closed(void *state)
{
    const struct live_person *person = state;
    return !person->open && !person->connecting;
}

void live_disconnect(struct live_person *person)
{
    if (person->wire != NULL && (person->open || person->connecting)) {
        person->asleep = false;
        person->deaf = true;
        wire_close(person->wire);
        assert_true(live_until(person->live, is_closed, person));
        person->deaf = false;
    }
}

void live_restart(struct live *live)
{
    for (struct live_person *p = live->people; p != NULL; p = p->next) {
        live_disconnect(p);
    }
    live_server_end(live);
    live_server_run(live);
}

struct round {
    struct live_person *person;
    uint64_t rounds;
};

static bool round_over(void *state)
{
    const struct round *round = state;
    struct engine_state now;
    engine_state(round->person->engine, &now);
    return now.phase == ENGINE_STOPPED || round->person->closed ||
           (now.phase == ENGINE_IDLE && now.rounds > round->rounds && now.outbox_count == 0);
}

void live_sync(struct live_person *person)
{
    live_connect(person);
    struct engine_state now;
    engine_state(person->engine, &now);
    struct round round = {person, now.rounds};
    engine_sync(person->engine);
    bool over = live_until(person->live, round_over, &round);
    tell_alarms(person);
    assert_true(over && person->open);
    assert_int_equal(engine_alarm_count(person->engine), 0);
}

struct ticket {
    struct live_person *person;
    uint64_t ticket;
};

static bool ticket_over(void *state)
{
    const struct ticket *ticket = state;
    struct engine_ticket info;
    engine_ticket(ticket->person->engine, ticket->ticket, &info);
    return info.wish != ENGINE_WISH_WAITING && info.wish != ENGINE_WISH_SENT;
}

enum status live_finish(struct live_person *person, uint64_t ticket)
{
    struct ticket state = {person, ticket};
    live_connect(person);
    bool over = live_until(person->live, ticket_over, &state);
    struct engine_ticket info;
    engine_ticket(person->engine, ticket, &info);
    if (!over || info.wish != ENGINE_WISH_DONE) {
        tell_alarms(person);
        print_message("ticket: wish %d %s after %u tries\n", (int)info.wish,
                      status_name(info.status), info.tries);
    }
    assert_true(over);
    return info.wish == ENGINE_WISH_DONE ? STATUS_OK : info.status;
}

void live_done(struct live_person *person, uint64_t ticket)
{
    assert_int_equal(live_finish(person, ticket), STATUS_OK);
}

/* ---- people */

static void person_init(struct live *live, struct live_person *person)
{
    struct wire_handler handler = {person, on_open, on_frame, on_closed};
    *person = (struct live_person){.live = live, .next = live->people};
    live->people = person;
    struct wire_options options;
    wire_options_default(&options);
    OK(wire_new(&options, &handler, &person->wire));
    person->storage = memory_storage_new();
}

static void start_engine(struct live_person *person)
{
    struct engine_config config = {.content = &person->content};
    memory_storage_get(person->storage, &config.storage);
    OK(engine_new(&config, &person->engine));
}

static bool join_over(void *state)
{
    struct live_person *person = state;
    char card[RECOVERY_CARD_CHARS_MAX];
    if (join_phase(person->join) == JOIN_VERIFIED && join_enrol(person->join, card) != STATUS_OK) {
        return true;
    }
    return join_phase(person->join) == JOIN_DONE || join_phase(person->join) == JOIN_FAILED ||
           person->closed;
}

void live_join(struct live *live, const char *code, struct live_person *person)
{
    person_init(live, person);
    struct join *join = NULL;
    OK(join_new(span_of(code, strlen(code)), INVITATION_KIND_JOIN, &join));
    person->join = join;
    begin_connect(person, NULL);
    assert_true(live_until(live, join_over, person));
    assert_int_equal(join_phase(join), JOIN_DONE);
    live_disconnect(person);
    OK(join_take_content(join, &person->content));
    person->join = NULL;
    join_free(join);
    start_engine(person);
}

void live_adopt(struct live *live, struct keystore_content *content, struct live_person *person)
{
    person_init(live, person);
    person->content = *content;
    memset(content, 0, sizeof *content);
    start_engine(person);
}
