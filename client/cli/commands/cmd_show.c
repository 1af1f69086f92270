#include "client/cli/cli.h"

#include "client/agent/clock.h"
#include "client/cli/args.h"
#include "client/cli/ids.h"
#include "client/cli/note_words.h"
#include "client/cli/print.h"
#include "client/engine/api/query.h"
#include "client/engine/api/write.h"
#include "keys/public/bytes/hex.h"
#include "proto/message.h"
#include "proto/policy.h"
#include "proto/words.h"

struct showing {
    struct cli *cli;
    cJSON *array;
    bool heads_only;
    size_t heads;
    bool locked;
    size_t waiting; /* revisions that wait to be sent: each follows what comes before it */
    size_t waiting_seen;
    struct hash opened[16]; /* links that were shown */
    size_t opened_count;
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
            body->field[i]->key.len < sizeof(key) - 1 ? body->field[i]->key.len : sizeof(key) - 1;

        memcpy(key, body->field[i]->key.data, size);
        key[size] = '\0';
        print_add_span(fields, key, field_span(body->field[i]->value));
    }
}

static void json_revision(struct showing *showing, const struct view_revision *revision)
{
    cJSON *object = cJSON_CreateObject();
    char author[VIEW_NAME_BYTES_MAX];

    view_name(host_engine(showing->cli->host), &revision->author, author);
    print_add_id(object, "link", ID_SPAN(&revision->link));
    print_add_number(object, "number", revision->number);
    print_add_number(object, "revision", revision->revision);
    print_add_text(object, "kind", note_kind_name(revision->kind));
    print_add_id(object, "author", ID_SPAN(&revision->author));
    print_add_text(object, "author_name", author);
    (void)cJSON_AddBoolToObject(object, "head", revision->head);
    (void)cJSON_AddBoolToObject(object, "pending", revision->pending);
    if (revision->body != NULL) {
        print_add_span(object, "title", field_span(revision->body->title));
        print_add_span(object, "text", field_span(revision->body->text));
        print_add_span(object, "reason", field_span(revision->body->reason));
        print_add_number(object, "note_kind", revision->body->kind);
        print_add_number(object, "written_ms", revision->body->written_ms);
        json_fields(object, revision->body);
    }
    (void)cJSON_AddItemToArray(showing->array, object);
}

