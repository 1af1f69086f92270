#include "client/engine/exchange/sync_reply.h"

#include "client/engine/common/alarm.h"
#include "client/engine/common/decode.h"
#include "client/engine/exchange/withheld.h"
#include "client/engine/log/advance.h"
#include "client/engine/log/carried.h"
#include "client/engine/log/chain.h"
#include "client/engine/log/fact.h"
#include "client/engine/section/page.h"
#include "client/engine/submit/submit.h"

static enum status on_checkpoint(struct engine *engine, const struct request *request,
                                 const Alcove__CheckpointReply *reply)
{
    struct seen_log statements;
    enum status status = advance_check(&engine->log, ADVANCE_STATEMENTS, reply->statements,
                                       &request->statements, &statements);
    struct seen_log events;
    if (status == STATUS_OK) {
        status =
            advance_check(&engine->log, ADVANCE_EVENTS, reply->events, &request->events, &events);
    }
    if (status != STATUS_OK) {
        return alarm_is_ours(status)
                   ? status
                   : alarm_stop(&engine->common, status,
                                "The server's logs do not continue those that this device has "
                                "seen.",
                                "checkpoint");
    }
    advance_accept(&engine->log, ADVANCE_STATEMENTS, &statements);
    advance_accept(&engine->log, ADVANCE_EVENTS, &events);
    advance_floor(&engine->log, statements.size, request->newest_ms);
    engine->common.wants.checkpoint = false;
    /* A new leaf may name somebody whose chain only a newer state lists. */
    engine->common.wants.state |= engine->log.leaves.count < statements.size;
    withheld_head(engine);
    return STATUS_OK;
}

static enum status on_leaves(struct engine *engine, const struct request *request,
                             const Alcove__LeavesReply *reply)
{
    struct span leaves = field_span(reply->leaves);
    enum status status = STATUS_BAD_PROOF;
    if (reply->from == request->from && leaves.size > 0 &&
        leaves.size <= (request->to - request->from) * LEAF_BYTES) {
        status = leaves_add(&engine->log.leaves, leaves);
    }
    if (status == STATUS_OK &&
        engine->log.leaves.count + engine->log.leaves.pending == engine->log.leaves_goal.size) {
        status = leaves_accept(&engine->log.leaves, engine->log.leaves_goal.size,
                               &engine->log.leaves_goal.root);
    }
    if (status != STATUS_OK) {
        leaves_drop_pending(&engine->log.leaves);
        return alarm_is_ours(status)
                   ? status
                   : alarm_stop_at(&engine->common, status,
                                   "The server's statements are not those of the log that it "
                                   "signed.",
                                   "leaves from index", request->from);
    }
    return engine->log.leaves.count > engine->log.leaves_stored ? fact_store(&engine->log)
                                                                : STATUS_OK;
}

/* Chains that were not known before are taken off again if the list of sections does not hold. */
static enum status on_state(struct engine *engine, const struct request *request,
                            const Alcove__StateReply *reply)
{
    size_t chains = engine->log.chain_count;
    bool listed = false;
    for (size_t i = 0; i < engine->sections.count; i++) {
        listed |= engine->sections.items[i].listed;
    }
    enum status status = STATUS_OK;
    for (size_t i = 0; i < reply->n_chain && status == STATUS_OK; i++) {
        status = chain_list(&engine->log, reply->chain[i]);
    }
    if (status == STATUS_OK) {
        status = section_list(&engine->sections, reply);
    }
    if (status != STATUS_OK) {
        engine->log.chain_count = chains;
        return alarm_is_ours(status)
                   ? status
                   : alarm_stop(&engine->common, status,
                                status == STATUS_REWOUND
                                    ? "A section is shorter on the server than it was."
                                    : "The server's list of sections does not hold together.",
                                "");
    }
    withheld_anew(engine);
    engine->round.state_at = request->statements.size;
    engine->common.wants.subscribe |= listed;
    engine->common.wants.state = false;
    engine->common.wants.fold = true; /* a section may be new to us though its chain is not */
    return STATUS_OK;
}

