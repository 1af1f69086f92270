#include "client/cli/cli.h"

#include "client/agent/clock.h"
#include "client/cli/args.h"
#include "client/cli/editor.h"
#include "client/cli/files.h"
#include "client/cli/ids.h"
#include "client/cli/print.h"
#include "client/engine/act.h"
#include "client/engine/write.h"
#include "keys/public/utf8.h"
#include "keys/public/wipe.h"
#include "proto/message.h"
#include "proto/policy.h"
#include "proto/words.h"

#define TAGS_MAX 16u
#define FIELDS_MAX 4u

/* What a person gave for one note. */
struct draft {
    const char *chart;
    const char *class;
    const char *title;
    const char *file;
    const char *note;
    const char *reason;
    const char *template;
    const char *tags[TAGS_MAX];
    size_t tag_count;
    bool unsigned_draft;
    bool addendum;
    bool correction;
    bool late_entry;
    bool yes;
    /* moments */
    const char *category;
    const char *share;
    bool bring;
    uint32_t kind; /* NoteKind */
};

/* The official templates: headings that the text is written under. */
static const struct {
    const char *name;
    const char *text;
} TEMPLATES[] = {
    {"soap", "Subjective:\n\nObjective:\n\nAssessment:\n\nPlan:\n"},
    {"dap", "Data:\n\nAssessment:\n\nPlan:\n"},
    {"birp", "Behavior:\n\nIntervention:\n\nResponse:\n\nPlan:\n"},
    {"girp", "Goal:\n\nIntervention:\n\nResponse:\n\nPlan:\n"},
    {"free", ""},
};

static const char *const CATEGORIES[] = {
    "reached-out",    "boundary",        "trigger-named",       "felt-without-numbing",
    "asked-for-help", "stress-handled",  "present-for-others",  "showed-up",
    "hard-day",
};

static const char *template_text(const char *name)
{
    for (size_t i = 0; name != NULL && i < ARRAY_LEN(TEMPLATES); i++) {
        if (strcmp(TEMPLATES[i].name, name) == 0) {
            return TEMPLATES[i].text;
        }
    }
    return name == NULL ? "" : NULL;
}

/* The text: from a file, standard input, or an editor on memory-backed storage. */
static int take_text(struct cli *cli, const struct draft *draft, uint8_t **out_text,
                     size_t *out_size)
{
    const char *begin = template_text(draft->template);
    enum status status;

    if (begin == NULL) {
        (void)fprintf(cli->err, "alcove: --template is soap, dap, birp, girp or free\n");
        return CLI_USAGE;
    }
    status = draft->file != NULL
                 ? files_read(draft->file, cli->in, NOTE_TEXT_BYTES_MAX, out_text, out_size)
                 : editor_run(cli, span_of(begin, strlen(begin)), NOTE_TEXT_BYTES_MAX, out_text,
                              out_size);
    if (status == STATUS_USAGE) {
        (void)fprintf(cli->err, "alcove: no text: give --file FILE, --file - or a terminal for the "
                                "editor\n");
        return CLI_USAGE;
    }
    if (status != STATUS_OK) {
        return cli_fail(cli, "the text was not read", status);
    }
    if (*out_size == 0 || !utf8_valid(span_of(*out_text, *out_size))) {
        (void)fprintf(cli->err, "alcove: the text is %s; nothing was written\n",
                      *out_size == 0 ? "empty" : "not UTF-8");
        return CLI_USAGE;
    }
    return CLI_OK;
}

static uint32_t revision_kind(const struct draft *draft)
{
    if (draft->addendum) {
        return REVISION_ADDENDUM;
    }
    if (draft->correction) {
        return REVISION_CORRECTION;
    }
    if (draft->late_entry) {
        return REVISION_LATE_ENTRY;
    }
    return draft->unsigned_draft ? REVISION_DRAFT : REVISION_SIGNED;
}

static void tell_written(struct cli *cli, const struct view_section *section,
                         const struct note_id *note, uint64_t ticket, bool sent)
{
    struct engine_ticket info;

    engine_ticket(host_engine(cli->host), ticket, &info);
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_id(object, "note", ID_SPAN(note));
        print_add_id(object, "section", ID_SPAN(&section->section));
        print_add_text(object, "class", policy_class_name(section->class));
        (void)cJSON_AddBoolToObject(object, "sent", sent);
        if (sent) {
            print_add_number(object, "event", info.event);
            print_add_id(object, "link", ID_SPAN(&info.object));
        }
        print_json(cli, object);
        return;
    }
    (void)fprintf(cli->out, "Note ");
    print_short(cli, ID_SPAN(note));
    (void)fprintf(cli->out, " (%s) is %s.\n", policy_class_name(section->class),
                  sent ? "on the server, sealed" : "saved here, sealed");
}

