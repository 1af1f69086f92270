#include "client/cli/ids.h"

#include "keys/public/bytes/hex.h"
#include "proto/policy.h"

#define PREFIX_DIGITS_MIN 4u

/* What was found so far for one word. */
struct search {
    struct cli *cli;
    const char *word;
    struct hex_prefix prefix;
    bool is_prefix;
    size_t found;
    bool shown;
};

static void search_init(struct search *search, struct cli *cli, const char *word)
{
    memset(search, 0, sizeof *search);
    search->cli = cli;
    search->word = word;
    search->is_prefix = strlen(word) >= PREFIX_DIGITS_MIN &&
                        hex_prefix_parse(span_of(word, strlen(word)), &search->prefix) == STATUS_OK;
}

static bool fits(const struct search *search, struct span id, const char *name)
{
    return (name != NULL && name[0] != '\0' && strcmp(name, search->word) == 0) ||
           (search->is_prefix && hex_prefix_matches(&search->prefix, id));
}

static int verdict(struct search *search, const char *what)
{
    if (search->found == 1) {
        return CLI_OK;
    }
    if (search->found == 0) {
        return search->word[0] == '\0'
                   ? cli_error(search->cli, CLI_NOT_FOUND,
                               "no %s is here yet. If one was made for you, `alcove sync` fetches "
                               "it.",
                               what)
                   : cli_error(search->cli, CLI_NOT_FOUND,
                               "no %s here is called %s or has an id that begins so", what,
                               search->word);
    }
    return search->word[0] == '\0'
               ? cli_error(search->cli, CLI_USAGE, "there are several of type %s; say which", what)
               : cli_error(search->cli, CLI_USAGE, "several of type %s fit %s; give more digits",
                           what, search->word);
}

/* ---- members */

struct member_search {
    struct search search;
    struct view_member *out;
};

static bool visit_member(void *visitor, const struct view_member *member)
{
    struct member_search *members = visitor;
    if (fits(&members->search, ID_SPAN(&member->member), member->name)) {
        members->search.found++;
        *members->out = *member;
    }
    return true;
}

int ids_member(struct cli *cli, const char *word, struct view_member *out_member)
{
    struct member_search members;
    search_init(&members.search, cli, word);
    members.out = out_member;
    view_members(host_engine(cli->host), visit_member, &members);
    return verdict(&members.search, "member");
}

/* ---- charts and sections */

struct section_search {
    struct search search;
    const struct engine *engine;
    uint32_t class;
    bool any;    /* no word: the only one */
    size_t best; /* so many sections of one chart are as good as |out| */
    struct view_section *out;
};

static bool same_chart(const struct view_section *a, const struct view_section *b)
{
    return ID_EQUAL(&a->chart, &b->chart);
}

static bool section_fits(struct section_search *sections, const struct view_section *section,
                         bool by_id)
{
    if (by_id && fits(&sections->search, ID_SPAN(&section->section), NULL)) {
        return true;
    }
    if (sections->any) {
        return true;
    }
    char name[VIEW_NAME_BYTES_MAX];
    view_name(sections->engine, &section->client, name);
    return fits(&sections->search, ID_SPAN(&section->chart), NULL) ||
           fits(&sections->search, ID_SPAN(&section->client), name);
}

static bool visit_chart(void *visitor, const struct view_section *section)
{
    static const struct chart_id none;
    struct section_search *sections = visitor;
    if (!ID_EQUAL(&section->chart, &none) && section_fits(sections, section, false) &&
        (sections->search.found == 0 || !same_chart(sections->out, section))) {
        sections->search.found++;
        *sections->out = *section;
    }
    return true;
}

int ids_chart(struct cli *cli, const char *word, struct chart_id *out_chart,
              struct member_id *out_client)
{
    struct view_section found;
    struct section_search sections = {.engine = host_engine(cli->host), .out = &found};
    memset(&found, 0, sizeof found);
    search_init(&sections.search, cli, word == NULL ? "" : word);
    sections.any = word == NULL;
    view_sections(host_engine(cli->host), visit_chart, &sections);
    int code = verdict(&sections.search, "chart");
    *out_chart = found.chart;
    *out_client = found.client;
    return code;
}

/* Ours before one that we may write in, that before one that we read. */
static uint32_t rank(const struct view_section *section)
{
    return section->ended ? 0 : section->rights;
}

/* Of several alike none is taken: in a chart other therapists have sections of the same class,
 * and a client has one journal for each set of readers. The wrong one has other readers. */
