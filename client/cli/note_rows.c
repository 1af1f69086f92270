#include "client/cli/note_rows.h"

#include "client/cli/note_list_inside.h"
#include "client/cli/note_time.h"
#include "client/cli/note_words.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/text/fold.h"
#include "client/text/step.h"
#include "keys/public/bytes/wipe.h"
#include "proto/message.h"
#include "proto/policy.h"
#include "proto/words.h"

#include <stdlib.h>

#define ROW_COLUMNS    80u
#define CLIENT_COLUMNS 16u
#define AUTHOR_COLUMNS 16u
#define TITLE_COLUMNS  12u /* at least; a narrower terminal gets a second line */
#define BEFORE_BYTES   40u /* of a text, before what a search found in it */

/* ---- what is read again for a row that is printed */

/* Where the words stand in the text, with a little of what stands before and after them. */
static void take_snippet(struct note_row *row, struct span text)
{
    size_t begin = 0;
    row->status = text_find(text, row->list->found, &begin);
    if (row->status != STATUS_OK) {
        row->status = row->status == STATUS_NOT_FOUND ? STATUS_OK : row->status;
        return;
    }
    size_t from = begin > BEFORE_BYTES ? begin - BEFORE_BYTES : 0;
    while (from > 0 && from < begin && text.data[from - 1] != ' ' && text.data[from - 1] != '\n') {
        from++; /* a word is not torn */
    }
    const char *cut = from > 0 ? "... " : "";
    size_t cut_size = strlen(cut);
    size_t size = text.size - from;
    size = size < NOTE_SNIPPET_BYTES_MAX - cut_size ? size : NOTE_SNIPPET_BYTES_MAX - cut_size;
    while (size > 0 && from + size < text.size && (text.data[from + size] & 0xc0u) == 0x80u) {
        size--;
    }
    while (size > 0 && (text.data[from + size - 1] == '\n' || text.data[from + size - 1] == ' ')) {
        size--;
    }
    memcpy(row->snippet, cut, cut_size);
    memcpy(row->snippet + cut_size, text.data + from, size);
    row->snippet_size = cut_size + size;
}

/* An addition is called as the note itself: as the last that was none. */
static bool read_again(void *visitor, const struct view_revision *revision)
{
    struct note_row *row = visitor;
    if (revision->body == NULL) {
        return true;
    }
    if (row->item->added &&
        (revision->kind == REVISION_SIGNED || revision->kind == REVISION_DRAFT)) {
        note_item_title(row->item, revision->body);
    }
    if (row->wanted.size > 0 && span_equal(ID_SPAN(&revision->link), row->wanted)) {
        take_snippet(row, field_span(revision->body->text));
    }
    return row->status == STATUS_OK;
}

static enum status complete(struct note_row *row)
{
    struct note_item *item = row->item;
    if (row->list->found.size > 0) {
        row->wanted = ID_SPAN(&item->note.newest.link);
    } else if (!item->added) {
        return STATUS_OK;
    }
    enum status status = view_revisions(host_engine(row->list->cli->host), &item->note.section,
                                        &item->note.note, read_again, row);
    return status == STATUS_OK ? row->status : status;
}

/* ---- for programs */

