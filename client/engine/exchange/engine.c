#include "client/engine/exchange/engine.h"

#include "client/engine/common/alarm.h"
#include "client/engine/common/clock.h"
#include "client/engine/common/decode.h"
#include "client/engine/exchange/login.h"
#include "client/engine/exchange/sync.h"
#include "client/engine/exchange/sync_reply.h"
#include "client/engine/exchange/withheld.h"
#include "client/engine/log/fact.h"
#include "client/engine/log/fold.h"
#include "client/engine/section/own.h"
#include "client/engine/section/page.h"
#include "client/engine/section/petname.h"
#include "keys/public/bytes/wipe.h"

/*
 * The outbox stands on nothing. The rest is loaded as it was verified: facts, the sections that
 * stand on them, and, once facts are folded, the keys and names that the authority decides on.
 */
static enum status load(struct engine *engine)
{
    enum status status = storage_trusted(&engine->common.storage);
    if (status == STATUS_OK) {
        status = wish_load(&engine->outbox);
    }
    if (status == STATUS_OK) {
        status = fact_load(&engine->log);
    }
    if (status == STATUS_OK) {
        status = section_load(&engine->sections);
    }
    if (status == STATUS_OK) {
        status = clock_load(&engine->common);
    }
    if (status == STATUS_OK && engine->log.leaves.count > engine->log.statements.size) {
        status = STATUS_CORRUPT; /* more than the keystore ever saw: not ours */
    }
    if (status != STATUS_OK || engine->log.fact_count == 0) {
        return status;
    }
    struct fold_refusal refusal; /* engine_new fails then: nobody is there to be told */
    status = fold_run(&engine->log, &refusal);
    for (size_t i = 0; i < engine->sections.count && status == STATUS_OK; i++) {
        status = section_open_keys(&engine->sections, &engine->sections.items[i]);
        engine->sections.items[i].unseal = false; /* done when these keys came */
    }
    /* What was told about seals was told when they came. */
    engine->common.alarm_count = 0;
    return status == STATUS_OK ? name_load(&engine->names, &engine->sections) : status;
}

/* Each room is given what rooms.txt lets it see, and no more. */
static void connect_rooms(struct engine *engine, const struct engine_config *config)
{
    struct common *common = &engine->common;
    struct log *log = &engine->log;
    common_init(common, config);
    *log = (struct log){
        .common = common,
        .statements = {config->content->statements.size, config->content->statements.root},
        .events = {config->content->events.size, config->content->events.root}};
    leaves_init(&log->leaves);
    engine->names = (struct names){.common = common, .log = log};
    engine->sections = (struct sections){.common = common, .log = log, .names = &engine->names};
    engine->outbox = (struct outbox){.common = common};
    engine->sources = (struct sources){
        .common = common, .log = log, .sections = &engine->sections, .outbox = &engine->outbox};
    engine->queries = (struct queries){.common = common, .log = log, .sections = &engine->sections};
}

enum status engine_new(const struct engine_config *config, struct engine **out_engine)
{
    struct engine *engine = calloc(1, sizeof *engine);
    if (engine == NULL) {
        return STATUS_NO_MEMORY;
    }
    connect_rooms(engine, config);
    enum status status = petname_load(&engine->names);
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
        if (engine->common.requests.slots[i].used) {
            page_drop(&engine->common.requests.slots[i]);
        }
    }
    request_deinit(&engine->common.requests);
    page_drop_held(&engine->sections);
    own_drop(&engine->sections);
    leaves_drop_pending(&engine->log.leaves);
    wish_lost(&engine->outbox);
}

void engine_free(struct engine *engine)
{
    if (engine == NULL) {
        return;
    }
    drop_requests(engine);
    section_deinit(&engine->sections);
    fact_deinit(&engine->log);
    free(engine->names.items);
    leaves_deinit(&engine->log.leaves);
    authority_free(engine->log.authority);
    wish_deinit(&engine->outbox);
    queries_deinit(&engine->queries);
    wipe(engine->connection.exporter, sizeof engine->connection.exporter);
    free(engine);
}

void engine_start(struct engine *engine, const uint8_t exporter[static ENGINE_EXPORTER_BYTES],
                  uint64_t now_ms)
{
    drop_requests(engine);
    memcpy(engine->connection.exporter, exporter, ENGINE_EXPORTER_BYTES);
    engine->common.now_ms = now_ms;
    engine->common.phase = ENGINE_GREETING;
    engine->common.why = STATUS_OK;
    engine->common.wants.checkpoint = false;
    withheld_anew(engine);
}

void engine_stop(struct engine *engine)
{
    /* Checked and whole: else it would be read again, and the access log say so. */
    (void)!page_keep_held(&engine->sections);
    drop_requests(engine);
    queries_lost(&engine->queries);
    if (engine->common.phase != ENGINE_STOPPED) {
        engine->common.phase = ENGINE_OFFLINE;
    }
}

static enum status take_frame(struct engine *engine, const Alcove__Frame *frame)
{
    struct span body = field_span(frame->body);
    enum status status = STATUS_MALFORMED;
    if (frame->kind == FRAME_HELLO && engine->common.phase == ENGINE_GREETING) {
        status = login_hello(engine, body);
        return status;
    }
    if (frame->kind == FRAME_LOGIN_REPLY && engine->common.phase == ENGINE_LOGIN) {
        status = login_reply(engine, frame->code, body);
        return status == STATUS_OK ? sync_next(engine) : status;
    }
    bool in = engine->common.phase == ENGINE_SYNCING || engine->common.phase == ENGINE_IDLE;
    struct request *request = in ? request_find(&engine->common.requests, frame->request_id) : NULL;
    if (frame->kind == FRAME_REPLY && request != NULL && !request->chunks) {
        status = sync_reply(engine, request, frame->code, body);
    } else if (frame->kind == FRAME_CHUNK && request != NULL && request->chunks) {
        status = page_chunk(&engine->sections, request, frame->code != 0, body);
    } else if (frame->kind == FRAME_PUSH && in) {
        status = sync_push(engine, body);
    } else {
        status = alarm_stop_at(&engine->common, STATUS_MALFORMED,
                               "The server sent something that nobody asked for.", "frame kind",
                               frame->kind);
    }
    return status == STATUS_OK ? sync_next(engine) : status;
}

