#include "tests/sim/lie.h"

#include "keys/public/revision.h"
#include "tests/hostile/mutate.h"
#include "tests/hostile/schema.h"
#include "tests/support/test.h"

/* What becomes of one frame on its way to a device that is lied to. */

#define FIELD_PER_THOUSAND 150u
#define OTHER_PER_THOUSAND 500u
#define TRIES_MAX          8u

struct lie_at {
    struct world *world;
    struct liar_device *met;
    struct dice dice;
    struct span bytes;
    const Alcove__Frame *frame;
    uint32_t op; /* of a reply; 0: none */
    size_t slot;
    const ProtobufCMessageDescriptor *type; /* NULL: no whole body */
    struct arena *arena;
};

static const Alcove__Frame *decode(struct span bytes, struct arena *arena)
{
    ProtobufCMessage *message = NULL;
    OK(message_decode(&alcove__frame__descriptor, bytes, arena, &message));
    return (const Alcove__Frame *)(const void *)message;
}

void lie_asked(struct liar_device *device, struct span bytes)
{
    struct arena arena = {0};
    const Alcove__Frame *frame = decode(bytes, &arena);
    size_t place = device->asked % LIAR_REQUESTS_MAX;
    if (frame->kind == FRAME_REQUEST && frame->request_id.len == ID_BYTES) {
        memcpy(device->id[place].bytes, frame->request_id.data, ID_BYTES);
        device->op[place] = frame->code;
        device->asked++;
    }
    arena_free(&arena);
}

bool lie_is_empty_page(const struct liar_device *device, struct span bytes)
{
    static const struct request_id none;
    struct arena arena = {0};
    const Alcove__Frame *frame = decode(bytes, &arena);
    bool is = !ID_EQUAL(&device->emptied, &none) && frame->kind == FRAME_REPLY &&
              frame->code == STATUS_OK && frame->request_id.len == ID_BYTES &&
              memcmp(device->emptied.bytes, frame->request_id.data, ID_BYTES) == 0;
    arena_free(&arena);
    return is;
}

bool lie_empty_page(struct liar_device *device, struct span bytes, uint8_t **out_bytes,
                    size_t *out_size)
{
    struct arena arena = {0};
    Alcove__Frame frame = *decode(bytes, &arena);
    bool asks = frame.kind == FRAME_REQUEST && frame.code == OP_PAGE;
    ProtobufCMessage *message = NULL;
    if (asks) {
        OK(message_decode(&alcove__page_ask__descriptor, field_span(frame.body), &arena, &message));
        Alcove__PageAsk *ask = (Alcove__PageAsk *)(void *)message;
        ask->to = ask->from - 1;
        asks = ask->to != 0; /* 0 asks for all */
        uint8_t *body = NULL;
        size_t size = 0;
        OK(message_pack(&ask->base, &body, &size));
        frame.body = field_of(body, size);
        OK(message_pack(&frame.base, out_bytes, out_size));
        free(body);
        if (asks) {
            memcpy(device->emptied.bytes, frame.request_id.data, ID_BYTES);
        }
    }
    arena_free(&arena);
    return asks;
}

static uint32_t op_of(const struct liar_device *device, const Alcove__Frame *frame)
{
    for (size_t i = 0; i < device->asked && i < LIAR_REQUESTS_MAX; i++) {
        if (frame->request_id.len == ID_BYTES &&
            memcmp(device->id[i].bytes, frame->request_id.data, ID_BYTES) == 0) {
            return device->op[i];
        }
    }
    return 0;
}

static struct span copy_of(struct span from)
{
    uint8_t *copy = malloc(from.size + 1);
    CHECK(copy != NULL);
    if (from.size > 0) {
        memcpy(copy, from.data, from.size);
    }
    return span_of(copy, from.size);
}

static bool framed(struct lied *out, const struct lie_at *at, uint32_t code, struct span body)
{
    Alcove__Frame fresh = *at->frame;
    fresh.code = code;
    fresh.body = field_of(body.data, body.size);
    OK(message_pack(&fresh.base, &out->bytes, &out->size));
    return true;
}

static bool packed(struct lied *out, const struct lie_at *at, const ProtobufCMessage *body)
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    OK(message_pack(body, &bytes, &size));
    (void)framed(out, at, at->frame->code, span_of(bytes, size));
    free(bytes);
    return true;
}

/* ---- operators */

