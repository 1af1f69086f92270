#include "client/engine/common/inside.h"

#include "client/engine/common/clock.h"
#include "client/engine/outbox/wish.h"
#include "client/engine/section/page.h"
#include "client/engine/section/petname.h"
#include "keys/public/bytes/wipe.h"

static enum status load(struct engine *engine)
{
    enum status status = wish_load(engine);
    if (status == STATUS_OK) {
        status = fact_load(engine);
    }
    if (status == STATUS_OK) {
        status = section_load(engine);
    }
    if (status == STATUS_OK) {
        status = clock_load(engine);
    }
    if (status == STATUS_OK && engine->leaves.count > engine->statements.size) {
        status = STATUS_CORRUPT; /* more than the keystore ever saw: not ours */
    }
    if (status != STATUS_OK || engine->fact_count == 0) {
        return status;
    }
    status = fold_run(engine);
    if (status != STATUS_OK) {
        engine->phase = ENGINE_OFFLINE;
        return status;
    }
    for (size_t i = 0; i < engine->section_count && status == STATUS_OK; i++) {
        status = section_open_keys(engine, &engine->sections[i]);
    }
    /* What was told about seals was told when they came. */
    engine->alarm_count = 0;
    return status == STATUS_OK ? name_load(engine) : status;
}

enum status engine_new(const struct engine_config *config, struct engine **out_engine)
{
    struct engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL) {
        return STATUS_NO_MEMORY;
    }
    engine->config = *config;
    engine->content = config->content;
    engine->storage = config->storage;
    engine->practice = config->content->practice;
    engine->statements.size = config->content->statements.size;
    engine->statements.root = config->content->statements.root;
    engine->events.size = config->content->events.size;
    engine->events.root = config->content->events.root;
    leaves_init(&engine->leaves);
    enum status status = petname_load(engine);
    if (status == STATUS_OK) {
        status = load(engine);
    }
    if (status != STATUS_OK) {
        engine_free(engine);
        return alarm_is_ours(status) ? status : STATUS_CORRUPT;
    }
    *out_engine = engine;
    return STATUS_OK;
}

static void drop_requests(struct engine *engine)
{
    for (size_t i = 0; i < REQUEST_SLOTS; i++) {
        if (engine->requests.slots[i].used) {
            page_drop(&engine->requests.slots[i]);
        }
    }
    request_deinit(&engine->requests);
    leaves_drop_pending(&engine->leaves);
    submit_lost(engine);
}

void engine_free(struct engine *engine)
{
    if (engine == NULL) {
        return;
    }
    drop_requests(engine);
    section_deinit(engine);
    fact_deinit(engine);
    free(engine->chains);
    free(engine->names);
    leaves_deinit(&engine->leaves);
    authority_free(engine->authority);
    wish_deinit(engine);
    queries_deinit(engine);
    wipe(engine->draft, engine->draft_size);
    free(engine->draft);
    wipe(engine->exporter, sizeof engine->exporter);
    free(engine);
}

void engine_start(struct engine *engine, const uint8_t exporter[static ENGINE_EXPORTER_BYTES],
                  uint64_t now_ms)
{
    drop_requests(engine);
    memcpy(engine->exporter, exporter, ENGINE_EXPORTER_BYTES);
    engine->now_ms = now_ms;
    engine->phase = ENGINE_GREETING;
    engine->why = STATUS_OK;
    engine->retry_at_ms = 0;
    engine->want_checkpoint = false;
}

void engine_stop(struct engine *engine)
{
    drop_requests(engine);
    queries_lost(engine);
    if (engine->phase != ENGINE_STOPPED) {
        engine->phase = ENGINE_OFFLINE;
    }
}

