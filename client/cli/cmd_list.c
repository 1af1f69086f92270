#include "client/cli/cli.h"

#include "client/agent/clock.h"
#include "client/cli/args.h"
#include "client/cli/files.h"
#include "client/cli/ids.h"
#include "client/cli/note_words.h"
#include "client/cli/print.h"
#include "client/engine/ledger.h"
#include "client/engine/write.h"
#include "keys/public/hex.h"
#include "proto/message.h"
#include "proto/policy.h"
#include "proto/words.h"

#define SECTIONS_MAX     1024u
#define SEARCH_BYTES_MAX 1024u

/* ---- list */

struct listing {
    struct cli *cli;
    cJSON *array;
    const struct section_id *only; /* a section */
    const struct chart_id *chart;  /* a chart */
    struct section_id sections[SECTIONS_MAX];
    size_t count;
};

static void json_note(struct listing *listing, const struct view_note *note)
{
    const struct view_revision *newest = &note->newest;
    cJSON *object = cJSON_CreateObject();
    char author[VIEW_NAME_BYTES_MAX];

    view_name(host_engine(listing->cli->host), &newest->author, author);
    print_add_id(object, "note", ID_SPAN(&note->note));
    print_add_id(object, "section", ID_SPAN(&note->section));
    print_add_text(object, "class", policy_class_name(note->class));
    print_add_id(object, "author", ID_SPAN(&newest->author));
    print_add_text(object, "author_name", author);
    print_add_text(object, "kind", note_kind_name(newest->kind));
    print_add_number(object, "heads", note->heads);
    print_add_number(object, "revisions", note->revisions);
    (void)cJSON_AddBoolToObject(object, "locked", note->locked);
    (void)cJSON_AddBoolToObject(object, "pending", note->pending);
    (void)cJSON_AddBoolToObject(object, "readable", newest->body != NULL);
    if (newest->body != NULL) {
        print_add_span(object, "title", field_span(newest->body->title));
        print_add_number(object, "note_kind", newest->body->kind);
        print_add_number(object, "written_ms", newest->body->written_ms);
    }
    (void)cJSON_AddItemToArray(listing->array, object);
}

/* A title, or the beginning of the text. */
static struct span headline(const Alcove__NoteBody *body)
{
    struct span text = body->title.len > 0 ? field_span(body->title) : field_span(body->text);

    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] == '\n') {
            return span_of(text.data, i);
        }
    }
    return text;
}

static bool list_note(void *visitor, const struct view_note *note)
{
    struct listing *listing = visitor;
    struct cli *cli = listing->cli;
    const struct view_revision *newest = &note->newest;
    char author[VIEW_NAME_BYTES_MAX];

    if (newest->body != NULL && newest->body->kind == NOTE_NAME && !cli->json) {
        return true; /* names are shown where people are */
    }
    if (cli->json) {
        json_note(listing, note);
        return true;
    }
    view_name(host_engine(cli->host), &newest->author, author);
    print_short(cli, ID_SPAN(&note->note));
    (void)fprintf(cli->out, " %-8s ", policy_class_name(note->class));
    print_time(cli, newest->body == NULL ? 0 : newest->body->written_ms);
    (void)fputc(' ', cli->out);
    print_text(cli, span_of(author, strlen(author)), 10);
    (void)fputs("  ", cli->out);
    if (newest->body == NULL) {
        (void)fputs(newest->erased ? "(erased)" : "(not shared with you)", cli->out);
    } else {
        print_text(cli, headline(newest->body), 24);
    }
    (void)fprintf(cli->out, "%s%s\n", note->heads > 1 ? "  [two versions]" : "",
                  note->pending ? "  [waiting to be sent]" : "");
    return true;
}

static bool collect(void *visitor, const struct view_section *section)
{
    struct listing *listing = visitor;

    if ((listing->only == NULL || ID_EQUAL(listing->only, &section->section)) &&
        (listing->chart == NULL || ID_EQUAL(listing->chart, &section->chart)) &&
        listing->count < SECTIONS_MAX) {
        listing->sections[listing->count++] = section->section;
    }
    return true;
}

static int list_all(struct listing *listing)
{
    struct cli *cli = listing->cli;

    listing->array = cli->json ? cJSON_CreateArray() : NULL;
    view_sections(host_engine(cli->host), collect, listing);
    for (size_t i = 0; i < listing->count; i++) {
        enum status status =
            view_notes(host_engine(cli->host), &listing->sections[i], list_note, listing);

        if (status != STATUS_OK && status != STATUS_NOT_FOUND) {
            cJSON_Delete(listing->array);
            return cli_fail(cli, "a section could not be read", status);
        }
    }
    if (cli->json) {
        print_json(cli, listing->array);
    }
    return CLI_OK;
}

