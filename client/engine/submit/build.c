#include "client/engine/submit/build.h"

#include "client/engine/log/advance.h"
#include "client/engine/log/fold.h"

#define BUILD_TRIES_MAX 16u

static enum status build_ready(struct sources *from, struct wish *wish)
{
    struct plan plan = {.from = from, .statement_count = 1};
    plan.statements[0] = (struct made){.data = wish->body.data, .size = wish->body.size};
    statement_hash(span_of(wish->body.data, wish->body.size), &from->common->practice,
                   &wish->built_object);
    return plan_pack(&plan, NULL, span_of(wish->extra.data, wish->extra.size), wish);
}

static bool section_is_coming(const struct sources *from, const struct section_id *section)
{
    for (const struct wish *wish = from->outbox->first; wish != NULL; wish = wish->next) {
        if (wish->kind == WISH_SECTION && wish->state != ENGINE_WISH_FAILED &&
            ID_EQUAL(&wish->section, section)) {
            return true;
        }
    }
    return false;
}

/* Keys that are sealed to a new device wait for the statement that makes it, however long the server
 * could not take that. */
static bool device_is_coming(const struct sources *from, const struct wish *wish)
{
    if (wish->kind != WISH_RESEAL ||
        authority_device(from->log->authority, &wish->object) != NULL) {
        return false;
    }
    for (const struct wish *other = from->outbox->first; other != NULL; other = other->next) {
        if (other->kind == WISH_DEVICE && other->state != ENGINE_WISH_FAILED) {
            return true;
        }
    }
    return false;
}

enum build_place { BUILD_HERE, BUILD_LATER, BUILD_NEVER };

/* The server withholds the section, though by the statements that we verified we are in it. What
 * was seen of it last may be old, and nothing is signed on top of that. Of a removal the statements
 * come with the next round; then what waits is judged by them. */
static bool is_withheld(const struct sources *from, const struct section *section)
{
    const struct authority *authority = from->log->authority;
    const struct authority_section *facts = authority_section(authority, &section->id);
    const struct authority_member *self = fold_self(from->log);
    return section_withheld(section) && facts != NULL && self != NULL &&
           authority_rights(authority, facts, self, advance_when(from->log), NULL) != RIGHT_NONE;
}

/* Whether the section is known up to its end, so that statements can be made for it. */
static enum build_place place_of(struct sources *from, struct wish *wish)
{
    struct section *section = section_find(from->sections, &wish->section);
    if (section == NULL || !section->started) {
        if (section_is_coming(from, &wish->section) || wish->tries < BUILD_TRIES_MAX) {
            wish->tries++;
            return BUILD_LATER;
        }
        return BUILD_NEVER;
    }
    if (is_withheld(from, section)) {
        return BUILD_LATER;
    }
    if (device_is_coming(from, wish)) {
        return BUILD_LATER;
    }
    if (section->ended_at > 0) {
        return BUILD_NEVER;
    }
    if (section_behind(section)) {
        return BUILD_LATER;
    }
    if (timeline_behind(&section->timeline, from->log->authority)) {
        /* The server owes an entry about somebody who left or came. */
        from->common->wants.state = wish->tries < BUILD_TRIES_MAX;
        wish->tries++;
        return BUILD_LATER;
    }
    return BUILD_HERE;
}

/* A new key because a device is out is made once the log has that, and not at all if it is not to be
 * or if another writer made one meanwhile. */
static enum build_place place_of_rotation(const struct sources *from, const struct wish *wish)
{
    static const struct hash none;
    const struct authority *authority = from->log->authority;
    if (wish->kind != WISH_ROTATE || ID_EQUAL(&wish->object, &none)) {
        return BUILD_HERE;
    }
    struct authority_when when = advance_when(from->log);
    const struct authority_device *device = authority_device(authority, &wish->object);
    if (device != NULL && authority_device_live(device, when)) {
        for (const struct wish *other = from->outbox->first; other != NULL; other = other->next) {
            if (other->kind == WISH_MEMBER && ID_EQUAL(&other->object, &wish->object)) {
                return BUILD_LATER;
            }
        }
        return from->common->wants.checkpoint ? BUILD_LATER : BUILD_NEVER;
    }
    const struct authority_section *facts = authority_section(authority, &wish->section);
    return facts != NULL && authority_closed(authority, facts, when) ? BUILD_HERE : BUILD_NEVER;
}

static enum status build_on_section(struct sources *from, struct wish *wish)
{
    struct plan plan;
    enum status status = plan_section(from, &wish->section, &plan);
    if (status == STATUS_OK) {
        status = wish->kind == WISH_GRANT    ? build_grant(&plan, wish)
                 : wish->kind == WISH_REVOKE ? build_revoke(&plan, wish)
                 : wish->kind == WISH_RESEAL ? build_reseal(&plan, wish)
                                             : plan_epoch(&plan);
    }
    if (status == STATUS_OK) {
        wish->built_object = plan.statements[0].hash;
        status = plan_pack(&plan, NULL, span_of(NULL, 0), wish);
    }
    plan_drop(&plan);
    return status;
}

enum status build_wish(struct sources *from, struct wish *wish, bool *out_ready)
{
    *out_ready = false;
    bool on_section = wish->kind == WISH_NOTE || wish->kind == WISH_GRANT ||
                      wish->kind == WISH_REVOKE || wish->kind == WISH_ROTATE ||
                      wish->kind == WISH_RESEAL;
    /* Who takes back what they made is out, and does not know how far the section is. */
    bool takes_back =
        wish->kind == WISH_GRANT && ID_EQUAL(&wish->member, &from->common->content->member);
    if (on_section && !takes_back) {
        enum build_place place = place_of_rotation(from, wish);
        if (place == BUILD_HERE) {
            place = place_of(from, wish);
        }
        if (place != BUILD_HERE) {
            return place == BUILD_LATER ? STATUS_OK : STATUS_REFUSED;
        }
    }
    if (wish->kind == WISH_NOTE) {
        return build_note(from, wish, out_ready);
    }
    *out_ready = true;
    switch (wish->kind) {
    case WISH_OPENED:
        return build_opened(from, wish);
    case WISH_READY:
        return build_ready(from, wish);
    case WISH_MEMBER:
        return build_member(from, wish);
    case WISH_DEVICE:
        return build_device(from, wish);
    case WISH_SECTION:
        return build_section(from, wish);
    case WISH_GRANT:
    case WISH_REVOKE:
    case WISH_ROTATE:
    case WISH_RESEAL:
        return build_on_section(from, wish);
    case WISH_NOTE:
    default:
        return STATUS_CORRUPT;
    }
}
