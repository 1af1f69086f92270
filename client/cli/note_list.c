#include "client/cli/note_list.h"

#include "client/cli/note_words.h"
#include "client/cli/print.h"
#include "keys/public/bytes/array.h"
#include "keys/public/bytes/wipe.h"
#include "proto/message.h"
#include "proto/policy.h"
#include "proto/words.h"

#define TITLE_BYTES_MAX 160u

/* One note, copied: a visitor's words end with its call, and what was added to a note is called
 * as the note itself, which is read afterwards. */
struct item {
    struct view_note note;
    uint64_t written_ms;
    uint32_t body_kind; /* NoteKind; 0: not to be read here */
    char title[TITLE_BYTES_MAX + 1];
    size_t title_size;
    bool bring; /* to the next session */
};

struct items {
    struct item *all;
    size_t count;
    size_t room;
    bool no_memory;
};

struct span note_list_headline(const Alcove__NoteBody *body)
{
    struct span text = body->title.len > 0 ? field_span(body->title) : field_span(body->text);
    size_t start = 0;
    while (start < text.size && (text.data[start] == '\n' || text.data[start] == ' ')) {
        start++;
    }
    text = span_of(text.data + start, text.size - start);
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '\n') {
            return span_of(text.data, i);
        }
    }
    return text;
}

static void set_title(struct item *item, struct span title)
{
    item->title_size = title.size < TITLE_BYTES_MAX ? title.size : TITLE_BYTES_MAX;
    if (item->title_size > 0) {
        memcpy(item->title, title.data, item->title_size);
    }
    item->title[item->title_size] = '\0';
}

static bool collect(void *visitor, const struct view_note *note)
{
    struct items *items = visitor;
    const Alcove__NoteBody *body = note->newest.body;
    if (array_grow(&items->all, &items->room, items->count + 1, sizeof *items->all) != STATUS_OK) {
        items->no_memory = true;
        return false;
    }
    struct item *item = &items->all[items->count++];
    memset(item, 0, sizeof *item);
    item->note = *note;
    item->note.newest.body = NULL;
    item->note.newest.parents = NULL;
    if (body != NULL) {
        item->body_kind = body->kind;
        item->written_ms = body->written_ms;
        for (size_t i = 0; i < body->n_field; i++) {
            item->bring |= span_equal(field_span(body->field[i]->key), span_of("bring", 5));
        }
        set_title(item, body->title.len > 0 ? field_span(body->title) : note_list_headline(body));
    }
    return true;
}

static bool is_added(const struct item *item)
{
    uint32_t kind = item->note.newest.kind;
    return item->note.revisions > 1 && (kind == REVISION_ADDENDUM || kind == REVISION_CORRECTION ||
                                        kind == REVISION_LATE_ENTRY);
}

/* The last that was no addition. */
static bool find_title(void *visitor, const struct view_revision *revision)
{
    struct item *item = visitor;
    if (revision->body != NULL &&
        (revision->kind == REVISION_SIGNED || revision->kind == REVISION_DRAFT)) {
        set_title(item, revision->body->title.len > 0 ? field_span(revision->body->title)
                                                      : note_list_headline(revision->body));
    }
    return true;
}

static void add_json(struct note_list *list, const struct view_section *section,
                     const struct item *item)
{
    const struct view_note *note = &item->note;
    cJSON *object = cJSON_CreateObject();
    char author[VIEW_NAME_BYTES_MAX];
    view_name(host_engine(list->cli->host), &note->newest.author, author);
    print_add_id(object, "note", ID_SPAN(&note->note));
    print_add_id(object, "section", ID_SPAN(&note->section));
    print_add_id(object, "chart", ID_SPAN(&section->chart));
    print_add_id(object, "client", ID_SPAN(&section->client));
    print_add_text(object, "class", policy_class_name(note->class));
    print_add_id(object, "author", ID_SPAN(&note->newest.author));
    print_add_text(object, "author_name", author);
    print_add_text(object, "kind", note_kind_name(note->newest.kind));
    print_add_number(object, "heads", note->heads);
    print_add_number(object, "revisions", note->revisions);
    (void)cJSON_AddBoolToObject(object, "locked", note->locked);
    (void)cJSON_AddBoolToObject(object, "pending", note->pending);
    (void)cJSON_AddBoolToObject(object, "readable", item->body_kind != 0);
    (void)cJSON_AddBoolToObject(object, "unopened", note->newest.unopened);
    if (item->body_kind != 0) {
        print_add_span(object, "title", span_of(item->title, item->title_size));
        print_add_number(object, "note_kind", item->body_kind);
        print_add_number(object, "written_ms", item->written_ms);
        (void)cJSON_AddBoolToObject(object, "bring", item->bring);
    }
    (void)cJSON_AddItemToArray(list->array, object);
}