/* A whole section id that is not known here: asked for all the same, and refused by the
 * server with a line in the log. */
static bool try_section(struct cli *cli, const char *word, int *out_code)
{
    struct section_id section;
    struct engine_ticket info;
    uint64_t ticket = 0;
    enum status status = hex_decode(span_of(word, strlen(word)), section.bytes, ID_BYTES);

    if (status == STATUS_OK) {
        status = ledger_try(host_engine(cli->host), &section, &ticket);
    }
    if (status != STATUS_OK) {
        return false;
    }
    status = host_finish(cli->host, ticket, CLI_TIMEOUT_MS);
    engine_ticket(host_engine(cli->host), ticket, &info);
    *out_code =
        cli_fail(cli, "the section was not read", status == STATUS_OK ? info.status : status);
    return true;
}

int cmd_list(struct cli *cli, int argc, char **argv)
{
    const char *section_word = NULL;
    const struct args_option options[] = {{.name = "--section", .value = &section_word}};
    struct listing *listing;
    struct view_section section;
    struct chart_id chart;
    struct member_id client;
    const char *words[1];
    const char *wrong = NULL;
    size_t count = 0;
    int code;

    if (!args_parse(argc, argv, options, ARRAY_LEN(options), words, 1, &count, &wrong)) {
        return cli_usage(cli, "list", wrong);
    }
    code = cli_open(cli);
    if (code == CLI_OK) {
        code = cli_refresh(cli);
    }
    listing = calloc(1, sizeof(*listing));
    CHECK(listing != NULL);
    listing->cli = cli;
    if (code == CLI_OK && section_word != NULL && try_section(cli, section_word, &code)) {
        free(listing);
        return code;
    }
    if (code == CLI_OK && section_word != NULL) {
        code = ids_section(cli, section_word, 0, &section);
        listing->only = &section.section;
    }
    if (code == CLI_OK && count == 1) {
        code = ids_chart(cli, words[0], &chart, &client);
        listing->chart = &chart;
    }
    if (code == CLI_OK) {
        code = list_all(listing);
    }
    free(listing);
    return code;
}

/* ---- search */

static bool found_revision(void *visitor, const struct view_revision *revision)
{
    struct listing *listing = visitor;
    struct cli *cli = listing->cli;

    if (cli->json) {
        cJSON *object = cJSON_CreateObject();

        print_add_id(object, "note", ID_SPAN(&revision->note));
        print_add_id(object, "section", ID_SPAN(&revision->section));
        print_add_text(object, "class", policy_class_name(revision->class));
        print_add_span(object, "title", field_span(revision->body->title));
        (void)cJSON_AddItemToArray(listing->array, object);
        return true;
    }
    print_short(cli, ID_SPAN(&revision->note));
    (void)fprintf(cli->out, " %-8s ", policy_class_name(revision->class));
    print_text(cli, headline(revision->body), 56);
    (void)fputc('\n', cli->out);
    return true;
}

int cmd_search(struct cli *cli, int argc, char **argv)
{
    struct listing listing = {.cli = cli};
    uint8_t *text = NULL;
    const char *words[1];
    const char *wrong = NULL;
    size_t size = 0;
    size_t count = 0;
    enum status status = STATUS_OK;
    int code;

    if (!args_parse(argc, argv, NULL, 0, words, 1, &count, &wrong) || count != 1) {
        return cli_usage(cli, "search", wrong);
    }
    code = cli_open(cli);
    if (code != CLI_OK) {
        return code;
    }
    if (strcmp(words[0], "-") == 0) {
        status = files_read("-", cli->in, SEARCH_BYTES_MAX, &text, &size);
        while (size > 0 && text[size - 1] == '\n') {
            size--;
        }
    }
    if (status == STATUS_OK) {
        listing.array = cli->json ? cJSON_CreateArray() : NULL;
        status =
            view_search(host_engine(cli->host),
                        text == NULL ? span_of(words[0], strlen(words[0])) : span_of(text, size),
                        found_revision, &listing);
    }
    free(text);
    if (status != STATUS_OK) {
        cJSON_Delete(listing.array);
        return cli_fail(cli, "nothing was searched", status);
    }
    if (cli->json) {
        print_json(cli, listing.array);
    }
    return CLI_OK;
}
