#include "client/engine/section/name.h"

#include "client/engine/section/section.h"
#include "keys/public/bytes/array.h"
#include "keys/public/bytes/hex.h"
#include "keys/public/bytes/utf8.h"

#define SHORT_ID_BYTES 4u

static struct person_name *place_of(struct names *names, const struct member_id *member)
{
    for (size_t i = 0; i < names->count; i++) {
        if (ID_EQUAL(&names->items[i].member, member)) {
            return &names->items[i];
        }
    }
    if (array_grow(&names->items, &names->capacity, names->count + 1, sizeof *names->items) !=
        STATUS_OK) {
        return NULL;
    }
    struct person_name *name = &names->items[names->count++];
    *name = (struct person_name){.member = *member, .from = NAME_OURS};
    return name;
}

static bool is_staff(const struct authority_member *member)
{
    return member != NULL && member->role != ROLE_CLIENT;
}

/* Whose word counts for whom: the directory for staff; in a chart a therapist for the client and
 * for himself. Names choose whom something is shared with, so that nobody else may give them, a
 * client least of all: false. */
static bool may_name(const struct names *names, const struct authority_section *facts,
                     const struct member_id *author, const struct member_id *named,
                     enum name_from *out_from)
{
    const struct authority_member *by = authority_member(names->log->authority, author);
    const struct authority_member *of = authority_member(names->log->authority, named);
    if (facts->class == CLASS_DIRECTORY) {
        *out_from = NAME_DIRECTORY;
        return is_staff(of);
    }
    *out_from = NAME_CHART;
    return (facts->class == CLASS_SESSION || facts->class == CLASS_SHARED) && is_staff(by) &&
           (ID_EQUAL(named, &facts->client) || ID_EQUAL(named, author));
}

enum status name_take(struct names *names, const struct authority_section *facts,
                      const struct member_id *author, struct span text)
{
    struct arena arena = {0};
    Alcove__NoteBody *body = NULL;
    enum status status = kept_body(text, &arena, &body);
    struct member_id member;
    enum name_from from = NAME_OURS;
    if (status == STATUS_OK && body != NULL && body->kind == NOTE_NAME &&
        field_member(body->member, &member) && body->title.len > 0 &&
        utf8_valid(field_span(body->title)) && may_name(names, facts, author, &member, &from)) {
        struct person_name *name = place_of(names, &member);
        if (name == NULL) {
            status = STATUS_NO_MEMORY;
        } else if (from >= name->from) {
            size_t size =
                body->title.len < sizeof name->text ? body->title.len : sizeof name->text - 1;
            /* Not in the middle of a character. */
            while (size > 0 && size < body->title.len &&
                   (body->title.data[size] & 0xc0u) == 0x80u) {
                size--;
            }
            name->from = from;
            memset(name->text, 0, sizeof name->text);
            memcpy(name->text, body->title.data, size);
        }
    }
    arena_free(&arena);
    return status;
}

enum status name_pet(struct names *names, const struct member_id *member, struct span text)
{
    CHECK(text.size < sizeof names->items->text);
    struct person_name *name = place_of(names, member);
    if (name == NULL) {
        return STATUS_NO_MEMORY;
    }
    if (name->from == NAME_OURS) {
        memset(name->text, 0, sizeof name->text);
        memcpy(name->text, text.data, text.size);
    }
    return STATUS_OK;
}

const char *name_of(const struct names *names, const struct member_id *member)
{
    for (size_t i = 0; i < names->count; i++) {
        if (ID_EQUAL(&names->items[i].member, member)) {
            return names->items[i].text;
        }
    }
    return NULL;
}

void name_say(const struct names *names, const struct member_id *member,
              char out_name[static NAME_BYTES_MAX])
{
    const char *name = name_of(names, member);
    if (name != NULL) {
        (void)snprintf(out_name, NAME_BYTES_MAX, "%s", name);
        return;
    }
    hex_encode(span_of(member->bytes, SHORT_ID_BYTES), out_name);
}

static enum status load_one(struct names *names, const struct section *section,
                            const struct authority_section *facts, const struct indexed *item)
{
    uint8_t key[KEPT_KEY_BYTES];
    struct span value;
    enum status status =
        storage_get(&names->common->storage, STORAGE_REVISION,
                    span_of(key, kept_key(section->local, item->number, key)), &value);
    struct kept kept;
    if (status == STATUS_OK) {
        status = kept_decode(value, item->number, &kept);
    }
    return status == STATUS_OK && kept.item.name
               ? name_take(names, facts, &kept.item.author, kept.text)
               : status;
}

enum status name_load(struct names *names, const struct sections *sections)
{
    for (size_t i = 0; i < sections->count; i++) {
        struct section *section = &sections->items[i];
        const struct authority_section *facts =
            authority_section(names->log->authority, &section->id);
        if (facts == NULL || (facts->class != CLASS_DIRECTORY && facts->class != CLASS_SESSION &&
                              facts->class != CLASS_SHARED)) {
            continue;
        }
        enum status status = section_index(sections, section);
        for (size_t n = 0; n < section->index.count && status == STATUS_OK; n++) {
            if (section->index.items[n].name) {
                status = load_one(names, section, facts, &section->index.items[n]);
            }
        }
        if (status != STATUS_OK) {
            return status;
        }
    }
    return STATUS_OK;
}
