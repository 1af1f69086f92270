#include "client/engine/api/view.h"
#include "client/engine/exchange/inside.h"
#include "client/engine/section/lost.h"

/* What ought to be readable and is not. */

static bool show_gaps(const struct section *section, struct view_gap *gap, view_visit_gap *visit,
                      void *visitor)
{
    for (size_t i = 0; i < section->index.count; i++) {
        const struct indexed *item = &section->index.items[i];
        if (!kept_is_gap(item->state)) {
            continue;
        }
        gap->kind = item->state == KEPT_UNOPENED ? VIEW_GAP_UNOPENED : VIEW_GAP_DAMAGED;
        gap->number = item->number;
        gap->note = item->note;
        gap->author = item->author;
        gap->told = item->number <= section->told;
        if (!visit(visitor, gap)) {
            return false;
        }
    }
    return true;
}

struct showing {
    const struct engine *engine;
    const struct section *section;
    struct view_gap *gap;
    view_visit_gap *visit;
    void *visitor;
    bool more;
};

static bool show_lost(void *visitor, const struct lost *lost)
{
    struct showing *showing = visitor;
    struct view_gap *gap = showing->gap;
    const struct authority_device *device =
        authority_device(showing->engine->log.authority, &lost->device);
    gap->kind = VIEW_GAP_DAMAGED;
    gap->number = lost->number;
    gap->note = (struct note_id){{0}};
    static const struct member_id nobody;
    gap->author = device == NULL ? nobody : device->member;
    gap->told = lost->number <= showing->section->told;
    showing->more = showing->visit(showing->visitor, gap);
    return showing->more;
}

static bool show_stopped(const struct section *section, struct view_gap *gap, view_visit_gap *visit,
                         void *visitor)
{
    if (section->stopped.trouble == BACKOFF_NONE || !section_behind(section)) {
        return true;
    }
    gap->kind = VIEW_GAP_STOPPED;
    gap->number = section->timeline.number + 1;
    gap->note = (struct note_id){{0}};
    gap->author = (struct member_id){{0}};
    gap->told = section->stopped_told;
    return visit(visitor, gap);
}

enum status view_gaps(struct engine *engine, view_visit_gap *visit, void *visitor)
{
    bool more = engine->log.authority != NULL;
    for (size_t i = 0; more && i < engine->sections.count; i++) {
        struct section *section = &engine->sections.items[i];
        const struct authority_section *facts =
            authority_section(engine->log.authority, &section->id);
        if (facts == NULL) {
            continue;
        }
        struct view_gap gap = {.section = section->id,
                               .chart = facts->chart,
                               .class = facts->class,
                               .client = facts->client};
        if (section->gaps > 0) {
            enum status status = section_index_whole(&engine->sections, section);
            if (status != STATUS_OK) {
                return status;
            }
            more = show_gaps(section, &gap, visit, visitor);
            struct showing showing = {engine, section, &gap, visit, visitor, more};
            status = more ? lost_all(&engine->common.storage, section->local, show_lost, &showing)
                          : STATUS_OK;
            if (status != STATUS_OK) {
                return status;
            }
            more = showing.more;
        }
        more = more && show_stopped(section, &gap, visit, visitor);
    }
    return STATUS_OK;
}

static enum status told(struct sections *sections, struct section *section)
{
    section->stopped_told = section->stopped.trouble != BACKOFF_NONE;
    if (section->gaps == 0 || section->told == section->timeline.number) {
        return STATUS_OK;
    }
    uint64_t before = section->told;
    section->told = section->timeline.number;
    const struct storage *storage = &sections->common->storage;
    enum status status = storage->begin(storage->context);
    if (status == STATUS_OK) {
        status = storage_end(storage, section_store(sections, section));
    }
    section->told = status == STATUS_OK ? section->told : before;
    return status;
}

enum status view_gaps_told(struct engine *engine)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < engine->sections.count && status == STATUS_OK; i++) {
        status = told(&engine->sections, &engine->sections.items[i]);
    }
    return status;
}
