#include "client/cli/ids.h"

#include "client/cli/ids_search.h"
#include "client/cli/print_field.h"
#include "client/cli/sections.h"
#include "client/text/label.h"
#include "keys/public/bytes/wipe.h"
#include "proto/message.h"
#include "proto/policy.h"
#include "proto/words.h"

const char *ids_name_flaw(const char *name)
{
    static char sentence[160];
    char taken[TEXT_LABEL_BYTES_MAX];
    const char *flaw = text_label_take(print_span(name), taken);
    if (flaw == NULL) {
        return NULL;
    }
    (void)snprintf(sentence, sizeof sentence, "the name %s", flaw);
    return sentence;
}

/* ---- members */

struct member_search {
    struct ids_search search;
    struct view_member *out;
};

static bool visit_member(void *visitor, const struct view_member *member)
{
    struct member_search *members = visitor;
    struct ids_search *search = &members->search;
    const char *name = member->suspended && !search->suspended ? NULL : member->name;
    if (ids_search_fits(search, ID_SPAN(&member->member), name)) {
        search->found++;
        *members->out = *member;
        ids_search_add(search, ID_SPAN(&member->member), policy_role_name(member->role),
                       member->name,
                       member->suspended  ? " (suspended)"
                       : member->enrolled ? ""
                                          : " (invited)");
    }
    return true;
}

int ids_member(struct cli *cli, const char *word, struct view_member *out_member)
{
    struct member_search members = {.out = out_member};
    ids_search_init(&members.search, cli, word);
    do {
        view_members(host_engine(cli->host), visit_member, &members);
    } while (ids_search_again(&members.search));
    return ids_search_verdict(&members.search, "member");
}

/* ---- charts and sections */

struct section_search {
    struct ids_search search;
    const struct engine *engine;
    uint32_t class;
    uint32_t other; /* class of a section whose id fits, but whose class is not |class| */
    bool any;       /* no word: the only one */
    size_t best;    /* so many sections of one chart are as good as |out| */
    struct view_section *out;
};

static bool same_chart(const struct view_section *a, const struct view_section *b)
{
    return ID_EQUAL(&a->chart, &b->chart);
}

static bool section_fits(struct section_search *sections, const struct view_section *section,
                         bool by_id)
{
    if (by_id && ids_search_fits(&sections->search, ID_SPAN(&section->section), NULL)) {
        return true;
    }
    if (sections->any) {
        return true;
    }
    struct view_member client;
    const char *name = NULL;
    if (view_member(sections->engine, &section->client, &client) == STATUS_OK &&
        (!client.suspended || sections->search.suspended)) {
        name = client.name;
    }
    return ids_search_fits(&sections->search, ID_SPAN(&section->chart), NULL) ||
           ids_search_fits(&sections->search, ID_SPAN(&section->client), name);
}

/* A chart that fits, told once. */
static void add_chart(struct section_search *sections, const struct view_section *section)
{
    char digits[PRINT_DIGITS_BYTES];
    print_digits(ID_SPAN(&section->chart), digits);
    char name[VIEW_NAME_BYTES_MAX];
    view_name(sections->engine, &section->client, name);
    if (sections->search.candidates == NULL ||
        strstr(sections->search.candidates, digits) == NULL) {
        ids_search_add(&sections->search, ID_SPAN(&section->chart), "chart of", name, "");
    }
}

static bool visit_chart(void *visitor, const struct view_section *section)
{
    static const struct chart_id none;
    struct section_search *sections = visitor;
    if (!ID_EQUAL(&section->chart, &none) && section_fits(sections, section, false) &&
        (sections->search.found == 0 || !same_chart(sections->out, section))) {
        sections->search.found++;
        *sections->out = *section;
        add_chart(sections, section);
    }
    return true;
}

