#include "client/engine/outbox/build.h"

#include "client/engine/common/clock.h"
#include "client/engine/exchange/sync_reply.h"
#include "keys/public/bytes/random.h"

/* Sending what is in the outbox and judging the answers. */

#define SUBMIT_TRIES_MAX 12u

static bool same_section_waits(const struct engine *engine, const struct wish *until)
{
    static const struct section_id none;
    for (const struct wish *wish = engine->wishes; wish != until; wish = wish->next) {
        if (wish->state == ENGINE_WISH_WAITING && !ID_EQUAL(&until->section, &none) &&
            ID_EQUAL(&wish->section, &until->section)) {
            return true; /* the order in which things were written is kept */
        }
    }
    return false;
}

static enum status send(struct engine *engine, struct wish *wish)
{
    struct request *request = NULL;
    wish->state = ENGINE_WISH_SENT;
    enum status status =
        request_ask_bytes(&engine->requests, wish->kind == WISH_OPENED ? OP_OPENED : OP_SUBMIT,
                          &wish->request, span_of(wish->built.data, wish->built.size), &request);
    if (status != STATUS_OK) {
        wish->state = ENGINE_WISH_WAITING;
        return status;
    }
    request->ticket = wish->ticket;
    return STATUS_OK;
}

/* Built, stored, sent; false in *out_sent if it waits or has failed. */
static enum status try_one(struct engine *engine, struct wish *wish, bool *out_sent)
{
    bool ready = true;
    enum status status = STATUS_OK;
    if (wish->built.size == 0) {
        status = build_wish(engine, wish, &ready);
        if (alarm_is_ours(status)) {
            return status;
        }
        if (status != STATUS_OK) {
            wish_clear(&wish->built);
            return wish_failed(engine, wish, status);
        }
        if (!ready) {
            return STATUS_OK;
        }
        random_bytes(wish->request.bytes, sizeof wish->request.bytes);
        wish->tries++;
        /* What was sent must be known after a crash: a retry is these bytes again. */
        status = wish_save(engine, wish);
        if (status != STATUS_OK) {
            return status;
        }
    }
    status = send(engine, wish);
    *out_sent = status == STATUS_OK;
    return status;
}

enum status submit_ask(struct engine *engine, bool *out_asked)
{
    *out_asked = false;
    if (clock_look(engine).stopped) {
        return STATUS_OK; /* what was queued before waits too (decision 23) */
    }
    struct wish *wish = engine->wishes;
    while (wish != NULL) {
        struct wish *next = wish->next;
        if (wish->state == ENGINE_WISH_WAITING && !same_section_waits(engine, wish)) {
            enum status status = try_one(engine, wish, out_asked);
            if (status != STATUS_OK || *out_asked) {
                return status;
            }
        }
        wish = next;
    }
    return STATUS_OK;
}

static bool changes_authority(const struct wish *wish)
{
    return wish->kind != WISH_NOTE && wish->kind != WISH_OPENED;
}

static bool built_has_statement(const struct wish *wish)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    bool has = false;
    if (message_decode(&alcove__submit_ask__descriptor, span_of(wish->built.data, wish->built.size),
                       &arena, &message) == STATUS_OK) {
        const Alcove__SubmitAsk *ask = (const Alcove__SubmitAsk *)(const void *)message;
        has = ask->n_statement > 0;
    }
    arena_free(&arena);
    return has;
}

static enum status note_reply(struct engine *engine, const struct wish *wish,
                              const Alcove__SubmitReply *reply)
{
    struct section *section = section_find(engine, &wish->section);
    if (section != NULL && reply->section_number > section->known) {
        section->known = reply->section_number;
    }
    if (changes_authority(wish) || built_has_statement(wish)) {
        engine->want_checkpoint = true;
        engine->want_state = true;
    }
    const struct authority_section *facts =
        section == NULL ? NULL : authority_section(engine->authority, &section->id);
    struct hash leaf;
    if (facts != NULL && facts->has_chart && reply->chart_number > 0 &&
        field_hash(reply->event_leaf, &leaf)) {
        return section_chart_saw(engine, &facts->chart, reply->chart_number, &leaf);
    }
    return STATUS_OK;
}