static bool change(struct lie_at *at, struct lied *out, bool around)
{
    const ProtobufCMessageDescriptor *type = around ? &alcove__frame__descriptor : at->type;
    struct span target = around ? at->bytes : field_span(at->frame->body);
    if (type == NULL || target.size == 0) {
        return false;
    }
    struct mutate_tree tree = {0};
    mutate_parse(target, type, &tree);
    uint8_t *bytes = NULL;
    size_t size = 0;
    for (unsigned i = 0; i < TRIES_MAX && bytes == NULL && tree.count > 0; i++) {
        size_t field = dice_below(&at->dice, tree.count);
        enum mutate_op op = (enum mutate_op)dice_below(&at->dice, MUTATE_OPS);
        struct span donor = mutate_value(&tree, dice_below(&at->dice, tree.count));
        bytes = mutate_apply(&tree, field, op, dice_next(&at->dice), donor, &size);
        if (bytes != NULL) {
            char path[256];
            mutate_path(&tree, field, path, sizeof path);
            world_tell(at->world, "changed on its way: %s %s", mutate_op_name(op), path);
        }
    }
    mutate_free(&tree);
    if (bytes != NULL && !around) {
        uint8_t *body = bytes;
        (void)framed(out, at, at->frame->code, span_of(body, size));
        free(body);
    } else if (bytes != NULL) {
        out->bytes = bytes;
        out->size = size;
    }
    return bytes != NULL;
}

static bool refuse(struct lie_at *at, struct lied *out)
{
    static const enum status codes[] = {STATUS_BUSY,      STATUS_FULL,     STATUS_UNAVAILABLE,
                                        STATUS_REFUSED,   STATUS_CONFLICT, STATUS_NEEDS_EPOCH,
                                        STATUS_SUSPENDED, STATUS_ALREADY};
    if (at->frame->kind != FRAME_REPLY && at->frame->kind != FRAME_LOGIN_REPLY) {
        return false;
    }
    uint32_t code = (uint32_t)codes[dice_below(&at->dice, ARRAY_LEN(codes))];
    world_tell(at->world, "answered instead: %s", status_name((enum status)code));
    return framed(out, at, code, span_of(NULL, 0));
}

static bool leave_out_line(struct lie_at *at, struct lied *out)
{
    if (at->op != OP_STATE || at->type == NULL) {
        return false;
    }
    ProtobufCMessage *message = NULL;
    OK(message_decode(at->type, field_span(at->frame->body), at->arena, &message));
    Alcove__StateReply *state = (Alcove__StateReply *)(void *)message;
    if (state->n_section == 0) {
        return false;
    }
    size_t line = at->met->choice % state->n_section;
    for (size_t i = line; i + 1 < state->n_section; i++) {
        state->section[i] = state->section[i + 1];
    }
    state->n_section--;
    return packed(out, at, &state->base);
}

/* Behind its own chains those of another device's list, as long as there is one. */
static bool name_chains(struct lie_at *at, struct lied *out)
{
    struct span others = span_of(NULL, 0);
    for (unsigned i = 0; i < at->world->device_count && others.data == NULL; i++) {
        const struct liar_device *other =
            &at->world->liar->devices[(at->met->choice + i) % at->world->device_count];
        others = other != at->met ? other->old[at->slot] : others;
    }
    if (at->op != OP_STATE || at->type == NULL || others.data == NULL) {
        return false;
    }
    ProtobufCMessage *message = NULL;
    OK(message_decode(at->type, field_span(at->frame->body), at->arena, &message));
    Alcove__StateReply *state = (Alcove__StateReply *)(void *)message;
    OK(message_decode(at->type, others, at->arena, &message));
    Alcove__StateReply *more = (Alcove__StateReply *)(void *)message;
    size_t count = state->n_chain + more->n_chain;
    Alcove__ChainState **all = arena_alloc(at->arena, (count + 1) * sizeof *all);
    CHECK(all != NULL);
    memcpy(all, state->chain, state->n_chain * sizeof *all);
    memcpy(all + state->n_chain, more->chain, more->n_chain * sizeof *all);
    state->chain = all;
    state->n_chain = count;
    return packed(out, at, &state->base);
}

static void damage(struct lie_at *at, Alcove__PageEntry *entry)
{
    struct hash *link = arena_alloc(at->arena, sizeof *link);
    CHECK(link != NULL);
    struct signature signature;
    if (field_signature(entry->signature, &signature)) {
        revision_link(field_span(entry->header), &signature, &at->world->server.practice, link);
        entry->object = field_of(link->bytes, HASH_BYTES);
        entry->damaged = 1;
        entry->wrap = field_of(NULL, 0);
        entry->envelope = field_of(NULL, 0);
    }
}