static void add_json(const struct note_row *row, cJSON *array)
{
    const struct note_item *item = row->item;
    const struct view_note *note = &item->note;
    const struct note_place *place = &row->list->places[item->place];
    cJSON *object = cJSON_CreateObject();
    char author[VIEW_NAME_BYTES_MAX];
    view_name(host_engine(row->list->cli->host), &note->newest.author, author);
    print_add_id(object, "note", ID_SPAN(&note->note));
    print_add_id(object, "section", ID_SPAN(&note->section));
    print_add_id(object, "chart", ID_SPAN(&place->section.chart));
    print_add_id(object, "client", ID_SPAN(&place->section.client));
    print_add_text(object, "class", policy_class_name(note->class));
    print_add_id(object, "author", ID_SPAN(&note->newest.author));
    print_add_text(object, "author_name", author);
    print_add_text(object, "kind", note_kind_name(note->newest.kind));
    if (row->list->found.size == 0) {
        print_add_number(object, "heads", note->heads);
        print_add_number(object, "revisions", note->revisions);
        (void)cJSON_AddBoolToObject(object, "locked", note->locked);
    }
    if (note->newest.server_ms != 0) {
        print_add_number(object, "server_ms", note->newest.server_ms);
    }
    (void)cJSON_AddBoolToObject(object, "pending", note->pending);
    (void)cJSON_AddBoolToObject(object, "readable", item->body_kind != 0);
    (void)cJSON_AddBoolToObject(object, "new", item->is_new);
    (void)cJSON_AddBoolToObject(object, "unopened", note->newest.unopened);
    (void)cJSON_AddBoolToObject(object, "damaged", note->newest.damaged);
    (void)cJSON_AddBoolToObject(object, "ended", place->section.ended);
    (void)cJSON_AddItemToObject(object, "readers", cJSON_Duplicate(place->readers, true));
    if (item->body_kind != 0) {
        print_add_span(object, "title", span_of(item->title, item->title_size));
        print_add_number(object, "note_kind", item->body_kind);
        print_add_number(object, "written_ms", item->written_ms);
        (void)cJSON_AddBoolToObject(object, "bring", item->bring);
    }
    if (row->list->found.size > 0) {
        print_add_span(object, "snippet", span_of(row->snippet, row->snippet_size));
    }
    (void)cJSON_AddItemToArray(array, object);
}

/* ---- for people */

/* Each behind a blank. */
static void put_marks(const struct note_row *row, const struct engine_state *state, FILE *out)
{
    struct cli *cli = row->list->cli;
    const struct note_item *item = row->item;
    const struct view_note *note = &item->note;
    const struct note_place *place = &row->list->places[item->place];
    bool own = ID_EQUAL(&note->newest.author, &state->member);
    (void)fputs(item->is_new ? " [new]" : "", out);
    if (note->heads > 1 && !note->pending) {
        (void)fputs(" [two versions]", out);
    } else if (note->newest.kind == REVISION_DRAFT) {
        (void)fputs(" [draft]", out);
    } else if (item->added) {
        (void)fputs(" [added to]", out);
    }
    (void)fputs(item->bring ? " [bring]" : "", out);
    if (place->section.ended) {
        (void)fputs(" [no longer shared with you]", out);
    } else if (state->role == ROLE_CLIENT && own && place->others[0] == '\0') {
        (void)fputs(" [private]", out);
    } else if (state->role == ROLE_CLIENT && own) {
        (void)fprintf(out, " [shared with %s]", place->others);
    }
    (void)fputs(note_is_refused(cli, &note->newest) ? " [refused]"
                : note->pending                     ? " [not sent yet]"
                                                    : "",
                out);
}

static bool is_apart(const struct note_item *item)
{
    return item->body_kind != 0 && note_time_differs(item->written_ms, item->note.newest.server_ms);
}

/* The author's time, which nobody checks, unless the server's says otherwise. */
static uint64_t shown_ms(const struct note_item *item)
{
    return item->body_kind == 0 || is_apart(item) ? item->note.newest.server_ms : item->written_ms;
}

/* A client's or a chart's column, as wide as the widest name in it. */
static size_t client_columns(const struct note_list *list)
{
    size_t widest = 0;
    for (size_t i = 0; list->headed && i < list->place_count; i++) {
        size_t columns = text_columns(print_span(list->places[i].client));
        widest = columns > widest ? columns : widest;
    }
    return widest < CLIENT_COLUMNS ? widest : CLIENT_COLUMNS;
}

/* The marks, and whoever else wrote it, stand before the title, which might say anything: also that
 * it is a mark of ours. */
