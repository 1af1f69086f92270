#include "tests/sim/world.h"

#include "tests/support/test.h"

/*
 * What people do, careless on purpose: they write where they no longer may, share twice, revoke
 * and share again, suspend somebody in the middle of a note, and edit the same note on two devices.
 * What the program refuses at once is counted and otherwise no matter.
 */

#define SEEN_MAX 64u
#define DAY_MS   86400000u

struct seen_sections {
    struct view_section item[SEEN_MAX];
    size_t count;
};

static bool see_section(void *visitor, const struct view_section *section)
{
    struct seen_sections *seen = visitor;
    if (seen->count < SEEN_MAX) {
        seen->item[seen->count++] = *section;
    }
    return true;
}

/* One of the sections in which the device holds |rights|. */
static bool pick_section(struct world_device *device, struct dice *dice, uint32_t rights,
                         struct view_section *out_section)
{
    struct seen_sections seen = {.count = 0};
    view_sections(device->person.engine, see_section, &seen);
    size_t count = 0;
    for (size_t i = 0; i < seen.count; i++) {
        if ((seen.item[i].rights & rights) == rights && seen.item[i].class != CLASS_DIRECTORY) {
            seen.item[count++] = seen.item[i];
        }
    }
    if (count == 0) {
        return false;
    }
    *out_section = seen.item[dice_below(dice, count)];
    return true;
}

static struct world_device *device_of(struct world *world, struct dice *dice, uint32_t role)
{
    struct world_device *found[WORLD_DEVICES_MAX];
    size_t count = 0;
    for (unsigned i = 0; i < world->device_count; i++) {
        if (world->devices[i].role == role) {
            found[count++] = &world->devices[i];
        }
    }
    return count == 0 ? NULL : found[dice_below(dice, count)];
}

static unsigned number_of(const struct world *world, const struct world_device *device)
{
    return (unsigned)(device - world->devices);
}

static struct world_pending *wait_for(struct world *world, enum world_pending_kind kind,
                                      const struct world_device *device, uint64_t ticket)
{
    if (world->pending_count == WORLD_PENDING_MAX) {
        return NULL;
    }
    struct world_pending *pending = &world->pending[world->pending_count++];
    *pending = (struct world_pending){
        .kind = kind, .device = number_of(world, device), .ticket = ticket, .asked = world->step};
    return pending;
}

static enum status invite(struct world *world, struct dice *dice, struct world_device *by)
{
    bool admin = by->role == ROLE_ADMIN;
    struct act_invite ask = {.role = admin ? ROLE_THERAPIST : ROLE_CLIENT,
                             .name = span_of("Somebody", 8),
                             .expires_ms = world_clock(world, by) + DAY_MS * 30};
    if (admin && dice_chance(dice, 250)) {
        ask.role = ROLE_AUDITOR;
        ask.root = world->server.root;
    }
    if (world->device_count + world->pending_count >= WORLD_DEVICES_MAX ||
        world->pending_count == WORLD_PENDING_MAX) {
        return STATUS_BUSY;
    }
    char code[INVITATION_TEXT_CHARS_MAX + 1];
    struct member_id member;
    uint64_t ticket = 0;
    enum status status =
        act_invite(by->person.engine, &ask, world_clock(world, by), code, &member, &ticket);
    if (status == STATUS_OK) {
        struct world_pending *pending = wait_for(world, PENDING_JOIN, by, ticket);
        memcpy(pending->code, code, sizeof code);
        pending->role = ask.role;
    }
    return status;
}

static enum status delegate(struct world *world, struct dice *dice, struct world_device *by)
{
    struct world_device *to = device_of(world, dice, ROLE_THERAPIST);
    uint64_t ticket = 0;
    return to == NULL ? STATUS_NOT_FOUND
                      : act_delegate(by->person.engine, &to->person.content.member, 0,
                                     world_clock(world, by), &ticket);
}