static void print_heading(struct note_list *list, const struct view_section *section)
{
    struct cli *cli = list->cli;
    if (!list->headed || (list->begun && ID_EQUAL(&list->chart, &section->chart))) {
        return;
    }
    list->begun = true;
    list->chart = section->chart;
    char name[VIEW_NAME_BYTES_MAX];
    view_name(host_engine(cli->host), &section->client, name);
    struct print_row row;
    print_row_begin(cli, &row);
    (void)fputs("chart ", cli->out);
    print_short(cli, ID_SPAN(&section->chart));
    (void)fputs("  ", cli->out);
    (void)print_text(cli, span_of(name, strlen(name)), 40);
    print_row_end(cli, &row);
}

static void print_item(struct note_list *list, const struct item *item)
{
    struct cli *cli = list->cli;
    const struct view_note *note = &item->note;
    char author[VIEW_NAME_BYTES_MAX];
    view_name(host_engine(cli->host), &note->newest.author, author);
    struct print_row row;
    print_row_begin(cli, &row);
    print_short(cli, ID_SPAN(&note->note));
    (void)fprintf(cli->out, " %-8s ", policy_class_name(note->class));
    print_time(cli, item->written_ms);
    (void)fputc(' ', cli->out);
    (void)print_text(cli, span_of(author, strlen(author)), 10);
    (void)fputs("  ", cli->out);
    if (item->body_kind == 0) {
        (void)fprintf(cli->out, "(%s)", note_no_text(&note->newest));
    } else {
        (void)print_text(cli, span_of(item->title, item->title_size), 24);
    }
    if (note->heads > 1 && !note->pending) {
        (void)fputs(" [two versions]", cli->out);
    } else if (note->newest.kind == REVISION_DRAFT) {
        (void)fputs(" [draft]", cli->out);
    } else if (is_added(item)) {
        (void)fputs(" [added to]", cli->out);
    }
    (void)fprintf(cli->out, "%s%s", item->bring ? " [bring]" : "",
                  note_is_refused(cli, &note->newest) ? " [refused]"
                  : note->pending                     ? " [not sent yet]"
                                                      : "");
    print_row_end(cli, &row);
}

static void tell(struct note_list *list, const struct view_section *section,
                 const struct item *item)
{
    if (item->body_kind == NOTE_NAME) {
        return; /* names are shown where people are */
    }
    if (list->array != NULL) {
        add_json(list, section, item);
    } else {
        print_heading(list, section);
        print_item(list, item);
        list->count++;
    }
}

enum status note_list_section(struct note_list *list, const struct view_section *section,
                              size_t last)
{
    struct engine *engine = host_engine(list->cli->host);
    struct items items = {0};
    enum status status = view_last_notes(engine, &section->section, last, collect, &items);
    if (status == STATUS_OK && items.no_memory) {
        status = STATUS_NO_MEMORY;
    }
    for (size_t i = 0; i < items.count && status == STATUS_OK; i++) {
        struct item *item = &items.all[i];
        if (is_added(item)) {
            status = view_revisions(engine, &section->section, &item->note.note, find_title, item);
        }
        if (status == STATUS_OK) {
            tell(list, section, item);
        }
    }
    if (items.all != NULL) {
        wipe(items.all, items.count * sizeof *items.all);
    }
    free(items.all);
    return status;
}