static void fill_fields(const struct draft *draft, Alcove__NoteField *fields,
                        Alcove__NoteField **list, Alcove__NoteBody *body)
{
    const struct {
        const char *key;
        const char *value;
    } all[] = {{"category", draft->category},
               {"template", draft->template},
               {"bring", draft->bring ? "yes" : NULL}};

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (all[i].value != NULL) {
            Alcove__NoteField *field = &fields[body->n_field];

            alcove__note_field__init(field);
            field->key = field_of(all[i].key, strlen(all[i].key));
            field->value = field_of(all[i].value, strlen(all[i].value));
            list[body->n_field++] = field;
        }
    }
    body->field = list;
}

static int put_note(struct cli *cli, const struct draft *draft, const struct view_section *section,
                    struct span text)
{
    struct write_note note = {.section = section->section, .kind = revision_kind(draft)};
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    Alcove__NoteField fields[FIELDS_MAX];
    Alcove__NoteField *field_list[FIELDS_MAX];
    ProtobufCBinaryData tags[TAGS_MAX];
    struct section_id of_note;
    struct note_id written;
    uint64_t ticket = 0;
    bool sent = false;
    enum status status;
    int code = CLI_OK;

    body.kind = draft->kind;
    body.text = field_of(text.data, text.size);
    body.written_ms = clock_now_ms();
    if (draft->title != NULL) {
        body.title = field_of(draft->title, strlen(draft->title));
    }
    if (draft->reason != NULL) {
        body.reason = field_of(draft->reason, strlen(draft->reason));
    }
    for (size_t i = 0; i < draft->tag_count; i++) {
        tags[i] = field_of(draft->tags[i], strlen(draft->tags[i]));
    }
    body.n_tag = draft->tag_count;
    body.tag = tags;
    fill_fields(draft, fields, field_list, &body);
    note.body = &body;
    if (draft->note != NULL) {
        code = ids_note(cli, draft->note, &of_note, &note.note);
        note.section = of_note;
    }
    if (code != CLI_OK) {
        return code;
    }
    status = write_note(host_engine(cli->host), &note, clock_now_ms(), &written, &ticket);
    if (status != STATUS_OK) {
        return cli_fail(cli, "the note was not written", status);
    }
    code = cli_deliver(cli, ticket, &sent);
    if (code == CLI_OK) {
        tell_written(cli, section, &written, ticket, sent);
    }
    return code;
}

static uint32_t note_kind(uint32_t class)
{
    switch (class) {
    case CLASS_PROCESS:
        return NOTE_PROCESS;
    case CLASS_SESSION:
        return NOTE_SESSION;
    case CLASS_SHARED:
        return NOTE_REFLECTION;
    case CLASS_JOURNAL:
        return NOTE_MOMENT;
    case CLASS_SAFETY:
        return NOTE_SAFETY_CARD;
    default:
        return NOTE_PROGRESS;
    }
}

static bool kind_is_clear(struct cli *cli, const struct draft *draft)
{
    int appended = draft->addendum + draft->correction + draft->late_entry;

    if (appended > 1 || (appended == 1 && draft->unsigned_draft)) {
        (void)fprintf(cli->err, "alcove: one of --draft, --addendum, --correction, --late-entry\n");
        return false;
    }
    if (appended == 1 && draft->reason == NULL) {
        (void)fprintf(cli->err, "alcove: an addendum, a correction or a late entry says why: "
                                "--reason TEXT\n");
        return false;
    }
    if ((draft->addendum || draft->correction) && draft->note == NULL) {
        (void)fprintf(cli->err, "alcove: --note ID says what it is added to\n");
        return false;
    }
    return true;
}

/* Opens, finds the section, takes the text, writes. Writing never waits for the server. */
static int write_into(struct cli *cli, struct draft *draft, uint32_t class)
{
    struct view_section section;
    uint8_t *text = NULL;
    size_t size = 0;
    int code = CLI_OK;

    if (!engine_synced_once(host_engine(cli->host))) {
        code = cli_refresh(cli);
    }
    if (code == CLI_OK && draft->note == NULL) {
        code = ids_section(cli, draft->chart, class, &section);
    } else if (code == CLI_OK) {
        struct section_id of_note;
        struct note_id note;

        code = ids_note(cli, draft->note, &of_note, &note);
        if (code == CLI_OK &&
            view_section(host_engine(cli->host), &of_note, &section) != STATUS_OK) {
            code = cli_fail(cli, "the section is not here", STATUS_NOT_FOUND);
        }
    }
    if (code == CLI_OK) {
        draft->kind = note_kind(section.class);
        code = take_text(cli, draft, &text, &size);
    }
    if (code == CLI_OK) {
        code = put_note(cli, draft, &section, span_of(text, size));
    }
    if (text != NULL) {
        wipe(text, size);
    }
    free(text);
    return code;
}

