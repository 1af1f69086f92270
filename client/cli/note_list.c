#include "client/cli/note_list.h"

#include "client/cli/note_list_inside.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "keys/public/bytes/array.h"
#include "keys/public/bytes/wipe.h"
#include "proto/message.h"
#include "proto/words.h"

#include <stdlib.h>

static struct span headline(const Alcove__NoteBody *body)
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

void note_item_title(struct note_item *item, const Alcove__NoteBody *body)
{
    struct span title = body->title.len > 0 ? field_span(body->title) : headline(body);
    item->title_size = title.size < NOTE_TITLE_BYTES_MAX ? title.size : NOTE_TITLE_BYTES_MAX;
    if (item->title_size > 0) {
        memcpy(item->title, title.data, item->title_size);
    }
    item->title[item->title_size] = '\0';
}

/* ---- where notes are, and who else can open them there */

struct reading {
    struct cli *cli;
    struct member_id self;
    FILE *out;
    size_t count;
    cJSON *array;
};

static bool add_reader(void *visitor, const struct view_access *access)
{
    struct reading *reading = visitor;
    if (!ID_EQUAL(&access->member, &reading->self)) {
        (void)fprintf(reading->out, "%s%s", reading->count++ == 0 ? "" : ", ", access->name);
        cJSON *holder = cJSON_CreateObject();
        print_add_id(holder, "member", ID_SPAN(&access->member));
        (void)cJSON_AddItemToArray(reading->array, cJSON_DetachItemFromObject(holder, "member"));
        cJSON_Delete(holder);
    }
    return true;
}

static enum status read_readers(struct cli *cli, struct note_place *place)
{
    struct engine_state state;
    engine_state(host_engine(cli->host), &state);
    place->readers = cJSON_CreateArray();
    size_t size = 0;
    struct reading reading = {cli, state.member, open_memstream(&place->others, &size), 0,
                              place->readers};
    CHECK(reading.out != NULL);
    enum status status =
        view_access(host_engine(cli->host), &place->section.section, add_reader, &reading);
    CHECK(fclose(reading.out) == 0);
    return status;
}

static enum status find_place(struct note_list *list, const struct view_section *section,
                              size_t *out_place)
{
    for (size_t i = 0; i < list->place_count; i++) {
        if (ID_EQUAL(&list->places[i].section.section, &section->section)) {
            *out_place = i;
            return STATUS_OK;
        }
    }
    enum status status =
        array_grow(&list->places, &list->place_room, list->place_count + 1, sizeof *list->places);
    if (status != STATUS_OK) {
        return status;
    }
    struct note_place *place = &list->places[list->place_count];
    memset(place, 0, sizeof *place);
    place->section = *section;
    view_name(host_engine(list->cli->host), &section->client, place->client);
    *out_place = list->place_count++;
    return read_readers(list->cli, place);
}

/* ---- notes */

static bool is_wanted(const struct note_list *list, const struct note_item *item)
{
    return item->body_kind != NOTE_NAME && /* names are shown where people are */
           (list->class == 0 || item->note.class == list->class) &&
           (!list->drafts || item->note.newest.kind == REVISION_DRAFT) &&
           (!list->only_new || item->is_new) &&
           (list->since_ms == 0 || item->written_ms >= list->since_ms ||
            item->note.newest.server_ms >= list->since_ms);
}

static enum status keep(struct note_list *list, const struct note_item *item)
{
    if (!is_wanted(list, item)) {
        return STATUS_OK;
    }
    enum status status =
        array_grow(&list->items, &list->room, list->count + 1, sizeof *list->items);
    if (status == STATUS_OK) {
        list->items[list->count++] = *item;
    }
    return status;
}

static void take_revision(const struct note_list *list, struct note_item *item,
                          const struct view_revision *revision)
{
    const Alcove__NoteBody *body = revision->body;
    uint32_t kind = revision->kind;
    item->note.newest.body = NULL;
    item->note.newest.parents = NULL;
    item->added =
        revision->revision > 1 &&
        (kind == REVISION_ADDENDUM || kind == REVISION_CORRECTION || kind == REVISION_LATE_ENTRY);
    if (body == NULL) {
        return;
    }
    item->body_kind = body->kind;
    item->is_new = view_is_new(host_engine(list->cli->host), revision);
    item->written_ms = body->written_ms;
    for (size_t i = 0; i < body->n_field; i++) {
        item->bring |= span_equal(field_span(body->field[i]->key), span_of("bring", 5));
    }
    note_item_title(item, body);
}

struct collecting {
    struct note_list *list;
    size_t place;
    enum status status;
};

static bool collect(void *visitor, const struct view_note *note)
{
    struct collecting *collecting = visitor;
    struct note_item item;
    memset(&item, 0, sizeof item);
    item.note = *note;
    item.place = collecting->place;
    take_revision(collecting->list, &item, &note->newest);
    item.added = item.added && note->revisions > 1;
    collecting->status = keep(collecting->list, &item);
    wipe(&item, sizeof item);
    return collecting->status == STATUS_OK;
}

enum status note_list_section(struct note_list *list, const struct view_section *section,
                              size_t last)
{
    struct collecting collecting = {list, 0, STATUS_OK};
    enum status status = find_place(list, section, &collecting.place);
    if (status == STATUS_OK) {
        status = view_last_notes(host_engine(list->cli->host), &section->section, last, collect,
                                 &collecting);
    }
    return status == STATUS_OK ? collecting.status : status;
}

enum status note_list_add(struct note_list *list, const struct view_revision *revision)
{
    struct note_item item;
    memset(&item, 0, sizeof item);
    struct view_section section;
    enum status status = view_section(host_engine(list->cli->host), &revision->section, &section);
    if (status == STATUS_OK) {
        status = find_place(list, &section, &item.place);
    }
    if (status != STATUS_OK) {
        return status;
    }
    item.note.section = revision->section;
    item.note.class = revision->class;
    item.note.note = revision->note;
    item.note.pending = revision->pending;
    item.note.newest = *revision;
    take_revision(list, &item, revision);
    status = keep(list, &item);
    wipe(&item, sizeof item);
    return status;
}

void note_list_free(struct note_list *list)
{
    for (size_t i = 0; i < list->place_count; i++) {
        free(list->places[i].others);
        cJSON_Delete(list->places[i].readers);
    }
    if (list->items != NULL) {
        wipe(list->items, list->room * sizeof *list->items);
    }
    free(list->places);
    free(list->items);
    list->places = NULL;
    list->items = NULL;
}