static bool spoil_page(struct lie_at *at, struct lied *out, enum lie_kind kind)
{
    if (at->frame->kind != FRAME_CHUNK || at->type == NULL) {
        return false;
    }
    ProtobufCMessage *message = NULL;
    OK(message_decode(at->type, field_span(at->frame->body), at->arena, &message));
    Alcove__PageChunk *chunk = (Alcove__PageChunk *)(void *)message;
    bool changed = false;
    for (size_t i = 0; i < chunk->n_entry && kind != LIE_STOPPED; i++) {
        Alcove__PageEntry *entry = chunk->entry[i];
        if (entry->kind != ENTRY_REVISION || entry->wrap.len == 0) {
            continue;
        }
        changed = true;
        if (kind == LIE_DAMAGED) {
            damage(at, entry);
        } else {
            entry->wrap.data[dice_below(&at->dice, entry->wrap.len)] ^= 1;
        }
    }
    if (kind == LIE_STOPPED) {
        changed = true;
        chunk->n_entry = dice_below(&at->dice, chunk->n_entry + 1);
        chunk->last = true;
        chunk->status = STATUS_UNAVAILABLE;
    }
    return changed && packed(out, at, &chunk->base);
}

static bool replay(struct lie_at *at, struct lied *out, bool others)
{
    struct span body = at->met->old[at->slot];
    for (unsigned i = 0; others && i < at->world->device_count; i++) {
        const struct liar_device *other =
            &at->world->liar->devices[(at->met->choice + i) % at->world->device_count];
        if (other != at->met && other->old[at->slot].data != NULL) {
            body = other->old[at->slot];
            break;
        }
    }
    bool fits =
        body.data != NULL && (at->frame->code == STATUS_OK || at->frame->kind == FRAME_PUSH);
    if (fits) {
        world_tell(at->world, "answered as %s", others ? "to somebody else" : "before");
    }
    return fits && framed(out, at, at->frame->code, body);
}

static bool operate(struct lie_at *at, struct lied *out)
{
    switch (at->met->kind) {
    case LIE_FIELD:
    case LIE_AROUND:
        return change(at, out, at->met->kind == LIE_AROUND);
    case LIE_LOST:
        return out->never = true;
    case LIE_TWICE:
        return out->twice = true;
    case LIE_LATE:
        return out->later = at->met->held.data == NULL;
    case LIE_OLD:
    case LIE_OTHERS:
        return replay(at, out, at->met->kind == LIE_OTHERS);
    case LIE_REFUSAL:
        return refuse(at, out);
    case LIE_LINE:
        return leave_out_line(at, out);
    case LIE_WRAPS:
    case LIE_STOPPED:
    case LIE_DAMAGED:
        return spoil_page(at, out, at->met->kind);
    case LIE_CHAINS:
        return name_chains(at, out);
    case LIE_PAGES: /* by the server itself: liar_handle */
    case LIE_KINDS:
        break;
    }
    return false;
}

/* A section that is left out is so each time: else its reader would have it the next minute. */
static unsigned how_often(enum lie_kind kind)
{
    if (kind == LIE_LINE || kind == LIE_CHAINS) {
        return 1000;
    }
    return kind == LIE_FIELD || kind == LIE_AROUND ? FIELD_PER_THOUSAND : OTHER_PER_THOUSAND;
}

bool lie_frame(struct world *world, struct world_device *device, struct span bytes,
               struct lied *out_lied)
{
    struct arena arena = {0};
    struct lie_at at = {.world = world,
                        .met = &world->liar->devices[device - world->devices],
                        .bytes = bytes,
                        .arena = &arena};
    dice_throw(&at.dice, world->seed ^ UINT64_C(0x6672616d65), world->step);
    at.frame = decode(bytes, &arena);
    at.op = at.frame->kind == FRAME_REPLY ? op_of(at.met, at.frame) : 0;
    at.slot = (at.frame->kind % 8) * 64 + at.op % 64;
    bool piece = at.frame->kind == FRAME_CHUNK && at.frame->code != 0;
    bool whole = at.frame->kind != FRAME_REPLY || at.frame->code == STATUS_OK;
    at.type = !piece && whole && at.frame->body.len > 0 ? schema_server_body(at.frame->kind, at.op)
                                                        : NULL;
    bool lies = at.met->until > world->step && !world->calm &&
                dice_chance(&at.dice, how_often(at.met->kind)) && operate(&at, out_lied);
    if (at.type != NULL) {
        free((void *)(uintptr_t)at.met->old[at.slot].data);
        at.met->old[at.slot] = copy_of(field_span(at.frame->body));
    }
    arena_free(&arena);
    return lies;
}
