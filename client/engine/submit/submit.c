#include "client/engine/submit/submit.h"

#include "client/engine/common/alarm.h"
#include "client/engine/common/clock.h"
#include "client/engine/common/decode.h"
#include "client/engine/section/own.h"
#include "client/engine/submit/build.h"
#include "keys/public/bytes/random.h"

/* Sending what is in the outbox and judging the answers. */

#define SUBMIT_TRIES_MAX 12u

static bool same_section_waits(const struct sources *from, const struct wish *until)
{
    static const struct section_id none;
    for (const struct wish *wish = from->outbox->first; wish != until; wish = wish->next) {
        if (wish->state == ENGINE_WISH_WAITING && !ID_EQUAL(&until->section, &none) &&
            ID_EQUAL(&wish->section, &until->section)) {
            return true; /* the order in which things were written is kept */
        }
    }
    return false;
}

static enum status send(struct sources *from, struct wish *wish)
{
    wish->state = ENGINE_WISH_SENT;
    wish->status = STATUS_OK;
    struct request *request = NULL;
    enum status status = request_ask_bytes(
        &from->common->requests, wish->kind == WISH_OPENED ? OP_OPENED : OP_SUBMIT, &wish->request,
        span_of(wish->built.data, wish->built.size), &request);
    if (status != STATUS_OK) {
        wish->state = ENGINE_WISH_WAITING;
        return status;
    }
    request->ticket = wish->ticket;
    request->events = from->log->events;
    request->newest_ms = from->common->clock.newest_leaf_ms;
    return STATUS_OK;
}

/* Built, stored, sent; false in *out_sent if it waits or has failed. */
static enum status try_one(struct sources *from, struct wish *wish, bool *out_sent)
{
    bool ready = true;
    enum status status = STATUS_OK;
    if (wish->built.size == 0) {
        status = build_wish(from, wish, &ready);
        if (alarm_is_ours(status)) {
            return status;
        }
        if (status != STATUS_OK) {
            wish_clear(&wish->built);
            return wish_failed(from->outbox, wish, status);
        }
        if (!ready) {
            return STATUS_OK;
        }
        random_bytes(wish->request.bytes, sizeof wish->request.bytes);
        wish->tries++;
        /* What was sent must be known after a crash: a retry is these bytes again. */
        status = wish_save(from->outbox, wish);
        if (status != STATUS_OK) {
            return status;
        }
    }
    status = send(from, wish);
    *out_sent = status == STATUS_OK;
    return status;
}

/* Those that the server could not take before, or those that it was not asked for yet. */
static enum status try_all(struct sources *from, bool failed_before, bool *out_asked)
{
    struct wish *wish = from->outbox->first;
    while (wish != NULL) {
        struct wish *next = wish->next;
        if (wish->state == ENGINE_WISH_WAITING &&
            (wish->later.trouble != BACKOFF_NONE) == failed_before &&
            backoff_over(&wish->later, from->common->now_ms) && !same_section_waits(from, wish)) {
            enum status status = try_one(from, wish, out_asked);
            if (status != STATUS_OK || *out_asked) {
                return status;
            }
        }
        wish = next;
    }
    return STATUS_OK;
}

/* What failed comes last, so that one that the server can never take does not use up each turn. */
enum status submit_ask(struct sources *from, bool *out_asked)
{
    *out_asked = false;
    if (clock_look(from->common).stopped) {
        return STATUS_OK; /* what was queued before waits too (decision 23) */
    }
    enum status status = try_all(from, false, out_asked);
    return status == STATUS_OK && !*out_asked ? try_all(from, true, out_asked) : status;
}

static bool changes_authority(const struct wish *wish)
{
    return wish->kind != WISH_NOTE && wish->kind != WISH_OPENED;
}

static bool built_has_statement(const struct wish *wish)
{
    struct arena arena = {0};
    const Alcove__SubmitAsk *ask = NULL;
    bool has = false;
    if (decode_submit_ask(span_of(wish->built.data, wish->built.size), &arena, &ask) == STATUS_OK) {
        has = ask->n_statement > 0;
    }
    arena_free(&arena);
    return has;
}

/* What the reply says is no more than a hint of what to fetch; what it proves, by the event of the
 * last thing that was stored, is taken as ours and needs no page. With statements that is after
 * these were fetched, in the round that is wanted here. */
