#include "client/cli/note_put.h"

#include "client/agent/clock.h"
#include "client/cli/note_text.h"
#include "client/cli/note_time.h"
#include "client/cli/note_written.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/engine/api/write.h"
#include "keys/public/bytes/hex.h"
#include "proto/message.h"
#include "proto/policy.h"
#include "proto/words.h"

#define FIELDS_MAX    4u
#define NAME_COLUMNS  40u
#define TITLE_COLUMNS 60u

static uint32_t revision_kind(const struct note_input *input)
{
    /* Signing is an act of its own: never what an editor or a file leaves behind. */
    if (input->addendum) {
        return REVISION_ADDENDUM;
    }
    if (input->correction) {
        return REVISION_CORRECTION;
    }
    if (input->late_entry) {
        return REVISION_LATE_ENTRY;
    }
    return input->draft || (input->note != NULL && !input->sign) ? REVISION_DRAFT : REVISION_SIGNED;
}

const char *const note_categories[] = {"reached-out",        "boundary",
                                       "trigger-named",      "felt-without-numbing",
                                       "asked-for-help",     "stress-handled",
                                       "present-for-others", "showed-up",
                                       "hard-day",           NULL};

static const char *state_words(uint32_t kind)
{
    switch (kind) {
    case REVISION_DRAFT:
        return "a draft, not signed";
    case REVISION_ADDENDUM:
        return "added to, signed";
    case REVISION_CORRECTION:
        return "corrected, signed";
    default:
        return "signed";
    }
}

/* Says whose note it is and that it was signed: a slip of the chart or of --draft is seen now.
 * Name and title are words of others, who may have written the draft. */
static void say_written(struct cli *cli, const struct write_note *note,
                        const struct view_section *section, const struct note_id *id, bool sent)
{
    char client[VIEW_NAME_BYTES_MAX];
    view_name(host_engine(cli->host), &section->client, client);
    struct print_row row;
    print_row_begin(cli, &row);
    (void)fputs("Note ", cli->out);
    print_short(cli, ID_SPAN(id));
    (void)fprintf(cli->out, " is %s, and %s: ", state_words(note->kind),
                  sent ? "on the server, sealed" : "saved here, sealed");
    (void)print_text(cli, print_span(client), NAME_COLUMNS);
    (void)fprintf(cli->out, ", %s", policy_class_name(section->class));
    if (note->body->title.len > 0) {
        (void)fputs(", \"", cli->out);
        (void)print_text(cli, field_span(note->body->title), TITLE_COLUMNS);
        (void)fputc('"', cli->out);
    }
    (void)fputc('.', cli->out);
    print_row_end(cli, &row);
}

static int tell_written(struct cli *cli, const struct write_note *note,
                        const struct view_section *section, const struct note_id *id,
                        uint64_t ticket, bool sent)
{
    if (!cli->json) {
        say_written(cli, note, section, id, sent);
        return CLI_OK;
    }
    const char *class = policy_class_name(section->class);
    bool is_signed = note->kind != REVISION_DRAFT;
    struct engine_ticket info;
    engine_ticket(host_engine(cli->host), ticket, &info);
    const struct print_field fields[] = {
        {"note", PRINT_ID, .span = ID_SPAN(id)},
        {"section", PRINT_ID, .span = ID_SPAN(&section->section)},
        {"class", PRINT_TEXT, .span = print_span(class)},
        {"client", PRINT_ID, .span = ID_SPAN(&section->client)},
        {"signed", PRINT_BOOL, .number = is_signed},
        {"sent", PRINT_BOOL, .number = sent},
        {"event", PRINT_NUMBER, .number = info.event},
        {"link", PRINT_ID, .span = ID_SPAN(&info.object)},
    };
    print_json(cli, print_object(fields, sent ? 8 : 6));
    return CLI_OK;
}

/* What an edit says nothing about stays as it was. */
static void keep_before(const struct note_before *before, const struct note_input *input,
                        Alcove__NoteBody *body)
{
    if (before->newest == NULL) {
        return;
    }
    if (input->title == NULL) {
        body->title = before->newest->title;
    }
    if (input->tags.count == 0) {
        body->n_tag = before->newest->n_tag;
        body->tag = before->newest->tag;
    }
    if (body->n_field == 0) {
        body->n_field = before->newest->n_field;
        body->field = before->newest->field;
    }
}

/* Empty for NULL. */
static ProtobufCBinaryData text_field(const char *text)
{
    return field_of(text, text == NULL ? 0 : strlen(text));
}