static size_t put_before_title(const struct note_row *row, const struct engine_state *state,
                               size_t columns, const char *marks)
{
    struct cli *cli = row->list->cli;
    const struct view_note *note = &row->item->note;
    uint64_t time_ms = shown_ms(row->item);
    print_time(cli, time_ms);
    (void)fputs(time_ms == 0 ? "                 " : "  ", cli->out);
    print_short(cli, ID_SPAN(&note->note));
    (void)fprintf(cli->out, "  %-8s  ", policy_class_name(note->class));
    size_t used = 18 + 8 + 2 + 8 + 2;
    if (columns > 0) {
        size_t name =
            print_text(cli, print_span(row->list->places[row->item->place].client), columns);
        (void)fprintf(cli->out, "%*s", (int)(columns - name) + 2, "");
        used += columns + 2;
    }
    if (marks[0] != '\0') {
        used += print_text(cli, print_span(marks + 1), 0) + 1;
        (void)fputc(' ', cli->out);
    }
    if (!ID_EQUAL(&note->newest.author, &state->member)) {
        char author[VIEW_NAME_BYTES_MAX];
        view_name(host_engine(cli->host), &note->newest.author, author);
        used += print_text(cli, print_span(author), AUTHOR_COLUMNS) + 2;
        (void)fputs(": ", cli->out);
    }
    return used;
}

static void put_row(const struct note_row *row, const struct engine_state *state, size_t columns)
{
    struct cli *cli = row->list->cli;
    const struct note_item *item = row->item;
    size_t width = cli->columns == 0 ? ROW_COLUMNS : cli->columns;
    char *marks = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&marks, &size);
    CHECK(out != NULL);
    put_marks(row, state, out);
    CHECK(fclose(out) == 0);
    struct print_row line;
    print_row_begin(cli, &line);
    size_t used = put_before_title(row, state, columns, marks);
    free(marks);
    if (item->body_kind == 0) {
        (void)fprintf(cli->out, "(%s)", note_no_text(&item->note.newest));
    } else {
        (void)print_text(cli, span_of(item->title, item->title_size),
                         width > used + TITLE_COLUMNS ? width - used : 3 * TITLE_COLUMNS);
    }
    if (is_apart(item)) {
        (void)fputs(" [", cli->out);
        note_time_print(cli, item->written_ms, item->note.newest.server_ms);
        (void)fputc(']', cli->out);
    }
    print_row_end(cli, &line);
    if (row->snippet_size > 0) {
        struct print_row second;
        print_row_begin(cli, &second);
        (void)fputs("    ", cli->out);
        (void)print_text(cli, span_of(row->snippet, row->snippet_size),
                         width > TITLE_COLUMNS ? width - 4 : TITLE_COLUMNS);
        print_row_end(cli, &second);
    }
}

/* By what no author can forge; what the server has not got yet is the newest. */
static uint64_t order_ms(const struct note_item *item)
{
    uint64_t server_ms = item->note.newest.server_ms;
    return server_ms != 0 ? server_ms : UINT64_MAX;
}

static int compare(const void *a, const void *b)
{
    const struct note_item *one = a;
    const struct note_item *other = b;
    if (order_ms(one) != order_ms(other)) {
        return order_ms(one) < order_ms(other) ? 1 : -1;
    }
    if (one->note.newest.number != other->note.newest.number) {
        return one->note.newest.number < other->note.newest.number ? 1 : -1;
    }
    return memcmp(one->note.note.bytes, other->note.note.bytes, sizeof one->note.note.bytes);
}

enum status note_rows_print(struct note_list *list)
{
    size_t shown = list->limit > 0 && list->limit < list->count ? (size_t)list->limit : list->count;
    if (list->count > 0) {
        qsort(list->items, list->count, sizeof *list->items, compare);
    }
    struct engine_state state;
    engine_state(host_engine(list->cli->host), &state);
    cJSON *array = list->cli->json ? cJSON_CreateArray() : NULL;
    size_t columns = client_columns(list);
    struct note_row row;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < shown && status == STATUS_OK; i++) {
        memset(&row, 0, sizeof row);
        row.list = list;
        row.item = &list->items[i];
        status = complete(&row);
        if (status == STATUS_OK && array != NULL) {
            add_json(&row, array);
        } else if (status == STATUS_OK) {
            put_row(&row, &state, columns);
        }
        wipe(&row, sizeof row);
    }
    if (array != NULL && status == STATUS_OK) {
        print_json(list->cli, array);
    } else {
        cJSON_Delete(array);
    }
    size_t known = list->known > list->count ? list->known : list->count;
    if (status == STATUS_OK && shown < known) {
        /* A list that ends looks like all. */
        cli_warn(list->cli, "these are the newest %zu of %zu; --limit N shows more, --limit 0 all",
                 shown, known);
    }
    return status;
}
