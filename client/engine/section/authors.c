#include "client/engine/section/authors.h"

struct author {
    struct note_id note;
    struct member_id member;
    struct author *next;
};

void authors_init(struct authors *authors)
{
    *authors = (struct authors){0};
    map_init(&authors->notes, ID_BYTES);
}

void authors_deinit(struct authors *authors)
{
    while (authors->first != NULL) {
        struct author *next = authors->first->next;
        free(authors->first);
        authors->first = next;
    }
    map_free(&authors->notes);
    *authors = (struct authors){0};
}

const struct member_id *authors_of(const struct authors *authors, const struct note_id *note)
{
    const struct author *found =
        authors->first != NULL ? map_get(&authors->notes, note->bytes) : NULL;
    return found != NULL ? &found->member : NULL;
}

enum status authors_add(struct authors *authors, const struct note_id *note,
                        const struct member_id *member)
{
    if (authors_of(authors, note) != NULL) {
        return STATUS_OK;
    }
    enum status status = map_reserve(&authors->notes, 1);
    struct author *author = status == STATUS_OK ? malloc(sizeof *author) : NULL;
    if (author == NULL) {
        return STATUS_NO_MEMORY;
    }
    *author = (struct author){.note = *note, .member = *member, .next = authors->first};
    authors->first = author;
    map_put(&authors->notes, author->note.bytes, author);
    return STATUS_OK;
}
