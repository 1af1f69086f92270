#include "client/engine/section/name.h"

#include "client/engine/section/section.h"
#include "client/text/label.h"
#include "keys/public/bytes/array.h"
#include "keys/public/bytes/hex.h"

#define SHORT_ID_BYTES 4u

_Static_assert(NAME_BYTES_MAX == TEXT_LABEL_BYTES_MAX, "one size of names");

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

bool name_is_good(struct span name)
{
    char taken[TEXT_LABEL_BYTES_MAX];
    return text_label_take(name, taken) == NULL;
}

static bool names_staff(const struct authority_member *chain, const struct member_id *staff)
{
    const struct authority_relation *relation = chain == NULL ? NULL : chain->relations;
    while (relation != NULL && !ID_EQUAL(&relation->staff, staff)) {
        relation = relation->next;
    }
    return relation != NULL;
}

/* Whether |by| owns the section or did, and |staff| stands, or stood, in a relation to its client
 * or over |by|. What has ended counts too: old lines of the log keep their names. */
static bool is_colleague(const struct names *names, const struct authority_section *facts,
                         const struct authority_member *by, const struct member_id *staff)
{
    bool owns = false;
    for (size_t i = 0; i < facts->grant_count; i++) {
        owns |= ID_EQUAL(&facts->grants[i].member, &by->id) &&
                (facts->grants[i].rights & (uint32_t)RIGHT_OWN) != 0;
    }
    return owns && (names_staff(authority_member(names->log->authority, &facts->client), staff) ||
                    names_staff(by, staff));
}

/* Whose word counts for whom: the directory for staff; in a chart a therapist for the client and
 * for himself, and in what is shared its owner for colleagues, whom the client meets in the log.
 * Names choose whom something is shared with, so that nobody else may give them, a client least of
 * all: false. */
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
    if ((facts->class != CLASS_SESSION && facts->class != CLASS_SHARED) || !is_staff(by)) {
        return false;
    }
    bool nearest = ID_EQUAL(named, &facts->client) || ID_EQUAL(named, author);
    *out_from = nearest ? NAME_CHART : NAME_TOLD;
    return nearest ||
           (facts->class == CLASS_SHARED && is_staff(of) && is_colleague(names, facts, by, named));
}

enum status name_take(struct names *names, const struct authority_section *facts,
                      const struct member_id *author, struct span text)
{
    struct arena arena = {0};
    Alcove__NoteBody *body = NULL;
    enum status status = kept_body(text, &arena, &body);
    struct member_id member;
    enum name_from from = NAME_OURS;
    char label[TEXT_LABEL_BYTES_MAX] = {0};
    if (status == STATUS_OK && body != NULL && body->kind == NOTE_NAME &&
        field_member(body->member, &member) &&
        text_label_take(field_span(body->title), label) == NULL &&
        may_name(names, facts, author, &member, &from)) {
        struct person_name *name = place_of(names, &member);
        if (name == NULL) {
            status = STATUS_NO_MEMORY;
        } else if (from >= name->from) {
            name->from = from;
            memcpy(name->text, label, sizeof name->text);
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

/* Of the revision that |item| stands for; it borrows until the next use of the storage. */
static enum status read_one(const struct common *common, const struct section *section,
                            const struct indexed *item, struct kept *out_kept)
{
    uint8_t key[KEPT_KEY_BYTES];
    struct span value;
    enum status status =
        storage_get(&common->storage, STORAGE_REVISION,
                    span_of(key, kept_key(section->local, item->number, key)), &value);
    return status == STATUS_OK ? kept_decode(value, item->number, out_kept) : status;
}

static enum status load_one(struct names *names, const struct section *section,
                            const struct authority_section *facts, const struct indexed *item)
{
    struct kept kept;
    enum status status = read_one(names->common, section, item, &kept);
    return status == STATUS_OK && kept.item.name
               ? name_take(names, facts, &kept.item.author, kept.text)
               : status;
}

bool name_note_is_of(struct span text, const struct member_id *member)
{
    struct arena arena = {0};
    Alcove__NoteBody *body = NULL;
    struct member_id named;
    bool is = kept_body(text, &arena, &body) == STATUS_OK && body != NULL &&
              body->kind == NOTE_NAME && field_member(body->member, &named) &&
              ID_EQUAL(&named, member);
    arena_free(&arena);
    return is;
}

enum status name_is_given(const struct sections *sections, struct section *section,
                          const struct member_id *author, const struct member_id *member,
                          bool *out_given)
{
    enum status status = section_index(sections, section);
    *out_given = false;
    for (size_t n = 0; n < section->index.count && status == STATUS_OK && !*out_given; n++) {
        const struct indexed *item = &section->index.items[n];
        struct kept kept;
        if (item->name && ID_EQUAL(&item->author, author)) {
            status = read_one(sections->common, section, item, &kept);
            *out_given = status == STATUS_OK && name_note_is_of(kept.text, member);
        }
    }
    return status;
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
        enum status status = section_index_whole(sections, section);
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
