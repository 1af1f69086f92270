#include "client/agent/clock.h"
#include "client/cli/command.h"
#include "client/cli/ids.h"
#include "client/cli/note_time.h"
#include "client/cli/note_words.h"
#include "client/cli/print.h"
#include "client/cli/print_field.h"
#include "client/engine/api/write.h"
#include "keys/public/bytes/array.h"
#include "proto/message.h"
#include "proto/policy.h"
#include "proto/words.h"

#define TEXT_INDENT 4u

struct opened {
    struct hash link;
    uint64_t number;
};

struct showing {
    struct cli *cli;
    cJSON *array;
    bool heads_only;
    size_t heads;
    bool locked;
    size_t waiting; /* revisions that wait to be sent: each follows what comes before it */
    size_t waiting_seen;
    struct opened *opened; /* every one that was shown */
    size_t opened_count;
    size_t opened_room;
};

static void json_fields(cJSON *object, const Alcove__NoteBody *body)
{
    cJSON *tags = cJSON_AddArrayToObject(object, "tags");
    cJSON *fields = cJSON_AddObjectToObject(object, "fields");
    for (size_t i = 0; i < body->n_tag; i++) {
        cJSON *holder = cJSON_CreateObject();
        print_add_span(holder, "tag", field_span(body->tag[i]));
        (void)cJSON_AddItemToArray(tags, cJSON_DetachItemFromObject(holder, "tag"));
        cJSON_Delete(holder);
    }
    for (size_t i = 0; i < body->n_field; i++) {
        char key[64];
        size_t size =
            body->field[i]->key.len < sizeof key - 1 ? body->field[i]->key.len : sizeof key - 1;
        memcpy(key, body->field[i]->key.data, size);
        key[size] = '\0';
        print_add_span(fields, key, field_span(body->field[i]->value));
    }
}

static void json_revision(struct showing *showing, const struct view_revision *revision)
{
    const Alcove__NoteBody *body = revision->body;
    struct print_field fields[] = {
        {"link", PRINT_ID, .span = ID_SPAN(&revision->link)},
        {"number", PRINT_NUMBER, .number = revision->number},
        {"revision", PRINT_NUMBER, .number = revision->revision},
        {"kind", PRINT_TEXT, .span = print_span(note_kind_name(revision->kind))},
        {"author", PRINT_ID, .span = ID_SPAN(&revision->author)},
        {"author_name", PRINT_TEXT, .span = {NULL, 0}},
        {"head", PRINT_BOOL, .number = revision->head},
        {"pending", PRINT_BOOL, .number = revision->pending},
        {"unopened", PRINT_BOOL, .number = revision->unopened},
        {"damaged", PRINT_BOOL, .number = revision->damaged},
        {"server_ms", PRINT_NUMBER, .number = revision->server_ms},
    };
    char author[VIEW_NAME_BYTES_MAX];
    view_name(host_engine(showing->cli->host), &revision->author, author);
    fields[5].span = print_span(author);
    cJSON *object = print_object(fields, ARRAY_LEN(fields) - (revision->pending ? 1 : 0));
    if (body != NULL) {
        print_add_span(object, "title", field_span(body->title));
        print_add_span(object, "text", field_span(body->text));
        print_add_span(object, "reason", field_span(body->reason));
        print_add_number(object, "note_kind", body->kind);
        print_add_number(object, "written_ms", body->written_ms);
        json_fields(object, body);
    }
    (void)cJSON_AddItemToArray(showing->array, object);
}

static void text_head(struct cli *cli, const struct view_revision *revision)
{
    char author[VIEW_NAME_BYTES_MAX];
    view_name(host_engine(cli->host), &revision->author, author);
    struct print_row row;
    print_row_begin(cli, &row);
    (void)fprintf(cli->out, "-- %s, ", note_kind_name(revision->kind));
    if (!revision->pending) {
        (void)fprintf(cli->out, "revision %llu, ", (unsigned long long)revision->revision);
    }
    (void)print_text(cli, print_span(author), 30);
    (void)fputs(", ", cli->out);
    note_time_print(cli, revision->body == NULL ? revision->server_ms : revision->body->written_ms,
                    revision->server_ms);
    (void)fputs(note_is_refused(cli, revision) ? " (refused; it is here alone)"
                : revision->pending            ? " (waiting to be sent)"
                                               : "",
                cli->out);
    print_row_end(cli, &row);
}

/* A line of ours around words of the author's: ours begin in the second column, theirs further
 * in, wherever a line is broken. */
static void text_line(struct cli *cli, const char *before, struct span value)
{
    if (value.size > 0) {
        print_row(cli, NULL,
                  (const struct print_field[]){
                      {NULL, PRINT_TEXT, .span = value, .before = before, .columns = 0}},
                  1);
    }
}