static enum status take_reply(struct sources *from, const struct wish *wish,
                              const struct request *request, const Alcove__SubmitReply *reply)
{
    static const struct section_id none;
    enum status status = STATUS_OK;
    if (!ID_EQUAL(&wish->section, &none)) {
        status = own_hold(from->sections, &wish->section, request, reply->proof,
                          span_of(wish->built.data, wish->built.size));
    }
    if (status != STATUS_OK) {
        return status; /* before anything of the reply counts */
    }
    struct section *section = section_find(from->sections, &wish->section);
    if (from->sections->own == NULL && section != NULL && reply->section_number > section->known) {
        section->known = reply->section_number;
    }
    if (changes_authority(wish) || built_has_statement(wish)) {
        from->common->wants.checkpoint = true;
        from->common->wants.state = true;
    }
    return STATUS_OK;
}

/* The reply is taken before the wish goes: what it proves, the section's new number, by which a page
 * is asked for where it proves nothing, and that statements are to be fetched. */
static enum status done(struct sources *from, struct wish *wish, const struct request *request,
                        struct span body)
{
    struct arena arena = {0};
    uint64_t event = 0;
    bool told = false;
    enum status status;
    if (wish->kind == WISH_OPENED) {
        const Alcove__OpenedReply *reply = NULL;
        status = decode_opened_reply(body, &arena, &reply);
        event = status == STATUS_OK ? reply->event : 0;
    } else {
        const Alcove__SubmitReply *reply = NULL;
        status = decode_submit_reply(body, &arena, &reply);
        if (status == STATUS_OK) {
            event = reply->event;
            status = take_reply(from, wish, request, reply);
            told = status != STATUS_OK;
        }
    }
    arena_free(&arena);
    if (status != STATUS_OK) {
        return told || alarm_is_ours(status)
                   ? status
                   : alarm_stop(from->common, status,
                                "The server's answer to what was sent does not hold.", "");
    }
    /* The wish goes first: if the program is killed in between, the note comes as a page. The other
     * way round it would be here twice, kept and waiting, until it is sent again. */
    status = wish_done(from->outbox, wish, event);
    return status == STATUS_OK && !from->common->wants.checkpoint ? own_take(from->sections)
                                                                  : status;
}

/* The same wish again, made anew against what is in force now. A refused revision's number is
 * used again, and the new one says which it replaces (decision 12). */
static enum status again(struct sources *from, struct wish *wish)
{
    struct section *section = section_find(from->sections, &wish->section);
    if (wish->kind == WISH_NOTE && section != NULL) {
        section->refused_number = wish->built_device_number;
        section->refused_link = wish->built_object;
        const struct storage *storage = &from->common->storage;
        enum status status = storage->begin(storage->context);
        if (status != STATUS_OK) {
            return status;
        }
        status = storage_end(storage, section_store(from->sections, section));
        if (status != STATUS_OK) {
            return status;
        }
    }
    from->common->wants.checkpoint = true;
    from->common->wants.state = true;
    wish->state = ENGINE_WISH_WAITING;
    wish_clear(&wish->built);
    return wish_save(from->outbox, wish);
}

static bool may_repeat(const struct wish *wish, enum status code)
{
    /* Whole statements were signed for one place: they cannot be made anew here. */
    bool fixed = wish->kind == WISH_READY || wish->kind == WISH_DEVICE || wish->kind == WISH_OPENED;
    return !fixed && wish->tries < SUBMIT_TRIES_MAX &&
           (code == STATUS_CONFLICT || code == STATUS_NEEDS_EPOCH);
}

enum status submit_reply(struct sources *from, struct request *request, uint32_t code,
                         struct span body)
{
    struct wish *wish = wish_find(from->outbox, request->ticket);
    if (wish == NULL) {
        return STATUS_OK;
    }
    enum status status = common_code(code);
    if (status == STATUS_OK || status == STATUS_ALREADY) {
        return done(from, wish, request, body);
    }
    if (common_passes(status)) {
        wish->state = ENGINE_WISH_WAITING;
        if (status != STATUS_BUSY) { /* it may be this one alone: all else goes on meanwhile */
            wish->status = status;
            common_wait(from->common, &wish->later,
                        status == STATUS_FULL ? BACKOFF_BUSY : BACKOFF_CORRUPT);
        }
        if (status != STATUS_FULL) {
            common_retry_later(from->common, status);
        }
        return STATUS_OK;
    }
    if (may_repeat(wish, status)) {
        return again(from, wish);
    }
    wish_clear(&wish->built);
    from->common->wants.state = true;
    return wish_failed(from->outbox, wish, status);
}