enum status engine_receive(struct engine *engine, struct span frame, uint64_t now_ms)
{
    if (engine->common.phase == ENGINE_OFFLINE) {
        return STATUS_OFFLINE;
    }
    if (engine->common.phase == ENGINE_STOPPED) {
        return engine->common.why != STATUS_OK ? engine->common.why : STATUS_OFFLINE;
    }
    engine->common.now_ms = now_ms;
    struct arena arena = {0};
    const Alcove__Frame *message = NULL;
    enum status status = decode_frame(frame, &arena, &message);
    if (status == STATUS_OK) {
        status = take_frame(engine, message);
    } else if (!alarm_is_ours(status)) {
        status =
            alarm_stop(&engine->common, status, "The server sent something that is no frame.", "");
    }
    arena_free(&arena);
    if (status != STATUS_OK) {
        if (engine->common.phase != ENGINE_STOPPED) {
            engine->common.phase = ENGINE_STOPPED;
            engine->common.why = status;
        }
        drop_requests(engine);
    }
    return status;
}

bool engine_next_frame(struct engine *engine, struct span *out_frame)
{
    return request_next_frame(&engine->common.requests, out_frame);
}

void engine_tick(struct engine *engine, uint64_t now_ms)
{
    engine->common.now_ms = now_ms;
    if (engine->common.phase != ENGINE_IDLE && engine->common.phase != ENGINE_SYNCING) {
        return;
    }
    enum status status = sync_next(engine);
    if (status != STATUS_OK && engine->common.phase != ENGINE_STOPPED) {
        engine->common.phase = ENGINE_STOPPED;
        engine->common.why = status;
    }
}

void engine_sync(struct engine *engine)
{
    engine->common.wants.checkpoint = true;
    engine->common.wants.state = true;
    engine->round.open = true;
    engine_hurry(engine);
}

void engine_hurry(struct engine *engine)
{
    engine->common.wants.later.until_ms = 0;
    for (struct wish *wish = engine->outbox.first; wish != NULL; wish = wish->next) {
        wish->later.until_ms = 0;
        wish->status = wish->state == ENGINE_WISH_WAITING ? STATUS_OK : wish->status;
    }
}

void engine_state(const struct engine *engine, struct engine_state *out_state)
{
    const struct log *log = &engine->log;
    const struct sections *sections = &engine->sections;
    const struct authority_member *self = fold_self(log);
    struct clock_look look = clock_look(&engine->common);
    *out_state = (struct engine_state){.phase = engine->common.phase,
                                       .why = engine->common.why,
                                       .member = engine->common.content->member,
                                       .role = self == NULL ? 0 : self->role,
                                       .statements_size = log->statements.size,
                                       .events_size = log->events.size,
                                       .newest_leaf_ms = engine->common.clock.newest_leaf_ms,
                                       .clock_off_ms = look.off_ms,
                                       .clock_shown = look.shown,
                                       .clock_stopped = look.stopped,
                                       .put_off = engine->common.wants.put_off,
                                       .rounds = engine->round.finished,
                                       .bytes_expected = sections->bytes_expected,
                                       .bytes_received = sections->bytes_received,
                                       .revisions_verified = sections->revisions_verified,
                                       .signatures_checked = sections->signatures_checked};
    for (const struct wish *wish = engine->outbox.first; wish != NULL; wish = wish->next) {
        out_state->outbox_count++;
    }
    for (size_t i = 0; i < sections->count; i++) {
        const struct section *section = &sections->items[i];
        out_state->sections_behind += section_behind(section) ? 1 : 0;
        out_state->sections_stopped +=
            section_behind(section) && section->stopped.trouble != BACKOFF_NONE ? 1 : 0;
    }
}

enum status engine_confirm_clock(struct engine *engine)
{
    return clock_confirm(&engine->common);
}

bool engine_synced_once(const struct engine *engine)
{
    return engine->sections.synced_once;
}

void engine_ticket(const struct engine *engine, uint64_t ticket, struct engine_ticket *out_ticket)
{
    if (!queries_ticket(&engine->queries, ticket, out_ticket)) {
        wish_ticket(&engine->outbox, ticket, out_ticket);
    }
}

void engine_tls_pins(const struct engine *engine, struct hash *out_now, struct hash *out_next)
{
    *out_now = engine->common.content->pins.tls_key;
    *out_next = engine->common.content->pins.tls_key_next;
}

size_t engine_alarm_count(const struct engine *engine)
{
    return engine->common.alarm_count;
}

const struct engine_alarm *engine_alarm(const struct engine *engine, size_t index)
{
    CHECK(index < engine->common.alarm_count);
    return &engine->common.alarms[index];
}

void engine_alarms_clear(struct engine *engine)
{
    engine->common.alarm_count = 0;
}

void engine_outbox(const struct engine *engine, engine_visit_ticket *visit, void *visitor)
{
    wish_visit(&engine->outbox, visit, visitor);
}

enum status engine_take_back(struct engine *engine, uint64_t ticket)
{
    return wish_take_back(&engine->outbox, ticket);
}
