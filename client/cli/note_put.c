#include "client/cli/note_put.h"

#include "client/agent/clock.h"
#include "client/cli/ids.h"
#include "client/cli/note_before.h"
#include "client/cli/print.h"
#include "keys/public/bytes/hex.h"
#include "proto/message.h"
#include "proto/policy.h"
#include "proto/words.h"

#define FIELDS_MAX 4u

static uint32_t revision_kind(const struct note_draft *draft)
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

/* What an edit says nothing about stays as it was. */
static void keep_before(const struct note_before *before, const struct note_draft *draft,
                        Alcove__NoteBody *body)
{
    if (before->newest == NULL) {
        return;
    }
    if (draft->title == NULL) {
        body->title = before->newest->title;
    }
    if (draft->tag_count == 0) {
        body->n_tag = before->newest->n_tag;
        body->tag = before->newest->tag;
    }
    if (body->n_field == 0) {
        body->n_field = before->newest->n_field;
        body->field = before->newest->field;
    }
}

static void fill_fields(const struct note_draft *draft, Alcove__NoteField *fields,
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

/* The note that is written further, with what is there of it. */
static int follow(struct cli *cli, const struct note_draft *draft, struct write_note *note,
                  struct note_before *before)
{
    struct section_id of_note;
    enum status status;
    int code = ids_note(cli, draft->note, &of_note, &note->note);

    if (code != CLI_OK) {
        return code;
    }
    note->section = of_note;
    status = note_before_get(cli, &of_note, &note->note, before);
    for (size_t i = 0; i < draft->after_count && status == STATUS_OK; i++) {
        status = hex_decode(span_of(draft->after[i], strlen(draft->after[i])),
                            note->parents[i].bytes, HASH_BYTES);
        note->parent_count++;
    }
    return status == STATUS_OK ? CLI_OK : cli_fail(cli, "the note was not read", status);
}

static int write_it(struct cli *cli, const struct write_note *note,
                    const struct view_section *section)
{
    struct note_id written;
    uint64_t ticket = 0;
    bool sent = false;
    enum status status =
        write_note(host_engine(cli->host), note, clock_now_ms(), &written, &ticket);
    int code;

    if (status != STATUS_OK) {
        return cli_fail(cli, "the note was not written", status);
    }
    code = cli_deliver(cli, ticket, &sent);
    if (code == CLI_OK) {
        tell_written(cli, section, &written, ticket, sent);
    }
    return code;
}

int note_put(struct cli *cli, const struct note_draft *draft, const struct view_section *section,
             struct span text)
{
    struct write_note note = {.section = section->section, .kind = revision_kind(draft)};
    struct note_before before = {0};
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    Alcove__NoteField fields[FIELDS_MAX];
    Alcove__NoteField *field_list[FIELDS_MAX];
    ProtobufCBinaryData tags[NOTE_TAGS_MAX];
    int code = draft->note == NULL ? CLI_OK : follow(cli, draft, &note, &before);

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
    if (note.kind == REVISION_DRAFT || note.kind == REVISION_SIGNED) {
        keep_before(&before, draft, &body);
    }
    note.body = &body;
    if (code == CLI_OK) {
        code = write_it(cli, &note, section);
    }
    note_before_deinit(&before);
    return code;
}