static enum status done(struct engine *engine, struct wish *wish, struct span body)
{
    struct arena arena = {0};
    ProtobufCMessage *message = NULL;
    uint64_t event = 0;
    enum status status;
    if (wish->kind == WISH_OPENED) {
        status = message_decode(&alcove__opened_reply__descriptor, body, &arena, &message);
        if (status == STATUS_OK) {
            event = ((const Alcove__OpenedReply *)(const void *)message)->event;
        }
    } else {
        status = message_decode(&alcove__submit_reply__descriptor, body, &arena, &message);
        if (status == STATUS_OK) {
            const Alcove__SubmitReply *reply = (const Alcove__SubmitReply *)(const void *)message;
            event = reply->event;
            status = note_reply(engine, wish, reply);
        }
    }
    arena_free(&arena);
    if (status != STATUS_OK) {
        return alarm_is_ours(status)
                   ? status
                   : alarm_stop(engine, status,
                                "The server's answer to what was sent does not hold.", "");
    }
    return wish_done(engine, wish, event);
}

/* The same wish again, made anew against what is in force now. A refused revision's number is
 * used again, and the new one says which it replaces (decision 12). */
static enum status again(struct engine *engine, struct wish *wish)
{
    struct section *section = section_find(engine, &wish->section);
    if (wish->kind == WISH_NOTE && section != NULL) {
        section->refused_number = wish->built_device_number;
        section->refused_link = wish->built_object;
        const struct storage *storage = &engine->storage;
        enum status status = storage->begin(storage->context);
        if (status != STATUS_OK) {
            return status;
        }
        status = section_store(engine, section);
        if (status != STATUS_OK) {
            storage->abort(storage->context);
            return status;
        }
        status = storage->commit(storage->context);
        if (status != STATUS_OK) {
            return status;
        }
    }
    engine->want_checkpoint = true;
    engine->want_state = true;
    wish->state = ENGINE_WISH_WAITING;
    wish_clear(&wish->built);
    return wish_save(engine, wish);
}

static bool may_repeat(const struct wish *wish, enum status code)
{
    /* Whole statements were signed for one place: they cannot be made anew here. */
    bool fixed = wish->kind == WISH_READY || wish->kind == WISH_DEVICE || wish->kind == WISH_OPENED;
    return !fixed && wish->tries < SUBMIT_TRIES_MAX &&
           (code == STATUS_CONFLICT || code == STATUS_NEEDS_EPOCH);
}

enum status submit_reply(struct engine *engine, struct request *request, uint32_t code,
                         struct span body)
{
    struct wish *wish = wish_find(engine, request->ticket);
    if (wish == NULL) {
        return STATUS_OK;
    }
    enum status status = code < STATUS_BAD_SIGNATURE ? (enum status)code : STATUS_MALFORMED;
    if (status == STATUS_OK || status == STATUS_ALREADY) {
        return done(engine, wish, body);
    }
    if (status == STATUS_BUSY || status == STATUS_UNAVAILABLE) {
        wish->state = ENGINE_WISH_WAITING;
        engine->retry_at_ms = engine->now_ms + SYNC_RETRY_MS;
        return STATUS_OK;
    }
    if (may_repeat(wish, status)) {
        return again(engine, wish);
    }
    wish_clear(&wish->built);
    engine->want_state = true;
    return wish_failed(engine, wish, status);
}

void submit_lost(struct engine *engine)
{
    for (struct wish *wish = engine->wishes; wish != NULL; wish = wish->next) {
        if (wish->state == ENGINE_WISH_SENT) {
            wish->state = ENGINE_WISH_WAITING;
        }
    }
}
