#include "tests/sim/act.h"

#include "tests/support/test.h"

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
bool act_pick_section(struct world_device *device, struct dice *dice, uint32_t rights,
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

struct world_device *act_device_of(struct world *world, struct dice *dice, uint32_t role)
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

unsigned act_number_of(const struct world *world, const struct world_device *device)
{
    return (unsigned)(device - world->devices);
}

struct world_pending *act_wait_for(struct world *world, enum world_pending_kind kind,
                                   const struct world_device *device, uint64_t ticket)
{
    if (world->pending_count == WORLD_PENDING_MAX) {
        return NULL;
    }
    struct world_pending *pending = &world->pending[world->pending_count++];
    *pending = (struct world_pending){.kind = kind,
                                      .device = act_number_of(world, device),
                                      .ticket = ticket,
                                      .asked = world->step};
    return pending;
}

bool act_has_room(const struct world *world)
{
    return world->device_count + world->pending_count < WORLD_DEVICES_MAX &&
           world->pending_count < WORLD_PENDING_MAX;
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
    carry_hurry(by);
    engine_sync(by->person.engine);
    return STATUS_OK;
}

struct deed {
    const char *name;
    unsigned weight;
    uint32_t role; /* 0: anybody */
    act_deed *does;
};

static const struct deed DEEDS[] = {
    {"invites", 2, ROLE_ADMIN, people_invite},
    {"invites a client", 4, ROLE_THERAPIST, people_invite},
    {"withdraws an invitation", 2, 0, people_withdraw},
    {"delegates", 2, ROLE_ADMIN, people_delegate},
    {"relates", 8, ROLE_ADMIN, people_relate},
    {"ends a relation", 2, ROLE_ADMIN, people_unrelate},
    {"suspends or resumes", 2, ROLE_ADMIN, people_suspend},
    {"opens the directory", 2, ROLE_ADMIN, people_directory},
    {"names a client", 2, ROLE_THERAPIST, people_call},
    {"makes a chart", 10, ROLE_THERAPIST, charts_make},
    {"begins a journal or a card", 3, ROLE_CLIENT, charts_begin},
    {"begins a safety card", 2, ROLE_THERAPIST, charts_begin},
    {"grants", 14, ROLE_THERAPIST, charts_grant},
    {"grants", 6, 0, charts_grant},
    {"revokes", 6, 0, charts_revoke},
    {"brings a new key", 2, 0, charts_rotate},
    {"adds a device", 4, 0, charts_second_device},
    {"revokes a device", 1, 0, charts_revoke_device},
    {"writes", 60, 0, notes_write},
    {"edits", 30, 0, notes_edit},
    {"edits on all devices", 10, 0, notes_edit_twice},
    {"opens a note", 8, 0, notes_open},
    {"exports a section", 2, 0, notes_export},
    {"looks at the log", 6, 0, log_look},
    {"verifies the log", 4, ROLE_CLIENT, log_verify},
    {"verifies the whole log", 2, ROLE_AUDITOR, log_verify},
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
                                  : act_device_of(world, dice, deed->role);
    if (by == NULL) {
        return;
    }
    if (deed->does != notes_write && deed->does != notes_edit && deed->does != notes_edit_twice) {
        /* Dies before or after: what was asked for halfway the model does not know. */
        memory_storage_die_after(by->person.storage, SIZE_MAX, false);
    }
    enum status status = deed->does(world, dice, by);
    world->acts++;
    world->acts_refused += status == STATUS_OK ? 0 : 1;
    world_tell(world, "%s %s: %s", tell_who(world, by), deed->name,
               status == STATUS_OK ? "done" : status_reason(status));
    if (memory_storage_dead(by->person.storage)) {
        fault_died(world, by);
    }
}
