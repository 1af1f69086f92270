#include "client/engine/api/act.h"

#include "client/engine/api/act_inside.h"
#include "client/engine/common/clock.h"
#include "client/engine/log/advance.h"
#include "client/engine/log/fold.h"
#include "client/engine/submit/build.h"
#include "keys/public/frame.h"

enum status act_begin(struct engine *engine, uint64_t now_ms)
{
    engine->common.now_ms = now_ms > engine->common.now_ms ? now_ms : engine->common.now_ms;
    const struct authority_member *self = fold_self(&engine->log);
    if (self == NULL || !engine->sections.synced_once) {
        return STATUS_OFFLINE;
    }
    if (clock_look(&engine->common).stopped) {
        return STATUS_CLOCK;
    }
    return authority_active(self, advance_when(&engine->log)) ? STATUS_OK : STATUS_REFUSED;
}

enum status act_judge(struct engine *engine, const struct made *made)
{
    struct authority *authority = engine->log.authority;
    authority_try_begin(authority);
    struct authority_result result;
    enum status status =
        authority_admit(authority, span_of(made->data, made->size), engine->log.leaves.count,
                        clock_writer_ms(&engine->common), AUTHORITY_VERIFIED, &result);
    authority_try_drop(authority);
    return status;
}

static enum status may(const struct engine *engine, uint32_t action)
{
    return authority_may(engine->log.authority, fold_self(&engine->log), action, CLASS_NONE, NULL,
                         NULL, advance_when(&engine->log), NULL, NULL)
               ? STATUS_OK
               : STATUS_REFUSED;
}

static enum status member_wish(struct engine *engine, const struct member_id *member,
                               enum statement_type type, uint32_t action, uint64_t now_ms,
                               struct wish **out_wish)
{
    enum status status = act_begin(engine, now_ms);
    if (status == STATUS_OK && authority_member(engine->log.authority, member) == NULL) {
        status = STATUS_NOT_FOUND;
    }
    if (status == STATUS_OK && action != ACTION_NONE) {
        status = may(engine, action);
    }
    if (status == STATUS_OK) {
        status = wish_new(&engine->outbox, WISH_MEMBER, out_wish);
    }
    if (status == STATUS_OK) {
        (*out_wish)->member = *member;
        (*out_wish)->statement_type = type;
    }
    return status;
}

enum status act_delegate(struct engine *engine, const struct member_id *therapist,
                         uint64_t until_ms, uint64_t now_ms, uint64_t *out_ticket)
{
    struct wish *wish = NULL;
    enum status status =
        member_wish(engine, therapist, STATEMENT_DELEGATION, ACTION_DELEGATE, now_ms, &wish);
    if (status != STATUS_OK) {
        return status;
    }
    wish->until_ms = until_ms;
    return wish_add(&engine->outbox, wish, out_ticket);
}

enum status act_relate(struct engine *engine, const struct member_id *subject,
                       const struct member_id *staff, uint32_t kind, uint64_t until_ms,
                       uint64_t now_ms, uint64_t *out_ticket)
{
    if (kind < RELATION_TREATS || kind > RELATION_COVERS) {
        return STATUS_USAGE;
    }
    struct wish *wish = NULL;
    enum status status =
        member_wish(engine, subject, STATEMENT_RELATION, ACTION_RELATE, now_ms, &wish);
    if (status != STATUS_OK) {
        return status;
    }
    if (authority_member(engine->log.authority, staff) == NULL) {
        wish_free(wish);
        return STATUS_NOT_FOUND;
    }
    wish->staff = *staff;
    wish->relation_kind = kind;
    wish->until_ms = until_ms;
    struct plan plan;
    status = build_member_statement(&engine->sources, wish, NULL, &plan);
    enum authority_reason reason = plan.reason;
    plan_drop(&plan);
    if (status != STATUS_OK) {
        wish_free(wish);
        return reason == AUTHORITY_CIRCLE ? STATUS_CONFLICT : status;
    }
    return wish_add(&engine->outbox, wish, out_ticket);
}

enum status act_unrelate(struct engine *engine, const struct hash *relation, uint64_t now_ms,
                         uint64_t *out_ticket)
{
    enum status status = act_begin(engine, now_ms);
    if (status != STATUS_OK) {
        return status;
    }
    const struct authority_relation *facts = authority_relation(engine->log.authority, relation);
    if (facts == NULL) {
        return STATUS_NOT_FOUND;
    }
    struct wish *wish = NULL;
    status =
        member_wish(engine, &facts->subject, STATEMENT_RELATION_END, ACTION_RELATE, now_ms, &wish);
    if (status != STATUS_OK) {
        return status;
    }
    wish->object = *relation;
    return wish_add(&engine->outbox, wish, out_ticket);
}

