#include "tests/hostile/relay.h"

#include "tests/hostile/schema.h"
#include "tests/support/test.h"

enum {
    STEPS_MAX = 2000,
};

static const char *const act_names[RELAY_ACTS] = {
    [RELAY_PASS] = "pass",       [RELAY_MUTATE] = "mutate",       [RELAY_DROP] = "drop",
    [RELAY_DELAY] = "delay",     [RELAY_DUPLICATE] = "duplicate", [RELAY_STOP] = "stop",
    [RELAY_REPLACE] = "replace",
};

const char *relay_act_name(enum relay_act act)
{
    return act < RELAY_ACTS ? act_names[act] : "?";
}

static const Alcove__Frame *decode(struct span bytes, struct arena *arena)
{
    ProtobufCMessage *message = NULL;
    assert_int_equal(message_decode(&alcove__frame__descriptor, bytes, arena, &message), STATUS_OK);
    return (const Alcove__Frame *)(const void *)message;
}

/* Remembers which op a request's id stands for. */
static void note_request(struct relay *relay, struct span bytes)
{
    struct arena arena = {0};
    const Alcove__Frame *frame = decode(bytes, &arena);
    if (frame->kind == FRAME_REQUEST && relay->asked < RELAY_FRAMES_MAX &&
        frame->request_id.len == ID_BYTES) {
        memcpy(relay->id[relay->asked].bytes, frame->request_id.data, ID_BYTES);
        relay->op[relay->asked++] = frame->code;
    }
    arena_free(&arena);
}

static void note_frame(struct relay *relay, struct span bytes)
{
    struct arena arena = {0};
    const Alcove__Frame *frame = decode(bytes, &arena);
    assert_true(relay->count < RELAY_FRAMES_MAX);
    struct relay_seen *seen = &relay->seen[relay->count++];
    *seen = (struct relay_seen){.kind = frame->kind, .size = bytes.size};
    for (size_t i = 0; i < relay->asked && frame->request_id.len == ID_BYTES; i++) {
        if (memcmp(relay->id[i].bytes, frame->request_id.data, ID_BYTES) == 0) {
            seen->op = relay->op[i];
        }
    }
    const bool piece = frame->kind == FRAME_CHUNK && frame->code != 0;
    const bool whole = frame->kind != FRAME_REPLY || frame->code == STATUS_OK;
    if (!piece && whole && frame->body.len > 0) {
        seen->body = schema_server_body(frame->kind, seen->op);
    }
    seen->bytes = malloc(bytes.size);
    assert_non_null(seen->bytes);
    memcpy(seen->bytes, bytes.data, bytes.size);
    arena_free(&arena);
}

struct span relay_body(const struct relay_seen *seen, struct arena *arena)
{
    return field_span(decode(span_of(seen->bytes, seen->size), arena)->body);
}

uint8_t *relay_rebody(struct span old, struct span body, size_t *out_size)
{
    struct arena arena = {0};
    Alcove__Frame fresh = *decode(old, &arena);
    fresh.body = field_of(body.data, body.size);
    uint8_t *bytes = NULL;
    assert_int_equal(message_pack(&fresh.base, &bytes, out_size), STATUS_OK);
    arena_free(&arena);
    return bytes;
}

static void replace(struct inproc_frame *frame, struct span body)
{
    size_t size = 0;
    uint8_t *bytes = relay_rebody(span_of(frame->data, frame->size), body, &size);
    free(frame->data);
    frame->data = bytes;
    frame->size = size;
}

bool relay_change(const struct relay_plan *plan, const struct relay_seen *seen, uint8_t **out_bytes,
                  size_t *out_size)
{
    const struct span frame = span_of(seen->bytes, seen->size);
    struct arena arena = {0};
    const struct span target = plan->around ? frame : relay_body(seen, &arena);
    const ProtobufCMessageDescriptor *type = plan->around ? &alcove__frame__descriptor : seen->body;
    struct mutate_tree tree = {0};
    if (type != NULL) {
        mutate_parse(target, type, &tree);
    }
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (plan->field < tree.count) {
        bytes = mutate_apply(&tree, plan->field, plan->op, plan->choice, plan->other, &size);
    }
    const bool changed = bytes != NULL;
    if (changed && !plan->around) {
        uint8_t *body = bytes;
        bytes = relay_rebody(frame, span_of(body, size), &size);
        free(body);
    }
    mutate_free(&tree);
    arena_free(&arena);
    *out_bytes = bytes;
    *out_size = size;
    return changed;
}