static bool visit_section(void *visitor, const struct view_section *section)
{
    struct section_search *sections = visitor;
    bool by_id = fits(&sections->search, ID_SPAN(&section->section), NULL);
    if (!by_id && (sections->class == 0 || section->class != sections->class ||
                   !section_fits(sections, section, false))) {
        return true;
    }
    if (sections->search.found == 0 ||
        (same_chart(sections->out, section) && rank(section) > rank(sections->out))) {
        sections->search.found = sections->search.found == 0 ? 1 : sections->search.found;
        sections->best = 1;
        *sections->out = *section;
    } else if (!same_chart(sections->out, section)) {
        sections->search.found++;
    } else if (rank(section) == rank(sections->out)) {
        sections->best++;
    }
    return true;
}

static int section_verdict(struct section_search *sections)
{
    uint32_t class = sections->class;
    if (sections->search.found == 1 && sections->best > 1) {
        return cli_error(sections->search.cli, CLI_USAGE,
                         "%zu sections of class %s fit, and may have different readers; give the "
                         "id of one (alcove chart list, alcove access ID)",
                         sections->best, policy_class_name(sections->out->class));
    }
    if (sections->search.found == 0 && class == 0) {
        return cli_error(sections->search.cli, CLI_NOT_FOUND,
                         "no section here begins with %s; of a chart, give --class too",
                         sections->search.word);
    }
    if (sections->search.found == 0) {
        return cli_error(sections->search.cli, CLI_NOT_FOUND,
                         "no chart here that is called %s, or whose id begins so, has a section of "
                         "class %s; see `alcove chart list`",
                         sections->search.word, policy_class_name(class));
    }
    return verdict(&sections->search, class == 0 ? "section" : policy_class_name(class));
}

static void search_sections(struct cli *cli, const char *word, uint32_t class,
                            struct section_search *sections, struct view_section *out_section)
{
    memset(sections, 0, sizeof *sections);
    memset(out_section, 0, sizeof *out_section);
    sections->engine = host_engine(cli->host);
    sections->class = class;
    sections->out = out_section;
    search_init(&sections->search, cli, word == NULL ? "" : word);
    sections->any = word == NULL;
    view_sections(host_engine(cli->host), visit_section, sections);
}

int ids_section(struct cli *cli, const char *word, uint32_t class, struct view_section *out_section)
{
    struct section_search sections;
    search_sections(cli, word, class, &sections, out_section);
    return section_verdict(&sections);
}

int ids_section_anew(struct cli *cli, const char *word, uint32_t class,
                     struct view_section *out_section)
{
    struct section_search sections;
    search_sections(cli, word, class, &sections, out_section);
    if (sections.search.found == 0) {
        int code = cli_refresh(cli);
        return code == CLI_OK ? ids_section(cli, word, class, out_section) : code;
    }
    return section_verdict(&sections);
}

bool ids_section_quietly(struct cli *cli, const char *word, struct view_section *out_section)
{
    struct section_search sections;
    search_sections(cli, word, 0, &sections, out_section);
    return sections.search.found == 1 && sections.best == 1;
}

/* ---- notes */

static void find_note(struct search *search, struct cli *cli, const char *word,
                      struct section_id *out_section, struct note_id *out_note)
{
    search_init(search, cli, word);
    enum status status = STATUS_NOT_FOUND;
    if (search->is_prefix) {
        status = view_find_note(host_engine(cli->host), &search->prefix, out_section, out_note);
    }
    search->found = status == STATUS_OK ? 1 : status == STATUS_CONFLICT ? 2 : 0;
}

int ids_note(struct cli *cli, const char *word, struct section_id *out_section,
             struct note_id *out_note)
{
    struct search search;
    find_note(&search, cli, word, out_section, out_note);
    return verdict(&search, "note");
}

bool ids_note_quietly(struct cli *cli, const char *word, struct section_id *out_section,
                      struct note_id *out_note)
{
    struct search search;
    find_note(&search, cli, word, out_section, out_note);
    return search.found == 1;
}

/* ---- relations */

struct relation_search {
    struct search search;
    struct hash *out;
};

static bool visit_relation(void *visitor, const struct view_relation *relation)
{
    struct relation_search *relations = visitor;
    if (fits(&relations->search, ID_SPAN(&relation->statement), NULL)) {
        relations->search.found++;
        *relations->out = relation->statement;
    }
    return true;
}

int ids_relation(struct cli *cli, const char *word, struct hash *out_relation)
{
    struct relation_search relations = {.out = out_relation};
    search_init(&relations.search, cli, word);
    view_relations(host_engine(cli->host), visit_relation, &relations);
    return verdict(&relations.search, "relation");
}