/* The root's key is not kept: what it signs is signed at once. */
static enum status sign_now(struct engine *engine, struct wish *wish,
                            const struct identity_signer *root)
{
    struct plan plan;
    enum status status = build_member_statement(&engine->sources, wish, root, &plan);
    if (status == STATUS_OK) {
        wish->kind = WISH_READY;
        status = wish_set(&wish->body, span_of(plan.statements[0].data, plan.statements[0].size));
    }
    plan_drop(&plan);
    return status;
}

enum status act_suspend(struct engine *engine, const struct member_id *member, bool resume,
                        const struct identity_signer *root, uint64_t now_ms, uint64_t *out_ticket)
{
    struct wish *wish = NULL;
    enum status status =
        member_wish(engine, member, resume ? STATEMENT_RESUMPTION : STATEMENT_SUSPENSION,
                    root == NULL ? ACTION_SUSPEND : ACTION_NONE, now_ms, &wish);
    if (status != STATUS_OK) {
        return status;
    }
    if (authority_member(engine->log.authority, member)->by_root != (root != NULL)) {
        status = STATUS_REFUSED;
    } else if (root != NULL) {
        status = sign_now(engine, wish, root);
    }
    if (status != STATUS_OK) {
        wish_free(wish);
        return status;
    }
    return wish_add(&engine->outbox, wish, out_ticket);
}

enum status act_withdraw(struct engine *engine, const struct member_id *member,
                         const struct identity_signer *root, uint64_t now_ms, uint64_t *out_ticket)
{
    enum status status = act_begin(engine, now_ms);
    const struct authority_member *facts =
        status == STATUS_OK ? authority_member(engine->log.authority, member) : NULL;
    if (facts == NULL) {
        return status == STATUS_OK ? STATUS_NOT_FOUND : status;
    }
    if (facts->enrolled || facts->suspensions != NULL) {
        return facts->enrolled ? STATUS_USAGE : STATUS_ALREADY;
    }
    bool own = ID_EQUAL(&facts->inviter, &engine->common.content->member);
    if (facts->by_root != (root != NULL)) {
        return STATUS_REFUSED;
    }
    struct wish *wish = NULL;
    status = member_wish(engine, member, STATEMENT_SUSPENSION,
                         root != NULL || own ? ACTION_NONE : ACTION_SUSPEND, now_ms, &wish);
    if (status == STATUS_OK && root != NULL) {
        status = sign_now(engine, wish, root);
        if (status != STATUS_OK) {
            wish_free(wish);
        }
    }
    return status == STATUS_OK ? wish_add(&engine->outbox, wish, out_ticket) : status;
}

/* Each section that the device could open gets a new key from us, where we may make one, as soon as
 * the log has the revocation (decision 6). What others may write alone waits for them. */