static void text_revision(struct cli *cli, const struct view_revision *revision)
{
    const Alcove__NoteBody *body = revision->body;
    text_head(cli, revision);
    if (body == NULL) {
        (void)fprintf(cli->out, "  (%s)\n", note_no_text(revision));
        return;
    }
    text_line(cli, "  Title: ", field_span(body->title));
    print_block(cli, field_span(body->text), TEXT_INDENT);
    text_line(cli, "  Reason: ", field_span(body->reason));
    for (size_t i = 0; i < body->n_tag; i++) {
        text_line(cli, "  Tag: ", field_span(body->tag[i]));
    }
    for (size_t i = 0; i < body->n_field; i++) {
        print_row(
            cli, NULL,
            (const struct print_field[]){
                {NULL, PRINT_TEXT, .span = field_span(body->field[i]->key), .before = "  "},
                {NULL, PRINT_TEXT, .span = field_span(body->field[i]->value), .before = ": "}},
            2);
    }
}

/* Whose note it is, before anything of it. */
static void text_whose(struct cli *cli, const struct section_id *section,
                       const struct note_id *note)
{
    struct view_section info;
    if (view_section(host_engine(cli->host), section, &info) != STATUS_OK) {
        return;
    }
    char client[VIEW_NAME_BYTES_MAX];
    view_name(host_engine(cli->host), &info.client, client);
    print_row(
        cli, NULL,
        (const struct print_field[]){
            {NULL, PRINT_ID, .span = ID_SPAN(note), .before = "Note "},
            {NULL, PRINT_TEXT, .span = print_span(policy_class_name(info.class)), .before = ", "},
            {NULL, PRINT_ID, .span = ID_SPAN(&info.chart), .before = ", chart "},
            {NULL, PRINT_TEXT, .span = print_span(client), .before = ", "}},
        4);
    if (info.ended) {
        print_sentence(cli,
                       print_span("No longer shared with you: this is what reached this device "
                                  "before it ended."),
                       0);
    }
}

/* A signed note is read with everything that was added to it. */
static bool is_shown(struct showing *showing, const struct view_revision *revision)
{
    bool refused = note_is_refused(showing->cli, revision);
    bool newest = showing->waiting == 0
                      ? revision->head
                      : revision->pending && ++showing->waiting_seen == showing->waiting;
    if (refused) {
        return true; /* its text is nowhere else */
    }
    showing->heads += newest ? 1 : 0;
    showing->locked |= revision->kind == REVISION_SIGNED && !revision->pending;
    return newest || !showing->heads_only ||
           (revision->kind != REVISION_DRAFT && revision->kind != REVISION_TOMBSTONE);
}

static bool count_waiting(void *visitor, const struct view_revision *revision)
{
    struct showing *showing = visitor;
    showing->waiting += revision->pending && !note_is_refused(showing->cli, revision) ? 1 : 0;
    return true;
}

static void add_opened(struct showing *showing, const struct view_revision *revision)
{
    CHECK(array_grow(&showing->opened, &showing->opened_room, showing->opened_count + 1,
                     sizeof *showing->opened) == STATUS_OK);
    showing->opened[showing->opened_count++] =
        (struct opened){.link = revision->link, .number = revision->number};
}

/* It is no longer new here. What could not be written down stays new, which harms nobody. */
static void mark_looked(const struct showing *showing, const struct section_id *section)
{
    for (size_t i = 0; i < showing->opened_count; i++) {
        (void)!view_looked(host_engine(showing->cli->host), section, showing->opened[i].number);
    }
}

static bool show_revision(void *visitor, const struct view_revision *revision)
{
    struct showing *showing = visitor;
    if (!is_shown(showing, revision)) {
        return true;
    }
    if (revision->body != NULL && !revision->pending) {
        add_opened(showing, revision);
    }
    if (showing->cli->json) {
        json_revision(showing, revision);
    } else {
        text_revision(showing->cli, revision);
    }
    return true;
}

/* Of those that went before the last one: whether the server took them. */
static int check_opened(struct cli *cli, const uint64_t *tickets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum status status = host_finish(cli->host, tickets[i], CLI_TIMEOUT_MS);
        struct engine_ticket info;
        engine_ticket(host_engine(cli->host), tickets[i], &info);
        if (status != STATUS_OK || info.wish == ENGINE_WISH_FAILED) {
            return cli_fail(cli, SAY_OPENED, status == STATUS_OK ? info.status : status);
        }
    }
    return CLI_OK;
}

/* The reader's signed word, for each revision that was shown; it waits in the outbox if the server
 * is away. All are queued before the first is waited for, so that many cost one round. */