static enum status relate(struct world *world, struct dice *dice, struct world_device *by)
{
    struct world_device *staff = device_of(world, dice, ROLE_THERAPIST);
    bool client = dice_chance(dice, 800);
    struct world_device *subject = device_of(world, dice, client ? ROLE_CLIENT : ROLE_THERAPIST);
    if (staff == NULL || subject == NULL) {
        return STATUS_NOT_FOUND;
    }
    uint32_t kind = client ? (dice_chance(dice, 700) ? RELATION_TREATS : RELATION_COVERS)
                           : (dice_chance(dice, 500) ? RELATION_SUPERVISES : RELATION_TRAINS);
    uint64_t now_ms = world_clock(world, by);
    uint64_t until_ms = dice_chance(dice, 150) ? now_ms + dice_below(dice, DAY_MS / 4) : 0;
    uint64_t ticket = 0;
    enum status status = act_relate(by->person.engine, &subject->person.content.member,
                                    &staff->person.content.member, kind, until_ms, now_ms, &ticket);
    if (status == STATUS_OK && until_ms != 0) {
        /* It ends by the server's clock: from now on nothing is promised. */
        model_put_out(&world->model, staff->member, MODEL_SECTIONS_MAX, MODEL_MEMBERS_MAX,
                      world->step, MODEL_NEVER);
    }
    return status;
}

struct seen_relations {
    struct view_relation item[SEEN_MAX];
    size_t count;
};

static bool see_relation(void *visitor, const struct view_relation *relation)
{
    struct seen_relations *seen = visitor;
    if (seen->count < SEEN_MAX && !relation->ended) {
        seen->item[seen->count++] = *relation;
    }
    return true;
}

static void wait_out(struct world *world, const struct world_device *by, uint64_t ticket,
                     unsigned member, unsigned section, unsigned client)
{
    model_put_out(&world->model, member, section, client, world->step, MODEL_NEVER);
    struct world_pending *pending = wait_for(world, PENDING_OUT, by, ticket);
    if (pending != NULL) {
        pending->member = member;
        pending->section = section;
        pending->client = client;
    }
}

static enum status unrelate(struct world *world, struct dice *dice, struct world_device *by)
{
    struct seen_relations seen = {.count = 0};
    view_relations(by->person.engine, see_relation, &seen);
    if (seen.count == 0) {
        return STATUS_NOT_FOUND;
    }
    const struct view_relation *relation = &seen.item[dice_below(dice, seen.count)];
    uint64_t ticket = 0;
    enum status status =
        act_unrelate(by->person.engine, &relation->statement, world_clock(world, by), &ticket);
    if (status == STATUS_OK) {
        /* Another relation may still let them in: nothing is promised either way. */
        model_put_out(&world->model, model_member(&world->model, &relation->staff, true),
                      MODEL_SECTIONS_MAX, MODEL_MEMBERS_MAX, world->step, MODEL_NEVER);
    }
    return status;
}

static enum status suspend(struct world *world, struct dice *dice, struct world_device *by)
{
    struct world_device *who =
        device_of(world, dice, dice_chance(dice, 500) ? ROLE_THERAPIST : ROLE_CLIENT);
    if (who == NULL) {
        return STATUS_NOT_FOUND;
    }
    bool resume = dice_chance(dice, 600);
    uint64_t ticket = 0;
    enum status status = act_suspend(by->person.engine, &who->person.content.member, resume, NULL,
                                     world_clock(world, by), &ticket);
    if (status != STATUS_OK) {
        return status;
    }
    for (unsigned i = 0; i < world->device_count; i++) {
        if (world->devices[i].member == who->member) {
            world->devices[i].out = true;
        }
    }
    model_put_out(&world->model, who->member, MODEL_SECTIONS_MAX, MODEL_MEMBERS_MAX, world->step,
                  MODEL_NEVER);
    return status;
}

static enum status chart(struct world *world, struct dice *dice, struct world_device *by)
{
    struct world_device *client = device_of(world, dice, ROLE_CLIENT);
    if (client == NULL) {
        return STATUS_NOT_FOUND;
    }
    struct chart_id id;
    uint64_t ticket = 0;
    return act_chart(by->person.engine, &client->person.content.member, span_of("Client", 6),
                     world_clock(world, by), &id, &ticket);
}

static enum status grant(struct world *world, struct dice *dice, struct world_device *by)
{
    struct world_device *to =
        device_of(world, dice, dice_chance(dice, 700) ? ROLE_THERAPIST : ROLE_CLIENT);
    struct view_section section;
    if (to == NULL || !pick_section(by, dice, RIGHT_OWN, &section)) {
        return STATUS_NOT_FOUND;
    }
    bool history = dice_chance(dice, 500);
    struct act_grant ask = {.section = section.section,
                            .member = to->person.content.member,
                            .rights = RIGHT_READ | (dice_chance(dice, 500) ? RIGHT_WRITE : 0),
                            .history_from = history ? 1 : 0,
                            .code_compared = true};
    uint64_t ticket = 0;
    enum status status = act_grant(by->person.engine, &ask, world_clock(world, by), &ticket);
    unsigned number = model_section(&world->model, &section.section);
    if (status == STATUS_OK && number < MODEL_SECTIONS_MAX) {
        size_t stay = model_let_in(&world->model, to->member, number, history, world->step);
        struct world_pending *pending = wait_for(world, PENDING_STAY, by, ticket);
        if (pending != NULL) {
            pending->stay = stay;
        }
    }
    return status;
}

