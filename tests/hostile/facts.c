#include "tests/hostile/facts.h"
#include "tests/support/test.h"

void facts_init(struct facts *facts)
{
    facts->line = calloc(FACTS_MAX, sizeof *facts->line);
    assert_non_null(facts->line);
}

static void hex(char *out, const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size && i < 8; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
}

static char *new_fact(struct facts *facts)
{
    assert_true(facts->count < FACTS_MAX);
    return facts->line[facts->count++];
}

static bool add_member(void *visitor, const struct view_member *member)
{
    struct facts *facts = visitor;
    struct engine_state state;
    engine_state(facts->engine, &state);
    char id[17];
    hex(id, member->member.bytes, ID_BYTES);
    char identity[17];
    hex(identity, member->identity.bytes, HASH_BYTES);
    if (member->enrolled) {
        (void)snprintf(new_fact(facts), FACT_CHARS_MAX, "member %s role %u identity %s", id,
                       member->role, identity);
    }
    if (state.phase == ENGINE_IDLE) {
        (void)snprintf(new_fact(facts), FACT_CHARS_MAX, "member %s suspended %d delegated %d", id,
                       member->suspended, member->delegated);
    }
    return true;
}

static bool add_revision(void *visitor, const struct view_revision *revision)
{
    struct facts *facts = visitor;
    if (revision->unopened) {
        return true; /* a gap says nothing */
    }
    char section[17];
    hex(section, revision->section.bytes, ID_BYTES);
    char link[17];
    hex(link, revision->link.bytes, HASH_BYTES);
    char author[17];
    hex(author, revision->author.bytes, ID_BYTES);
    (void)snprintf(new_fact(facts), FACT_CHARS_MAX, "revision %s %llu %s kind %u by %s: %.*s",
                   section, (unsigned long long)revision->number, link, revision->kind, author,
                   revision->body != NULL ? (int)revision->body->text.len : 0,
                   revision->body != NULL ? (const char *)revision->body->text.data : "");
    return true;
}

static bool add_access(void *visitor, const struct view_access *access)
{
    struct facts *facts = visitor;
    char section[17];
    hex(section, facts->section.bytes, ID_BYTES);
    char member[17];
    hex(member, access->member.bytes, ID_BYTES);
    (void)snprintf(new_fact(facts), FACT_CHARS_MAX, "access %s %s rights %u", section, member,
                   access->rights);
    return true;
}

struct section_list {
    struct view_section section[32];
    size_t count;
};

static bool add_section(void *visitor, const struct view_section *section)
{
    struct section_list *list = visitor;
    assert_true(list->count < ARRAY_LEN(list->section));
    list->section[list->count++] = *section;
    return true;
}

int facts_compare_lines(const void *a, const void *b)
{
    return strcmp(a, b);
}

void facts_collect(struct engine *engine, struct facts *facts)
{
    facts->count = 0;
    facts->engine = engine;
    struct engine_state state;
    engine_state(engine, &state);
    view_members(engine, add_member, facts);
    struct section_list sections = {.count = 0};
    view_sections(engine, add_section, &sections);
    for (size_t i = 0; i < sections.count; i++) {
        const struct view_section *section = &sections.section[i];
        char id[17];
        hex(id, section->section.bytes, ID_BYTES);
        char owner[17];
        hex(owner, section->owner.bytes, ID_BYTES);
        (void)snprintf(new_fact(facts), FACT_CHARS_MAX, "section %s class %u of %s", id,
                       section->class, owner);
        assert_int_equal(view_revisions(engine, &section->section, NULL, add_revision, facts),
                         STATUS_OK);
        facts->section = section->section;
        /* Only a section that is as far as the server itself says can be judged by its end. */
        if (state.phase == ENGINE_IDLE && section->number >= section->number_known) {
            assert_int_equal(view_access(engine, &section->section, add_access, facts), STATUS_OK);
        }
    }
    qsort(facts->line, facts->count, sizeof *facts->line, facts_compare_lines);
}