static enum status rotate_all(struct engine *engine, const struct hash *device)
{
    for (size_t i = 0; i < engine->sections.count; i++) {
        const struct section *section = &engine->sections.items[i];
        const struct authority_section *facts =
            authority_section(engine->log.authority, &section->id);
        uint32_t rights =
            facts == NULL ? 0
                          : authority_rights(engine->log.authority, facts, fold_self(&engine->log),
                                             advance_when(&engine->log), NULL);
        if (facts == NULL || facts->epoch_count == 0 || (rights & RIGHT_WRITE) == 0) {
            continue;
        }
        struct wish *wish = NULL;
        enum status status = wish_new(&engine->outbox, WISH_ROTATE, &wish);
        if (status != STATUS_OK) {
            return status;
        }
        wish->section = section->id;
        wish->object = *device;
        status = wish_add(&engine->outbox, wish, NULL);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

enum status act_device_revoke(struct engine *engine, const struct member_id *member,
                              const struct hash *device, uint64_t now_ms, uint64_t *out_ticket)
{
    enum status status = act_begin(engine, now_ms);
    if (status != STATUS_OK) {
        return status;
    }
    const struct authority_device *facts = authority_device(engine->log.authority, device);
    if (facts == NULL || !ID_EQUAL(&facts->member, member)) {
        return STATUS_NOT_FOUND;
    }
    bool own = ID_EQUAL(member, &engine->common.content->member);
    const struct authority_member *whose = authority_member(engine->log.authority, member);
    if (!own && (whose == NULL || whose->by_root)) {
        return STATUS_REFUSED;
    }
    struct wish *wish = NULL;
    status = member_wish(engine, member, STATEMENT_DEVICE_REVOCATION,
                         own ? ACTION_DEVICE : ACTION_REVOKE_DEVICE, now_ms, &wish);
    if (status != STATUS_OK) {
        return status;
    }
    wish->object = *device;
    status = wish_add(&engine->outbox, wish, out_ticket);
    return status == STATUS_OK && own ? rotate_all(engine, device) : status;
}

enum status act_device_body(struct engine *engine, const struct act_device_keys *keys,
                            uint8_t **out_body, size_t *out_size)
{
    if (fold_self(&engine->log) == NULL) {
        return STATUS_OFFLINE;
    }
    struct plan plan;
    enum status status = plan_member(&engine->sources, &engine->common.content->member, &plan);
    if (status == STATUS_OK) {
        Alcove__Link link;
        plan_link(&plan, &link);
        link.device = field_of(NULL, 0); /* the identity signs, not this device */
        Alcove__DeviceKeys device;
        alcove__device_keys__init(&device);
        device.device = field_of(keys->device.bytes, ID_BYTES);
        device.content_key = field_of(keys->content_key.bytes, PUBLIC_KEY_BYTES);
        device.login_key = field_of(keys->login_key.bytes, PUBLIC_KEY_BYTES);
        device.sealing_key = field_of(keys->sealing_key.bytes, PUBLIC_KEY_BYTES);
        device.suite_min = FRAME_SUITE_CLASSICAL;
        Alcove__Device body;
        alcove__device__init(&body);
        body.link = &link;
        body.device = &device;
        status = message_pack(&body.base, out_body, out_size);
    }
    plan_drop(&plan);
    return status;
}

/* A statement holds so many keys at most; each takes the keys of as many epochs, those that we do not
 * hold among them, and so of all epochs that there are. */
static enum status reseal_section(struct engine *engine, const struct section *section,
                                  const struct hash *device)
{
    const struct authority_section *facts = authority_section(engine->log.authority, &section->id);
    size_t epochs = facts == NULL ? 0 : facts->epoch_count;
    for (size_t from = 0; from < epochs; from += RESEAL_KEYS_MAX) {
        struct wish *wish = NULL;
        enum status status = wish_new(&engine->outbox, WISH_RESEAL, &wish);
        if (status != STATUS_OK) {
            return status;
        }
        wish->section = section->id;
        wish->object = *device;
        wish->history_from = from + 1u;
        status = wish_add(&engine->outbox, wish, NULL);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}

/* All that we can open is sealed to the new device too (decision 5). */
static enum status reseal_all(struct engine *engine, const struct hash *device)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < engine->sections.count && status == STATUS_OK; i++) {
        const struct section *section = &engine->sections.items[i];
        if (section->started && section->ended_at == 0 && section->key_count > 0) {
            status = reseal_section(engine, section, device);
        }
    }
    return status;
}

enum status act_device(struct engine *engine, struct span body, const struct signature *new_device,
                       uint64_t now_ms, uint64_t *out_ticket)
{
    enum status status = act_begin(engine, now_ms);
    if (status != STATUS_OK) {
        return status;
    }
    if (engine->common.content->identity == NULL) {
        return STATUS_REFUSED;
    }
    struct signature signatures[2];
    signatures[1] = *new_device;
    status = identity_sign(engine->common.content->identity, LABEL_DEVICE, &engine->common.practice,
                           &body, 1, &signatures[0]);
    struct made made = {0};
    if (status == STATUS_OK) {
        status =
            make_signed(&engine->common.practice, STATEMENT_DEVICE, body, signatures, 2, &made);
    }
    if (status == STATUS_OK) {
        status = act_judge(engine, &made);
    }
    struct wish *wish = NULL;
    if (status == STATUS_OK) {
        status = wish_new(&engine->outbox, WISH_DEVICE, &wish);
    }
    if (status == STATUS_OK) {
        status = wish_set(&wish->body, body);
        if (status == STATUS_OK) {
            status = wish_set(&wish->extra, ID_SPAN(new_device));
        }
        if (status != STATUS_OK) {
            wish_free(wish);
        }
    }
    if (status == STATUS_OK) {
        status = wish_add(&engine->outbox, wish, out_ticket);
    }
    if (status == STATUS_OK) {
        status = reseal_all(engine, &made.hash);
    }
    make_free(&made);
    return status;
}

enum status act_short_code(const struct engine *engine, const struct member_id *member,
                           char out_text[static ACT_SHORT_CODE_CHARS_MAX])
{
    const struct authority_member *self = fold_self(&engine->log);
    const struct authority_member *other =
        self == NULL ? NULL : authority_member(engine->log.authority, member);
    if (other == NULL || !other->enrolled || !self->enrolled) {
        return STATUS_NOT_FOUND;
    }
    bool first = memcmp(self->identity.bytes, other->identity.bytes, HASH_BYTES) < 0;
    struct span parts[] = {ID_SPAN(first ? &self->identity : &other->identity),
                           ID_SPAN(first ? &other->identity : &self->identity)};
    struct hash hash;
    frame_hash(LABEL_SHORT_CODE, &engine->common.practice, parts, ARRAY_LEN(parts), &hash);
    size_t used = 0;
    for (size_t group = 0; group < 5; group++) {
        uint32_t value = 0;
        for (size_t i = 0; i < 4; i++) {
            value = value << 8 | hash.bytes[group * 4 + i];
        }
        int written = snprintf(out_text + used, ACT_SHORT_CODE_CHARS_MAX - used, "%s%05u",
                               group > 0 ? " " : "", value % 100000u);
        CHECK(written > 0);
        used += (size_t)written;
    }
    return STATUS_OK;
}