static bool mutate(const struct relay_plan *plan, const struct relay_seen *seen,
                   struct inproc_frame *frame)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (!relay_change(plan, seen, &bytes, &size)) {
        return false;
    }
    free(frame->data);
    frame->data = bytes;
    frame->size = size;
    return true;
}

static void free_frame(struct inproc_frame *frame)
{
    if (frame != NULL) {
        free(frame->data);
        free(frame);
    }
}

static enum status give(struct inproc_person *person, const struct inproc_frame *frame)
{
    return engine_receive(person->engine, span_of(frame->data, frame->size),
                          person->server->now_ms);
}

/* One frame arrives, or does what the plan says. |held|: one that waits for the next. */
static enum status arrive(struct inproc_person *person, const struct relay_plan *plan,
                          struct relay *relay, struct inproc_frame *frame,
                          struct inproc_frame **held)
{
    note_frame(relay, span_of(frame->data, frame->size));
    const size_t number = relay->count - 1;
    if (plan != NULL && plan->look != NULL) {
        plan->look(plan->context, &relay->seen[number]);
    }
    const bool meant = plan != NULL && plan->act != RELAY_PASS && number == plan->frame;
    if (plan != NULL && plan->act == RELAY_STOP && number >= plan->frame) {
        relay->changed = true;
        return STATUS_OK;
    }
    if (meant && plan->act == RELAY_MUTATE) {
        relay->changed = mutate(plan, &relay->seen[number], frame);
    } else if (meant && plan->act == RELAY_REPLACE) {
        replace(frame, plan->other);
        relay->changed = true;
    } else if (meant && plan->act == RELAY_DROP) {
        relay->changed = true;
        return STATUS_OK;
    } else if (meant && plan->act == RELAY_DELAY) {
        relay->changed = true;
        *held = calloc(1, sizeof **held);
        assert_non_null(*held);
        **held = *frame;
        frame->data = NULL;
        return STATUS_OK;
    }
    enum status status = give(person, frame);
    if (status == STATUS_OK && meant && plan->act == RELAY_DUPLICATE) {
        relay->changed = true;
        status = give(person, frame);
    }
    if (status == STATUS_OK && *held != NULL && number > plan->frame) {
        status = give(person, *held);
        free_frame(*held);
        *held = NULL;
    }
    return status;
}

static bool take(struct inproc_link *link, struct inproc_frame **out_frame)
{
    *out_frame = link->first;
    if (link->first != NULL) {
        link->first = link->first->next;
        link->last = link->first == NULL ? NULL : link->last;
    }
    return *out_frame != NULL;
}

enum status relay_run(struct inproc_person *person, const struct relay_plan *plan,
                      struct relay *out_relay)
{
    inproc_connect(person->server, &person->link);
    engine_start(person->engine, person->link.exporter, person->server->now_ms);
    person->connected = true;
    return relay_go_on(person, plan, out_relay);
}

enum status relay_go_on(struct inproc_person *person, const struct relay_plan *plan,
                        struct relay *out_relay)
{
    struct inproc *server = person->server;
    memset(out_relay, 0, sizeof *out_relay);
    struct inproc_frame *held = NULL;
    enum status status = STATUS_OK;
    bool moved = true;
    for (int step = 0; step < STEPS_MAX && moved && status == STATUS_OK; step++) {
        moved = false;
        struct span out;
        while (engine_next_frame(person->engine, &out)) {
            server->now_ms++;
            note_request(out_relay, out);
            inproc_handle(&person->link, out);
            moved = true;
        }
        struct inproc_frame *frame = NULL;
        while (status == STATUS_OK && take(&person->link, &frame)) {
            status = arrive(person, plan, out_relay, frame, &held);
            free_frame(frame);
            moved = true;
        }
    }
    free_frame(held);
    return status;
}

void relay_free(struct relay *relay)
{
    for (size_t i = 0; i < relay->count; i++) {
        free(relay->seen[i].bytes);
    }
    relay->count = 0;
}