int ids_chart(struct cli *cli, const char *word, struct chart_id *out_chart,
              struct member_id *out_client)
{
    struct view_section found;
    struct section_search sections = {.engine = host_engine(cli->host), .out = &found};
    memset(&found, 0, sizeof found);
    ids_search_init(&sections.search, cli, word == NULL ? "" : word);
    sections.any = word == NULL;
    do {
        view_sections(host_engine(cli->host), visit_chart, &sections);
    } while (ids_search_again(&sections.search));
    int code = ids_search_verdict(&sections.search, "chart");
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
    bool by_id = ids_search_fits(&sections->search, ID_SPAN(&section->section), NULL);
    if (by_id && sections->class != 0 && section->class != sections->class) {
        sections->other = section->class;
        by_id = false;
    }
    if (!by_id && (sections->class == 0 || section->class != sections->class ||
                   !section_fits(sections, section, false))) {
        return true;
    }
    if (sections->search.found == 0 ||
        (same_chart(sections->out, section) && rank(section) > rank(sections->out))) {
        sections->search.found = sections->search.found == 0 ? 1 : sections->search.found;
        sections->best = 1;
        *sections->out = *section;
        add_chart(sections, section);
    } else if (!same_chart(sections->out, section)) {
        sections->search.found++;
        add_chart(sections, section);
    } else if (rank(section) == rank(sections->out)) {
        sections->best++;
    }
    return true;
}

static int section_verdict(struct section_search *sections)
{
    uint32_t class = sections->class;
    struct ids_search *search = &sections->search;
    int code = CLI_OK;
    if (search->found == 1 && sections->best > 1) {
        code = cli_error(search->cli, CLI_USAGE,
                         "%zu sections of class %s fit, and may have different readers; give the "
                         "id of one (alcove chart list, alcove access ID)",
                         sections->best, policy_class_name(sections->out->class));
    } else if (search->found == 0 && sections->other != 0) {
        code =
            cli_error(search->cli, CLI_USAGE, "section %s is of class %s, not %s; nothing was done",
                      search->word, policy_class_name(sections->other), policy_class_name(class));
    } else if (search->found == 0 && class == 0) {
        code =
            cli_error(search->cli, CLI_NOT_FOUND,
                      "no section here begins with %s; of a chart, give --class too", search->word);
    } else if (search->found == 0) {
        code = cli_error(search->cli, CLI_NOT_FOUND,
                         "no chart here that is called %s, or whose id begins so, has a section of "
                         "class %s; see `alcove chart list`",
                         search->word, policy_class_name(class));
    } else {
        code = ids_search_verdict(search, class == 0 ? "section" : policy_class_name(class));
    }
    ids_search_deinit(search);
    return code;
}

static void search_sections(struct cli *cli, const char *word, uint32_t class,
                            struct section_search *sections, struct view_section *out_section)
{
    memset(sections, 0, sizeof *sections);
    memset(out_section, 0, sizeof *out_section);
    sections->engine = host_engine(cli->host);
    sections->class = class;
    sections->out = out_section;
    ids_search_init(&sections->search, cli, word == NULL ? "" : word);
    sections->any = word == NULL;
    do {
        view_sections(host_engine(cli->host), visit_section, sections);
    } while (ids_search_again(&sections->search));
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
        ids_search_deinit(&sections.search);
        int code = cli_refresh(cli);
        return code == CLI_OK ? ids_section(cli, word, class, out_section) : code;
    }
    return section_verdict(&sections);
}

bool ids_section_quietly(struct cli *cli, const char *word, struct view_section *out_section)
{
    struct section_search sections;
    search_sections(cli, word, 0, &sections, out_section);
    ids_search_deinit(&sections.search);
    return sections.search.found == 1 && sections.best == 1;
}

/* ---- notes */

static void find_note(struct ids_search *search, struct cli *cli, const char *word,
                      struct section_id *out_section, struct note_id *out_note)
{
    ids_search_init(search, cli, word);
    enum status status = STATUS_NOT_FOUND;
    if (search->is_prefix) {
        status = view_find_note(host_engine(cli->host), &search->prefix, out_section, out_note);
    }
    search->found = status == STATUS_OK ? 1 : status == STATUS_CONFLICT ? 2 : 0;
}

struct titled {
    struct ids_search *search;
    struct section_id *section;
    struct note_id *note;
};