static int send_opened(struct cli *cli, const struct showing *showing,
                       const struct section_id *section, const struct note_id *note)
{
    size_t count = showing->opened_count;
    uint64_t *tickets = calloc(count + 1, sizeof *tickets);
    enum status status = tickets == NULL ? STATUS_NO_MEMORY : STATUS_OK;
    for (size_t i = 0; i < count && status == STATUS_OK; i++) {
        status = write_opened(host_engine(cli->host), section, note, &showing->opened[i].link,
                              clock_now_ms(), &tickets[i]);
    }
    bool sent = false;
    int code = CLI_OK;
    if (status != STATUS_OK) {
        code = cli_fail(cli, SAY_OPENED, status);
    } else if (count > 0 && !cli->stale) {
        code = cli_deliver(cli, tickets[count - 1], &sent);
    }
    if (code == CLI_OK && sent) {
        code = check_opened(cli, tickets, count - 1);
    }
    free(tickets);
    return code;
}

/* The server takes no word about a section from somebody who was removed from it. */
static bool has_ended(const struct cli *cli, const struct section_id *section)
{
    struct view_section info;
    return view_section(host_engine(cli->host), section, &info) == STATUS_OK && info.ended;
}

static void print_note(struct showing *showing, const char *word, const struct section_id *section,
                       const struct note_id *note)
{
    struct cli *cli = showing->cli;
    struct view_section info;
    if (cli->json) {
        cJSON *object = cJSON_CreateObject();
        print_add_id(object, "note", ID_SPAN(note));
        print_add_id(object, "section", ID_SPAN(section));
        if (view_section(host_engine(cli->host), section, &info) == STATUS_OK) {
            print_add_text(object, "class", policy_class_name(info.class));
            print_add_id(object, "chart", ID_SPAN(&info.chart));
            print_add_id(object, "client", ID_SPAN(&info.client));
            (void)cJSON_AddBoolToObject(object, "ended", info.ended);
        }
        (void)cJSON_AddItemToObject(object, showing->heads_only ? "heads" : "revisions",
                                    showing->array);
        print_json(cli, object);
    } else if (showing->heads > 1) {
        (void)fprintf(cli->out,
                      showing->locked
                          ? "Two wrote at once; both are kept. One addendum follows both:\n"
                            "`alcove write --note %s --addendum --reason R`.\n"
                          : "Two wrote at once; both are kept. Join them in the editor:\n"
                            "`alcove write --note %s`.\n",
                      word);
    }
}

struct show_values {
    const char *note;
    bool no_receipt;
};

static int show_note(struct cli *cli, const struct show_values *values, bool heads_only)
{
    struct showing showing = {.cli = cli, .heads_only = heads_only};
    struct engine *engine = host_engine(cli->host);
    struct section_id section;
    struct note_id note;
    int code = ids_note(cli, values->note, &section, &note);
    if (code != CLI_OK) {
        return code;
    }
    showing.array = cli->json ? cJSON_CreateArray() : NULL;
    if (!cli->json) {
        text_whose(cli, &section, &note);
    }
    enum status status = view_revisions(engine, &section, &note, count_waiting, &showing);
    if (status == STATUS_OK) {
        status = view_revisions(engine, &section, &note, show_revision, &showing);
    }
    if (status == STATUS_OK) {
        print_note(&showing, values->note, &section, &note);
        mark_looked(&showing, &section);
        code = values->no_receipt || has_ended(cli, &section)
                   ? CLI_OK
                   : send_opened(cli, &showing, &section, &note);
    } else {
        cJSON_Delete(showing.array);
        code = cli_fail(cli, SAY_NOTE_READ, status);
    }
    free(showing.opened);
    return code;
}

static int run_show(struct cli *cli, const void *values)
{
    return show_note(cli, values, true);
}

static int run_history(struct cli *cli, const void *values)
{
    return show_note(cli, values, false);
}

static const struct option OPTIONS[] = {
    {"NOTE", OPTION_TEXT, offsetof(struct show_values, note), NULL, "the note", &option_required},
    {"--no-receipt", OPTION_FLAG, offsetof(struct show_values, no_receipt), NULL,
     "do not tell that you opened it", NULL},
};
static const struct option_table SHOW = {OPTIONS, ARRAY_LEN(OPTIONS), sizeof(struct show_values)};
static const struct option_table HISTORY = {OPTIONS, 1, sizeof(struct show_values)};

static const struct command COMMANDS[] = {
    {"show", "read a note, with all that was added to it", COMMAND_NEEDS_LOOK, COMMAND_READS, &SHOW,
     NULL, NULL, NULL, run_show},
    {"history", "read all revisions of a note, oldest first", COMMAND_NEEDS_LOOK, COMMAND_READS,
     &HISTORY, NULL, NULL, NULL, run_history},
};
const struct command_list cmd_show = {COMMANDS, ARRAY_LEN(COMMANDS)};