static enum status take_frame(struct engine *engine, const Alcove__Frame *frame)
{
    struct span body = field_span(frame->body);
    enum status status = STATUS_MALFORMED;
    if (frame->kind == FRAME_HELLO && engine->phase == ENGINE_GREETING) {
        status = login_hello(engine, body);
        return status;
    }
    if (frame->kind == FRAME_LOGIN_REPLY && engine->phase == ENGINE_LOGIN) {
        status = login_reply(engine, frame->code, body);
        return status == STATUS_OK ? sync_next(engine) : status;
    }
    bool in = engine->phase == ENGINE_SYNCING || engine->phase == ENGINE_IDLE;
    struct request *request = in ? request_find(&engine->requests, frame->request_id) : NULL;
    if (frame->kind == FRAME_REPLY && request != NULL && !request->chunks) {
        status = sync_reply(engine, request, frame->code, body);
    } else if (frame->kind == FRAME_CHUNK && request != NULL && request->chunks) {
        status = page_chunk(engine, request, frame->code != 0, body);
    } else if (frame->kind == FRAME_PUSH && in) {
        status = sync_push(engine, body);
    } else {
        status = alarm_stop_at(engine, STATUS_MALFORMED,
                               "The server sent something that nobody asked for.", "frame kind",
                               frame->kind);
    }
    return status == STATUS_OK ? sync_next(engine) : status;
}

enum status engine_receive(struct engine *engine, struct span frame, uint64_t now_ms)
{
    if (engine->phase == ENGINE_OFFLINE) {
        return STATUS_OFFLINE;
    }
    if (engine->phase == ENGINE_STOPPED) {
        return engine->why != STATUS_OK ? engine->why : STATUS_OFFLINE;
    }
    engine->now_ms = now_ms;
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    enum status status = message_decode(&alcove__frame__descriptor, frame, &arena, &message);
    if (status == STATUS_OK) {
        status = take_frame(engine, (const Alcove__Frame *)(const void *)message);
    } else if (!alarm_is_ours(status)) {
        status = alarm_stop(engine, status, "The server sent something that is no frame.", "");
    }
    arena_free(&arena);
    if (status != STATUS_OK) {
        if (engine->phase != ENGINE_STOPPED) {
            engine->phase = ENGINE_STOPPED;
            engine->why = status;
        }
        drop_requests(engine);
    }
    return status;
}

bool engine_next_frame(struct engine *engine, struct span *out_frame)
{
    return request_next_frame(&engine->requests, out_frame);
}

void engine_tick(struct engine *engine, uint64_t now_ms)
{
    engine->now_ms = now_ms;
    if (engine->phase != ENGINE_IDLE && engine->phase != ENGINE_SYNCING) {
        return;
    }
    enum status status = sync_next(engine);
    if (status != STATUS_OK && engine->phase != ENGINE_STOPPED) {
        engine->phase = ENGINE_STOPPED;
        engine->why = status;
    }
}

void engine_sync(struct engine *engine)
{
    engine->want_checkpoint = true;
    engine->want_state = true;
    engine->round_open = true;
}

void engine_state(const struct engine *engine, struct engine_state *out_state)
{
    *out_state = engine->state;
    out_state->phase = engine->phase;
    out_state->why = engine->why;
    out_state->member = engine->content->member;
    const struct authority_member *self = fold_self(engine);
    out_state->role = self == NULL ? 0 : self->role;
    out_state->statements_size = engine->statements.size;
    out_state->events_size = engine->events.size;
    out_state->newest_leaf_ms = engine->newest_leaf_ms;
    struct clock_look look = clock_look(engine);
    out_state->clock_off_ms = look.off_ms;
    out_state->clock_shown = look.shown;
    out_state->clock_stopped = look.stopped;
    out_state->outbox_count = 0;
    for (const struct wish *wish = engine->wishes; wish != NULL; wish = wish->next) {
        out_state->outbox_count++;
    }
    out_state->sections_behind = 0;
    for (size_t i = 0; i < engine->section_count; i++) {
        out_state->sections_behind += section_behind(&engine->sections[i]) ? 1 : 0;
    }
}

enum status engine_confirm_clock(struct engine *engine)
{
    return clock_confirm(engine);
}

bool engine_synced_once(const struct engine *engine)
{
    return engine->synced_once;
}

void engine_ticket(const struct engine *engine, uint64_t ticket, struct engine_ticket *out_ticket)
{
    if (!queries_ticket(engine, ticket, out_ticket)) {
        wish_ticket(engine, ticket, out_ticket);
    }
}

void engine_tls_pins(const struct engine *engine, struct hash *out_now, struct hash *out_next)
{
    *out_now = engine->content->pins.tls_key;
    *out_next = engine->content->pins.tls_key_next;
}
