#include "client/engine/api/view_inside.h"
#include "client/engine/exchange/inside.h"
#include "client/text/fold.h"
#include "keys/public/bytes/wipe.h"
#include "proto/message.h"

#include <stdlib.h>

/* What of a note a search looks at, one field after the other; false after the last. */
static bool field_at(const Alcove__NoteBody *body, size_t i, struct span *out)
{
    const ProtobufCBinaryData own[] = {body->title, body->text, body->reason};
    if (i < ARRAY_LEN(own)) {
        *out = field_span(own[i]);
        return true;
    }
    i -= ARRAY_LEN(own);
    if (i < body->n_tag) {
        *out = field_span(body->tag[i]);
        return true;
    }
    i -= body->n_tag;
    if (i < body->n_field) {
        *out = field_span(body->field[i]->value);
        return true;
    }
    return false;
}

static enum status body_holds(const Alcove__NoteBody *body, struct span folded, bool *out_holds)
{
    *out_holds = false;
    enum status status = STATUS_OK;
    struct span field;
    for (size_t i = 0; body != NULL && status == STATUS_OK && !*out_holds; i++) {
        if (!field_at(body, i, &field)) {
            break;
        }
        status = text_holds(field, folded, out_holds);
    }
    return status;
}

struct searching {
    struct span folded;
    view_visit_revision *visit;
    void *visitor;
    bool more;
    enum status status;
};

static bool search_one(void *visitor, const struct view_revision *revision)
{
    struct searching *searching = visitor;
    bool holds = false;
    searching->status = body_holds(revision->body, searching->folded, &holds);
    searching->more = searching->status == STATUS_OK;
    if (holds) {
        searching->more = searching->visit(searching->visitor, revision);
    }
    return searching->more;
}

static enum status search_all(struct engine *engine, struct searching *searching)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < engine->sections.count && status == STATUS_OK && searching->more; i++) {
        status = view_heads(engine, &engine->sections.items[i], search_one, searching);
    }
    return status == STATUS_OK ? searching->status : status;
}

enum status view_search(struct engine *engine, struct span text, view_visit_revision *visit,
                        void *visitor)
{
    uint8_t *folded = NULL;
    size_t size = 0;
    enum status status = text_fold(text, &folded, &size);
    if (status == STATUS_OK && size == 0) {
        status = STATUS_USAGE;
    }
    if (status == STATUS_OK) {
        struct searching searching = {
            .folded = span_of(folded, size), .visit = visit, .visitor = visitor, .more = true};
        status = search_all(engine, &searching);
    }
    if (folded != NULL) {
        wipe(folded, size);
    }
    free(folded);
    return status;
}