static enum status revoke(struct world *world, struct dice *dice, struct world_device *by)
{
    struct world_device *from =
        device_of(world, dice, dice_chance(dice, 700) ? ROLE_THERAPIST : ROLE_CLIENT);
    struct view_section section;
    if (from == NULL || !pick_section(by, dice, RIGHT_OWN, &section)) {
        return STATUS_NOT_FOUND;
    }
    uint64_t ticket = 0;
    enum status status = act_revoke(by->person.engine, &section.section,
                                    &from->person.content.member, world_clock(world, by), &ticket);
    if (status == STATUS_OK) {
        wait_out(world, by, ticket, from->member, model_section(&world->model, &section.section),
                 MODEL_MEMBERS_MAX);
    }
    return status;
}

struct seen_notes {
    struct note_id note[SEEN_MAX];
    size_t count;
};

static bool see_note(void *visitor, const struct view_note *note)
{
    struct seen_notes *seen = visitor;
    if (seen->count < SEEN_MAX && !note->erased &&
        (note->newest.body == NULL || note->newest.body->kind != NOTE_NAME)) {
        seen->note[seen->count++] = note->note;
    }
    return true;
}

static enum status write_text(struct world *world, struct dice *dice, struct world_device *by,
                              bool anew)
{
    struct view_section section;
    if (!pick_section(by, dice, RIGHT_WRITE, &section)) {
        return STATUS_NOT_FOUND;
    }
    unsigned number = model_section(&world->model, &section.section);
    struct write_note ask = {.section = section.section, .kind = REVISION_DRAFT};
    if (number == MODEL_SECTIONS_MAX) {
        return STATUS_NOT_FOUND;
    }
    if (!anew) {
        struct seen_notes seen = {.count = 0};
        enum status status = view_notes(by->person.engine, &section.section, see_note, &seen);
        if (status != STATUS_OK || seen.count == 0) {
            return STATUS_NOT_FOUND;
        }
        ask.note = seen.note[dice_below(dice, seen.count)];
        ask.kind = dice_chance(dice, 700) ? REVISION_DRAFT
                                          : (uint32_t)(REVISION_SIGNED + dice_below(dice, 4));
    }
    size_t text = model_typed(&world->model, by->member, number, number_of(world, by), world->step);
    struct model_text *typed = &world->model.texts[text];
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    body.kind = NOTE_PROGRESS;
    body.text = field_of(typed->text, strlen(typed->text));
    body.reason = ask.kind > REVISION_SIGNED ? field_of("reason", 6) : field_of(NULL, 0);
    ask.body = &body;
    struct note_id note;
    enum status status =
        write_note(by->person.engine, &ask, world_clock(world, by), &note, &typed->ticket);
    if (memory_storage_dead(by->person.storage)) {
        typed->fate = MODEL_UNSURE; /* the person was told nothing; it may last or not */
    } else if (status != STATUS_OK) {
        /* It was refused at once: the person still has it in the editor. */
        world->model.text_count--;
    }
    return status;
}

static enum status look(struct world *world, struct dice *dice, struct world_device *by)
{
    (void)world;
    struct query_terms terms = {.scope = by->role == ROLE_AUDITOR ? ACTION_LOG_ALL : ACTION_LOG_OWN,
                                .limit = 1 + (uint32_t)dice_below(dice, 50)};
    uint64_t ticket = 0;
    enum status status = query_ask(by->person.engine, &terms, &ticket);
    /* Careless: the answer is not looked at. */
    return status;
}

static enum status rotate(struct world *world, struct dice *dice, struct world_device *by)
{
    struct view_section section;
    uint64_t ticket = 0;
    return pick_section(by, dice, RIGHT_WRITE, &section)
               ? act_rotate(by->person.engine, &section.section, world_clock(world, by), &ticket)
               : STATUS_NOT_FOUND;
}

