#include "client/engine/api/view.h"
#include "client/engine/exchange/inside.h"

/* What ought to be readable and is not. */

static bool show_gaps(const struct section *section, struct view_gap *gap, view_visit_gap *visit,
                      void *visitor)
{
    for (size_t i = 0; i < section->index.count; i++) {
        const struct indexed *item = &section->index.items[i];
        if (!kept_is_gap(item->state)) {
            continue;
        }
        gap->kind = VIEW_GAP_UNOPENED;
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
            enum status status = section_index(&engine->sections, section);
            if (status != STATUS_OK) {
                return status;
            }
            more = show_gaps(section, &gap, visit, visitor);
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