int cmd_write(struct cli *cli, int argc, char **argv)
{
    struct draft draft = {0};
    const struct args_option options[] = {
        {.name = "--class", .value = &draft.class},
        {.name = "--title", .value = &draft.title},
        {.name = "--file", .value = &draft.file},
        {.name = "--note", .value = &draft.note},
        {.name = "--reason", .value = &draft.reason},
        {.name = "--template", .value = &draft.template},
        {.name = "--tag", .list = draft.tags, .list_count = &draft.tag_count, .list_max = TAGS_MAX},
        {.name = "--draft", .flag = &draft.unsigned_draft},
        {.name = "--addendum", .flag = &draft.addendum},
        {.name = "--correction", .flag = &draft.correction},
        {.name = "--late-entry", .flag = &draft.late_entry},
    };
    const char *wrong = NULL;
    uint32_t class = 0;
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), &draft.chart, 1, &count, &wrong) ||
        (count == 0 && draft.note == NULL)) {
        return cli_usage(cli, "write", wrong);
    }
    if (!kind_is_clear(cli, &draft)) {
        return CLI_USAGE;
    }
    code = draft.note != NULL && draft.class == NULL ? CLI_OK
                                                     : ids_class(cli, draft.class, &class);
    if (code == CLI_OK) {
        code = cli_open(cli);
    }
    return code == CLI_OK ? write_into(cli, &draft, class) : code;
}

/* ---- reflections: shown first as the client will see them */

static int preview(struct cli *cli, const struct draft *draft, struct span text)
{
    char line[16];

    if (cli->json) {
        return CLI_OK;
    }
    (void)fprintf(cli->out, "The client will see:\n\n");
    if (draft->title != NULL) {
        print_block(cli, span_of(draft->title, strlen(draft->title)), 2);
        (void)fputc('\n', cli->out);
    }
    print_block(cli, text, 2);
    (void)fputc('\n', cli->out);
    if (draft->yes) {
        return CLI_OK;
    }
    (void)fprintf(cli->out, "Share it? Type yes: ");
    (void)fflush(cli->out);
    if (draft->file == NULL || strcmp(draft->file, "-") == 0 || cli->lent ||
        fgets(line, sizeof(line), stdin) == NULL || strncmp(line, "yes", 3) != 0) {
        (void)fprintf(cli->err, "alcove: not shared; give --yes to share without being asked\n");
        return CLI_REFUSED;
    }
    return CLI_OK;
}

int cmd_reflect(struct cli *cli, int argc, char **argv)
{
    struct draft draft = {.kind = NOTE_REFLECTION};
    const struct args_option options[] = {
        {.name = "--title", .value = &draft.title},
        {.name = "--file", .value = &draft.file},
        {.name = "--yes", .flag = &draft.yes},
    };
    struct view_section section;
    const char *wrong = NULL;
    uint8_t *text = NULL;
    size_t size = 0;
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), &draft.chart, 1, &count, &wrong) ||
        count != 1) {
        return cli_usage(cli, "reflect", wrong);
    }
    code = cli_open(cli);
    if (code == CLI_OK && !engine_synced_once(host_engine(cli->host))) {
        code = cli_refresh(cli);
    }
    if (code == CLI_OK) {
        code = ids_section(cli, draft.chart, CLASS_SHARED, &section);
    }
    if (code == CLI_OK) {
        code = take_text(cli, &draft, &text, &size);
    }
    if (code == CLI_OK) {
        code = preview(cli, &draft, span_of(text, size));
    }
    if (code == CLI_OK) {
        code = put_note(cli, &draft, &section, span_of(text, size));
    }
    free(text);
    return code;
}

/* ---- moments: the client's own, private unless they choose */

struct journal_search {
    struct engine *engine;
    const struct member_id *reader; /* NULL: the private one */
    struct view_section found;
    bool is_found;
    size_t readers;
    bool has_reader;
};

static bool count_reader(void *visitor, const struct view_access *access)
{
    struct journal_search *search = visitor;

    search->readers++;
    if (search->reader != NULL && ID_EQUAL(&access->member, search->reader)) {
        search->has_reader = true;
    }
    return true;
}

