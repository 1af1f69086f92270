#include "client/engine/api/view.h"

#include "client/engine/exchange/inside.h"
#include "client/engine/log/fold.h"
#include "client/engine/section/looked.h"

bool view_is_new(const struct engine *engine, const struct view_revision *revision)
{
    const struct authority_member *self = fold_self(&engine->log);
    return !revision->pending && !revision->erased && !revision->unopened && !revision->damaged &&
           self != NULL && !ID_EQUAL(&revision->author, &self->id) &&
           !looked_is(&engine->common.storage, &revision->section, revision->number);
}

enum status view_looked(struct engine *engine, const struct section_id *section, uint64_t number)
{
    return looked_set(&engine->common.storage, section, number);
}