/* By the title that a note was signed under, or that it has now. */
static bool visit_titled(void *visitor, const struct view_revision *revision)
{
    struct titled *titled = visitor;
    struct ids_search *search = titled->search;
    const Alcove__NoteBody *body = revision->body;
    if (body == NULL || body->kind == NOTE_NAME ||
        (!revision->head && revision->kind != REVISION_SIGNED) ||
        !ids_search_called(search, field_span(body->title)) ||
        (search->found > 0 && ID_EQUAL(titled->note, &revision->note))) {
        return true;
    }
    search->found++;
    *titled->section = revision->section;
    *titled->note = revision->note;
    ids_search_add(search, ID_SPAN(&revision->note), policy_class_name(revision->class),
                   search->word, "");
    return true;
}

static int find_titled(struct ids_search *search, struct section_id *out_section,
                       struct note_id *out_note)
{
    struct titled titled = {search, out_section, out_note};
    struct sections sections;
    int code = sections_get(search->cli, &sections);
    if (code != CLI_OK) {
        ids_search_deinit(search);
        return code;
    }
    enum status status = STATUS_OK;
    for (size_t i = 0; i < sections.count && status == STATUS_OK; i++) {
        status = view_revisions(host_engine(search->cli->host), &sections.items[i].section, NULL,
                                visit_titled, &titled);
        status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
    }
    sections_free(&sections);
    if (status != STATUS_OK) {
        ids_search_deinit(search);
        return cli_fail(search->cli, SAY_SECTION_READ, status);
    }
    return CLI_OK;
}

/* Digits that people use as a title too: a year, a date, a short word of a to f. Eight digits with
 * letters among them, as they are printed, are an id: no text is opened for them. */
static bool may_be_title(const char *word)
{
    return strlen(word) < PRINT_DIGITS_BYTES - 1 || strspn(word, "0123456789") == strlen(word);
}

struct headed {
    struct ids_search *search;
    bool told;
};

static bool add_by_id(void *visitor, const struct view_revision *revision)
{
    struct headed *headed = visitor;
    if (revision->head && revision->body != NULL && !headed->told) {
        headed->told = true;
        char title[VIEW_NAME_BYTES_MAX];
        (void)snprintf(title, sizeof title, "%.*s", (int)revision->body->title.len,
                       (const char *)revision->body->title.data);
        ids_search_add(headed->search, ID_SPAN(&revision->note), policy_class_name(revision->class),
                       title, " (by its id)");
        wipe(title, sizeof title);
    }
    return true;
}

/* Of a word that fits the id of one note: whether it is another's title. */
static int also_titled(struct ids_search *search, struct section_id *out_section,
                       struct note_id *out_note)
{
    struct headed headed = {search, false};
    enum status status =
        view_revisions(host_engine(search->cli->host), out_section, out_note, add_by_id, &headed);
    if (status != STATUS_OK) {
        ids_search_deinit(search);
        return cli_fail(search->cli, SAY_NOTE_READ, status);
    }
    return find_titled(search, out_section, out_note);
}

int ids_note(struct cli *cli, const char *word, struct section_id *out_section,
             struct note_id *out_note)
{
    struct ids_search search;
    find_note(&search, cli, word, out_section, out_note);
    int code = CLI_OK;
    if (search.found == 0) {
        code = find_titled(&search, out_section, out_note);
    } else if (search.found == 1 && may_be_title(word)) {
        code = also_titled(&search, out_section, out_note);
    }
    return code == CLI_OK ? ids_search_verdict(&search, "note") : code;
}

bool ids_note_quietly(struct cli *cli, const char *word, struct section_id *out_section,
                      struct note_id *out_note)
{
    struct ids_search search;
    find_note(&search, cli, word, out_section, out_note);
    ids_search_deinit(&search);
    return search.found == 1;
}

/* ---- relations */

struct relation_search {
    struct ids_search search;
    struct hash *out;
};

static bool visit_relation(void *visitor, const struct view_relation *relation)
{
    struct relation_search *relations = visitor;
    if (ids_search_fits(&relations->search, ID_SPAN(&relation->statement), NULL)) {
        relations->search.found++;
        *relations->out = relation->statement;
    }
    return true;
}

int ids_relation(struct cli *cli, const char *word, struct hash *out_relation)
{
    struct relation_search relations = {.out = out_relation};
    ids_search_init(&relations.search, cli, word);
    view_relations(host_engine(cli->host), visit_relation, &relations);
    return ids_search_verdict(&relations.search, "relation");
}