static void text_revision(struct cli *cli, const struct view_revision *revision)
{
    char author[VIEW_NAME_BYTES_MAX];

    view_name(host_engine(cli->host), &revision->author, author);
    (void)fprintf(cli->out, "-- %s, ", note_kind_name(revision->kind));
    if (!revision->pending) {
        (void)fprintf(cli->out, "revision %llu, ", (unsigned long long)revision->revision);
    }
    print_text(cli, span_of(author, strlen(author)), 30);
    (void)fputs(", ", cli->out);
    print_time(cli, revision->body == NULL ? 0 : revision->body->written_ms);
    (void)fprintf(cli->out, "%s\n",
                  note_is_refused(cli, revision) ? " (refused; it is here alone)"
                  : revision->pending            ? " (waiting to be sent)"
                                                 : "");
    if (revision->body == NULL) {
        (void)fprintf(cli->out, "  %s\n", revision->erased ? "(erased)" : "(not shared with you)");
        return;
    }
    if (revision->body->title.len > 0) {
        print_block(cli, field_span(revision->body->title), 2);
    }
    print_block(cli, field_span(revision->body->text), 2);
    if (revision->body->reason.len > 0) {
        (void)fputs("  Reason: ", cli->out);
        print_text(cli, field_span(revision->body->reason), 60);
        (void)fputc('\n', cli->out);
    }
    for (size_t i = 0; i < revision->body->n_tag; i++) {
        (void)fputs(i == 0 ? "  Tags: " : ", ", cli->out);
        print_text(cli, field_span(revision->body->tag[i]), 30);
        (void)fputs(i + 1 == revision->body->n_tag ? "\n" : "", cli->out);
    }
    for (size_t i = 0; i < revision->body->n_field; i++) {
        (void)fputs("  ", cli->out);
        print_text(cli, field_span(revision->body->field[i]->key), 30);
        (void)fputs(": ", cli->out);
        print_text(cli, field_span(revision->body->field[i]->value), 40);
        (void)fputc('\n', cli->out);
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

static bool show_revision(void *visitor, const struct view_revision *revision)
{
    struct showing *showing = visitor;

    if (!is_shown(showing, revision)) {
        return true;
    }
    if (revision->body != NULL && !revision->pending &&
        showing->opened_count < ARRAY_LEN(showing->opened)) {
        showing->opened[showing->opened_count++] = revision->link;
    }
    if (showing->cli->json) {
        json_revision(showing, revision);
    } else {
        text_revision(showing->cli, revision);
    }
    return true;
}

/* The reader's signed word; it waits in the outbox if the server is away. */
static int send_opened(struct cli *cli, const struct showing *showing,
                       const struct section_id *section, const struct note_id *note)
{
    int code = CLI_OK;

    for (size_t i = 0; i < showing->opened_count && code == CLI_OK; i++) {
        uint64_t ticket = 0;
        bool sent = false;
        enum status status = write_opened(host_engine(cli->host), section, note,
                                          &showing->opened[i], clock_now_ms(), &ticket);

        if (status != STATUS_OK) {
            return cli_fail(cli, "that you opened it was not recorded", status);
        }
        code = cli_deliver(cli, ticket, &sent);
    }
    return code;
}

static int show_note(struct cli *cli, const char *word, bool heads_only, bool receipt)
{
    struct showing showing = {.cli = cli, .heads_only = heads_only};
    struct engine_state state;
    struct section_id section;
    struct note_id note;
    enum status status;
    int code = ids_note(cli, word, &section, &note);

    if (code != CLI_OK) {
        return code;
    }
    showing.array = cli->json ? cJSON_CreateArray() : NULL;
    status = view_revisions(host_engine(cli->host), &section, &note, count_waiting, &showing);
    if (status == STATUS_OK) {
        status = view_revisions(host_engine(cli->host), &section, &note, show_revision, &showing);
    }
    if (status != STATUS_OK) {
        cJSON_Delete(showing.array);
        return cli_fail(cli, "the note was not read", status);
    }
    if (cli->json) {
        struct view_section info;
        cJSON *object = cJSON_CreateObject();

        print_add_id(object, "note", ID_SPAN(&note));
        print_add_id(object, "section", ID_SPAN(&section));
        if (view_section(host_engine(cli->host), &section, &info) == STATUS_OK) {
            print_add_text(object, "class", policy_class_name(info.class));
        }
        (void)cJSON_AddItemToObject(object, heads_only ? "heads" : "revisions", showing.array);
        print_json(cli, object);
    } else if (showing.heads > 1) {
        (void)fprintf(cli->out,
                      showing.locked
                          ? "Two devices wrote at once; both are kept. One addendum follows both:\n"
                            "`alcove write --note %s --addendum --reason R`.\n"
                          : "Two devices wrote at once; both are kept. Join them in the editor:\n"
                            "`alcove write --note %s`.\n",
                      word);
    }
    engine_state(host_engine(cli->host), &state);
    return receipt ? send_opened(cli, &showing, &section, &note) : CLI_OK;
}

int cmd_show(struct cli *cli, int argc, char **argv)
{
    bool quiet = false;
    const struct args_option options[] = {{.name = "--no-receipt", .flag = &quiet}};
    const char *words[1];
    const char *wrong = NULL;
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), words, 1, &count, &wrong) ||
        count != 1) {
        return cli_usage(cli, "show", wrong);
    }
    code = cli_open(cli);
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    return code == CLI_OK ? show_note(cli, words[0], true, !quiet) : code;
}

int cmd_history(struct cli *cli, int argc, char **argv)
{
    const char *words[1];
    const char *wrong = NULL;
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, NULL, 0, words, 1, &count, &wrong) || count != 1) {
        return cli_usage(cli, "history", wrong);
    }
    code = cli_open(cli);
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    return code == CLI_OK ? show_note(cli, words[0], false, true) : code;
}