static enum status refused(struct engine *engine, struct request *request, enum status code)
{
    if (request->op == OP_PAGE && code == STATUS_UNAVAILABLE) {
        page_stopped(&engine->sections, request->section, code);
        return STATUS_OK;
    }
    if (common_passes(code)) {
        common_retry_later(&engine->common, code);
        return STATUS_OK;
    }
    if (request->op == OP_PAGE) {
        section_refused(&engine->sections, &engine->sections.items[request->section],
                        request->statements.size);
        return STATUS_OK;
    }
    if (request->op == OP_SUBSCRIBE) {
        return STATUS_OK;
    }
    if (request->op == OP_CHAIN && code == STATUS_REFUSED &&
        chain_forget(&engine->log, request->chain)) {
        return STATUS_OK; /* the list of chains is a hint, and this line was wrong */
    }
    engine->common.phase = ENGINE_STOPPED;
    engine->common.why = code;
    return code;
}

static enum status dispatch(struct engine *engine, struct request *request, struct span body)
{
    static const ProtobufCMessageDescriptor *const descriptors[] = {
        [OP_STATE] = &alcove__state_reply__descriptor,
        [OP_LEAVES] = &alcove__leaves_reply__descriptor,
        [OP_CHAIN] = &alcove__chain_reply__descriptor,
        [OP_CHECKPOINT] = &alcove__checkpoint_reply__descriptor,
        [OP_PAGE] = &alcove__page_reply__descriptor,
        [OP_SUBSCRIBE] = &alcove__subscribe_reply__descriptor,
        [OP_PROOF] = &alcove__proof_reply__descriptor,
    };
    CHECK((size_t)request->op < ARRAY_LEN(descriptors) && descriptors[request->op] != NULL);
    struct arena arena = {0};
    ProtobufCMessage *decoded = NULL;
    enum status status = message_decode(descriptors[request->op], body, &arena, &decoded);
    const void *message = decoded;
    if (status != STATUS_OK) {
        if (!alarm_is_ours(status)) {
            status =
                alarm_stop(&engine->common, status, "The server's answer is not well formed.", "");
        }
    } else if (request->op == OP_STATE) {
        status = on_state(engine, request, message);
    } else if (request->op == OP_LEAVES) {
        status = on_leaves(engine, request, message);
    } else if (request->op == OP_CHAIN) {
        status = fact_reply(&engine->log, request, message);
    } else if (request->op == OP_CHECKPOINT) {
        status = on_checkpoint(engine, request, message);
    } else if (request->op == OP_PAGE) {
        status = page_reply(&engine->sections, request, message);
    } else if (request->op == OP_PROOF) {
        status = carried_reply(&engine->log, request, message);
    }
    arena_free(&arena);
    return status;
}

enum status sync_reply(struct engine *engine, struct request *request, uint32_t code,
                       struct span body)
{
    enum status status;
    if (request->op == OP_SUBMIT || request->op == OP_OPENED) {
        status = submit_reply(&engine->sources, request, code, body);
    } else if (request->op == OP_EVENTS || request->op == OP_EVENT_LEAVES ||
               (request->op == OP_PAGE && request->ticket != 0)) {
        status = queries_reply(&engine->queries, request, code, body);
    } else if (code != STATUS_OK) {
        status = refused(engine, request, common_code(code));
    } else {
        status = dispatch(engine, request, body);
    }
    if (!request->chunks) {
        request_release(request);
    }
    return status;
}

enum status sync_push(struct engine *engine, struct span body)
{
    struct arena arena = {0};
    const Alcove__Push *push = NULL;
    enum status status = decode_push(body, &arena, &push);
    struct section_id id;
    if (status == STATUS_OK && !field_section(push->section, &id)) {
        status = STATUS_MALFORMED;
    }
    if (status != STATUS_OK) {
        arena_free(&arena);
        return alarm_is_ours(status) ? status
                                     : alarm_stop(&engine->common, status,
                                                  "The server's push is not well formed.", "");
    }
    struct section *section = section_find(&engine->sections, &id);
    if (section != NULL && push->number > section->known) {
        section->known = push->number;
    }
    if (section == NULL || push->statements_size > engine->log.leaves.count) {
        engine->common.wants.checkpoint = true;
        engine->common.wants.state = true;
    }
    arena_free(&arena);
    return STATUS_OK;
}
