#include "client/engine/section/page.h"
#include "client/engine/section/seal_text.h"
#include "keys/public/bytes/wipe.h"

/* Opening the texts that come with pages. */

/* A text that is no NoteBody is as unreadable as one that does not open: nobody else could show it
 * either. */
static enum status judge_text(struct span text, enum kept_state *out_state)
{
    struct arena arena = {0};
    Alcove__NoteBody *body = NULL;
    enum status status = kept_body(text, &arena, &body);
    *out_state = body != NULL ? KEPT_OPEN : KEPT_UNOPENED;
    arena_free(&arena);
    return status;
}

enum status page_open_text(const struct sections *sections, struct page *page,
                           const struct kept *sealed, const struct secret *key,
                           enum kept_state *out_state, struct span *out_text)
{
    *out_state = KEPT_UNOPENED;
    if (page->scratch_size < sealed->text.size) {
        wipe(page->scratch, page->scratch_size);
        free(page->scratch);
        page->scratch_size = sealed->text.size;
        page->scratch = malloc(page->scratch_size);
        if (page->scratch == NULL) {
            page->scratch_size = 0;
            return STATUS_NO_MEMORY;
        }
    }
    enum status status = text_open(&sections->common->practice, key, sealed->context, sealed->wrap,
                                   sealed->text, page->scratch, out_text);
    if (status != STATUS_OK) {
        return status == STATUS_NO_MEMORY ? status : STATUS_OK;
    }
    return judge_text(*out_text, out_state);
}