static bool visit_journal(void *visitor, const struct view_section *section)
{
    struct journal_search *search = visitor;
    size_t wanted = search->reader == NULL ? 1 : 2;

    if (section->class != CLASS_JOURNAL || (section->rights & RIGHT_OWN) == 0) {
        return true;
    }
    search->readers = 0;
    search->has_reader = false;
    if (view_access(search->engine, &section->section, count_reader, search) == STATUS_OK &&
        search->readers == wanted && search->has_reader == (search->reader != NULL)) {
        search->found = *section;
        search->is_found = true;
        return false;
    }
    return true;
}

/* One section per set of readers: sharing never gives anybody the private one's key
 * (decision 19). Makes it when it is the first moment of its kind. */
static int journal_section(struct cli *cli, const struct chart_id *chart,
                           const struct member_id *client, const struct member_id *reader,
                           struct view_section *out)
{
    struct journal_search search = {.engine = host_engine(cli->host), .reader = reader};
    struct section_id section;
    struct chart_id same_chart;
    uint64_t ticket = 0;
    bool sent = false;
    enum status status;
    int code;

    view_sections(host_engine(cli->host), visit_journal, &search);
    if (search.is_found) {
        *out = search.found;
        return CLI_OK;
    }
    status = act_section(host_engine(cli->host), CLASS_JOURNAL, chart, client, clock_now_ms(),
                         &section, &same_chart, &ticket);
    if (status != STATUS_OK) {
        return cli_fail(cli, "your journal was not made", status);
    }
    code = cli_deliver(cli, ticket, &sent);
    if (code == CLI_OK && reader != NULL) {
        struct act_grant grant = {.section = section, .member = *reader, .rights = RIGHT_READ};

        code = cli_refresh(cli);
        status = code == CLI_OK
                     ? act_grant(host_engine(cli->host), &grant, clock_now_ms(), &ticket)
                     : STATUS_OK;
        if (code == CLI_OK && status != STATUS_OK) {
            return cli_fail(cli, "it was not shared; nothing was written", status);
        }
        code = code == CLI_OK ? cli_deliver(cli, ticket, &sent) : code;
    }
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    if (code == CLI_OK &&
        view_section(host_engine(cli->host), &section, out) != STATUS_OK) {
        return cli_fail(cli, "your journal is not here yet", STATUS_OFFLINE);
    }
    return code;
}

static bool category_known(struct cli *cli, const char *category)
{
    for (size_t i = 0; category != NULL && i < ARRAY_LEN(CATEGORIES); i++) {
        if (strcmp(CATEGORIES[i], category) == 0) {
            return true;
        }
    }
    (void)fprintf(cli->err, "alcove: --category is one of");
    for (size_t i = 0; i < ARRAY_LEN(CATEGORIES); i++) {
        (void)fprintf(cli->err, " %s", CATEGORIES[i]);
    }
    (void)fputc('\n', cli->err);
    return false;
}

int cmd_moment(struct cli *cli, int argc, char **argv)
{
    struct draft draft = {.kind = NOTE_MOMENT};
    const struct args_option options[] = {
        {.name = "--category", .value = &draft.category},
        {.name = "--file", .value = &draft.file},
        {.name = "--share", .value = &draft.share},
        {.name = "--bring", .flag = &draft.bring},
    };
    struct view_section section;
    struct view_member reader;
    struct chart_id chart;
    struct member_id client;
    const char *wrong = NULL;
    uint8_t *text = NULL;
    size_t size = 0;
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), &draft.chart, 1, &count, &wrong)) {
        return cli_usage(cli, "moment", wrong);
    }
    if (!category_known(cli, draft.category)) {
        return CLI_USAGE;
    }
    code = cli_open(cli);
    if (code == CLI_OK && !engine_synced_once(host_engine(cli->host))) {
        code = cli_refresh(cli);
    }
    if (code == CLI_OK) {
        code = ids_chart(cli, draft.chart, &chart, &client);
    }
    if (code == CLI_OK && draft.share != NULL) {
        code = ids_member(cli, draft.share, &reader);
    }
    if (code == CLI_OK) {
        code = take_text(cli, &draft, &text, &size);
    }
    if (code == CLI_OK) {
        code = journal_section(cli, &chart, &client, draft.share == NULL ? NULL : &reader.member,
                               &section);
    }
    if (code == CLI_OK) {
        code = put_note(cli, &draft, &section, span_of(text, size));
    }
    free(text);
    return code;
}
