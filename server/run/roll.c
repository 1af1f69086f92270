#include "server/run/roll.h"

#include "keys/public/bytes/array.h"

/* Subscribers of one section, indexed by its local number. */
struct listeners {
    struct guest **list;
    size_t count;
    size_t room;
};

struct roll {
    struct guest *first;
    struct listeners *sections;
    size_t section_room;
};

enum status roll_new(struct roll **out_roll)
{
    *out_roll = calloc(1, sizeof **out_roll);
    return *out_roll == NULL ? STATUS_NO_MEMORY : STATUS_OK;
}

void roll_free(struct roll *roll)
{
    if (roll == NULL) {
        return;
    }
    while (roll->first != NULL) {
        roll_leave(roll, roll->first);
    }
    for (size_t i = 0; i < roll->section_room; i++) {
        free(roll->sections[i].list);
    }
    free(roll->sections);
    free(roll);
}

struct guest *roll_first(struct roll *roll)
{
    return roll->first;
}

void roll_enter(struct roll *roll, struct guest *guest, const struct core_peer *peer)
{
    guest_hold(guest);
    guest->peer = *peer;
    guest->previous = NULL;
    guest->next = roll->first;
    if (roll->first != NULL) {
        roll->first->previous = guest;
    }
    roll->first = guest;
    guest->listed = true;
    atomic_store_explicit(&guest->admitted, true, memory_order_release);
}

static void unlisten(struct roll *roll, const struct guest *guest, uint32_t section_local)
{
    struct listeners *listeners = &roll->sections[section_local];
    for (size_t i = 0; i < listeners->count; i++) {
        if (listeners->list[i] == guest) {
            listeners->list[i] = listeners->list[--listeners->count];
            return;
        }
    }
}

static void unlisten_all(struct roll *roll, struct guest *guest)
{
    for (size_t i = 0; i < guest->section_count; i++) {
        unlisten(roll, guest, guest->sections[i]);
    }
    free(guest->sections);
    guest->sections = NULL;
    guest->section_count = 0;
}

void roll_leave(struct roll *roll, struct guest *guest)
{
    if (!guest->listed) {
        return;
    }
    guest->listed = false;
    unlisten_all(roll, guest);
    if (guest->previous != NULL) {
        guest->previous->next = guest->next;
    } else {
        roll->first = guest->next;
    }
    if (guest->next != NULL) {
        guest->next->previous = guest->previous;
    }
    guest->next = NULL;
    guest->previous = NULL;
    guest_drop(guest);
}

static enum status listeners_room(struct roll *roll, uint32_t section_local)
{
    size_t before = roll->section_room;
    enum status status = array_grow(&roll->sections, &roll->section_room, (size_t)section_local + 1,
                                    sizeof *roll->sections);
    if (status != STATUS_OK) {
        return status;
    }
    memset(roll->sections + before, 0, (roll->section_room - before) * sizeof *roll->sections);
    struct listeners *listeners = &roll->sections[section_local];
    return array_grow(&listeners->list, &listeners->room, listeners->count + 1,
                      sizeof(struct guest *));
}

enum status roll_subscribe(struct roll *roll, struct guest *guest, uint32_t *sections, size_t count)
{
    if (!guest->listed) {
        free(sections);
        return STATUS_OK;
    }
    unlisten_all(roll, guest);
    guest->sections = sections;
    for (size_t i = 0; i < count; i++) {
        enum status status = listeners_room(roll, sections[i]);
        if (status != STATUS_OK) {
            return status;
        }
        struct listeners *listeners = &roll->sections[sections[i]];
        listeners->list[listeners->count++] = guest;
        guest->section_count = i + 1;
    }
    return STATUS_OK;
}

void roll_unsubscribe(struct roll *roll, struct guest *guest, uint32_t section_local)
{
    for (size_t i = 0; i < guest->section_count; i++) {
        if (guest->sections[i] == section_local) {
            unlisten(roll, guest, section_local);
            guest->sections[i] = guest->sections[--guest->section_count];
            return;
        }
    }
}

struct guest *const *roll_subscribers(const struct roll *roll, uint32_t section_local,
                                      size_t *out_count)
{
    if (section_local >= roll->section_room) {
        *out_count = 0;
        return NULL;
    }
    *out_count = roll->sections[section_local].count;
    return roll->sections[section_local].list;
}