static enum status second_device(struct world *world, struct dice *dice, struct world_device *by)
{
    (void)dice;
    if (!by->first || world->device_count + world->pending_count >= WORLD_DEVICES_MAX ||
        world->pending_count == WORLD_PENDING_MAX) {
        return STATUS_BUSY;
    }
    struct keystore_content content;
    OK(keystore_content_init(&content));
    dice_keys(world->seed ^ 1u, world->step);
    struct act_device_keys keys = {content.device, *identity_signer_public(content.content_key),
                                   *identity_signer_public(content.login),
                                   *identity_sealer_public(content.sealing)};
    for (size_t i = 0; i < ID_BYTES; i++) {
        keys.device.bytes[i] = (uint8_t)dice_next(dice);
    }
    content.device = keys.device;
    uint8_t *body = NULL;
    size_t size = 0;
    enum status status = act_device_body(by->person.engine, &keys, &body, &size);
    uint64_t ticket = 0;
    if (status == STATUS_OK) {
        struct span bytes = span_of(body, size);
        struct signature signature;
        OK(identity_sign(content.content_key, LABEL_DEVICE, &world->server.practice, &bytes, 1,
                         &signature));
        status = act_device(by->person.engine, bytes, &signature, world_clock(world, by), &ticket);
    }
    free(body);
    if (status == STATUS_OK) {
        wait_for(world, PENDING_DEVICE, by, ticket)->content = content;
    } else {
        keystore_content_deinit(&content);
    }
    return status;
}

static enum status write_new(struct world *world, struct dice *dice, struct world_device *by)
{
    return write_text(world, dice, by, true);
}

static enum status edit(struct world *world, struct dice *dice, struct world_device *by)
{
    return write_text(world, dice, by, false);
}

static enum status line(struct world *world, struct dice *dice, struct world_device *by)
{
    (void)world;
    by->wants_line = !by->wants_line || dice_chance(dice, 700);
    return STATUS_OK;
}

static enum status sync(struct world *world, struct dice *dice, struct world_device *by)
{
    (void)world;
    (void)dice;
    engine_sync(by->person.engine);
    return STATUS_OK;
}

struct deed {
    const char *name;
    unsigned weight;
    uint32_t role; /* 0: anybody */
    enum status (*does)(struct world *world, struct dice *dice, struct world_device *by);
};

static const struct deed DEEDS[] = {
    {"invites", 2, ROLE_ADMIN, invite},
    {"invites a client", 4, ROLE_THERAPIST, invite},
    {"delegates", 2, ROLE_ADMIN, delegate},
    {"relates", 8, ROLE_ADMIN, relate},
    {"ends a relation", 2, ROLE_ADMIN, unrelate},
    {"suspends or resumes", 2, ROLE_ADMIN, suspend},
    {"makes a chart", 10, ROLE_THERAPIST, chart},
    {"grants", 14, 0, grant},
    {"revokes", 6, 0, revoke},
    {"writes", 60, 0, write_new},
    {"edits", 30, 0, edit},
    {"looks at the log", 6, 0, look},
    {"brings a new key", 2, 0, rotate},
    {"adds a device", 2, 0, second_device},
    {"goes off or on", 10, 0, line},
    {"syncs", 20, 0, sync},
};

void act(struct world *world, struct dice *dice)
{
    unsigned whole = 0;
    for (size_t i = 0; i < ARRAY_LEN(DEEDS); i++) {
        whole += DEEDS[i].weight;
    }
    uint64_t at = dice_below(dice, whole);
    const struct deed *deed = DEEDS;
    while (at >= deed->weight) {
        at -= deed->weight;
        deed++;
    }
    struct world_device *by = deed->role == 0
                                  ? &world->devices[dice_below(dice, world->device_count)]
                                  : device_of(world, dice, deed->role);
    if (by == NULL) {
        return;
    }
    if (deed->does != write_new && deed->does != edit) {
        /* Dies before or after: what was asked for halfway the model does not know. */
        memory_storage_die_after(by->person.storage, SIZE_MAX, false);
    }
    enum status status = deed->does(world, dice, by);
    world->acts++;
    world->acts_refused += status == STATUS_OK ? 0 : 1;
    world_tell(world, "device %u of member %u %s: %s", number_of(world, by), by->member, deed->name,
               status_name(status));
    if (memory_storage_dead(by->person.storage)) {
        fault_died(world, by);
    }
}
