#include "client/engine/api/view.h"

#include "client/engine/api/act_inside.h"
#include "client/engine/log/advance.h"
#include "client/engine/section/device_name.h"

/* Devices: which there are, what they are called, and what they were given. */

_Static_assert(VIEW_NAME_BYTES_MAX == DEVICE_NAME_BYTES_MAX, "one size of names");

/* When the log took the statement with that index; 0: it is not here. */
static uint64_t time_of(const struct engine *engine, uint64_t seq)
{
    for (size_t i = 0; i < engine->log.fact_count; i++) {
        if (engine->log.facts[i].seq == seq) {
            return engine->log.facts[i].time_ms;
        }
    }
    return 0;
}

static void fill_device(const struct engine *engine, const struct authority_member *member,
                        const struct authority_device *device, struct view_device *out)
{
    *out = (struct view_device){
        .statement = device->statement,
        .device = device->keys.id,
        .own = ID_EQUAL(&device->statement, &engine->common.content->device_statement),
        .first = ID_EQUAL(&device->statement, &member->enrolment),
        .revoked = !authority_device_live(device, advance_when(&engine->log)),
        .added_ms = time_of(engine, device->seq)};
    if (out->revoked) {
        out->revoked_ms = time_of(engine, device->revoked_seq);
    }
    if (ID_EQUAL(&member->id, &engine->common.content->member)) {
        out->told = device_name_get(&engine->common.storage, &device->statement, out->name);
    }
}

void view_devices(const struct engine *engine, const struct member_id *member,
                  view_visit_device *visit, void *visitor)
{
    const struct authority_member *facts =
        engine->log.authority == NULL ? NULL : authority_member(engine->log.authority, member);
    for (const struct authority_device *device = facts == NULL ? NULL : facts->devices;
         device != NULL; device = device->next) {
        struct view_device shown;
        fill_device(engine, facts, device, &shown);
        if (!visit(visitor, &shown)) {
            return;
        }
    }
}

/* By its EPOCH, or by a RESEAL of it. */
static bool was_given(const struct authority_section *facts, uint64_t epoch,
                      const struct hash *device)
{
    const struct authority_epoch *made = &facts->epochs[epoch - 1u];
    for (size_t i = 0; i < made->recipient_count; i++) {
        if (made->recipients[i].kind == RECIPIENT_DEVICE &&
            ID_EQUAL(&made->recipients[i].hash, device)) {
            return true;
        }
    }
    for (size_t i = 0; i < facts->reseal_count; i++) {
        const struct authority_reseal *reseal = &facts->reseals[i];
        for (size_t k = 0; k < reseal->count; k++) {
            if (reseal->epochs[k] == epoch && reseal->recipients[k].kind == RECIPIENT_DEVICE &&
                ID_EQUAL(&reseal->recipients[k].hash, device)) {
                return true;
            }
        }
    }
    return false;
}

static bool holds(const struct section *section, uint64_t epoch)
{
    for (size_t i = 0; section != NULL && i < section->key_count; i++) {
        if (section->keys[i].epoch == epoch) {
            return true;
        }
    }
    return false;
}

void view_given(const struct engine *engine, const struct hash *device, view_visit_given *visit,
                void *visitor)
{
    const struct authority *authority = engine->log.authority;
    size_t count = authority == NULL ? 0 : authority_section_count(authority);
    for (size_t i = 0; i < count; i++) {
        const struct authority_section *facts = authority_section_at(authority, i);
        const struct section *section = section_find(&engine->sections, &facts->id);
        struct view_given given = {.section = facts->id,
                                   .chart = facts->chart,
                                   .class = facts->class,
                                   .client = facts->client,
                                   .writable = act_may_write(engine, facts)};
        for (uint64_t epoch = 1; epoch <= facts->epoch_count; epoch++) {
            bool was = was_given(facts, epoch, device);
            given.epochs += was ? 1 : 0;
            given.lacking += was && !holds(section, epoch) ? 1 : 0;
        }
        if (given.epochs > 0 && !visit(visitor, &given)) {
            return;
        }
    }
}
