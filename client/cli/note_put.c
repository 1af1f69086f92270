#include "client/cli/note_put.h"

#include "client/agent/clock.h"
#include "client/cli/ids.h"
#include "client/cli/print.h"
#include "client/engine/write.h"
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

int note_put(struct cli *cli, const struct note_draft *draft, const struct view_section *section,
             struct span text)
{
    struct write_note note = {.section = section->section, .kind = revision_kind(draft)};
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    Alcove__NoteField fields[FIELDS_MAX];
    Alcove__NoteField *field_list[FIELDS_MAX];
    ProtobufCBinaryData tags[NOTE_TAGS_MAX];
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