static void fill_fields(const struct note_input *input, Alcove__NoteField *fields,
                        Alcove__NoteField **list, Alcove__NoteBody *body)
{
    const struct {
        const char *key;
        const char *value;
    } all[] = {{"category", input->category == 0 ? NULL : note_categories[input->category - 1]},
               {"template", input->template == 0 ? NULL : note_text_templates[input->template - 1]},
               {"bring", input->bring ? "yes" : NULL}};
    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (all[i].value != NULL) {
            Alcove__NoteField *field = &fields[body->n_field];
            alcove__note_field__init(field);
            field->key = text_field(all[i].key);
            field->value = text_field(all[i].value);
            list[body->n_field++] = field;
        }
    }
    body->field = list;
}

static int write_it(struct cli *cli, const struct write_note *note,
                    const struct view_section *section, const char *copy)
{
    struct note_id written;
    uint64_t ticket = 0;
    enum status status =
        write_note(host_engine(cli->host), note, clock_now_ms(), &written, &ticket);
    if (status != STATUS_OK) {
        return cli_fail_at(cli, SAY_NOTE_WRITE, status == STATUS_FULL ? cli->profile : NULL,
                           status);
    }
    /* Now, and by whoever put it into the outbox: see kept_settle.h. */
    if (copy != NULL) {
        (void)!kept_text_drop(cli->profile, copy);
    }
    bool sent = false;
    int code = cli_deliver(cli, ticket, &sent);
    return code == CLI_OK ? tell_written(cli, note, section, &written, ticket, sent) : code;
}

/* A kept text that is sent again may be a note already, or one that the server refused for good:
 * that goes first, so that whatever ends this program leaves the kept copy and never two notes.
 * |*out_done|: nothing is left to do. */
static int settle_again(struct cli *cli, const struct note_input *input,
                        const struct view_section *section, const struct note_id *note,
                        bool *out_done)
{
    uint64_t ticket = 0;
    enum note_written written =
        note_written(cli, &section->section, note, input->typed_ms, &ticket);
    *out_done = written == NOTE_IS_WRITTEN;
    if (written == NOTE_WAS_REFUSED) {
        enum status status = engine_take_back(host_engine(cli->host), ticket);
        return status == STATUS_OK ? CLI_OK : cli_fail(cli, SAY_NOTE_WRITE, status);
    }
    if (!*out_done) {
        return CLI_OK;
    }
    char digits[PRINT_DIGITS_BYTES];
    print_digits(ID_SPAN(note), digits);
    return print_answer(cli,
                        (const struct print_field[]){{"note", PRINT_ID, .span = ID_SPAN(note)}}, 1,
                        "It was written before, as note %s; nothing was written twice.", digits);
}

/* The id that a kept text's new note was given beforehand. */
static enum status name_new(const struct note_input *input, struct write_note *note)
{
    note->is_new = input->becomes != NULL;
    return input->becomes == NULL ? STATUS_OK
                                  : hex_decode(span_of(input->becomes, strlen(input->becomes)),
                                               note->note.bytes, sizeof note->note.bytes);
}

int note_put(struct cli *cli, const struct note_input *input, uint32_t kind,
             const struct view_section *section, const struct note_id *note_id,
             const struct note_before *before, struct span text)
{
    struct write_note note = {.section = section->section,
                              .kind = revision_kind(input),
                              .parent_count = input->after.count};
    Alcove__NoteBody body = ALCOVE__NOTE_BODY__INIT;
    if (note_id != NULL) {
        note.note = *note_id;
    } else if (name_new(input, &note) != STATUS_OK) {
        return cli_fail(cli, SAY_NOTE_WRITE, STATUS_USAGE);
    }
    bool done = false;
    int code = input->again ? settle_again(cli, input, section, &note.note, &done) : CLI_OK;
    if (code != CLI_OK || done) {
        return code;
    }
    memcpy(note.parents, input->after.items, sizeof note.parents);
    body.kind = kind;
    body.text = field_of(text.data, text.size);
    body.written_ms = note_time_of_clock(input->typed_ms != 0 ? input->typed_ms : clock_now_ms());
    body.title = text_field(input->title);
    body.reason = text_field(input->reason);
    ProtobufCBinaryData tags[NOTE_TAGS_MAX];
    for (size_t i = 0; i < input->tags.count; i++) {
        tags[i] = text_field(input->tags.items[i]);
    }
    body.n_tag = input->tags.count;
    body.tag = tags;
    Alcove__NoteField fields[FIELDS_MAX];
    Alcove__NoteField *field_list[FIELDS_MAX];
    fill_fields(input, fields, field_list, &body);
    if (note.kind == REVISION_DRAFT || note.kind == REVISION_SIGNED) {
        keep_before(before, input, &body);
    }
    note.body = &body;
    return write_it(cli, &note, section, input->copy);
}
