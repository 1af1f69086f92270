#include "client/engine/api/view_inside.h"
#include "client/engine/exchange/inside.h"

#include <stdlib.h>

/* The newest notes of many sections, without a look at the others. */

/* How far one section was walked back. */
struct walk {
    const struct section *section; /* NULL: not held */
    size_t at;                     /* items not walked yet; the last of them begins a note, or 0 */
    size_t last;                   /* notes that were walked */
    uint64_t server_ms;            /* when the server took that note's first revision */
};

/* To the next note that counts. */
static void step_back(struct walk *walk)
{
    const struct index *index = &walk->section->index;
    while (walk->at > 0) {
        const struct indexed *item = &index->items[walk->at - 1];
        if (item->first && !item->name) {
            walk->server_ms = item->time_ms;
            return;
        }
        walk->last += item->first ? 1 : 0;
        walk->at--;
    }
}

static enum status begin(struct engine *engine, const struct section_id *id, struct walk *walk)
{
    struct section *section = section_find(&engine->sections, id);
    *walk = (struct walk){0};
    if (section == NULL) {
        return STATUS_OK;
    }
    enum status status = section_index_whole(&engine->sections, section);
    walk->section = section;
    walk->at = status == STATUS_OK ? section->index.count : 0;
    step_back(walk);
    return status;
}

static struct walk *newest(struct walk *walks, size_t count)
{
    struct walk *found = NULL;
    for (size_t i = 0; i < count; i++) {
        if (walks[i].at > 0 && (found == NULL || walks[i].server_ms > found->server_ms)) {
            found = &walks[i];
        }
    }
    return found;
}

enum status view_newest(struct engine *engine, const struct section_id *sections, size_t count,
                        size_t limit, size_t *out_last)
{
    struct walk *walks = calloc(count + 1, sizeof *walks);
    enum status status = walks == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = begin(engine, &sections[i], &walks[i]);
    }
    for (size_t left = limit; left > 0 && status == STATUS_OK; left--) {
        struct walk *walk = newest(walks, count);
        if (walk == NULL) {
            break;
        }
        walk->at--;
        walk->last++;
        step_back(walk);
    }
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        out_last[i] = walks[i].last;
    }
    free(walks);
    return status;
}

enum status view_count(struct engine *engine, const struct section_id *section, size_t *out_notes)
{
    struct section *found = section_find(&engine->sections, section);
    if (found == NULL || engine->log.authority == NULL) {
        return STATUS_NOT_FOUND;
    }
    enum status status = section_index_whole(&engine->sections, found);
    size_t notes = status == STATUS_OK ? found->index.notes - found->index.names : 0;
    for (const struct wish *wish = engine->outbox.first; wish != NULL; wish = wish->next) {
        notes += view_is_new_note(wish, section) &&
                         !kept_is_name(span_of(wish->body.data, wish->body.size))
                     ? 1
                     : 0;
    }
    *out_notes = notes;
    return status;
}
